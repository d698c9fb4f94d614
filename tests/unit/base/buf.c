/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/support.h"

static void
a_buffer_grows_up_to_its_maximum_and_then_fails_for_good(void **state)
{
	struct buf buf = BUF_INIT(1000);
	size_t i;

	(void)state;
	assert_string_equal(buf_str(&buf), "");
	for (i = 0; i < 1000; i++)
		assert_true(buf_append_byte(&buf, 'a'));
	assert_int_equal(strlen(buf_str(&buf)), 1000);
	assert_false(buf_append_byte(&buf, 'b'));
	assert_int_equal(buf.len, 1000);
	assert_false(buf_append(&buf, "", 0));
	assert_true(buf.failed);
	buf_reset(&buf);
	assert_string_equal(buf_str(&buf), "");
	assert_true(buf_append_str(&buf, "again"));
	assert_string_equal(buf_str(&buf), "again");
	buf_clear(&buf);
	assert_null(buf.data);
	buf_clear(&buf);
}

static void
a_length_that_would_overflow_is_refused(void **state)
{
	struct buf buf = BUF_INIT(100);

	(void)state;
	assert_true(buf_append_str(&buf, "abc"));
	assert_null(buf_reserve(&buf, SIZE_MAX));
	assert_string_equal(buf_str(&buf), "abc");
	buf_clear(&buf);
}

static void
a_secret_buffer_lives_in_the_arena_and_becomes_a_secret_without_a_copy(void **state)
{
	struct buf buf = BUF_INIT_SECRET(5000);
	struct secret secret = SECRET_INIT;
	size_t before, after, mapped;
	const uint8_t *data;

	(void)state;
	arena_usage(&before, &mapped);
	while (buf.len < 3000) {
		assert_true(buf_append_format(&buf, "%s %d;", "secret", (int)buf.len));
		assert_true(arena_owns(buf.data));
	}
	data = buf.data;
	assert_true(buf_take_secret(&buf, &secret));
	assert_ptr_equal(secret.data, data);
	assert_int_equal(secret.data[secret.len], 0);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
	secret_free(&secret);
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
}

static void
what_a_secret_buffer_leaves_behind_when_it_grows_is_wiped(void **state)
{
	struct buf buf = BUF_INIT_SECRET(100000);
	const uint8_t *before;
	size_t cap, i;

	(void)state;
	assert_true(buf_append_str(&buf, "a secret that must not stay here"));
	before = buf.data;
	cap = buf.cap;
	while (buf.cap == cap)
		assert_true(buf_append_str(&buf, "xxxxxxxxxxxxxxxx"));
	assert_ptr_not_equal(buf.data, before);
	for (i = 0; i + 4 < cap; i++)
		assert_memory_not_equal(before + i, "secret", 6);
	buf_clear(&buf);
}

static void
only_a_good_secret_buffer_can_be_taken(void **state)
{
	struct buf plain = BUF_INIT(10), full = BUF_INIT_SECRET(2), empty = BUF_INIT_SECRET(10);
	struct secret secret = SECRET_INIT;

	(void)state;
	assert_true(buf_append_str(&plain, "x"));
	assert_false(buf_take_secret(&plain, &secret));
	assert_false(buf_append_str(&full, "xyz"));
	assert_false(buf_take_secret(&full, &secret));
	assert_true(buf_take_secret(&empty, &secret));
	assert_true(secret_is_empty(&secret));
	buf_clear(&plain);
	buf_clear(&full);
}

static void
reserved_room_is_counted_only_as_far_as_it_was_used(void **state)
{
	struct buf buf = BUF_INIT(300);
	uint8_t *room = buf_reserve(&buf, 300);

	(void)state;
	assert_non_null(room);
	memcpy(room, "abc", 3);
	buf_grew(&buf, 3);
	assert_string_equal(buf_str(&buf), "abc");
	buf_grew(&buf, 298);
	assert_true(buf.failed);
	assert_int_equal(buf.len, 3);
	buf_clear(&buf);
}

static void
numbers_are_big_endian_and_come_back(void **state)
{
	struct buf buf = BUF_INIT(100);
	struct reader reader;

	(void)state;
	assert_true(buf_append_byte(&buf, 0x01) && buf_append_u16(&buf, 0x0203) && buf_append_u32(&buf, 0x04050607) &&
	    buf_append_u64(&buf, 0x08090a0b0c0d0e0fULL) && buf_append_str(&buf, "end"));
	assert_memory_equal(buf.data, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 15);
	reader = (struct reader){ .data = buf.data, .len = buf.len };
	assert_int_equal(read_u8(&reader), 1);
	assert_int_equal(read_u16(&reader), 0x0203);
	assert_int_equal(read_u32(&reader), 0x04050607);
	assert_true(read_u64(&reader) == 0x08090a0b0c0d0e0fULL);
	assert_memory_equal(read_bytes(&reader, 3), "end", 3);
	assert_non_null(read_bytes(&reader, 0));
	assert_false(reader.failed);
	assert_int_equal(read_u8(&reader), 0);
	assert_true(reader.failed);
	buf_clear(&buf);
}

static void
after_one_read_past_the_end_all_fail(void **state)
{
	struct reader reader = { .data = (const uint8_t *)"abc", .len = 3 };

	(void)state;
	assert_int_equal(read_u32(&reader), 0);
	assert_null(read_bytes(&reader, 1));
	assert_null(read_bytes(&reader, 0));
	assert_int_equal(read_u8(&reader), 0);
	assert_int_equal(reader.len, 3);
}

int
run_buf_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_grows_up_to_its_maximum_and_then_fails_for_good),
		cmocka_unit_test(a_length_that_would_overflow_is_refused),
		cmocka_unit_test(a_secret_buffer_lives_in_the_arena_and_becomes_a_secret_without_a_copy),
		cmocka_unit_test(what_a_secret_buffer_leaves_behind_when_it_grows_is_wiped),
		cmocka_unit_test(only_a_good_secret_buffer_can_be_taken),
		cmocka_unit_test(reserved_room_is_counted_only_as_far_as_it_was_used),
		cmocka_unit_test(numbers_are_big_endian_and_come_back),
		cmocka_unit_test(after_one_read_past_the_end_all_fail),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
