/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "courier/collect.h"
#include "courier/courier.h"

#define URL "https://as.example/token"

static void
feed(struct collect *collect, const char *line)
{
	assert_true(collect_line(collect, line, strlen(line)));
}

static void
a_head_is_kept_field_by_field(void **state)
{
	struct collect collect;
	struct http_reply reply = { 0 };

	(void)state;
	assert_true(collect_init(&collect, URL));
	feed(&collect, "HTTP/1.1 429 Too Many\r\n");
	feed(&collect, "content-TYPE:application/json;charset=utf-8\r\n");
	feed(&collect, "Retry-After: \t 30 \r\n");
	feed(&collect, "Location: https://Login.example:8443/x?secret=1#frag\r\n");
	feed(&collect, "no colon here\r\n");
	feed(&collect, ": no name\r\n");
	feed(&collect, "\r\n");
	assert_true(collect_body(&collect, "{}", 2));
	assert_true(collect_take(&collect, true, &reply));
	assert_int_equal(reply.status, 429);
	assert_string_equal(reply.content_type, "application/json;charset=utf-8");
	assert_string_equal(reply.retry_after, "30");
	assert_string_equal(reply.location, "https://login.example:8443");
	assert_int_equal(reply.body.len, 2);
	assert_false(reply.truncated);
	http_reply_clear(&reply);
	collect_clear(&collect);
}

static void
an_interim_head_leaves_nothing_behind(void **state)
{
	struct collect collect;
	struct http_reply reply = { 0 };

	(void)state;
	assert_true(collect_init(&collect, URL));
	feed(&collect, "HTTP/1.1 103 Early\r\n");
	feed(&collect, "Retry-After: 9\r\n");
	feed(&collect, "Content-Encoding: gzip\r\n");
	feed(&collect, "\r\n");
	assert_false(collect_take(&collect, false, &reply));
	feed(&collect, "HTTP/1.1 200 OK\r\n");
	feed(&collect, "\r\n");
	assert_true(collect_take(&collect, true, &reply));
	assert_string_equal(reply.retry_after, "");
	assert_false(reply.encoded);
	http_reply_clear(&reply);
	collect_clear(&collect);
}

static void
a_head_without_its_end_is_truncated(void **state)
{
	struct collect collect;
	struct http_reply reply = { 0 };

	(void)state;
	assert_true(collect_init(&collect, URL));
	feed(&collect, "HTTP/1.1 200 OK\r\n");
	assert_true(collect_take(&collect, true, &reply));
	assert_true(reply.truncated);
	http_reply_clear(&reply);
	collect_clear(&collect);
}

static void
odd_status_lines_are_no_reply(void **state)
{
	static const char *const lines[] = { "HTTP/1.1\r\n", "HTTP/1.1 \r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 99\r\n",
		"HTTP/" };
	struct collect collect;
	struct http_reply reply = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(collect_init(&collect, URL));
		feed(&collect, lines[i]);
		assert_false(collect_take(&collect, true, &reply));
		collect_clear(&collect);
	}
}

/* S233 */
static void
a_body_is_cut_at_the_limit_and_not_one_byte_before(void **state)
{
	static char piece[1000];
	struct collect collect;
	struct http_reply reply = { 0 };
	size_t sent = 0;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	assert_true(collect_init(&collect, URL));
	feed(&collect, "HTTP/1.1 200 OK\r\n");
	feed(&collect, "\r\n");
	for (; sent + sizeof(piece) <= HTTP_REPLY_MAX; sent += sizeof(piece))
		assert_true(collect_body(&collect, piece, sizeof(piece)));
	assert_true(collect_body(&collect, piece, HTTP_REPLY_MAX - sent));
	assert_false(collect.reply.truncated);
	assert_false(collect_body(&collect, piece, 1));
	assert_true(collect_take(&collect, false, &reply));
	assert_true(reply.truncated);
	assert_int_equal(reply.body.len, HTTP_REPLY_MAX);
	http_reply_clear(&reply);
	collect_clear(&collect);
}

/* S233 */
static void
a_head_over_its_limits_is_not_looked_at_and_an_endless_one_ends(void **state)
{
	static char filler[1024];
	struct collect collect;
	size_t lines = 0;

	(void)state;
	memset(filler, 'x', sizeof(filler));
	filler[1] = ':';
	assert_true(collect_init(&collect, URL));
	feed(&collect, "HTTP/1.1 200 OK\r\n");
	for (size_t i = 0; i < HTTP_HEAD_LINES_MAX; i++)
		feed(&collect, "X: y\r\n");
	feed(&collect, "Retry-After: 5\r\n");
	assert_string_equal(collect.reply.retry_after, "");
	while (collect_line(&collect, filler, sizeof(filler)) && lines < 10000)
		lines++;
	assert_in_range(lines, 100, 1024);
	collect_clear(&collect);
}

int
run_collect_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_kept_field_by_field),
		cmocka_unit_test(an_interim_head_leaves_nothing_behind),
		cmocka_unit_test(a_head_without_its_end_is_truncated),
		cmocka_unit_test(odd_status_lines_are_no_reply),
		cmocka_unit_test(a_body_is_cut_at_the_limit_and_not_one_byte_before),
		cmocka_unit_test(a_head_over_its_limits_is_not_looked_at_and_an_endless_one_ends),
	};

	return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
