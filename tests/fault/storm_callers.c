/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many callers at once, for the storm rig: processes that run `larder token NAME`, and processes that call liblarder in
 * threads. Names are borrowed from the command line; how vault and courier are found, from the environment.
 *
 *   storm_callers round LARDER NAME COMMANDS LIBRARIES THREADS
 *
 * For each line on standard input, COMMANDS processes are started and THREADS threads in each of LIBRARIES processes are
 * told to ask; when all have ended, it prints "end". A process of threads lives until it is killed, and is replaced in
 * the next round.
 *
 *   storm_callers each LARDER SECONDS NAME...
 *
 * One process per name asks for a token by force, again and again: every other through liblarder, the rest are new
 * commands each time.
 *
 * Prints a line per answer: how, the name, microseconds that were waited, exit status (-9: killed), token or error.
 */
#include <larder/larder.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX  256
#define LIBRARIES_MAX 64
#define THREADS_MAX   16
#define TEXT_SIZE     1024

struct command { /* a `larder token` under way */
	pid_t pid;
	int fd; /* what it prints; -1: it has ended */
	int64_t began_us;
	char text[TEXT_SIZE];
	size_t len;
};

struct library {   /* a process of threads; its ends of the two pipes */
	pid_t pid; /* 0: none */
	int go_fd, done_fd;
};

struct asking { /* of one thread */
	struct larder *larder;
	const char *name;
	pthread_barrier_t *barrier;
};

static int64_t
now_us(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

__attribute__((noreturn)) static void
give_up(const char *what)
{
	(void)fprintf(stderr, "storm_callers: %s: %s\n", what, strerror(errno));
	_exit(2);
}

/* One write, so that lines of many processes do not mix. */
static void
tell(const char *how, const char *name, int64_t began_us, int status, const char *text)
{
	char line[2 * TEXT_SIZE];
	int len = snprintf(line, sizeof line, "%s %s %lld %d %.*s\n", how, name, (long long)(now_us() - began_us),
	    status, (int)strcspn(text, "\n"), text);

	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		give_up("write");
}

/* --- through liblarder --- */

static void
ask(struct larder *larder, const char *name, int force)
{
	struct larder_token_query query = { .name = name, .min_ttl_s = LARDER_MIN_TTL_DEFAULT, .force = force };
	struct larder_token token = { 0 };
	struct larder_error error = { 0 };
	char text[TEXT_SIZE];
	int64_t began_us = now_us();
	enum larder_code code = larder_token_get(larder, &query, &token, &error);

	(void)snprintf(text, sizeof text, "%s: %s", error.what, error.why);
	tell("library", name, began_us, larder_code_exit(code), code == LARDER_OK ? token.access_token : text);
	larder_token_clear(&token);
}

static void *
ask_whenever(void *argument)
{
	const struct asking *asking = argument;

	for (;;) {
		(void)pthread_barrier_wait(asking->barrier);
		ask(asking->larder, asking->name, 0);
		(void)pthread_barrier_wait(asking->barrier);
	}
	return NULL;
}

static struct larder *
open_vault(void)
{
	struct larder_error error = { 0 };
	struct larder *larder = NULL;

	if (larder_open(NULL, &larder, &error) != LARDER_OK) {
		(void)fprintf(stderr, "storm_callers: %s: %s\n", error.what, error.why);
		_exit(2);
	}
	return larder;
}

__attribute__((noreturn)) static void
be_library(const char *name, unsigned threads, int go_fd, int done_fd)
{
	pthread_barrier_t barrier;
	struct asking asking = { .name = name, .barrier = &barrier };
	pthread_t thread;
	char byte;

	asking.larder = open_vault();
	if (pthread_barrier_init(&barrier, NULL, threads + 1) != 0)
		give_up("pthread_barrier_init");
	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&thread, NULL, ask_whenever, &asking) != 0)
			give_up("pthread_create");
	}
	do {
		if (write(done_fd, "", 1) != 1) /* the first says that it is ready */
			_exit(0);
		if (read(go_fd, &byte, 1) != 1)
			_exit(0);
		(void)pthread_barrier_wait(&barrier);
		(void)pthread_barrier_wait(&barrier);
	} while (true);
}

static void
start_library(struct library *library, const char *name, unsigned threads)
{
	int go[2], done[2];
	char byte;

	if (pipe(go) != 0 || pipe(done) != 0)
		give_up("pipe");
	library->pid = fork();
	if (library->pid < 0)
		give_up("fork");
	if (library->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(go[1]);
		(void)close(done[0]);
		be_library(name, threads, go[0], done[1]);
	}
	(void)close(go[0]);
	(void)close(done[1]);
	library->go_fd = go[1];
	library->done_fd = done[0];
	if (read(library->done_fd, &byte, 1) != 1)
		give_up("a process of threads does not start");
}

