/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/mask.h"

#define PIECE     4096 /* a pipe that can be written takes this much without blocking (PIPE_BUF) */
#define PIECE_MAX ((size_t)2 << 20)

struct stream {       /* from the command to one of our descriptors */
	int from, to; /* from -1: closed */
	struct mask mask;
};

struct watch {
	pid_t pid;
	bool ended;
	int wait_status, signals;
	struct stream streams[2];
};

static const int handed_on[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM };

static void
signals_of_interest(sigset_t *ret)
{
	(void)sigemptyset(ret);
	(void)sigaddset(ret, SIGCHLD);
	for (size_t i = 0; i < sizeof handed_on / sizeof handed_on[0]; i++)
		(void)sigaddset(ret, handed_on[i]);
}

static bool
is_same_file(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	    first.st_ino == second.st_ino;
}

/*
 * What goes to a terminal is the command's own business: it may draw there, and the person may see the token. Two
 * descriptors of one file share a pipe, so that the order of lines stays.
 */
static bool
open_streams(struct watch *watch, const struct spawn *spawn, posix_spawn_file_actions_t *actions, int ends[static 2])
{
	for (int i = 0; i < 2; i++) {
		int to = i == 0 ? STDOUT_FILENO : STDERR_FILENO, both[2];

		if (isatty(to) || spawn->secrets_count == 0)
			continue;
		if (i == 1 && ends[0] >= 0 && is_same_file(STDOUT_FILENO, STDERR_FILENO)) {
			if (posix_spawn_file_actions_adddup2(actions, ends[0], to) != 0)
				return false;
			continue;
		}
		if (pipe2(both, O_CLOEXEC) != 0)
			return false;
		watch->streams[i].from = both[0];
		watch->streams[i].to = to;
		ends[i] = both[1];
		if (posix_spawn_file_actions_adddup2(actions, both[1], to) != 0)
			return false;
	}
	return true;
}

/* The command starts with the signals as we got them: SIGPIPE and SIGXFSZ, which we ignore, end it as usual. */
static int
start(struct watch *watch, const struct spawn *spawn, const sigset_t *mask)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t usual;
	int ends[2] = { -1, -1 }, failed = ENOMEM;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return ENOMEM;
	}
	(void)sigemptyset(&usual);
	(void)sigaddset(&usual, SIGPIPE);
	(void)sigaddset(&usual, SIGXFSZ);
	if (open_streams(watch, spawn, &actions, ends) && posix_spawnattr_setsigdefault(&attributes, &usual) == 0 &&
	    posix_spawnattr_setsigmask(&attributes, mask) == 0 &&
	    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0)
		failed =
		    posix_spawnp(&watch->pid, spawn->argv[0], &actions, &attributes, spawn->argv, spawn->environment);
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			(void)close(ends[i]);
	}
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* What the terminal sends goes to the whole foreground group, the command included; it must not come twice. */
static void
hear_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	if (info.ssi_signo == SIGCHLD)
		watch->ended = watch->ended || waitpid(watch->pid, &watch->wait_status, WNOHANG) == watch->pid;
	else if (!watch->ended && info.ssi_code != SI_KERNEL)
		(void)kill(watch->pid, (int)info.ssi_signo);
}

/* A reader that has gone away is told to the command the usual way: its next write fails. */
static void
pass_on(struct stream *stream)
{
	struct buf clean = BUF_INIT_SECRET(PIECE_MAX);
	uint8_t piece[PIECE];
	ssize_t got = read(stream->from, piece, sizeof piece);
	bool ok;

	if (got < 0 && errno == EINTR)
		return;
	ok = mask_feed(&stream->mask, piece, got > 0 ? (size_t)got : 0, got <= 0, &clean) &&
	    io_write_all(stream->to, clean.data, clean.len, -1) == IO_OK;
	wipe(piece, sizeof piece);
	buf_clear(&clean);
	if (got <= 0 || !ok) {
		(void)close(stream->from);
		stream->from = -1;
	}
}

static void
watch_to_end(struct watch *watch)
{
	while (!watch->ended || watch->streams[0].from >= 0 || watch->streams[1].from >= 0) {
		struct pollfd waited[] = {
			{ .fd = watch->signals, .events = POLLIN },
			{ .fd = watch->streams[0].from, .events = POLLIN },
			{ .fd = watch->streams[1].from, .events = POLLIN },
		};

		if (poll(waited, 3, -1) < 0 && errno != EINTR)
			break;
		if (waited[0].revents != 0)
			hear_signal(watch);
		for (int i = 0; i < 2; i++) {
			if (waited[i + 1].revents != 0)
				pass_on(&watch->streams[i]);
		}
	}
}

static enum larder_code
explain(int failed, const char *command, int *ret_status, struct larder_error *ret_error)
{
	*ret_status = failed == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	if (failed == ENOENT)
		return error_set(ret_error, LARDER_NOT_FOUND, "cannot run the command", "check its name and PATH",
		    "'%.200s' was not found", command);
	if (failed == ENOMEM || failed == EAGAIN || failed == EMFILE || failed == ENFILE) {
		*ret_status = EXIT_LARDER_FAILED;
		return error_set_errno(ret_error, LARDER_INTERNAL, failed, "cannot run the command", "try again",
		    "a process could not be started");
	}
	return error_set_errno(ret_error, LARDER_DENIED, failed, "cannot run the command",
	    "check that it is a program that you may execute", "'%.200s' cannot be executed", command);
}

enum larder_code
spawn_run(const struct spawn *spawn, int *ret_status, struct larder_error *ret_error)
{
	struct watch watch = { .signals = -1, .streams = { { .from = -1 }, { .from = -1 } } };
	sigset_t interest, before;
	int failed;

	*ret_status = EXIT_LARDER_FAILED;
	signals_of_interest(&interest);
	(void)sigprocmask(SIG_BLOCK, &interest, &before);
	watch.signals = signalfd(-1, &interest, SFD_CLOEXEC | SFD_NONBLOCK);
	mask_init(&watch.streams[0].mask, spawn->secrets, spawn->secrets_count);
	mask_init(&watch.streams[1].mask, spawn->secrets, spawn->secrets_count);
	failed = watch.signals < 0 ? errno : start(&watch, spawn, &before);
	if (failed == 0)
		watch_to_end(&watch);
	for (int i = 0; i < 2; i++) {
		if (watch.streams[i].from >= 0)
			(void)close(watch.streams[i].from);
		mask_clear(&watch.streams[i].mask);
	}
	if (watch.signals >= 0)
		(void)close(watch.signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (failed != 0)
		return explain(failed, spawn->argv[0], ret_status, ret_error);
	*ret_status =
	    WIFSIGNALED(watch.wait_status) ? 128 + WTERMSIG(watch.wait_status) : WEXITSTATUS(watch.wait_status);
	return LARDER_OK;
}
