/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t
io_clock_ms(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail on a kernel that has the clock: 2.6.39 */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
io_clock_awake_ms(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
io_clock_thread_ms(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
io_clock_unix_s(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static enum io_result
wait_ready(int fd, short events, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int64_t left = -1;
	int ready;

	do {
		if (deadline_ms >= 0) {
			left = deadline_ms - io_clock_ms();
			left = left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
		}
		ready = poll(&poll_fd, 1, (int)left);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return IO_ERROR;
	return ready == 0 ? IO_TIMEOUT : IO_OK;
}

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Nothing more comes: at once it is the end, in the middle something is missing. */
static enum io_result
no_more(size_t done)
{
	if (done == 0)
		return IO_END;
	errno = EPIPE;
	return IO_ERROR;
}

enum io_result
io_read_all(int fd, void *data, size_t len, int64_t deadline_ms)
{
	uint8_t *dst = data;
	size_t done = 0;
	bool wait = deadline_ms >= 0; /* a blocking descriptor must not be read before it is ready */

	while (done < len) {
		enum io_result result = wait ? wait_ready(fd, POLLIN, deadline_ms) : IO_OK;
		ssize_t got;

		if (result != IO_OK)
			return result;
		got = read(fd, dst + done, len - done);
		if (got > 0) {
			done += (size_t)got;
		} else if (got == 0) {
			return no_more(done);
		} else if (would_block()) {
			wait = true;
		} else if (errno != EINTR) {
			return IO_ERROR;
		}
	}
	return IO_OK;
}

/*
 * A write with a deadline must not block once poll said ready. A socket can be told so; what is no socket takes up to
 * PIPE_BUF bytes whenever it is ready. A peer that went away is an error, not a signal, as far as sockets allow.
 */
static ssize_t
write_some(int fd, const uint8_t *src, size_t len, bool may_block)
{
	ssize_t put = send(fd, src, len, MSG_NOSIGNAL | (may_block ? 0 : MSG_DONTWAIT));

	if (put >= 0 || errno != ENOTSOCK)
		return put;
	return write(fd, src, may_block || len < PIPE_BUF ? len : PIPE_BUF);
}

enum io_result
io_write_all(int fd, const void *data, size_t len, int64_t deadline_ms)
{
	const uint8_t *src = data;
	size_t done = 0;
	bool wait = deadline_ms >= 0;

	while (done < len) {
		enum io_result result = wait ? wait_ready(fd, POLLOUT, deadline_ms) : IO_OK;
		ssize_t put;

		if (result != IO_OK)
			return result;
		put = write_some(fd, src + done, len - done, deadline_ms < 0);
		if (put >= 0)
			done += (size_t)put;
		else if (would_block())
			wait = true;
		else if (errno != EINTR)
			return IO_ERROR;
	}
	return IO_OK;
}

enum io_result
io_pread_all(int fd, void *data, size_t len, int64_t offset)
{
	uint8_t *dst = data;
	size_t done = 0;

	while (done < len) {
		ssize_t got = pread(fd, dst + done, len - done, offset + (off_t)done);

		if (got > 0)
			done += (size_t)got;
		else if (got == 0)
			return no_more(done);
		else if (errno != EINTR)
			return IO_ERROR;
	}
	return IO_OK;
}

enum io_result
io_pwrite_all(int fd, const void *data, size_t len, int64_t offset)
{
	const uint8_t *src = data;
	size_t done = 0;

	while (done < len) {
		ssize_t put = pwrite(fd, src + done, len - done, offset + (off_t)done);

		if (put >= 0)
			done += (size_t)put;
		else if (errno != EINTR)
			return IO_ERROR;
	}
	return IO_OK;
}
