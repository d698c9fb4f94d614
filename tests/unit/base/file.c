/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/support.h"

static enum larder_code
open_dir(const char *path, struct larder_error *ret_error)
{
	int fd = -1;
	enum larder_code code = file_open_private_dir(path, &fd, ret_error);

	if (code == LARDER_OK)
		assert_int_equal(close(fd), 0);
	else
		assert_int_equal(fd, -1);
	return code;
}

static enum larder_code
open_file(const char *name, int flags, struct larder_error *ret_error)
{
	int fd = -1;
	enum larder_code code = file_open_private(AT_FDCWD, name, flags, &fd, ret_error);

	if (code == LARDER_OK)
		assert_int_equal(close(fd), 0);
	else
		assert_int_equal(fd, -1);
	return code;
}

static void
only_a_real_directory_of_our_own_is_used(void **state)
{
	struct larder_error error;

	(void)state;
	assert_int_equal(mkdir("good", 0700), 0);
	assert_int_equal(mkdir("open", 0750), 0);
	assert_int_equal(symlink("good", "link"), 0);
	write_file("file", "", 0, 0600);
	assert_int_equal(open_dir("good", &error), LARDER_OK);
	assert_int_equal(open_dir("good//", &error), LARDER_OK);
	assert_int_equal(open_dir("none", &error), LARDER_NOT_FOUND);
	assert_int_equal(open_dir("", &error), LARDER_NOT_FOUND);
	assert_int_equal(open_dir("link", &error), LARDER_DENIED);
	assert_int_equal(open_dir("link/", &error), LARDER_DENIED);
	assert_int_equal(open_dir("file", &error), LARDER_DENIED);
	assert_int_equal(open_dir("open", &error), LARDER_DENIED);
	assert_non_null(strstr(error.why, "0750"));
	if (geteuid() == 0) {
		assert_int_equal(chown("good", 12345, (gid_t)-1), 0);
		assert_int_equal(open_dir("good", &error), LARDER_DENIED);
		assert_non_null(strstr(error.why, "12345"));
	}
}

