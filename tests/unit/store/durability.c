/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks that fail: a layer between SQLite and the files makes writes or syncs of the -wal, or syncs of vault.db, fail
 * as told; and a real full disk where we may mount one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/tests.h"

enum fault {
	FAULT_NONE,
	FAULT_SYNC_ONCE,
	FAULT_SYNC, /* until it is taken back */
	FAULT_WRITE_FULL,
	FAULT_WRITE
};

static enum fault fault;
static const sqlite3_io_methods *real_methods[2]; /* of vault.db and of the -wal, which locks nothing */
static sqlite3_io_methods failing_methods[2];
static sqlite3_vfs *real_vfs;
static sqlite3_vfs failing_vfs;

static const sqlite3_io_methods *
real(const sqlite3_file *file)
{
	return real_methods[file->pMethods == &failing_methods[1]];
}

static int
failing_sync(sqlite3_file *file, int flags)
{
	if (fault == FAULT_SYNC || fault == FAULT_SYNC_ONCE) {
		if (fault == FAULT_SYNC_ONCE)
			fault = FAULT_NONE;
		return SQLITE_IOERR_FSYNC;
	}
	return real(file)->xSync(file, flags);
}

static int
failing_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
	if (fault == FAULT_WRITE_FULL)
		return SQLITE_FULL;
	if (fault == FAULT_WRITE)
		return SQLITE_IOERR_WRITE;
	return real(file)->xWrite(file, data, len, offset);
}

static int
failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	int rc = real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);

	(void)vfs;
	if (rc == SQLITE_OK && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) != 0) {
		size_t which = (flags & SQLITE_OPEN_WAL) != 0;

		real_methods[which] = file->pMethods;
		failing_methods[which] = *file->pMethods;
		failing_methods[which].xSync = failing_sync;
		failing_methods[which].xWrite = failing_write;
		file->pMethods = &failing_methods[which];
	}
	return rc;
}

static int
fail_disks(void **state)
{
	(void)state;
	real_vfs = sqlite3_vfs_find(NULL);
	failing_vfs = *real_vfs;
	failing_vfs.zName = "failing";
	failing_vfs.xOpen = failing_open;
	return sqlite3_vfs_register(&failing_vfs, 1);
}

static int
mend_disks(void **state)
{
	(void)state;
	return sqlite3_vfs_unregister(&failing_vfs);
}

/* A durable change of row a to new that meets the fault in its commit. */
static enum larder_code
change(struct place *place, struct store *store, enum fault with, bool *ret_unknown)
{
	enum larder_code code;

	assert_int_equal(LARDER_OK, store_begin(store, STORE_DURABLE, &place->error));
	assert_int_equal(LARDER_OK, store_put(store, 1, "a", 1, "new", 3, &place->error));
	fault = with;
	code = store_commit(store, ret_unknown, &place->error);
	return code;
}

static void
a_commit_whose_sync_failed_is_unknown_and_can_be_read_again(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	bool unknown = false, is_new;

	write_row(store, "a", "old", STORE_DURABLE);
	assert_int_equal(LARDER_STORAGE, change(place, store, FAULT_SYNC_ONCE, &unknown));
	assert_true(unknown);
	is_new = row_is(store, "a", "new");
	assert_true(is_new || row_is(store, "a", "old"));
	/* what could be read is in vault.db itself: no log is needed for it, none can change it */
	store_close(store);
	assert_int_equal(0, unlinkat(place->dirfd, "vault.db-wal", 0));
	assert_int_equal(0, unlinkat(place->dirfd, "vault.db-shm", 0));
	store = store_again(place);
	assert_true(row_is(store, "a", is_new ? "new" : "old"));
	write_row(store, "a", "newer", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_check(store, &place->error));
	store_close(store);
}

static void
a_commit_that_was_read_as_undone_does_not_come_back(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place), *other = store_again(place);
	bool unknown = false;

	write_row(store, "a", "old", STORE_DURABLE);
	assert_true(row_is(other, "a", "old")); /* keeps the index of the -wal alive, which knows no such commit */
	assert_int_equal(LARDER_STORAGE, change(place, store, FAULT_SYNC_ONCE, &unknown));
	assert_true(unknown);
	assert_true(row_is(store, "a", "old"));
	store_close(store);
	store_close(other);
	store = store_again(place);
	assert_true(row_is(store, "a", "old"));
	store_close(store);
}

