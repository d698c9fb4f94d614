/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/support.h"

static enum larder_code
read_secret(const char *content, size_t len, size_t max, struct secret *ret, struct larder_error *ret_error)
{
	write_file("secret", content, len, 0600);
	return file_read_secret("secret", max, "refresh token", ret, ret_error);
}

static void
one_line_end_is_removed_and_no_more(void **state)
{
	static const struct {
		const char *content, *secret;
	} cases[] = { { "abc", "abc" }, { "abc\n", "abc" }, { "abc\r\n", "abc" }, { "abc\n\n", "abc\n" },
		{ "abc\r", "abc\r" }, { " abc ", " abc " }, { "a\nb", "a\nb" } };
	struct larder_error error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct secret secret = SECRET_INIT;

		assert_int_equal(
		    read_secret(cases[i].content, strlen(cases[i].content), 100, &secret, &error), LARDER_OK);
		assert_string_equal((const char *)secret.data, cases[i].secret);
		assert_int_equal(secret.len, strlen(cases[i].secret));
		assert_true(arena_owns(secret.data));
		secret_free(&secret);
	}
}

static void
what_cannot_be_a_secret_is_refused(void **state)
{
	struct secret secret = SECRET_INIT;
	struct larder_error error;

	(void)state;
	assert_int_equal(read_secret("", 0, 10, &secret, &error), LARDER_USAGE);
	assert_string_equal(error.what, "cannot read the refresh token");
	assert_string_equal(error.why, "it is empty");
	assert_int_equal(read_secret("\n", 1, 10, &secret, &error), LARDER_USAGE);
	assert_int_equal(read_secret(" \t\r\n\n", 5, 10, &secret, &error), LARDER_USAGE);
	assert_int_equal(read_secret("ab\0cd", 5, 10, &secret, &error), LARDER_USAGE);
	assert_int_equal(read_secret("0123456789a", 11, 10, &secret, &error), LARDER_USAGE);
	assert_int_equal(read_secret("0123456789abc", 13, 10, &secret, &error), LARDER_USAGE);
	assert_null(secret.data);
	assert_int_equal(read_secret("0123456789\r\n", 12, 10, &secret, &error), LARDER_OK);
	assert_int_equal(secret.len, 10);
	secret_free(&secret);
}

static void
a_long_secret_comes_whole(void **state)
{
	static char content[65536];
	struct secret secret = SECRET_INIT;
	struct larder_error error;

	(void)state;
	memset(content, 't', sizeof(content));
	assert_int_equal(read_secret(content, sizeof(content), sizeof(content), &secret, &error), LARDER_OK);
	assert_int_equal(secret.len, sizeof(content));
	assert_memory_equal(secret.data, content, sizeof(content));
	secret_free(&secret);
	assert_int_equal(read_secret(content, sizeof(content), sizeof(content) - 1, &secret, &error), LARDER_USAGE);
}

static void
a_secret_that_others_can_read_is_refused_with_its_mode(void **state)
{
	struct secret secret = SECRET_INIT;
	struct larder_error error;

	(void)state;
	write_file("secret", "abc", 3, 0644);
	assert_int_equal(file_read_secret("secret", 100, "client secret", &secret, &error), LARDER_DENIED);
	assert_non_null(strstr(error.why, "0644"));
	assert_int_equal(chmod("secret", 0640), 0);
	assert_int_equal(file_read_secret("secret", 100, "client secret", &secret, &error), LARDER_DENIED);
	assert_int_equal(chmod("secret", 0400), 0);
	assert_int_equal(symlink("secret", "link"), 0);
	assert_int_equal(file_read_secret("link", 100, "client secret", &secret, &error), LARDER_OK);
	secret_free(&secret);
}

static void
a_secret_that_is_absent_or_a_directory_is_told(void **state)
{
	struct secret secret = SECRET_INIT;
	struct larder_error error;

	(void)state;
	assert_int_equal(file_read_secret("none", 100, "client secret", &secret, &error), LARDER_NOT_FOUND);
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_int_equal(file_read_secret("directory", 100, "client secret", &secret, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "directory"));
}

static void
a_fifo_without_a_writer_is_empty_and_does_not_hang(void **state)
{
	struct secret secret = SECRET_INIT;
	struct larder_error error;

	(void)state;
	(void)alarm(20);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(file_read_secret("fifo", 100, "client secret", &secret, &error), LARDER_USAGE);
	assert_string_equal(error.why, "it is empty");
	(void)alarm(0);
}

static int
write_late(void *ctx)
{
	const int *fd = ctx;

	(void)usleep(50000);
	if (write(*fd, "from a ", 7) != 7)
		return 1;
	(void)usleep(50000);
	return write(*fd, "pipe\n", 5) == 5 ? 0 : 1;
}

static void
a_pipe_is_read_to_its_end(void **state)
{
	struct secret secret = SECRET_INIT;
	struct larder_error error;
	char path[64];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(in_child(write_late, &fds[1]), 0);
	(void)close(fds[1]);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]); /* as the shell's <(command) gives it */
	assert_int_equal(file_read_secret(path, 100, "client secret", &secret, &error), LARDER_OK);
	assert_string_equal((const char *)secret.data, "from a pipe");
	secret_free(&secret);
	(void)close(fds[0]);
}

