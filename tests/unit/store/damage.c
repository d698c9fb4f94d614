/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that were damaged or mixed up: every operation ends, with a result or an error, and nothing crashes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/tests.h"

#define ROWS 40

static void
fill(struct store *store, const char *body)
{
	char key[16];
	bool unknown;

	assert_int_equal(LARDER_OK, store_begin(store, STORE_DURABLE, NULL));
	for (int i = 0; i < ROWS; i++) {
		(void)snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(LARDER_OK, store_put(store, 1, key, strlen(key), body, strlen(body), NULL));
		assert_int_equal(LARDER_OK, store_log_put(store, i + 1, body, strlen(body), NULL));
	}
	assert_int_equal(LARDER_OK, store_commit(store, &unknown, NULL));
}

/* A clean end is a result or an error that blames the file or the disk. */
static void
assert_clean(enum larder_code code)
{
	if (code != LARDER_OK && code != LARDER_NOT_FOUND && code != LARDER_DAMAGED && code != LARDER_STORAGE)
		fail_msg("unexpected code %d", (int)code);
}

static void
use_everything(struct store *store)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	struct store_row row;
	enum larder_code code;
	bool unknown;
	int64_t seq;

	assert_clean(store_get(store, 1, "key 7", 5, &body, NULL));
	code = store_scan(store, 0, NULL);
	for (int i = 0; code == LARDER_OK && i < 10000; i++)
		code = store_next(store, &row, NULL);
	assert_clean(code);
	store_scan_end(store);
	code = store_log_scan(store, 0, NULL);
	for (int i = 0; code == LARDER_OK && i < 10000; i++)
		code = store_log_read(store, &seq, &body, NULL);
	assert_clean(code);
	store_scan_end(store);
	code = store_begin(store, STORE_RELAXED, NULL);
	assert_clean(code);
	if (code == LARDER_OK) {
		code = store_put(store, 1, "key 7", 5, "changed", 7, NULL);
		assert_clean(code);
		assert_clean(store_log_next(store, &seq, NULL));
		assert_clean(store_remove(store, 1, "key 8", 5, NULL));
		if (code == LARDER_OK)
			assert_clean(store_commit(store, &unknown, NULL));
		store_rollback(store);
	}
	assert_clean(store_check(store, NULL));
	assert_clean(store_scrub(store, NULL));
	buf_clear(&body);
}

static void
try_everything(struct place *place)
{
	struct store *store = NULL;
	enum larder_code code = sqlite_store_open(place->dir, place->dirfd, 100, &store, &place->error);

	assert_clean(code);
	if (code == LARDER_OK)
		use_everything(store);
	store_close(store);
}

/* The bytes of a vault that was closed; with an empty log when scrubbed. */
struct image {
	uint8_t *db, *wal;
	size_t db_len, wal_len;
};

static void
image_make(struct place *place, bool scrubbed, struct image *ret)
{
	struct store *store = store_new(place);

	fill(store, "a body of a common length, as long as this one is");
	if (scrubbed)
		assert_int_equal(LARDER_OK, store_scrub(store, NULL));
	store_close(store);
	ret->db = file_bytes(place, "vault.db", &ret->db_len);
	ret->wal = file_bytes(place, "vault.db-wal", &ret->wal_len);
}

static void
image_put(struct place *place, const struct image *image)
{
	file_put(place, "vault.db", image->db, image->db_len);
	file_put(place, "vault.db-wal", image->wal, image->wal_len);
	(void)unlinkat(place->dirfd, "vault.db-shm", 0);
}

static void
image_free(struct image *image)
{
	free(image->db);
	free(image->wal);
}

static void
a_flipped_byte_of_the_vault_is_an_error_at_worst(void **state)
{
	struct place *place = *state;
	struct image image;

	image_make(place, true, &image);
	assert_int_equal(0, image.wal_len);
	(void)alarm(250);
	for (size_t at = 0; at < image.db_len; at += at < 120 ? 1 : 41) {
		uint8_t bit = (uint8_t)(1U << at % 8);

		image.db[at] ^= bit;
		image_put(place, &image);
		try_everything(place);
		image.db[at] ^= bit;
	}
	(void)alarm(0);
	image_free(&image);
}

static void
a_flipped_byte_of_the_log_takes_the_last_commit_back_at_worst(void **state)
{
	struct place *place = *state;
	struct image image;
	struct store *store;

	image_make(place, false, &image);
	assert_true(image.wal_len > 4096);
	(void)alarm(250);
	for (size_t at = 0; at < image.wal_len; at += at < 60 ? 1 : 311) {
		image.wal[at] ^= 0x10;
		image_put(place, &image);
		store = store_again(place);
		assert_true(row_is(store, "key 0", NULL));
		assert_true(row_is(store, "key 39", NULL));
		use_everything(store);
		assert_int_equal(LARDER_OK, store_check(store, NULL));
		store_close(store);
		image.wal[at] ^= 0x10;
	}
	(void)alarm(0);
	image_put(place, &image);
	store = store_again(place);
	assert_true(row_is(store, "key 39", "a body of a common length, as long as this one is"));
	store_close(store);
	image_free(&image);
}

