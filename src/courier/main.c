/* SPDX-License-Identifier: Apache-2.0 */
/*
 * larder-courier: started by the vault side for one request, with a socket as descriptor 3 and, for an exchange, the
 * spool slot as 4 and the lock as 5, or for a call of an API the body as 4. It reads one JOB frame, performs it, answers and exits. It takes no arguments and
 * reads no environment. What it may do is in sandbox.h, what it says in wire/frame.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "courier/exchange.h"
#include "courier/http.h"
#include "courier/loopback.h"
#include "courier/sandbox.h"
#include "courier/stream.h"
#include "crypto/seal.h"
#include "wire/frame.h"

#define JOB_READ_MS 10000 /* the job is written right after the start */

enum exit_status { EXIT_ANSWERED = 0, EXIT_NO_JOB = 1, EXIT_BY_HAND = 2 };

/* A Unix stream socket, as only the vault side hands over. */
static bool
is_wire(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain != AF_UNIX)
		return false;
	len = sizeof(type);
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static bool
is_file(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/*
 * A command that is interrupted, hung up or terminated must not take the exchange with it, so these are ignored. KILL
 * is all that is left, and the slot is made for that.
 */
static void
ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE, SIGXFSZ };
	struct sigaction action = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)sigaction(ignored[i], &action, NULL);
}

/* Whatever the starter left open or set: nothing of it is needed, some of it would be obeyed (SSLKEYLOGFILE). */
static void
shed_inheritance(void)
{
	int null;

	(void)clearenv();
	(void)close_range(JOB_LOCK_FD + 1, ~0U, 0);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO - SANDBOX_KEEPS_STDERR; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		(void)close(null);
	(void)umask(077);
	if (getsid(0) != getpid())
		(void)setsid(); /* fails for a group leader, which then has a session of its own already */
}

/* false: no job came, or none that is understood; the vault side knows as much as can be told. */
static bool
read_job(struct job *ret)
{
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	enum frame_type type;
	bool ok = false;

	if (frame_read(JOB_WIRE_FD, &type, &body, io_clock_ms() + JOB_READ_MS) != IO_OK)
		goto out;
	if (type != FRAME_JOB || !job_decode(&body, ret)) {
		exchange_refuse(JOB_WIRE_FD, CALL_SETUP,
		    "the job is not understood; do the versions of larder and "
		    "larder-courier fit?");
		goto out;
	}
	ok = true;
out:
	buf_clear(&body);
	return ok;
}

/* Only an exchange has business with slot and lock, even if they were left open. */
static bool
check_files(const struct job *job)
{
	if (job->kind == JOB_EXCHANGE)
		return is_file(JOB_SLOT_FD) && is_file(JOB_LOCK_FD);
	if (job->kind == JOB_STREAM && job->sends_source) {
		(void)close_range(JOB_LOCK_FD, JOB_LOCK_FD, 0);
		return is_file(JOB_SOURCE_FD);
	}
	(void)close_range(JOB_SLOT_FD, JOB_LOCK_FD, 0);
	return true;
}

static void
listen_for(const struct job *job)
{
	const struct authority none = { .file = NULL };
	struct loopback loopback;
	char why[128];

	(void)close_range(JOB_SLOT_FD, JOB_LOCK_FD, 0);
	if (!loopback_open(job, &loopback, why, sizeof(why)))
		exchange_refuse(JOB_WIRE_FD, CALL_SETUP, why);
	else if (!sandbox_enter(&none))
		exchange_refuse(JOB_WIRE_FD, CALL_SETUP, "the sandbox cannot be set up");
	else
		loopback_run(&loopback, JOB_WIRE_FD, job);
	loopback_close(&loopback);
}

static void
perform(const struct job *job)
{
	struct authority authority = authority_choose(job);
	struct keep_fds fds = { JOB_WIRE_FD, -1, -1 };

	if (job->kind == JOB_EXCHANGE) {
		fds.slot = JOB_SLOT_FD;
		fds.lock = JOB_LOCK_FD;
	}
	if (!check_files(job))
		exchange_refuse(JOB_WIRE_FD, CALL_SETUP, "a file that the job needs was not handed over");
	else if (!http_init())
		exchange_refuse(JOB_WIRE_FD, CALL_SETUP, "libcurl cannot be used");
	else if (!sandbox_enter(&authority))
		exchange_refuse(JOB_WIRE_FD, CALL_SETUP, "the sandbox cannot be set up");
	else if (job->kind == JOB_STREAM)
		stream_run(JOB_WIRE_FD, job, &authority);
	else
		exchange_run(job, &authority, &fds);
}

int
main(void)
{
	struct job job = { 0 };

	process_harden();
	if (!is_wire(JOB_WIRE_FD)) {
		(void)fputs(
		    "larder-courier: started by larder to talk to providers; it does nothing by hand\n", stderr);
		return EXIT_BY_HAND;
	}
	ignore_signals();
	shed_inheritance();
	if (!crypto_init() || !read_job(&job))
		_exit(EXIT_NO_JOB);
	if (job.kind == JOB_LISTEN)
		listen_for(&job);
	else
		perform(&job);
	job_clear(&job);
	_exit(EXIT_ANSWERED); /* no exit handlers of libraries, which the sandbox does not know */
}
