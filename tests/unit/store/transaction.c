/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/tests.h"

#define ROUNDS 60

static void
a_rollback_or_a_close_undoes_everything(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);

	write_row(store, "a", "old", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_begin(store, STORE_DURABLE, NULL));
	assert_int_equal(LARDER_OK, store_put(store, 1, "a", 1, "new", 3, NULL));
	assert_true(row_is(store, "a", "new"));
	store_rollback(store);
	store_rollback(store); /* harmless */
	assert_true(row_is(store, "a", "old"));
	assert_int_equal(LARDER_OK, store_begin(store, STORE_RELAXED, NULL));
	assert_int_equal(LARDER_OK, store_put(store, 1, "a", 1, "new", 3, NULL));
	store_close(store);
	store = store_again(place);
	assert_true(row_is(store, "a", "old"));
	store_close(store);
}

static void
writes_outside_of_a_transaction_and_nested_ones_are_defects_of_the_caller(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	bool unknown = true;

	assert_int_equal(LARDER_INTERNAL, store_put(store, 1, "a", 1, "b", 1, NULL));
	assert_int_equal(LARDER_INTERNAL, store_remove(store, 1, "a", 1, NULL));
	assert_int_equal(LARDER_INTERNAL, store_log_put(store, 1, "a", 1, NULL));
	assert_int_equal(LARDER_STORAGE, store_commit(store, &unknown, NULL));
	assert_false(unknown);
	assert_int_equal(LARDER_OK, store_begin(store, STORE_DURABLE, NULL));
	assert_int_equal(LARDER_INTERNAL, store_begin(store, STORE_DURABLE, NULL));
	store_rollback(store);
	store_close(store);
}

static void
a_second_writer_waits_as_long_as_it_was_told_then_gives_up(void **state)
{
	struct place *place = *state;
	struct store *first = store_new(place), *second = store_again(place);
	int64_t start, waited_us;

	sqlite_store_busy(second, 100);
	assert_int_equal(LARDER_OK, store_begin(first, STORE_DURABLE, NULL));
	start = clock_us();
	assert_int_equal(LARDER_UNAVAILABLE, store_begin(second, STORE_DURABLE, &place->error));
	waited_us = clock_us() - start;
	assert_true(waited_us >= 95000 && waited_us < 2000000);
	assert_true(row_is(second, "a", NULL)); /* readers do not wait */
	store_rollback(first);
	write_row(second, "a", "b", STORE_DURABLE);
	store_close(first);
	store_close(second);
}

static void
a_waiting_writer_gets_its_turn_soon_after_the_first_ends(void **state)
{
	struct place *place = *state;
	struct store *store;
	int ready[2];
	int64_t start;
	char byte;
	pid_t pid;

	store_close(store_new(place));
	assert_int_equal(0, pipe(ready));
	pid = fork();
	if (pid == 0) {
		store = store_again(place);
		if (store_begin(store, STORE_DURABLE, NULL) != LARDER_OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)usleep(100000);
		_exit(0); /* death ends the transaction too */
	}
	assert_int_equal(1, read(ready[0], &byte, 1));
	store = store_again(place);
	start = clock_us();
	write_row(store, "a", "b", STORE_DURABLE);
	assert_true(clock_us() - start >= 50000);
	store_close(store);
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	(void)close(ready[0]);
	(void)close(ready[1]);
}

/* Read, add one, write, each in one transaction. */
static int
count_up(struct place *place)
{
	struct buf body = BUF_INIT(64);
	struct store *store;
	char text[32];
	bool unknown;

	if (sqlite_store_open(place->dir, place->dirfd, 20000, &store, NULL) != LARDER_OK)
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		enum store_sync sync = i % 2 == 0 ? STORE_RELAXED : STORE_DURABLE;

		if (store_begin(store, sync, NULL) != LARDER_OK ||
		    store_get(store, 1, "n", 1, &body, NULL) != LARDER_OK)
			return 2;
		(void)snprintf(text, sizeof(text), "%ld", strtol(buf_str(&body), NULL, 10) + 1);
		if (store_put(store, 1, "n", 1, text, strlen(text), NULL) != LARDER_OK)
			return 3;
		if (store_commit(store, &unknown, NULL) != LARDER_OK)
			return 4;
	}
	store_close(store);
	buf_clear(&body);
	return 0;
}

static void
writers_in_several_processes_lose_no_change(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	char expected[16];
	pid_t pids[3];
	int status;

	write_row(store, "n", "0", STORE_DURABLE);
	store_close(store);
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(count_up(place));
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pids[i], waitpid(pids[i], &status, 0));
		assert_int_equal(0, status);
	}
	(void)snprintf(expected, sizeof(expected), "%d", 3 * ROUNDS);
	store = store_again(place);
	assert_true(row_is(store, "n", expected));
	assert_int_equal(LARDER_OK, store_check(store, &place->error));
	store_close(store);
}

