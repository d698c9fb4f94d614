/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/support.h"

#define LARGE ((size_t)1 << 20)

struct pair {
	int near, far;
};

static struct pair
new_pair(bool pipe_only)
{
	int fds[2];

	assert_int_equal(
	    pipe_only ? pipe2(fds, O_CLOEXEC) : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	return (struct pair){ .near = fds[0], .far = fds[1] };
}

static void
close_pair(struct pair pair)
{
	(void)close(pair.near);
	(void)close(pair.far);
}

static void
nothing_to_read_is_a_timeout_and_not_a_hang(void **state)
{
	struct pair pair = new_pair(false);
	int64_t began = io_clock_ms();
	char byte;

	(void)state;
	assert_int_equal(io_read_all(pair.near, &byte, 1, began + 50), IO_TIMEOUT);
	assert_true(io_clock_ms() - began >= 49);
	assert_true(io_clock_ms() - began < 5000);
	assert_int_equal(io_read_all(pair.near, &byte, 1, 0), IO_TIMEOUT);
	close_pair(pair);
}

static void
half_of_what_is_needed_is_a_timeout_too(void **state)
{
	struct pair pair = new_pair(false);
	char bytes[4];

	(void)state;
	assert_int_equal(write(pair.far, "ab", 2), 2);
	assert_int_equal(io_read_all(pair.near, bytes, 4, io_clock_ms() + 50), IO_TIMEOUT);
	close_pair(pair);
}

static void
an_end_before_and_an_end_within_are_told_apart(void **state)
{
	struct pair pair = new_pair(false);
	char bytes[4];

	(void)state;
	assert_int_equal(write(pair.far, "ab", 2), 2);
	(void)shutdown(pair.far, SHUT_WR);
	assert_int_equal(io_read_all(pair.near, bytes, 4, -1), IO_ERROR);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(io_read_all(pair.near, bytes, 4, io_clock_ms() + 1000), IO_END);
	assert_int_equal(io_read_all(pair.near, bytes, 0, -1), IO_OK);
	close_pair(pair);
}

static void
a_peer_that_does_not_read_is_a_timeout_on_sockets_and_pipes(void **state)
{
	static char data[LARGE];
	struct pair socket = new_pair(false), pipe = new_pair(true);
	int64_t began = io_clock_ms();

	(void)state;
	assert_int_equal(io_write_all(socket.near, data, sizeof(data), began + 50), IO_TIMEOUT);
	assert_int_equal(io_write_all(pipe.far, data, sizeof(data), began + 100), IO_TIMEOUT);
	assert_true(io_clock_ms() - began < 5000);
	close_pair(socket);
	close_pair(pipe);
}

static void
a_peer_that_went_away_is_an_error_and_no_signal(void **state)
{
	struct pair pair = new_pair(false);

	(void)state;
	(void)close(pair.far);
	assert_int_equal(io_write_all(pair.near, "x", 1, -1), IO_ERROR);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(io_write_all(pair.near, "x", 1, io_clock_ms() + 1000), IO_ERROR);
	(void)close(pair.near);
}

static void *
write_large(void *ctx)
{
	static char data[LARGE];
	const int *fd = ctx;

	memset(data, 'x', sizeof(data));
	return io_write_all(*fd, data, sizeof(data), io_clock_ms() + 20000) == IO_OK ? NULL : ctx;
}

static void
a_large_message_arrives_whole_whether_descriptors_block_or_not(void **state)
{
	static char data[LARGE];
	int kind;

	(void)state;
	for (kind = 0; kind < 4; kind++) {
		struct pair pair = new_pair(kind >= 2);
		pthread_t thread;
		void *failed;

		if (kind % 2 == 1) {
			assert_int_equal(fcntl(pair.near, F_SETFL, O_NONBLOCK), 0);
			assert_int_equal(fcntl(pair.far, F_SETFL, O_NONBLOCK), 0);
		}
		memset(data, 0, sizeof(data));
		assert_int_equal(pthread_create(&thread, NULL, write_large, &pair.far), 0);
		assert_int_equal(
		    io_read_all(pair.near, data, sizeof(data), kind % 2 == 1 ? -1 : io_clock_ms() + 20000), IO_OK);
		assert_int_equal(pthread_join(thread, &failed), 0);
		assert_null(failed);
		assert_int_equal(data[0], 'x');
		assert_int_equal(data[LARGE - 1], 'x');
		close_pair(pair);
	}
}

static void
files_are_read_and_written_at_a_place(void **state)
{
	char bytes[4] = "";
	int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(io_pwrite_all(fd, "abcdef", 6, 10), IO_OK);
	assert_int_equal(io_pread_all(fd, bytes, 3, 12), IO_OK);
	assert_memory_equal(bytes, "cde", 3);
	assert_int_equal(io_pread_all(fd, bytes, 4, 14), IO_ERROR);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(io_pread_all(fd, bytes, 1, 16), IO_END);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	(void)close(fd);
	assert_int_equal(io_pread_all(fd, bytes, 1, 0), IO_ERROR);
	assert_int_equal(io_pwrite_all(fd, bytes, 1, 0), IO_ERROR);
	assert_int_equal(io_read_all(fd, bytes, 1, -1), IO_ERROR);
}

int
run_io_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_read_is_a_timeout_and_not_a_hang),
		cmocka_unit_test(half_of_what_is_needed_is_a_timeout_too),
		cmocka_unit_test(an_end_before_and_an_end_within_are_told_apart),
		cmocka_unit_test(a_peer_that_does_not_read_is_a_timeout_on_sockets_and_pipes),
		cmocka_unit_test(a_peer_that_went_away_is_an_error_and_no_signal),
		cmocka_unit_test(a_large_message_arrives_whole_whether_descriptors_block_or_not),
		cmocka_unit_test_setup_teardown(
		    files_are_read_and_written_at_a_place, directory_enter, directory_leave),
	};

	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
