/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/frame.h"
#include "wire/wire.h"

struct pair {
	int vault;
	int courier;
};

static struct pair
new_pair(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	return (struct pair){ fds[0], fds[1] };
}

static void
close_pair(struct pair *pair)
{
	(void)close(pair->vault);
	(void)close(pair->courier);
}

static void
a_frame_arrives_as_it_was_sent(void **state)
{
	struct pair pair = new_pair();
	struct buf sent = BUF_INIT_SECRET(FRAME_BODY_MAX);
	struct buf got = BUF_INIT_SECRET(FRAME_BODY_MAX);
	enum frame_type type = FRAME_JOB;

	(void)state;
	assert_true(buf_append_str(&sent, "seventeen bytes.."));
	assert_int_equal(frame_write(pair.vault, FRAME_REPLY, &sent, -1), IO_OK);
	assert_int_equal(frame_write(pair.vault, FRAME_GO, NULL, -1), IO_OK);
	assert_int_equal(frame_read(pair.courier, &type, &got, io_clock_ms() + 1000), IO_OK);
	assert_int_equal(type, FRAME_REPLY);
	assert_int_equal(got.len, 17);
	assert_memory_equal(got.data, sent.data, 17);
	assert_int_equal(frame_read(pair.courier, &type, &got, io_clock_ms() + 1000), IO_OK);
	assert_int_equal(type, FRAME_GO);
	assert_int_equal(got.len, 0);
	buf_clear(&sent);
	buf_clear(&got);
	close_pair(&pair);
}

struct writing {
	int fd;
	const struct buf *body;
	enum io_result result;
};

static void *
write_frame(void *arg)
{
	struct writing *writing = arg;

	writing->result = frame_write(writing->fd, FRAME_JOB, writing->body, io_clock_ms() + 10000);
	return NULL;
}

static void
the_longest_frame_passes_though_no_socket_buffer_holds_it(void **state)
{
	struct pair pair = new_pair();
	struct buf sent = BUF_INIT_SECRET(FRAME_BODY_MAX);
	struct buf got = BUF_INIT_SECRET(FRAME_BODY_MAX);
	struct writing writing = { pair.vault, &sent, IO_ERROR };
	enum frame_type type = FRAME_GO;
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < FRAME_BODY_MAX; i++)
		assert_true(buf_append_byte(&sent, (uint8_t)(i % 251)));
	assert_int_equal(pthread_create(&thread, NULL, write_frame, &writing), 0);
	assert_int_equal(frame_read(pair.courier, &type, &got, io_clock_ms() + 10000), IO_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(writing.result, IO_OK);
	assert_int_equal(got.len, FRAME_BODY_MAX);
	assert_memory_equal(got.data, sent.data, FRAME_BODY_MAX);
	buf_clear(&sent);
	buf_clear(&got);
	close_pair(&pair);
}

static enum io_result
read_bytes_as_frame(const void *bytes, size_t len, size_t max)
{
	struct pair pair = new_pair();
	struct buf got = BUF_INIT_SECRET(max);
	enum frame_type type = FRAME_SEALED;
	enum io_result result;
	int saved;

	assert_int_equal(write(pair.vault, bytes, len), (ssize_t)len);
	assert_int_equal(shutdown(pair.vault, SHUT_WR), 0);
	result = frame_read(pair.courier, &type, &got, io_clock_ms() + 2000);
	saved = errno;
	if (result != IO_OK)
		assert_int_equal(type, FRAME_SEALED);
	buf_clear(&got);
	close_pair(&pair);
	errno = saved;
	return result;
}

static void
what_is_not_a_frame_is_refused(void **state)
{
	static const uint8_t type_0[] = { 0, 0, 0, 0, 0 };
	static const uint8_t type_11[] = { 11, 0, 0, 0, 0 };
	static const uint8_t too_long[] = { FRAME_JOB, 0, 0x0c, 0, 1 };
	static const uint8_t endless[] = { FRAME_JOB, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t http[] = "GET / HTTP/1.1\r\n\r\n";

	(void)state;
	assert_int_equal(read_bytes_as_frame(type_0, sizeof(type_0), FRAME_BODY_MAX), IO_ERROR);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(read_bytes_as_frame(type_11, sizeof(type_11), FRAME_BODY_MAX), IO_ERROR);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(read_bytes_as_frame(too_long, sizeof(too_long), (size_t)4 << 20), IO_ERROR);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(read_bytes_as_frame(endless, sizeof(endless), FRAME_BODY_MAX), IO_ERROR);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(read_bytes_as_frame(http, sizeof(http), FRAME_BODY_MAX), IO_ERROR);
	assert_int_equal(errno, EPROTO);
}

static void
a_frame_longer_than_the_reader_allows_is_refused(void **state)
{
	static const uint8_t five[] = { FRAME_FAILED, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o' };

	(void)state;
	assert_int_equal(read_bytes_as_frame(five, sizeof(five), 5), IO_OK);
	assert_int_equal(read_bytes_as_frame(five, sizeof(five), 4), IO_ERROR);
	assert_int_equal(errno, EPROTO);
}

static void
an_end_between_frames_differs_from_one_inside(void **state)
{
	static const uint8_t five[] = { FRAME_FAILED, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o' };

	(void)state;
	assert_int_equal(read_bytes_as_frame(five, 0, FRAME_BODY_MAX), IO_END);
	for (size_t len = 1; len < sizeof(five); len++) {
		assert_int_equal(read_bytes_as_frame(five, len, FRAME_BODY_MAX), IO_ERROR);
		assert_int_equal(errno, EPIPE);
	}
}

static void
a_silent_peer_is_given_up_at_the_deadline(void **state)
{
	struct pair pair = new_pair();
	struct buf got = BUF_INIT_SECRET(16);
	struct buf big = BUF_INIT(FRAME_BODY_MAX);
	enum frame_type type;
	int64_t start = io_clock_ms();

	(void)state;
	assert_int_equal(frame_read(pair.courier, &type, &got, start + 60), IO_TIMEOUT);
	assert_true(io_clock_ms() - start >= 50);
	assert_non_null(buf_reserve(&big, FRAME_BODY_MAX));
	memset(big.data, 'x', FRAME_BODY_MAX);
	buf_grew(&big, FRAME_BODY_MAX);
	assert_int_equal(frame_write(pair.vault, FRAME_JOB, &big, io_clock_ms() + 60), IO_TIMEOUT);
	assert_true(io_clock_ms() - start < 5000);
	buf_clear(&big);
	buf_clear(&got);
	close_pair(&pair);
}

/* SIGPIPE has its default action here, so a signal would end the test program. */
static void
writing_to_a_peer_that_is_gone_fails_without_a_signal(void **state)
{
	struct pair pair = new_pair();

	(void)state;
	(void)close(pair.courier);
	assert_int_equal(frame_write(pair.vault, FRAME_GO, NULL, -1), IO_ERROR);
	assert_int_equal(errno, EPIPE);
	(void)close(pair.vault);
}

int
run_frame_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_arrives_as_it_was_sent),
		cmocka_unit_test(the_longest_frame_passes_though_no_socket_buffer_holds_it),
		cmocka_unit_test(what_is_not_a_frame_is_refused),
		cmocka_unit_test(a_frame_longer_than_the_reader_allows_is_refused),
		cmocka_unit_test(an_end_between_frames_differs_from_one_inside),
		cmocka_unit_test(a_silent_peer_is_given_up_at_the_deadline),
		cmocka_unit_test(writing_to_a_peer_that_is_gone_fails_without_a_signal),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
