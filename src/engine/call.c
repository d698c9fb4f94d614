/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/call.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/frame.h"

#define WRITE_MS   10000 /* for handing over a job; the courier reads at once or never */
#define LEFT_MAX   64    /* couriers that outlived their conversation and are still to be reaped */
#define FD_SAFE    10    /* above the numbers that the courier's own descriptors get */
#define REAP_TRIES 100   /* of one millisecond: a courier that has said its last word exits at once */

struct call {
	pid_t pid;
	int fd;
	bool sent_go;
	bool over; /* it has said its last word */
};

static pthread_mutex_t left_lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t left[LEFT_MAX];

/* A library must not leave zombies, nor wait for a courier that still listens to a slow provider. */
static void
reap_left(pid_t add)
{
	size_t i;

	(void)pthread_mutex_lock(&left_lock);
	for (i = 0; i < LEFT_MAX; i++) {
		if (left[i] != 0 && waitpid(left[i], NULL, WNOHANG) != 0)
			left[i] = 0;
		if (left[i] == 0 && add != 0) {
			left[i] = add;
			add = 0;
		}
	}
	(void)pthread_mutex_unlock(&left_lock);
}

/*
 * The courier gets 0-2 on /dev/null and its own descriptors as 3, 4, 5; everything else is closed. The sources are
 * copied out of that range first, so that no dup2 hits a number that is still needed.
 */
static int
start(const char *program, const int fds[static 3], pid_t *ret_pid)
{
	char *const argv[] = { (char[]){ "larder-courier" }, NULL };
	char *const envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int copies[3] = { -1, -1, -1 };
	int i, rc;

	rc = posix_spawn_file_actions_init(&actions);
	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return rc;
	}
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(&attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(&attr, &all);
	for (i = 0; rc == 0 && i < 3; i++)
		rc = posix_spawn_file_actions_addopen(&actions, i, "/dev/null", i == 0 ? O_RDONLY : O_WRONLY, 0);
	for (i = 0; rc == 0 && i < 3; i++) {
		if (fds[i] < 0)
			continue;
		copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FD_SAFE);
		if (copies[i] < 0)
			rc = errno;
		else
			rc = posix_spawn_file_actions_adddup2(&actions, copies[i], JOB_WIRE_FD + i);
	}
	if (rc == 0)
		rc =
		    posix_spawn_file_actions_addclosefrom_np(&actions, JOB_WIRE_FD + 1 + (fds[1] >= 0) + (fds[2] >= 0));
	if (rc == 0)
		rc = posix_spawn(ret_pid, program, &actions, &attr, argv, envp);
	for (i = 0; i < 3; i++) {
		if (copies[i] >= 0)
			(void)close(copies[i]);
	}
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

enum larder_code
call_open(const char *program, const struct job *job, int slot_fd, int lock_fd, struct call **ret,
    struct larder_error *ret_error)
{
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	struct call *call;
	enum larder_code code = LARDER_OK;
	int pair[2] = { -1, -1 };
	int rc;

	reap_left(0);
	call = calloc(1, sizeof *call);
	if (call == NULL)
		return error_no_memory(ret_error);
	call->fd = -1;
	if (!job_encode(job, &body)) {
		code = error_no_memory(ret_error);
		goto out;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		code = error_set_errno(
		    ret_error, LARDER_UNAVAILABLE, errno, "cannot start the courier", "try again", "no socket pair");
		goto out;
	}
	rc = start(program, (const int[3]){ pair[1], slot_fd, lock_fd }, &call->pid);
	if (rc != 0) {
		code = error_set_errno(ret_error, LARDER_UNAVAILABLE, rc, "cannot start the courier",
		    "set LARDER_COURIER to the path of larder-courier, or install it", "%s", program);
		goto out;
	}
	call->fd = pair[0];
	pair[0] = -1;
	if (frame_write(call->fd, FRAME_JOB, &body, io_clock_ms() + WRITE_MS) != IO_OK)
		code = error_set_errno(ret_error, LARDER_UNAVAILABLE, errno, "cannot start the courier",
		    "run 'larder doctor'", "it does not read its job");
out:
	if (pair[0] >= 0)
		(void)close(pair[0]);
	if (pair[1] >= 0)
		(void)close(pair[1]);
	buf_clear(&body);
	if (code == LARDER_OK)
		*ret = call;
	else
		call_close(call);
	return code;
}

/* What one frame says. A reply that could not be sealed comes in two frames: the failure, then the reply itself. */
static enum call_event
read_event(enum frame_type type, struct buf *body, struct call_result *ret)
{
	if (type == FRAME_READY)
		return body->len == 0 || ready_decode(body, &ret->port) ? CALL_READY : CALL_GONE;
	if (type == FRAME_SEALED)
		return CALL_SEALED;
	if (type == FRAME_REPLY && reply_decode(body->data, body->len, &ret->reply))
		return CALL_REPLIED;
	if (type == FRAME_FAILED && failure_decode(body, &ret->failure))
		return CALL_FAILED;
	if (type == FRAME_HEAD && reply_decode(body->data, body->len, &ret->reply))
		return CALL_HEAD;
	if (type == FRAME_DATA && buf_take_secret(body, &ret->piece))
		return CALL_DATA;
	return type == FRAME_END ? CALL_END : CALL_GONE;
}

enum call_event
call_wait(struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	enum call_event event;
	enum frame_type type = FRAME_FAILED;
	enum io_result result;

	do {
		event = CALL_GONE;
		result = frame_read(call->fd, &type, &body, deadline_ms);
		if (result == IO_TIMEOUT) {
			buf_clear(&body);
			return CALL_TIMEOUT;
		}
		if (result == IO_OK)
			event = read_event(type, &body, ret);
	} while (event == CALL_FAILED && ret->failure.stage == CALL_SEAL);
	call->over = event != CALL_READY && event != CALL_HEAD && event != CALL_DATA;
	buf_clear(&body);
	return event;
}

bool
call_go(struct call *call)
{
	call->sent_go = true;
	return frame_write(call->fd, FRAME_GO, NULL, io_clock_ms() + WRITE_MS) == IO_OK;
}

void
call_kept(struct call *call)
{
	(void)frame_write(call->fd, FRAME_KEPT, NULL, io_clock_ms() + WRITE_MS);
}

void
call_show(struct call *call, enum call_page page, const char *why)
{
	struct call_failure failure = { .stage = CALL_SETUP };
	struct buf body = BUF_INIT(1024);

	(void)text_format(failure.why, sizeof failure.why, "%s", why);
	if (page == PAGE_REFUSED)
		(void)failure_encode(&failure, &body);
	(void)frame_write(call->fd,
	    page == PAGE_DONE           ? FRAME_GO
		: page == PAGE_NOT_OURS ? FRAME_KEPT
					: FRAME_FAILED,
	    &body, io_clock_ms() + WRITE_MS);
	buf_clear(&body);
}

void
call_close(struct call *call)
{
	const struct timespec millisecond = { 0, 1000000 };
	int tries;

	if (call == NULL)
		return;
	if (call->fd >= 0)
		(void)close(call->fd);
	if (call->pid > 0) {
		/* One that was not told to go ends by itself now; one that has sent may listen for long. */
		for (tries = 0; tries < REAP_TRIES && (call->over || !call->sent_go); tries++) {
			if (waitpid(call->pid, NULL, WNOHANG) != 0)
				break;
			(void)nanosleep(&millisecond, NULL);
		}
		if (tries == REAP_TRIES || !(call->over || !call->sent_go))
			reap_left(call->pid);
	}
	free(call);
}
