/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite_file.h"
#include "store/tests.h"

static const char *const companions[] = { "vault.db", "vault.db-wal", "vault.db-shm", "vault.db-journal" };

static mode_t
mode_of(struct place *place, const char *name)
{
	struct stat st;

	assert_int_equal(0, fstatat(place->dirfd, name, &st, AT_SYMLINK_NOFOLLOW));
	return st.st_mode & 07777;
}

/* S192 */
static void
all_files_of_a_vault_are_0600_under_any_umask(void **state)
{
	static const mode_t masks[] = { 0, 0777 };
	struct place *place = *state;
	struct store *store;

	for (size_t i = 0; i < 2; i++) {
		mode_t mask = umask(masks[i]);

		store = store_new(place);
		write_row(store, "a", "b", STORE_DURABLE);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(0600, mode_of(place, companions[k]));
		store_close(store);
		assert_int_equal(0, unlinkat(place->dirfd, "vault.db-wal", 0));
		assert_int_equal(0, unlinkat(place->dirfd, "vault.db-shm", 0));
		store_close(store_again(place));
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(0600, mode_of(place, companions[k]));
		sqlite_file_remove(place->dirfd);
		(void)umask(mask);
	}
}

static void
the_write_ahead_log_is_there_from_the_beginning_and_stays(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	struct stat first, later;

	assert_int_equal(0, fstatat(place->dirfd, "vault.db-wal", &first, 0));
	write_row(store, "a", "b", STORE_DURABLE);
	store_close(store);
	store_close(store_again(place));
	assert_int_equal(0, fstatat(place->dirfd, "vault.db-wal", &later, 0));
	assert_true(first.st_ino == later.st_ino);
	assert_true(later.st_size > 0);
}

static void
creating_over_anything_of_a_vault_is_refused_and_touches_nothing(void **state)
{
	struct place *place = *state;
	struct store *store = NULL;
	uint8_t *data;
	size_t len;

	for (size_t i = 0; i < 4; i++) {
		file_put(place, companions[i], "precious", 8);
		assert_int_equal(
		    LARDER_EXISTS, sqlite_store_create(place->dir, place->dirfd, 100, &store, &place->error));
		assert_null(store);
		data = file_bytes(place, companions[i], &len);
		assert_true(len == 8 && memcmp(data, "precious", 8) == 0);
		free(data);
		assert_int_equal(0, unlinkat(place->dirfd, companions[i], 0));
		for (size_t k = 0; k < 4; k++)
			assert_false(file_exists(place, companions[k]));
	}
	assert_int_equal(0, symlinkat("nowhere", place->dirfd, "vault.db"));
	assert_int_equal(LARDER_EXISTS, sqlite_store_create(place->dir, place->dirfd, 100, &store, &place->error));
}

static void
a_directory_without_a_vault_is_told_so_and_stays_empty(void **state)
{
	struct place *place = *state;

	assert_int_equal(LARDER_NOT_FOUND, store_try(place));
	assert_non_null(strstr(place->error.hint, "larder init"));
	for (size_t k = 0; k < 4; k++)
		assert_false(file_exists(place, companions[k]));
}

static void
a_file_that_others_may_use_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0610, 0602 };
	struct place *place = *state;

	store_close(store_new(place));
	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(0, fchmodat(place->dirfd, companions[k], modes[i], 0));
			assert_int_equal(LARDER_DENIED, store_try(place));
			assert_non_null(strstr(place->error.why, companions[k]));
		}
		assert_int_equal(0, fchmodat(place->dirfd, companions[k], 0600, 0));
	}
	assert_int_equal(LARDER_OK, store_try(place));
}

static void
links_in_the_place_of_files_are_refused_and_not_followed(void **state)
{
	struct place *place = *state;

	store_close(store_new(place));
	for (size_t k = 0; k < 3; k++) {
		assert_int_equal(0, renameat(place->dirfd, companions[k], place->dirfd, "target"));
		assert_int_equal(0, symlinkat("target", place->dirfd, companions[k]));
		assert_int_equal(LARDER_DENIED, store_try(place));
		assert_non_null(strstr(place->error.why, "symbolic link"));
		assert_int_equal(0, unlinkat(place->dirfd, companions[k], 0));
		assert_int_equal(0, linkat(place->dirfd, "target", place->dirfd, companions[k], 0));
		assert_int_equal(LARDER_DENIED, store_try(place));
		assert_non_null(strstr(place->error.why, "hard link"));
		assert_int_equal(0, unlinkat(place->dirfd, "target", 0));
		assert_int_equal(LARDER_OK, store_try(place));
	}
}

