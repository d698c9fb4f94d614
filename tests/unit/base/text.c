/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/support.h"
#include "base/text.h"

struct pair {
	const char *in, *out;
};

static void
what_could_move_a_terminal_is_shown_not_sent(void **state)
{
	static const struct pair cases[] = {
		{ "plain text, \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		    "plain text, \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "a\x1b[31mred", "a\\x1b[31mred" },
		{ "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
		    "\\x1b]8;;http://evil\\x1b\\click\\x1b]8;;\\x1b\\" }, /* OSC 8 */
		{ "\x1b]52;c;cm0gLXJm\x07", "\\x1b]52;c;cm0gLXJm\\x07" }, /* OSC 52 */
		{ "line\r\nlarder: fake", "line\\x0d\\x0alarder: fake" }, { "tab\tdel\x7f", "tab\\x09del\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		    "\\u{9b}31m" }, /* CSI as C1 */
		{ "\xc2\x9d"
		  "0;title\xc2\x9c",
		    "\\u{9d}0;title\\u{9c}" }, /* OSC and ST as C1 */
		{ "abc\xe2\x80\xae"
		  "cba",
		    "abc\\u{202e}cba" }, /* right-to-left override */
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u{2066}x\\u{2069}" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}" },
		{ "a\xe2\x80\x8b"
		  "b\xef\xbb\xbf",
		    "a\\u{200b}b\\u{feff}" },
		{ "\xee\x80\x80\xf3\xb0\x80\x80", "\\u{e000}\\u{f0000}" },
		{ "\xf3\xa0\x81\x81", "\\u{e0041}" }, /* a tag, invisible */
		{ "\x9b"
		  "31m",
		    "\\x9b31m" },
		{ "\xc3", "\\xc3" }, { "\xe2\x82", "\\xe2\\x82" }, { "\xe2\x82(", "\\xe2\\x82(" },
		{ "\xc0\x9b\xc1\xbf", "\\xc0\\x9b\\xc1\\xbf" },                               /* overlong */
		{ "\xe0\x80\x9b", "\\xe0\\x80\\x9b" }, { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
		{ "\xf4\x90\x80\x80\xf5", "\\xf4\\x90\\x80\\x80\\xf5" },                      /* over U+10FFFF */
	};
	char text[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_escape(text, sizeof(text), cases[i].in, strlen(cases[i].in)), cases[i].out);
	assert_string_equal(text_escape(text, sizeof(text), "a\0b", 3), "a\\x00b");
	assert_string_equal(text_escape(text, sizeof(text), NULL, 0), "");
}

static void
a_long_text_is_cut_at_a_character_with_dots(void **state)
{
	char text[16];
	size_t size;

	(void)state;
	assert_string_equal(text_escape(text, 9, "12345678", 8), "12345678");
	assert_string_equal(text_escape(text, 9, "123456789", 9), "12345...");
	assert_string_equal(text_escape(text, 9,
				"1234\xe2\x82\xac"
				"6789",
				11),
	    "1234...");
	assert_string_equal(text_escape(text, 9, "123\x1b\x1b", 5), "123...");
	for (size = 1; size < sizeof(text); size++) {
		memset(text, 'Z', sizeof(text));
		(void)text_escape(text, size, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\x07\x07\xf0\x9f\x98\x80", 14);
		assert_true(strlen(text) < size);
		assert_true(text_is_utf8(text, strlen(text)));
		assert_int_equal(text[size], 'Z');
	}
	assert_ptr_equal(text_escape(text, 0, "x", 1), text);
}

/* Every code point, and every pair of bytes: what comes out is valid and has nothing in it that a terminal obeys. */
static void
nothing_dangerous_survives_whatever_comes_in(void **state)
{
	char text[TEXT_MAX];
	unsigned first, second;

	(void)state;
	for (first = 0; first < 256; first++) {
		for (second = 0; second < 256; second++) {
			const char in[4] = { (char)first, (char)second, (char)0x9b, (char)first };
			const char *at = text_escape(text, sizeof(text), in, 4);

			while (*at != '\0') {
				uint32_t c = 0;
				size_t used = text_utf8_next(at, strlen(at), &c);

				assert_true(used > 0);
				assert_false(text_is_unsafe(c));
				at += used;
			}
		}
	}
}

static void
names_follow_the_grammar(void **state)
{
	char name[66];

	(void)state;
	assert_true(text_is_name("google"));
	assert_true(text_is_name("a.b_c@d:e+f-G9"));
	assert_true(text_is_name("9"));
	assert_false(text_is_name(NULL));
	assert_false(text_is_name(""));
	assert_false(text_is_name("-x"));
	assert_false(text_is_name(".x"));
	assert_false(text_is_name("a b"));
	assert_false(text_is_name("a/b"));
	assert_false(text_is_name("a\n"));
	assert_false(text_is_name("caf\xc3\xa9"));
	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	assert_true(text_is_name(name));
	name[64] = 'a';
	name[65] = '\0';
	assert_false(text_is_name(name));
}

static void
utf8_is_strict(void **state)
{
	(void)state;
	assert_true(text_is_utf8("", 0));
	assert_true(text_is_utf8("a\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 19));
	assert_false(text_is_utf8("a\0b", 3));
	assert_false(text_is_utf8("\x80", 1));
	assert_false(text_is_utf8("\xc1\x81", 2));
	assert_false(text_is_utf8("\xe0\x9f\xbf", 3));
	assert_false(text_is_utf8("\xf0\x8f\xbf\xbf", 4));
	assert_false(text_is_utf8("\xed\xbf\xbf", 3));
	assert_false(text_is_utf8("\xf4\x90\x80\x80", 4));
	assert_false(text_is_utf8("ab\xe2\x82", 4));
	assert_false(text_is_utf8("\xff", 1));
}

static void
a_token_has_visible_ascii_only(void **state)
{
	(void)state;
	assert_true(text_is_token("!~abc./+=_-", 11));
	assert_false(text_is_token("a b", 3));
	assert_true(text_is_vschars("a b~", 4));
	assert_false(text_is_vschars("a\tb", 3));
	assert_false(text_is_vschars("a\x7f", 2));
	assert_false(text_is_vschars("\xc3\xa9", 2));
	assert_false(text_is_token("a\r\nX: y", 7));
	assert_false(text_is_token("a\0b", 3));
	assert_false(text_is_token("a\x7f", 2));
	assert_false(text_is_token("\xc3\xa9", 2));
}

static void
formatting_cuts_at_a_character(void **state)
{
	char text[8];

	(void)state;
	assert_true(text_format(text, sizeof(text), "%s", "1234567"));
	assert_false(text_format(text, sizeof(text), "%s", "12345678"));
	assert_string_equal(text, "1234567");
	assert_false(text_format(text, sizeof(text), "12345%s", "\xe2\x82\xac"));
	assert_string_equal(text, "12345");
	assert_false(text_format(text, sizeof(text), "1234%s", "\xe2\x82\xac\xe2\x82\xac"));
	assert_string_equal(text, "1234\xe2\x82\xac");
	assert_false(text_format(text, 1, "x"));
	assert_string_equal(text, "");
	assert_false(text_format(NULL, 0, "x"));
}

static void
small_things_are_right(void **state)
{
	char text[TEXT_MAX], *copy;

	(void)state;
	assert_true(text_equal_nocase("Bearer", "bEARER"));
	assert_false(text_equal_nocase("Bearer", "Bearers"));
	assert_false(text_equal_nocase("[", "{"));
	text_hex(text, sizeof(text), (const unsigned char *)"\x00\x9f\xff", 3);
	assert_string_equal(text, "009fff");
	text_hex(text, 4, (const unsigned char *)"\x00\x9f\xff", 3);
	assert_string_equal(text, "00");
	assert_non_null(copy = text_copy("abc"));
	assert_string_equal(copy, "abc");
	free(copy);
}

static void
times_are_written_in_utc(void **state)
{
	char text[24];

	(void)state;
	assert_string_equal(text_time(text, sizeof(text), 0), "1970-01-01T00:00:00Z");
	assert_string_equal(text_time(text, sizeof(text), 951782399), "2000-02-28T23:59:59Z");
	assert_string_equal(text_time(text, sizeof(text), 951782400), "2000-02-29T00:00:00Z");
	assert_string_equal(text_time(text, sizeof(text), 1795375200), "2026-11-22T19:20:00Z");
	assert_string_equal(text_time(text, sizeof(text), 4107542400), "2100-03-01T00:00:00Z");
	assert_string_equal(text_time(text, sizeof(text), 253402300799), "9999-12-31T23:59:59Z");
	assert_string_equal(text_time(text, sizeof(text), 253402300800), "unknown");
	assert_string_equal(text_time(text, sizeof(text), -1), "unknown");
}

int
run_text_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_move_a_terminal_is_shown_not_sent),
		cmocka_unit_test(a_long_text_is_cut_at_a_character_with_dots),
		cmocka_unit_test(nothing_dangerous_survives_whatever_comes_in),
		cmocka_unit_test(names_follow_the_grammar),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(a_token_has_visible_ascii_only),
		cmocka_unit_test(formatting_cuts_at_a_character),
		cmocka_unit_test(small_things_are_right),
		cmocka_unit_test(times_are_written_in_utc),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