static int
commit_and_die(struct place *place)
{
	struct store *store = store_again(place);

	write_row(store, "a", "relaxed", STORE_RELAXED);
	return 0; /* the store is never closed */
}

static void
a_relaxed_commit_survives_the_death_of_its_process(void **state)
{
	struct place *place = *state;
	struct store *store;

	store_close(store_new(place));
	assert_int_equal(0, in_child(commit_and_die, place));
	store = store_again(place);
	assert_true(row_is(store, "a", "relaxed"));
	store_close(store);
}

static void
the_write_ahead_log_stays_short_when_commands_run_one_after_the_other(void **state)
{
	struct place *place = *state;
	struct store *store;
	struct stat st;
	bool unknown;
	int64_t seq;

	store_close(store_new(place));
	for (int i = 0; i < 300; i++) {
		store = store_again(place);
		assert_int_equal(LARDER_OK, store_begin(store, STORE_RELAXED, NULL));
		assert_int_equal(LARDER_OK, store_log_next(store, &seq, NULL));
		assert_int_equal(i + 1, seq);
		assert_int_equal(LARDER_OK, store_log_put(store, seq, "row", 3, NULL));
		assert_int_equal(LARDER_OK, store_commit(store, &unknown, NULL));
		store_close(store);
		assert_int_equal(0, fstatat(place->dirfd, "vault.db-wal", &st, 0));
		assert_true(st.st_size < 80 * 4120);
	}
}

static bool
is_anywhere(struct place *place, const char *text)
{
	static const char *const names[] = { "vault.db", "vault.db-wal" };
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		size_t len;
		uint8_t *data = file_bytes(place, names[i], &len);

		found = found || memmem(data, len, text, strlen(text)) != NULL;
		free(data);
	}
	return found;
}

static void
a_scrub_leaves_no_old_content_in_any_file(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	bool unknown;

	write_row(store, "a", "REPLACED-CONTENT", STORE_DURABLE);
	write_row(store, "b", "REMOVED-CONTENT", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_scrub(store, NULL));
	write_row(store, "a", "short", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_begin(store, STORE_DURABLE, NULL));
	assert_int_equal(LARDER_OK, store_remove(store, 1, "b", 1, NULL));
	assert_int_equal(LARDER_OK, store_commit(store, &unknown, NULL));
	assert_true(is_anywhere(place, "REMOVED-CONTENT"));
	assert_int_equal(LARDER_OK, store_scrub(store, NULL));
	assert_false(is_anywhere(place, "REMOVED-CONTENT"));
	assert_false(is_anywhere(place, "REPLACED-CONTENT"));
	assert_true(row_is(store, "a", "short"));
	store_close(store);
}

static void
a_scrub_does_not_wait_long_for_readers(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place), *reader = store_again(place);
	struct store_row row;
	int64_t start;

	write_row(store, "a", "b", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_scan(reader, 0, NULL));
	assert_int_equal(LARDER_OK, store_next(reader, &row, NULL));
	write_row(store, "a", "c", STORE_DURABLE);
	start = clock_us();
	assert_int_equal(LARDER_UNAVAILABLE, store_scrub(store, &place->error));
	assert_true(clock_us() - start < 1500000);
	store_scan_end(reader);
	assert_int_equal(LARDER_OK, store_scrub(store, &place->error));
	store_close(reader);
	store_close(store);
}

static void
a_vault_that_was_moved_away_while_open_is_not_written(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);

	assert_int_equal(0, renameat(place->dirfd, "vault.db", place->dirfd, "gone"));
	assert_int_equal(LARDER_STORAGE, store_begin(store, STORE_DURABLE, &place->error));
	assert_non_null(strstr(place->error.why, "moved"));
	assert_int_equal(0, renameat(place->dirfd, "gone", place->dirfd, "vault.db"));
	write_row(store, "a", "b", STORE_DURABLE);
	store_close(store);
}

int
transaction_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_rollback_or_a_close_undoes_everything, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    writes_outside_of_a_transaction_and_nested_ones_are_defects_of_the_caller, place_make,
		    place_remove),
		cmocka_unit_test_setup_teardown(
		    a_second_writer_waits_as_long_as_it_was_told_then_gives_up, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_waiting_writer_gets_its_turn_soon_after_the_first_ends, place_make, place_remove),
		cmocka_unit_test_setup_teardown(writers_in_several_processes_lose_no_change, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_relaxed_commit_survives_the_death_of_its_process, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    the_write_ahead_log_stays_short_when_commands_run_one_after_the_other, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_scrub_leaves_no_old_content_in_any_file, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_scrub_does_not_wait_long_for_readers, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_vault_that_was_moved_away_while_open_is_not_written, place_make, place_remove),
	};

	return cmocka_run_group_tests_name("transaction", tests, NULL, NULL);
}
