/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/http.h"
#include "base/support.h"

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 */

static void
the_three_forms_of_a_date_are_one_time(void **state)
{
	(void)state;
	assert_true(http_date("Sun, 06 Nov 1994 08:49:37 GMT") == NOW);
	assert_true(http_date("Sunday, 06-Nov-94 08:49:37 GMT") == NOW);
	assert_true(http_date("Sun Nov  6 08:49:37 1994") == NOW);
	assert_true(http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
	assert_true(http_date("Tue, 29 Feb 2000 00:00:00 GMT") == 951782400);
	assert_true(http_date("Mon, 01 Mar 2100 00:00:00 GMT") == 4107542400);
	assert_true(http_date("Fri, 31 Dec 9999 23:59:59 GMT") == 253402300799);
	assert_true(http_date("Sat, 31 Dec 2016 23:59:60 GMT") == 1483228800);
	assert_true(http_date("Friday, 01-Jan-70 00:00:00 GMT") == 0);
	assert_true(http_date("Monday, 01-Jan-69 00:00:00 GMT") == 3124224000);
}

static void
what_is_no_date_is_refused(void **state)
{
	static const char *const cases[] = { "", "now", "Sun", "Sun, ", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Mon, 29 Feb 2100 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 23:60:00 GMT",
		"Sun, 06 Nov 1994 23:59:61 GMT", "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 19940 8:49:37 GMT",
		"Son, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 1994 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "784111777" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (http_date(cases[i]) != -1)
			fail_msg("accepted: %s", cases[i]);
	}
}

/* S232 */
static void
retry_after_is_clamped(void **state)
{
	static const struct {
		const char *value;
		int64_t wait_s;
	} cases[] = { { "5", 5 }, { "0", 1 }, { "3600", 3600 }, { "3601", 3600 }, { "1000000000", 3600 },
		{ "99999999999999999999999999", 3600 }, { "Sun, 06 Nov 1994 08:51:37 GMT", 120 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 1 }, { "Thu, 01 Jan 2099 00:00:00 GMT", 3600 }, { "", -1 },
		{ "-1", -1 }, { "abc", -1 }, { "5s", -1 }, { " 5", -1 }, { "5, 10", -1 }, { "0x10", -1 },
		{ "1.5", -1 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (http_retry_after(cases[i].value, NOW) != cases[i].wait_s)
			fail_msg("'%s' is not %d", cases[i].value, (int)cases[i].wait_s);
	}
}

static void
a_header_cannot_smuggle_another_one(void **state)
{
	static const struct {
		const char *name, *value;
	} cases[] = { { "X", "a\r\nY: b" }, { "X", "a\nb" }, { "X", "a\tb" }, { "X", "\x7f" }, { "X: y\r\nZ", "a" },
		{ "X:", "a" }, { "", "a" }, { "X Y", "a" }, { "X\xc3\xa9", "a" },
		{ "X-0123456789012345678901234567890123456789012345678901234567890123", "a" } };
	struct http_request request = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_false(http_request_add_header(&request, cases[i].name, cases[i].value, strlen(cases[i].value)));
	assert_false(http_request_add_header(&request, "X", "a\0b", 3));
	assert_int_equal(request.headers_count, 0);
	http_request_clear(&request);
}

static void
headers_are_in_locked_memory_and_counted(void **state)
{
	struct http_request request = { 0 };
	size_t before, after, mapped, i;

	(void)state;
	arena_usage(&before, &mapped);
	for (i = 0; i < HTTP_HEADERS_MAX; i++)
		assert_true(http_request_add_header(&request, "Authorization", "Bearer abc", 10));
	assert_false(http_request_add_header(&request, "One-Too-Many", "x", 1));
	assert_true(arena_owns(request.headers[0].value.data));
	assert_string_equal((const char *)request.headers[15].value.data, "Bearer abc");
	assert_true(secret_copy("body", 4, &request.body));
	http_request_clear(&request);
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
	assert_int_equal(request.headers_count, 0);
	http_request_clear(&request);
	http_request_clear(NULL);
}

static void
a_cleared_reply_holds_nothing(void **state)
{
	struct http_reply reply = { .status = 200, .content_type = "application/json" };

	(void)state;
	assert_true(secret_copy("{}", 2, &reply.body));
	http_reply_clear(&reply);
	assert_null(reply.body.data);
	assert_int_equal(reply.status, 0);
	http_reply_clear(&reply);
	http_reply_clear(NULL);
}

int
run_http_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_forms_of_a_date_are_one_time),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(retry_after_is_clamped),
		cmocka_unit_test(a_header_cannot_smuggle_another_one),
		cmocka_unit_test(headers_are_in_locked_memory_and_counted),
		cmocka_unit_test(a_cleared_reply_holds_nothing),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
