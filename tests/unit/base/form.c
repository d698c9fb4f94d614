/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/support.h"
#include "base/url.h"

/* S019 */
static void
a_body_is_coded_as_the_rfc_wants(void **state)
{
	struct buf body = BUF_INIT(TEXT_MAX);

	(void)state;
	assert_true(form_append(&body, "grant_type", "refresh_token", 13));
	assert_true(form_append(&body, "scope", "", 0));
	assert_true(form_append(&body, "refresh_token", "1//a+b/c=&d", 11));
	/* the example of RFC 6749 appendix B: space, %, &, +, pound and euro signs */
	assert_true(form_append(&body, "x", " %&+\xc2\xa3\xe2\x82\xac", 9));
	assert_true(form_append(&body, "plain", "*-._~", 5));
	assert_string_equal(buf_str(&body),
	    "grant_type=refresh_token&refresh_token=1%2F%2Fa%2Bb%2Fc%3D%26d&"
	    "x=+%25%26%2B%C2%A3%E2%82%AC&plain=*-._%7E");
	buf_clear(&body);
}

static void
coding_fails_as_a_whole_where_there_is_no_room(void **state)
{
	struct buf body = BUF_INIT(8);

	(void)state;
	assert_false(form_encode(&body, "%%%", 3));
	assert_string_equal(buf_str(&body), "");
	assert_true(body.failed);
	assert_false(form_append(&body, "x", "", 0));
	buf_clear(&body);
}

static void
every_byte_but_nul_comes_back(void **state)
{
	struct buf body = BUF_INIT(4096), name = BUF_INIT(TEXT_MAX), value = BUF_INIT_SECRET(TEXT_MAX);
	const char *cursor;
	char bytes[255];
	bool bad = true;
	size_t left, i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i + 1);
	assert_true(form_append(&body, "a&=+ %", bytes, sizeof(bytes)));
	assert_true(form_append(&body, "b", "2", 1));
	cursor = buf_str(&body);
	left = body.len;
	assert_true(form_next(&cursor, &left, &name, &value, &bad));
	assert_false(bad);
	assert_string_equal(buf_str(&name), "a&=+ %");
	assert_int_equal(value.len, sizeof(bytes));
	assert_memory_equal(value.data, bytes, sizeof(bytes));
	assert_true(form_next(&cursor, &left, &name, &value, &bad));
	assert_string_equal(buf_str(&name), "b");
	assert_string_equal(buf_str(&value), "2");
	assert_false(form_next(&cursor, &left, &name, &value, &bad));
	assert_false(bad);
	buf_clear(&body);
	buf_clear(&name);
	buf_clear(&value);
}

static void
odd_pairs_are_read_without_reading_too_far(void **state)
{
	struct buf name = BUF_INIT(TEXT_MAX), value = BUF_INIT(TEXT_MAX);
	const char *cursor = "&&a&b=&=c&d==e&";
	size_t left = strlen(cursor);
	bool bad;

	(void)state;
	assert_true(form_next(&cursor, &left, &name, &value, &bad));
	assert_string_equal(buf_str(&name), "a");
	assert_string_equal(buf_str(&value), "");
	assert_true(form_next(&cursor, &left, &name, &value, &bad));
	assert_string_equal(buf_str(&name), "b");
	assert_string_equal(buf_str(&value), "");
	assert_true(form_next(&cursor, &left, &name, &value, &bad));
	assert_string_equal(buf_str(&name), "");
	assert_string_equal(buf_str(&value), "c");
	assert_true(form_next(&cursor, &left, &name, &value, &bad));
	assert_string_equal(buf_str(&name), "d");
	assert_string_equal(buf_str(&value), "=e");
	assert_false(form_next(&cursor, &left, &name, &value, &bad));
	assert_int_equal(left, 0);
	buf_clear(&name);
	buf_clear(&value);
}

static void
broken_escapes_and_nul_are_bad(void **state)
{
	static const char *const cases[] = { "a=%", "a=%4", "a=%4&b=1", "a=%zz", "a=%-1", "a=%00", "%0=1", "a=b%" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf name = BUF_INIT(TEXT_MAX), value = BUF_INIT(TEXT_MAX);
		const char *cursor = cases[i];
		size_t left = strlen(cursor);
		bool bad = false;

		assert_false(form_next(&cursor, &left, &name, &value, &bad));
		assert_true(bad);
		buf_clear(&name);
		buf_clear(&value);
	}
}

static void
a_value_over_the_buffer_is_bad(void **state)
{
	struct buf name = BUF_INIT(TEXT_MAX), value = BUF_INIT(3);
	const char *cursor = "a=1234";
	size_t left = 6;
	bool bad = false;

	(void)state;
	assert_false(form_next(&cursor, &left, &name, &value, &bad));
	assert_true(bad);
	buf_clear(&name);
	buf_clear(&value);
}

int
run_form_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_coded_as_the_rfc_wants),
		cmocka_unit_test(coding_fails_as_a_whole_where_there_is_no_room),
		cmocka_unit_test(every_byte_but_nul_comes_back),
		cmocka_unit_test(odd_pairs_are_read_without_reading_too_far),
		cmocka_unit_test(broken_escapes_and_nul_are_bad),
		cmocka_unit_test(a_value_over_the_buffer_is_bad),
	};

	return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