static void
nothing_is_read_while_the_disk_does_not_sync(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	bool unknown = false;

	write_row(store, "a", "old", STORE_DURABLE);
	assert_int_equal(LARDER_STORAGE, change(place, store, FAULT_SYNC, &unknown));
	assert_true(unknown);
	assert_int_equal(LARDER_STORAGE, store_get(store, 1, "a", 1, NULL, &place->error));
	assert_int_equal(LARDER_STORAGE, store_begin(store, STORE_DURABLE, &place->error));
	fault = FAULT_NONE;
	assert_true(row_is(store, "a", "new") || row_is(store, "a", "old"));
	write_row(store, "a", "newer", STORE_DURABLE);
	store_close(store);
}

static void
a_full_disk_leaves_the_old_row_readable_and_says_what_to_do(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	bool unknown = false;

	write_row(store, "a", "old", STORE_DURABLE);
	assert_int_equal(LARDER_STORAGE, change(place, store, FAULT_WRITE_FULL, &unknown));
	assert_non_null(strstr(place->error.hint, "free some space"));
	assert_true(row_is(store, "a", "old"));
	fault = FAULT_NONE;
	assert_true(row_is(store, "a", "old"));
	write_row(store, "a", "newer", STORE_DURABLE);
	store_close(store);
}

static void
a_write_error_is_storage_and_heals_with_the_disk(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	bool unknown = false;

	write_row(store, "a", "old", STORE_DURABLE);
	assert_int_equal(LARDER_STORAGE, change(place, store, FAULT_WRITE, &unknown));
	fault = FAULT_NONE;
	assert_true(row_is(store, "a", "old"));
	write_row(store, "a", "newer", STORE_DURABLE);
	assert_true(row_is(store, "a", "newer"));
	store_close(store);
}

static void
a_failed_creation_leaves_nothing_behind(void **state)
{
	static const enum fault faults[] = { FAULT_SYNC, FAULT_WRITE_FULL, FAULT_WRITE };
	struct place *place = *state;
	struct store *store = NULL;

	for (size_t i = 0; i < 3; i++) {
		fault = faults[i];
		assert_int_equal(
		    LARDER_STORAGE, sqlite_store_create(place->dir, place->dirfd, 100, &store, &place->error));
		fault = FAULT_NONE;
		assert_null(store);
		assert_false(file_exists(place, "vault.db"));
		assert_false(file_exists(place, "vault.db-wal"));
		assert_false(file_exists(place, "vault.db-shm"));
		assert_false(file_exists(place, "vault.db-journal"));
	}
	store_close(store_new(place));
}

/* Fill the disk of place with a ballast file to the last byte. */
static void
fill_disk(struct place *place)
{
	static const char block[512];
	int fd = openat(place->dirfd, "ballast", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	assert_int_equal(ENOSPC, errno);
	(void)close(fd);
}

static void
write_until_full(struct place *place, struct store *store)
{
	enum larder_code code = LARDER_OK;
	char key[16], body[3000];
	bool unknown;

	memset(body, 'x', sizeof(body));
	for (int i = 0; code == LARDER_OK && i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		code = store_begin(store, STORE_DURABLE, &place->error);
		if (code == LARDER_OK)
			code = store_put(store, 1, key, strlen(key), body, sizeof(body), &place->error);
		if (code == LARDER_OK)
			code = store_commit(store, &unknown, &place->error);
		else
			store_rollback(store);
	}
	assert_int_equal(LARDER_STORAGE, code);
	assert_non_null(strstr(place->error.hint, "free some space"));
}

static void
a_really_full_disk_loses_nothing(void **state)
{
	struct place *outer = *state, place = { .dirfd = -1 };
	struct store *store;

	if (geteuid() != 0 ||
	    mount("larder-test", outer->dir, "tmpfs", MS_NOSUID | MS_NODEV, "size=512k,mode=0700") != 0)
		skip();
	place_open(&place, outer->dir);
	store = store_new(&place);
	write_row(store, "a", "old", STORE_DURABLE);
	fill_disk(&place);
	write_until_full(&place, store);
	assert_true(row_is(store, "a", "old"));
	store_close(store);
	assert_int_equal(0, unlinkat(place.dirfd, "ballast", 0));
	store = store_again(&place);
	assert_true(row_is(store, "a", "old"));
	write_row(store, "a", "new", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_check(store, &place.error));
	store_close(store);
	place_close(&place);
	assert_int_equal(0, umount(outer->dir));
}

int
durability_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_commit_whose_sync_failed_is_unknown_and_can_be_read_again, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_commit_that_was_read_as_undone_does_not_come_back, place_make, place_remove),
		cmocka_unit_test_setup_teardown(nothing_is_read_while_the_disk_does_not_sync, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_full_disk_leaves_the_old_row_readable_and_says_what_to_do, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_write_error_is_storage_and_heals_with_the_disk, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_failed_creation_leaves_nothing_behind, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_really_full_disk_loses_nothing, place_make, place_remove),
	};

	return cmocka_run_group_tests_name("durability", tests, fail_disks, mend_disks);
}
