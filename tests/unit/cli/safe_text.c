/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/safe_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

static void
assert_shown(const char *text, size_t piece, const char *expected)
{
	struct safe_text safe = { .held_len = 0 };
	struct buf shown = BUF_INIT(65536);
	size_t len = strlen(text);

	for (size_t at = 0; at < len; at += piece)
		assert_true(safe_text_feed(&safe, text + at, len - at < piece ? len - at : piece, false, &shown));
	assert_true(safe_text_feed(&safe, NULL, 0, true, &shown));
	assert_string_equal(buf_str(&shown), expected);
	buf_clear(&shown);
}

static void
lines_stay_and_what_a_terminal_obeys_is_shown(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 30; piece++) {
		assert_shown("a\tb\r\nc\n", piece, "a\tb\nc\n");
		assert_shown("\x1b[31mred\a", piece, "\\x1b[31mred\\x07");
		assert_shown(
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80.", piece, "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80.");
		assert_shown("cut \xe2\x82", piece, "cut \\xe2\\x82");
		assert_shown("\xff\xfe", piece, "\\xff\\xfe");
	}
}

static void
a_long_line_is_shown_whole(void **state)
{
	char text[4001];

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		memcpy(text + 2 * i, "\xc3\xa9", 2);
	text[4000] = '\0';
	assert_shown(text, 4000, text);
	assert_shown(text, 257, text);
}

int
safe_text_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_stay_and_what_a_terminal_obeys_is_shown),
		cmocka_unit_test(a_long_line_is_shown_whole),
	};

	return cmocka_run_group_tests_name("safe text", tests, NULL, NULL);
}
