/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/tests.h"

#define MANY 100000

static void
begin(struct store *store)
{
	assert_int_equal(LARDER_OK, store_begin(store, STORE_DURABLE, NULL));
}

static void
commit(struct store *store)
{
	bool unknown;

	assert_int_equal(LARDER_OK, store_commit(store, &unknown, NULL));
}

static void
a_row_comes_back_replaced_and_goes(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);

	assert_true(row_is(store, "name", NULL));
	write_row(store, "name", "first", STORE_DURABLE);
	assert_true(row_is(store, "name", "first"));
	write_row(store, "name", "the second is longer", STORE_RELAXED);
	assert_true(row_is(store, "name", "the second is longer"));
	store_close(store);

	store = store_again(place);
	assert_true(row_is(store, "name", "the second is longer"));
	begin(store);
	assert_int_equal(LARDER_OK, store_remove(store, 1, "name", 4, &place->error));
	assert_int_equal(LARDER_NOT_FOUND, store_remove(store, 1, "name", 4, &place->error));
	assert_true(row_is(store, "name", NULL));
	commit(store);
	assert_true(row_is(store, "name", NULL));
	store_close(store);
}

static void
rows_of_different_kinds_and_key_lengths_are_different_rows(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	struct buf body = BUF_INIT(16);

	begin(store);
	assert_int_equal(LARDER_OK, store_put(store, 1, "k", 1, "one", 3, NULL));
	assert_int_equal(LARDER_OK, store_put(store, 255, "k", 1, "two", 3, NULL));
	assert_int_equal(LARDER_OK, store_put(store, 1, "k\0", 2, "three", 5, NULL));
	commit(store);
	assert_int_equal(LARDER_OK, store_get(store, 255, "k", 1, &body, NULL));
	assert_string_equal("two", buf_str(&body));
	assert_int_equal(LARDER_OK, store_get(store, 1, "k\0", 2, &body, NULL));
	assert_string_equal("three", buf_str(&body));
	assert_int_equal(LARDER_NOT_FOUND, store_get(store, 2, "k", 1, &body, NULL));
	assert_string_equal("three", buf_str(&body)); /* a failed read changes nothing */
	buf_clear(&body);
	store_close(store);
}

static void
bodies_may_be_empty_or_of_the_maximum_and_no_longer(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	struct buf body = BUF_INIT(STORE_BODY_MAX), small = BUF_INIT(100);
	uint8_t *large = malloc(STORE_BODY_MAX + 1);

	assert_non_null(large);
	memset(large, 0xa5, STORE_BODY_MAX + 1);
	begin(store);
	assert_int_equal(LARDER_OK, store_put(store, 1, "empty", 5, NULL, 0, NULL));
	assert_int_equal(LARDER_OK, store_put(store, 1, "large", 5, large, STORE_BODY_MAX, NULL));
	assert_int_equal(LARDER_INTERNAL, store_put(store, 1, "larger", 6, large, STORE_BODY_MAX + 1, NULL));
	commit(store);
	assert_int_equal(LARDER_OK, store_get(store, 1, "large", 5, &body, NULL));
	assert_true(body.len == STORE_BODY_MAX && memcmp(body.data, large, body.len) == 0);
	assert_int_equal(LARDER_DAMAGED, store_get(store, 1, "large", 5, &small, NULL));
	assert_int_equal(LARDER_OK, store_get(store, 1, "empty", 5, &body, NULL));
	assert_int_equal(0, body.len);
	free(large);
	buf_clear(&body);
	buf_clear(&small);
	store_close(store);
}

static void
bad_keys_and_kinds_are_a_defect_of_the_caller(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	uint8_t key[STORE_KEY_MAX + 1] = { 1 };
	struct buf body = BUF_INIT(16);

	begin(store);
	assert_int_equal(LARDER_OK, store_put(store, 1, key, STORE_KEY_MAX, "x", 1, NULL));
	assert_int_equal(LARDER_INTERNAL, store_put(store, 1, key, STORE_KEY_MAX + 1, "x", 1, NULL));
	assert_int_equal(LARDER_INTERNAL, store_put(store, 1, key, 0, "x", 1, NULL));
	assert_int_equal(LARDER_INTERNAL, store_put(store, 0, key, 1, "x", 1, NULL));
	assert_int_equal(LARDER_INTERNAL, store_get(store, 1, key, STORE_KEY_MAX + 1, &body, NULL));
	commit(store);
	store_close(store);
}

static size_t
count_rows(struct store *store, uint8_t kind)
{
	struct store_row row;
	enum larder_code code;
	size_t count = 0;

	assert_int_equal(LARDER_OK, store_scan(store, kind, NULL));
	while ((code = store_next(store, &row, NULL)) == LARDER_OK) {
		assert_true(kind == 0 || row.kind == kind);
		assert_int_equal(2, row.key_len);
		assert_int_equal(4, row.body_len);
		assert_memory_equal("body", row.body, 4);
		count++;
	}
	assert_int_equal(LARDER_NOT_FOUND, code);
	assert_int_not_equal(LARDER_OK, store_next(store, &row, NULL)); /* the end is the end */
	store_scan_end(store);
	return count;
}