static void
reading_a_secret_leaves_no_memory_behind(void **state)
{
	struct secret secret = SECRET_INIT;
	struct larder_error error;
	size_t before, after, mapped;

	(void)state;
	arena_usage(&before, &mapped);
	assert_int_equal(read_secret("x\0y", 3, 10, &secret, &error), LARDER_USAGE);
	assert_int_equal(read_secret("xy", 2, 10, &secret, &error), LARDER_OK);
	secret_free(&secret);
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
}

static void
a_file_is_read_up_to_the_maximum(void **state)
{
	struct buf exact = BUF_INIT(6), small = BUF_INIT(5), nothing = BUF_INIT(10);
	struct larder_error error;

	(void)state;
	write_file("file", "abcdef", 6, 0644);
	write_file("empty", "", 0, 0644);
	assert_int_equal(file_read("file", &exact, &error), LARDER_OK);
	assert_string_equal(buf_str(&exact), "abcdef");
	assert_int_equal(file_read("file", &small, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "longer than 5 bytes"));
	assert_int_equal(file_read("empty", &nothing, &error), LARDER_OK);
	assert_string_equal(buf_str(&nothing), "");
	assert_int_equal(file_read("none", &nothing, &error), LARDER_NOT_FOUND);
	assert_int_equal(file_read("file/none", &nothing, &error), LARDER_NOT_FOUND);
	assert_int_equal(file_read(".", &nothing, &error), LARDER_USAGE);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	(void)alarm(20);
	assert_int_equal(file_read("fifo", &nothing, &error), LARDER_USAGE);
	(void)alarm(0);
	buf_clear(&exact);
	buf_clear(&small);
	buf_clear(&nothing);
}

static size_t
count_entries(void)
{
	DIR *directory = opendir(".");
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	(void)closedir(directory);
	return count - 2;
}

static void
a_file_is_replaced_as_a_whole(void **state)
{
	struct buf content = BUF_INIT(100);
	struct larder_error error;
	struct stat info;

	(void)state;
	write_file("file", "old", 3, 0644);
	assert_int_equal(link("file", "other"), 0);
	assert_int_equal(file_replace("file", "newer", 5, 0600, &error), LARDER_OK);
	assert_int_equal(file_read("file", &content, &error), LARDER_OK);
	assert_string_equal(buf_str(&content), "newer");
	assert_int_equal(stat("file", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	buf_reset(&content);
	assert_int_equal(file_read("other", &content, &error), LARDER_OK);
	assert_string_equal(buf_str(&content), "old"); /* so it was never written in place */
	assert_int_equal(count_entries(), 2);
	buf_clear(&content);
}

static void
a_file_that_cannot_be_replaced_leaves_nothing_behind(void **state)
{
	struct larder_error error;

	(void)state;
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_int_equal(file_replace("directory", "x", 1, 0600, &error), LARDER_STORAGE);
	assert_int_equal(file_replace("none/file", "x", 1, 0600, &error), LARDER_STORAGE);
	assert_non_null(strstr(error.why, "No such file"));
	assert_int_equal(count_entries(), 1);
}

static void
a_file_that_is_created_is_whole_and_takes_no_other_ones_place(void **state)
{
	struct buf content = BUF_INIT(64);
	struct larder_error error;
	struct stat info;

	(void)state;
	(void)umask(0277);
	assert_int_equal(file_create("file", "key", 3, 0600, &error), LARDER_OK);
	(void)umask(022);
	assert_int_equal(stat("file", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(info.st_nlink, 1);
	assert_int_equal(file_create("file", "another", 7, 0600, &error), LARDER_EXISTS);
	assert_int_equal(file_create("none/file", "x", 1, 0600, &error), LARDER_STORAGE);
	assert_int_equal(file_read("file", &content, &error), LARDER_OK);
	assert_string_equal(buf_str(&content), "key");
	assert_int_equal(count_entries(), 1);
	buf_clear(&content);
}

static void
the_name_of_a_file_is_synced_wherever_it_is(void **state)
{
	(void)state;
	write_file("file", "x", 1, 0600);
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_true(file_sync_parent("file"));
	assert_true(file_sync_parent("./file"));
	assert_true(file_sync_parent("directory/"));
	assert_true(file_sync_parent("/"));
	assert_false(file_sync_parent("none/file"));
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, directory_enter, directory_leave)

int
run_file_content_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(one_line_end_is_removed_and_no_more),
		IN_DIRECTORY(what_cannot_be_a_secret_is_refused),
		IN_DIRECTORY(a_long_secret_comes_whole),
		IN_DIRECTORY(a_secret_that_others_can_read_is_refused_with_its_mode),
		IN_DIRECTORY(a_secret_that_is_absent_or_a_directory_is_told),
		IN_DIRECTORY(a_fifo_without_a_writer_is_empty_and_does_not_hang),
		IN_DIRECTORY(a_pipe_is_read_to_its_end),
		IN_DIRECTORY(reading_a_secret_leaves_no_memory_behind),
		IN_DIRECTORY(a_file_is_read_up_to_the_maximum),
		IN_DIRECTORY(a_file_is_replaced_as_a_whole),
		IN_DIRECTORY(a_file_that_cannot_be_replaced_leaves_nothing_behind),
		IN_DIRECTORY(a_file_that_is_created_is_whole_and_takes_no_other_ones_place),
		IN_DIRECTORY(the_name_of_a_file_is_synced_wherever_it_is),
	};

	return cmocka_run_group_tests_name("file content", tests, NULL, NULL);
}