static void
pipes_and_directories_in_the_place_of_files_are_refused_at_once(void **state)
{
	struct place *place = *state;

	store_close(store_new(place));
	(void)alarm(20); /* ends the test where an open hangs */
	for (size_t k = 0; k < 3; k++) {
		assert_int_equal(0, renameat(place->dirfd, companions[k], place->dirfd, "kept"));
		assert_int_equal(0, mkfifoat(place->dirfd, companions[k], 0600));
		assert_int_equal(LARDER_DENIED, store_try(place));
		assert_int_equal(0, unlinkat(place->dirfd, companions[k], 0));
		assert_int_equal(0, mkdirat(place->dirfd, companions[k], 0700));
		assert_int_equal(LARDER_DENIED, store_try(place));
		assert_int_equal(0, unlinkat(place->dirfd, companions[k], AT_REMOVEDIR));
		assert_int_equal(0, renameat(place->dirfd, "kept", place->dirfd, companions[k]));
	}
	(void)alarm(0);
}

static void
a_file_of_another_user_is_refused(void **state)
{
	struct place *place = *state;

	if (geteuid() != 0)
		skip();
	store_close(store_new(place));
	assert_int_equal(0, fchownat(place->dirfd, "vault.db", 12345, (gid_t)-1, 0));
	assert_int_equal(LARDER_DENIED, store_try(place));
	assert_non_null(strstr(place->error.why, "12345"));
}

static void
a_rollback_journal_is_not_played_back(void **state)
{
	struct place *place = *state;
	uint8_t *before, *after;
	size_t before_len, after_len;

	store_close(store_new(place));
	before = file_bytes(place, "vault.db", &before_len);
	file_put(place, "vault.db-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and pages", 18);
	assert_int_equal(LARDER_DAMAGED, store_try(place));
	after = file_bytes(place, "vault.db", &after_len);
	assert_true(before_len == after_len && memcmp(before, after, before_len) == 0);
	assert_true(file_exists(place, "vault.db-journal"));
	free(before);
	free(after);
}

/* Until killed: vault.db is the file, then a link to it, then the file again. Steps may fail; the next round goes on. */
static void
swap_for_ever(struct place *place)
{
	int failed = 0;

	while (failed > INT_MIN) {
		failed += renameat(place->dirfd, "link", place->dirfd, "vault.db");
		failed += symlinkat("victim", place->dirfd, "link");
		failed += renameat(place->dirfd, "spare", place->dirfd, "vault.db");
		failed += linkat(place->dirfd, "store", place->dirfd, "spare", 0);
	}
}

static void
a_link_swapped_in_at_any_moment_is_never_followed(void **state)
{
	struct place *place = *state;
	uint8_t *data;
	size_t len;
	pid_t pid;

	store_close(store_new(place));
	file_put(place, "victim", "victim", 6);
	assert_int_equal(0, linkat(place->dirfd, "vault.db", place->dirfd, "store", 0));
	pid = fork();
	if (pid == 0)
		swap_for_ever(place);
	for (int i = 0; i < 1000; i++) {
		enum larder_code code = store_try(place);

		/* SQLite may see the path change between its steps: an error, but never the victim */
		assert_true(
		    code == LARDER_OK || code == LARDER_DENIED || code == LARDER_NOT_FOUND || code == LARDER_STORAGE);
	}
	assert_int_equal(0, kill(pid, SIGKILL));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	data = file_bytes(place, "victim", &len);
	assert_true(len == 6 && memcmp(data, "victim", 6) == 0);
	assert_false(file_exists(place, "victim-wal"));
	free(data);
}

static void
a_directory_reached_through_a_link_is_the_one_that_was_opened(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	char link[300];

	write_row(store, "a", "b", STORE_DURABLE);
	store_close(store);
	(void)snprintf(link, sizeof(link), "%s-link", place->dir);
	assert_int_equal(0, symlink(place->dir, link));
	assert_int_equal(LARDER_OK, sqlite_store_open(link, place->dirfd, 100, &store, &place->error));
	assert_true(row_is(store, "a", "b"));
	store_close(store);
	assert_int_equal(0, unlink(link));
}

static void
network_file_systems_are_known_by_their_magic(void **state)
{
	(void)state;
	assert_string_equal("NFS", sqlite_file_network(0x6969));
	assert_string_equal("CIFS", sqlite_file_network((long)0xff534d42));
	assert_string_equal("CIFS", sqlite_file_network((int32_t)0xff534d42));
	assert_string_equal("FUSE", sqlite_file_network(0x65735546));
	assert_null(sqlite_file_network(0xef53));     /* ext4 */
	assert_null(sqlite_file_network(0x01021994)); /* tmpfs */
}

int
file_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    all_files_of_a_vault_are_0600_under_any_umask, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    the_write_ahead_log_is_there_from_the_beginning_and_stays, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    creating_over_anything_of_a_vault_is_refused_and_touches_nothing, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_directory_without_a_vault_is_told_so_and_stays_empty, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_file_that_others_may_use_is_refused, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    links_in_the_place_of_files_are_refused_and_not_followed, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    pipes_and_directories_in_the_place_of_files_are_refused_at_once, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_file_of_another_user_is_refused, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_rollback_journal_is_not_played_back, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_link_swapped_in_at_any_moment_is_never_followed, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_directory_reached_through_a_link_is_the_one_that_was_opened, place_make, place_remove),
		cmocka_unit_test(network_file_systems_are_known_by_their_magic),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
