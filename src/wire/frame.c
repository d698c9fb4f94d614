/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define HEAD_BYTES 5

enum io_result
frame_read(int fd, enum frame_type *ret_type, struct buf *ret_body, int64_t deadline_ms)
{
	uint8_t head[HEAD_BYTES];
	struct reader reader = { .data = head, .len = sizeof(head) };
	enum io_result result;
	uint8_t type;
	uint32_t len;
	uint8_t *body;

	result = io_read_all(fd, head, sizeof(head), deadline_ms);
	if (result != IO_OK)
		return result;
	type = read_u8(&reader);
	len = read_u32(&reader);
	if (type < FRAME_JOB || type > FRAME_END || len > FRAME_BODY_MAX || len > ret_body->max) {
		errno = EPROTO;
		return IO_ERROR;
	}
	buf_reset(ret_body);
	if (len > 0) {
		body = buf_reserve(ret_body, len);
		if (body == NULL) {
			errno = ENOMEM;
			return IO_ERROR;
		}
		result = io_read_all(fd, body, len, deadline_ms);
		if (result == IO_END) {
			errno = EPIPE; /* it ended inside a frame, which is no orderly end */
			return IO_ERROR;
		}
		if (result != IO_OK)
			return result;
		buf_grew(ret_body, len);
	}
	*ret_type = (enum frame_type)type;
	return IO_OK;
}

/* Wait until fd takes more. A peer that is gone counts as ready: sending then says so. */
static enum io_result
wait_writable(int fd, int64_t deadline_ms)
{
	struct pollfd waited = { .fd = fd, .events = POLLOUT };
	int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - io_clock_ms();
	int count;

	if (deadline_ms >= 0 && left_ms <= 0)
		return IO_TIMEOUT;
	if (left_ms > 60000)
		left_ms = 60000;
	count = poll(&waited, 1, (int)left_ms);
	return count < 0 && errno != EINTR ? IO_ERROR : IO_OK;
}

/* Drop what was sent from the front of the message. */
static void
advance(struct msghdr *message, size_t sent)
{
	while (message->msg_iovlen > 0 && sent >= message->msg_iov[0].iov_len) {
		sent -= message->msg_iov[0].iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen > 0) {
		message->msg_iov[0].iov_base = (uint8_t *)message->msg_iov[0].iov_base + sent;
		message->msg_iov[0].iov_len -= sent;
	}
}

/*
 * Not io_write_all: a write to a socket whose peer is gone raises SIGPIPE, and a library has no say over its caller's
 * signals. It also keeps head and body in one call.
 */
enum io_result
frame_write(int fd, enum frame_type type, const struct buf *body, int64_t deadline_ms)
{
	size_t len = body == NULL ? 0 : body->len;
	uint8_t head[HEAD_BYTES] = { (uint8_t)type, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len };
	struct iovec parts[2] = { { head, sizeof(head) }, { len == 0 ? NULL : body->data, len } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = len == 0 ? 1 : 2 };

	if (len > FRAME_BODY_MAX || (body != NULL && body->failed)) {
		errno = EMSGSIZE;
		return IO_ERROR;
	}
	while (message.msg_iovlen > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			advance(&message, (size_t)sent);
		} else if (errno == EAGAIN) {
			enum io_result result = wait_writable(fd, deadline_ms);

			if (result != IO_OK)
				return result;
		} else if (errno != EINTR) {
			return IO_ERROR;
		}
	}
	return IO_OK;
}