static void
a_truncated_vault_or_log_is_an_error_at_worst(void **state)
{
	struct place *place = *state;
	struct image image;
	size_t len;

	image_make(place, true, &image);
	(void)alarm(250);
	len = image.db_len;
	for (image.db_len = 0; image.db_len < len; image.db_len += 512) {
		image_put(place, &image);
		try_everything(place);
	}
	image_free(&image);
	(void)unlinkat(place->dirfd, "vault.db", 0);
	(void)unlinkat(place->dirfd, "vault.db-wal", 0);
	(void)unlinkat(place->dirfd, "vault.db-shm", 0);
	image_make(place, false, &image);
	len = image.wal_len;
	for (image.wal_len = 0; image.wal_len < len; image.wal_len += 512) {
		struct store *store;

		image_put(place, &image);
		store = store_again(place);
		assert_true(row_is(store, "key 39", NULL));
		use_everything(store);
		store_close(store);
	}
	(void)alarm(0);
	image_free(&image);
}

static void
a_log_of_nonsense_is_ignored(void **state)
{
	struct place *place = *state;
	struct image image;
	struct store *store;
	uint8_t noise[9000];

	image_make(place, true, &image);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 151 + i / 7);
	file_put(place, "vault.db-wal", noise, sizeof(noise));
	file_put(place, "vault.db-shm", noise, sizeof(noise));
	store = store_again(place);
	assert_true(row_is(store, "key 7", "a body of a common length, as long as this one is"));
	write_row(store, "key 7", "new", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_check(store, NULL));
	store_close(store);
	store = store_again(place);
	assert_true(row_is(store, "key 7", "new"));
	store_close(store);
	image_free(&image);
}

/*
 * SQLite's salts bind the frames of a log to each other, not to a database: a whole log of another vault is taken for
 * ours. Its rows do not unseal under our key, so the vault stops before it writes; the store must not have carried
 * anything over into vault.db until then.
 */
static void
opening_and_reading_beside_a_log_of_another_vault_leaves_our_file_as_it_was(void **state)
{
	struct place *place = *state, foreign;
	struct image ours, theirs;
	struct store *store;
	uint8_t *after;
	size_t after_len;

	image_make(place, true, &ours);
	place_open(&foreign, NULL);
	store = store_new(&foreign);
	fill(store, "rows of a stranger");
	store_close(store);
	theirs.db = file_bytes(&foreign, "vault.db", &theirs.db_len);
	theirs.wal = file_bytes(&foreign, "vault.db-wal", &theirs.wal_len);
	file_put(place, "vault.db-wal", theirs.wal, theirs.wal_len);
	(void)unlinkat(place->dirfd, "vault.db-shm", 0);

	if (sqlite_store_open(place->dir, place->dirfd, 100, &store, &place->error) == LARDER_OK) {
		(void)row_is(store, "key 7", "rows of a stranger");
		assert_int_equal(LARDER_OK, store_begin(store, STORE_DURABLE, NULL));
		store_rollback(store); /* as the vault does when a row does not unseal */
		store_close(store);
	}
	after = file_bytes(place, "vault.db", &after_len);
	assert_true(after_len == ours.db_len && memcmp(after, ours.db, after_len) == 0);
	free(after);
	assert_int_equal(0, unlinkat(place->dirfd, "vault.db-wal", 0));
	store = store_again(place);
	assert_true(row_is(store, "key 7", "a body of a common length, as long as this one is"));
	assert_int_equal(LARDER_OK, store_check(store, NULL));
	store_close(store);
	image_free(&ours);
	image_free(&theirs);
	place_close(&foreign);
}

static ssize_t
failing_pread(int fd, void *data, size_t len, off_t offset)
{
	(void)fd;
	(void)data;
	(void)len;
	(void)offset;
	errno = EIO;
	return -1;
}

static void
set_pread(sqlite3_syscall_ptr call)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

	/* whichever of the two this SQLite uses */
	(void)vfs->xSetSystemCall(vfs, "pread", call);
	(void)vfs->xSetSystemCall(vfs, "pread64", call);
}

static void
a_file_that_the_disk_does_not_give_is_not_called_damaged(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place), *other;
	enum larder_code code;

	fill(store, "body");
	other = store_again(place);
	set_pread((sqlite3_syscall_ptr)failing_pread);
	code = store_check(other, &place->error);
	set_pread(NULL);
	assert_int_equal(LARDER_STORAGE, code);
	assert_null(strstr(place->error.why, "damaged"));
	assert_null(strstr(place->error.hint, "backup"));
	assert_int_equal(LARDER_OK, store_check(other, &place->error));
	store_close(other);
	store_close(store);
}

int
damage_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_file_that_the_disk_does_not_give_is_not_called_damaged, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_flipped_byte_of_the_vault_is_an_error_at_worst, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_flipped_byte_of_the_log_takes_the_last_commit_back_at_worst, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_truncated_vault_or_log_is_an_error_at_worst, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_log_of_nonsense_is_ignored, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    opening_and_reading_beside_a_log_of_another_vault_leaves_our_file_as_it_was, place_make,
		    place_remove),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