/* Waits until its threads have all been answered, or it is dead. */
static void
finish_library(struct library *library, const char *name, int64_t began_us)
{
	char byte;

	if (read(library->done_fd, &byte, 1) == 1)
		return;
	tell("library", name, began_us, -SIGKILL, "");
	(void)waitpid(library->pid, NULL, 0);
	(void)close(library->go_fd);
	(void)close(library->done_fd);
	library->pid = 0;
}

/* --- by command --- */

static void
start_command(struct command *command, const char *program, const char *name, bool force)
{
	int out[2];

	*command = (struct command){ .began_us = now_us() };
	if (pipe(out) != 0)
		give_up("pipe");
	command->pid = fork();
	if (command->pid < 0)
		give_up("fork");
	if (command->pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)dup2(out[1], STDERR_FILENO);
		(void)close_range(3, ~0U, 0);
		(void)execl(program, "larder", "token", name, force ? "--force" : NULL, (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	command->fd = out[0];
}

/* Reads on; at the end of what it prints it has ended, or is about to. */
static bool
hear_command(struct command *command, const char *name)
{
	ssize_t got = read(command->fd, command->text + command->len, sizeof command->text - 1 - command->len);
	int status = 0;

	if (got > 0) {
		command->len += (size_t)got;
		return false;
	}
	(void)close(command->fd);
	command->fd = -1;
	(void)waitpid(command->pid, &status, 0);
	tell("command", name, command->began_us, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
	    command->text);
	return true;
}

static void
finish_commands(struct command *commands, unsigned count, const char *name)
{
	struct pollfd waited[COMMANDS_MAX];
	unsigned left = count;

	while (left > 0) {
		for (unsigned i = 0; i < count; i++)
			waited[i] = (struct pollfd){ .fd = commands[i].fd, .events = POLLIN };
		if (poll(waited, count, -1) < 0)
			give_up("poll");
		for (unsigned i = 0; i < count; i++) {
			if (waited[i].revents != 0)
				left -= hear_command(&commands[i], name);
		}
	}
}

/* --- the two plays --- */

static unsigned
number(const char *text, unsigned max)
{
	unsigned long value = strtoul(text, NULL, 10);

	return value < max ? (unsigned)value : max;
}

static void
play_rounds(char **argv)
{
	static struct command commands[COMMANDS_MAX];
	static struct library libraries[LIBRARIES_MAX];
	const char *program = argv[0], *name = argv[1];
	unsigned command_count = number(argv[2], COMMANDS_MAX), library_count = number(argv[3], LIBRARIES_MAX);
	unsigned threads = number(argv[4], THREADS_MAX);
	int64_t began_us;
	char line[16];

	while (fgets(line, sizeof line, stdin) != NULL) {
		for (unsigned i = 0; i < library_count; i++) {
			if (libraries[i].pid == 0)
				start_library(&libraries[i], name, threads);
		}
		began_us = now_us();
		for (unsigned i = 0; i < library_count; i++) {
			if (write(libraries[i].go_fd, "", 1) != 1)
				give_up("write");
		}
		for (unsigned i = 0; i < command_count; i++)
			start_command(&commands[i], program, name, false);
		finish_commands(commands, command_count, name);
		for (unsigned i = 0; i < library_count; i++)
			finish_library(&libraries[i], name, began_us);
		if (puts("end") < 0 || fflush(stdout) != 0)
			give_up("write");
	}
}

__attribute__((noreturn)) static void
ask_until(const char *program, const char *name, bool by_library, int64_t end_us)
{
	struct larder *larder = by_library ? open_vault() : NULL;
	struct command command;

	while (now_us() < end_us) {
		if (by_library) {
			ask(larder, name, 1);
			continue;
		}
		start_command(&command, program, name, true);
		while (!hear_command(&command, name))
			;
	}
	larder_close(larder);
	_exit(0);
}

static void
play_each(char **argv)
{
	int64_t end_us = now_us() + (int64_t)number(argv[1], 3600) * 1000000;

	for (unsigned i = 2; argv[i] != NULL; i++) {
		pid_t pid = fork();

		if (pid < 0)
			give_up("fork");
		if (pid == 0)
			ask_until(argv[0], argv[i], i % 2 == 0, end_us);
	}
	while (wait(NULL) > 0)
		;
}

int
main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc == 7 && strcmp(argv[1], "round") == 0)
		play_rounds(argv + 2);
	else if (argc >= 5 && strcmp(argv[1], "each") == 0)
		play_each(argv + 2);
	else
		return 2;
	return 0;
}
