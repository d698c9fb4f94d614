/* SPDX-License-Identifier: Apache-2.0 */
#include "api/key_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"

#define OUTPUT_MAX 4096

extern char **environ;

static enum larder_code
fail(struct larder_error *ret_error, const struct command_words *command, const char *why)
{
	char safe[160];

	return error_set(ret_error, LARDER_LOCKED, "cannot open the vault",
	    "run the key command by hand; it is kept in config.json", "the key command %s %s",
	    text_escape(safe, sizeof safe, command->words[0], strlen(command->words[0])), why);
}

/*
 * In a session of its own, away from our terminal: it is there so that nobody has to be asked, and what it starts can
 * neither read what is typed nor type commands for the shell that called us.
 */
static int
start(const struct command_words *command, int out, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc;

	rc = posix_spawn_file_actions_init(&actions);
	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attributes);
	if (rc != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return rc;
	}
	rc = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (rc == 0)
		rc = posix_spawnp(ret_pid, command->words[0], &actions, &attributes, command->words, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* NULL, or why the output is no use. */
static const char *
collect(int fd, int64_t until, struct buf *output)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint8_t *at;
	ssize_t len;

	for (;;) {
		int64_t left = until - io_clock_ms();

		if (left <= 0)
			return "takes too long and was stopped";
		if (poll(&wait, 1, (int)left) <= 0)
			continue;
		at = buf_reserve(output, 512);
		if (at == NULL)
			return "prints too much";
		len = read(fd, at, 512);
		if (len < 0 && errno != EINTR)
			return "cannot be read";
		if (len == 0)
			return NULL;
		if (len > 0)
			buf_grew(output, (size_t)len);
	}
}

enum larder_code
key_command_run(
    const struct command_words *command, int64_t limit_ms, struct secret *ret, struct larder_error *ret_error)
{
	int64_t until = io_clock_ms() + limit_ms;
	struct buf output = BUF_INIT_SECRET(OUTPUT_MAX + 512);
	const char *why;
	int pipe_fds[2], status = 0, rc;
	pid_t pid = -1;

	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return error_set_errno(ret_error, LARDER_INTERNAL, errno, "cannot open the vault", NULL, "no pipe");
	rc = start(command, pipe_fds[1], &pid);
	(void)close(pipe_fds[1]);
	if (rc != 0) {
		(void)close(pipe_fds[0]);
		return fail(ret_error, command, strerror(rc));
	}
	why = collect(pipe_fds[0], until, &output);
	(void)close(pipe_fds[0]);
	if (why != NULL)
		(void)kill(-pid, SIGKILL); /* the leader of its session, and what it started there */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (why == NULL && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		why = "failed";
	if (why == NULL && output.len == 0)
		why = "prints nothing";
	if (why != NULL) {
		buf_clear(&output);
		return fail(ret_error, command, why);
	}
	return buf_take_secret(&output, ret) ? LARDER_OK : error_no_memory(ret_error);
}