static void
a_scan_gives_every_row_of_its_kind_once(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	struct store_row row;

	assert_int_equal(0, count_rows(store, 0));
	begin(store);
	for (uint8_t i = 0; i < 100; i++) {
		uint8_t key[2] = { i, 7 };

		assert_int_equal(LARDER_OK, store_put(store, (uint8_t)(1 + i % 3), key, 2, "body", 4, NULL));
	}
	commit(store);
	assert_int_equal(100, count_rows(store, 0));
	assert_int_equal(34, count_rows(store, 1));
	assert_int_equal(33, count_rows(store, 3));
	assert_int_equal(0, count_rows(store, 9));
	assert_int_equal(LARDER_OK, store_scan(store, 0, NULL));
	assert_int_equal(LARDER_INTERNAL, store_scan(store, 1, NULL));
	assert_int_equal(LARDER_OK, store_next(store, &row, NULL));
	store_scan_end(store);
	assert_int_equal(LARDER_INTERNAL, store_next(store, &row, NULL));
	store_scan_end(store);
	store_close(store);
}

static void
a_scan_stands_on_one_snapshot(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place), *other = store_again(place);
	struct store_row row;

	write_row(store, "aa", "body", STORE_DURABLE);
	write_row(store, "bb", "body", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_scan(store, 0, NULL));
	assert_int_equal(LARDER_OK, store_next(store, &row, NULL));
	write_row(other, "cc", "body", STORE_DURABLE);
	assert_int_equal(LARDER_OK, store_next(store, &row, NULL));
	assert_int_equal(LARDER_NOT_FOUND, store_next(store, &row, NULL));
	store_scan_end(store);
	assert_int_equal(3, count_rows(store, 0));
	store_close(other);
	store_close(store);
}

static void
the_log_counts_from_one_and_is_read_in_order(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	struct buf body = BUF_INIT(100);
	int64_t seq = 0;
	char text[2] = "a";

	begin(store);
	for (int64_t i = 1; i <= 5; i++, text[0]++) {
		assert_int_equal(LARDER_OK, store_log_next(store, &seq, NULL));
		assert_int_equal(i, seq);
		assert_int_equal(LARDER_OK, store_log_put(store, seq, text, 1, NULL));
	}
	assert_int_equal(LARDER_DAMAGED, store_log_put(store, 3, "again", 5, NULL)); /* append only */
	commit(store);
	assert_int_equal(LARDER_OK, store_log_scan(store, 3, NULL));
	for (int64_t i = 3; i <= 5; i++) {
		assert_int_equal(LARDER_OK, store_log_read(store, &seq, &body, NULL));
		assert_int_equal(i, seq);
		assert_int_equal('a' + i - 1, buf_str(&body)[0]);
	}
	assert_int_equal(LARDER_NOT_FOUND, store_log_read(store, &seq, &body, NULL));
	store_scan_end(store);
	buf_clear(&body);
	store_close(store);
}

static void
key_of(uint32_t i, uint8_t key[static 16])
{
	for (int k = 0; k < 16; k++) {
		i = i * 1664525U + 1013904223U;
		key[k] = (uint8_t)(i >> 24);
	}
}

static int64_t
fill_and_measure(struct store *store, uint32_t from, uint32_t to)
{
	static const uint8_t text[400];
	struct buf body = BUF_INIT(1000);
	uint8_t key[16];
	int64_t start;

	begin(store);
	for (uint32_t i = from; i < to; i++) {
		key_of(i, key);
		assert_int_equal(LARDER_OK, store_put(store, 1, key, 16, text, sizeof(text), NULL));
	}
	commit(store);
	start = clock_us();
	for (uint32_t i = 0; i < 2000; i++) {
		key_of(i * 48271U % to, key);
		assert_int_equal(LARDER_OK, store_get(store, 1, key, 16, &body, NULL));
	}
	buf_clear(&body);
	return clock_us() - start;
}

static void
a_read_among_100000_rows_costs_little_more_than_among_1000(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);
	int64_t few, many;

	few = fill_and_measure(store, 0, 1000);
	many = fill_and_measure(store, 1000, MANY);
	print_message("           %.1f us a get among 1000 rows, %.1f us among %d\n", (double)few / 2000,
	    (double)many / 2000, MANY);
	assert_true(many < 10 * few + 20000); /* a missing index would be a thousand times slower */
	assert_int_equal(LARDER_OK, store_scrub(store, NULL));
	store_close(store);
}

int
row_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_row_comes_back_replaced_and_goes, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    rows_of_different_kinds_and_key_lengths_are_different_rows, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    bodies_may_be_empty_or_of_the_maximum_and_no_longer, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    bad_keys_and_kinds_are_a_defect_of_the_caller, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_scan_gives_every_row_of_its_kind_once, place_make, place_remove),
		cmocka_unit_test_setup_teardown(a_scan_stands_on_one_snapshot, place_make, place_remove),
		cmocka_unit_test_setup_teardown(the_log_counts_from_one_and_is_read_in_order, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_read_among_100000_rows_costs_little_more_than_among_1000, place_make, place_remove),
	};

	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