static void
a_directory_is_made_with_its_parents_and_nothing_is_changed_that_exists(void **state)
{
	struct larder_error error;
	struct stat info;
	int fd = -1;

	(void)state;
	assert_int_equal(mkdir("shared", 0755), 0);
	assert_int_equal(file_make_private_dir("shared/a/b//", &fd, &error), LARDER_OK);
	(void)close(fd);
	assert_int_equal(stat("shared/a/b", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(stat("shared/a", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(stat("shared", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0755);
	assert_int_equal(file_make_private_dir("shared/a/b", &fd, &error), LARDER_OK);
	(void)close(fd);
	fd = -1;
	assert_int_equal(file_make_private_dir("shared", &fd, &error), LARDER_DENIED);
	assert_int_equal(fd, -1);
	write_file("file", "", 0, 0600);
	assert_int_equal(file_make_private_dir("file/x", &fd, &error), LARDER_STORAGE);
	assert_int_equal(file_make_private_dir("file", &fd, &error), LARDER_DENIED);
}

static void
a_directory_of_configuration_may_be_read_by_others_but_not_written(void **state)
{
	struct larder_error error;
	struct stat info;

	(void)state;
	assert_int_equal(file_make_own_dir("settings/deep/", &error), LARDER_OK);
	assert_int_equal(stat("settings/deep", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(chmod("settings", 0755), 0);
	assert_int_equal(symlink("settings", "linked"), 0);
	assert_int_equal(file_make_own_dir("settings", &error), LARDER_OK);
	assert_int_equal(file_make_own_dir("linked", &error), LARDER_OK);
	assert_int_equal(stat("settings", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0755);
	assert_int_equal(chmod("settings", 0775), 0);
	assert_int_equal(file_make_own_dir("settings", &error), LARDER_DENIED);
	assert_non_null(strstr(error.why, "0775"));
	write_file("settings-file", "", 0, 0600);
	assert_int_equal(file_make_own_dir("settings-file", &error), LARDER_DENIED);
	assert_int_equal(file_make_own_dir("settings-file/x", &error), LARDER_STORAGE);
	if (geteuid() == 0) {
		assert_int_equal(chmod("settings", 0755), 0);
		assert_int_equal(chown("settings", 12345, 12345), 0);
		assert_int_equal(file_make_own_dir("settings", &error), LARDER_DENIED);
		assert_non_null(strstr(error.why, "12345"));
	}
}

static void
only_a_regular_file_with_one_name_is_used(void **state)
{
	struct larder_error error;
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	write_file("good", "x", 1, 0600);
	assert_int_equal(open_file("good", O_RDONLY, &error), LARDER_OK);
	assert_int_equal(open_file("good", O_RDWR, &error), LARDER_OK);
	assert_int_equal(open_file("none", O_RDONLY, &error), LARDER_NOT_FOUND);
	assert_int_equal(symlink("good", "link"), 0);
	assert_int_equal(open_file("link", O_RDONLY, &error), LARDER_DENIED);
	assert_non_null(strstr(error.why, "symbolic link"));
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_int_equal(open_file("directory", O_RDONLY, &error), LARDER_DENIED);
	assert_int_equal(open_file("directory", O_RDWR, &error), LARDER_DENIED);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
	assert_int_equal(open_file("socket", O_RDWR, &error), LARDER_DENIED);
	write_file("open", "x", 1, 0604);
	assert_int_equal(open_file("open", O_RDONLY, &error), LARDER_DENIED);
	assert_non_null(strstr(error.why, "0604"));
	assert_int_equal(link("good", "second"), 0);
	assert_int_equal(open_file("good", O_RDONLY, &error), LARDER_DENIED);
	assert_non_null(strstr(error.why, "hard links"));
}

static void
a_fifo_in_the_files_place_does_not_hang(void **state)
{
	struct larder_error error;

	(void)state;
	(void)alarm(20);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(open_file("fifo", O_RDONLY, &error), LARDER_DENIED);
	assert_int_equal(open_file("fifo", O_WRONLY, &error), LARDER_DENIED);
	assert_int_equal(open_file("fifo", O_RDWR, &error), LARDER_DENIED);
	assert_non_null(strstr(error.why, "no regular file"));
	(void)alarm(0);
}

static void
a_new_file_is_private_whatever_the_umask(void **state)
{
	struct larder_error error;
	struct stat info;
	mode_t old = umask(0777);
	int fd = -1;

	(void)state;
	assert_int_equal(open_file("new", O_RDWR | O_CREAT | O_EXCL, &error), LARDER_OK);
	(void)umask(0);
	assert_int_equal(open_file("second", O_RDWR | O_CREAT | O_EXCL, &error), LARDER_OK);
	(void)umask(old);
	assert_int_equal(stat("new", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(stat("second", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(open_file("new", O_RDWR | O_CREAT | O_EXCL, &error), LARDER_EXISTS);
	assert_int_equal(file_create_private(AT_FDCWD, "third", &fd, &error), LARDER_OK);
	(void)close(fd);
	assert_int_equal(stat("third", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(file_create_private(AT_FDCWD, "third", &fd, &error), LARDER_EXISTS);
	assert_int_equal(access("third", F_OK), 0);
	assert_int_equal(symlink("elsewhere", "dangling"), 0);
	assert_int_equal(file_create_private(AT_FDCWD, "dangling", &fd, &error), LARDER_EXISTS);
	assert_int_equal(open_file("dangling", O_RDWR | O_CREAT | O_EXCL, &error), LARDER_EXISTS);
	assert_int_equal(access("elsewhere", F_OK), -1);
}

static void
a_path_in_a_message_cannot_move_the_terminal(void **state)
{
	struct larder_error error;

	(void)state;
	assert_int_equal(open_dir("no\x1b[2Jne\n", &error), LARDER_NOT_FOUND);
	assert_string_equal(error.why, "no\\x1b[2Jne\\x0a does not exist");
	assert_int_equal(open_file("no\x1b[2Jne\n", O_RDONLY, &error), LARDER_NOT_FOUND);
	assert_string_equal(error.why, "no\\x1b[2Jne\\x0a does not exist");
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, directory_enter, directory_leave)

int
run_file_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(only_a_real_directory_of_our_own_is_used),
		IN_DIRECTORY(a_directory_is_made_with_its_parents_and_nothing_is_changed_that_exists),
		IN_DIRECTORY(a_directory_of_configuration_may_be_read_by_others_but_not_written),
		IN_DIRECTORY(only_a_regular_file_with_one_name_is_used),
		IN_DIRECTORY(a_fifo_in_the_files_place_does_not_hang),
		IN_DIRECTORY(a_new_file_is_private_whatever_the_umask),
		IN_DIRECTORY(a_path_in_a_message_cannot_move_the_terminal),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
