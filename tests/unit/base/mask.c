/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mask.h"

#include <string.h>

#include "base/support.h"

/* What leaves when text comes in pieces of this size. */
static void
assert_masked(const char *const *words, size_t count, const char *text, size_t piece, const char *expected)
{
	struct secret secrets[4];
	struct buf left = BUF_INIT(4096);
	struct mask mask;
	size_t len = strlen(text);

	for (size_t i = 0; i < count; i++)
		assert_true(secret_copy(words[i], strlen(words[i]), &secrets[i]));
	mask_init(&mask, secrets, count);
	for (size_t at = 0; at < len; at += piece)
		assert_true(mask_feed(&mask, text + at, len - at < piece ? len - at : piece, false, &left));
	assert_true(mask_feed(&mask, NULL, 0, true, &left));
	assert_string_equal(buf_str(&left), expected);
	mask_clear(&mask);
	buf_clear(&left);
	for (size_t i = 0; i < count; i++)
		secret_free(&secrets[i]);
}

static void
a_secret_is_masked_wherever_the_pieces_end(void **state)
{
	static const char *const words[] = { "secret" };

	(void)state;
	for (size_t piece = 1; piece < 40; piece++)
		assert_masked(words, 1, "a secret, secretsecret and secre", piece, "a ***, ****** and secre");
}

static void
the_longer_of_two_secrets_is_masked_whole(void **state)
{
	static const char *const words[] = { "abc", "abcdef", "cx" };

	(void)state;
	for (size_t piece = 1; piece < 20; piece++) {
		assert_masked(words, 3, "abcdef abcde abcx", piece, "*** ***de ***x");
		assert_masked(words, 3, "ababcx abcxcx", piece, "ab***x ***x***");
	}
}

static void
what_cannot_become_a_secret_is_not_held_back(void **state)
{
	struct secret word;
	struct buf left = BUF_INIT(64);
	struct mask mask;

	(void)state;
	assert_true(secret_copy("secret", 6, &word));
	mask_init(&mask, &word, 1);
	assert_true(mask_feed(&mask, "name? ", 6, false, &left));
	assert_string_equal(buf_str(&left), "name? ");
	assert_true(mask_feed(&mask, "se", 2, false, &left));
	assert_string_equal(buf_str(&left), "name? ");
	assert_true(mask_feed(&mask, "d", 1, false, &left));
	assert_string_equal(buf_str(&left), "name? sed");
	mask_clear(&mask);
	buf_clear(&left);
	secret_free(&word);
}

static void
as_many_stars_as_bytes_where_the_length_is_told(void **state)
{
	struct secret word = SECRET_INIT;
	struct buf left = BUF_INIT(64);
	struct mask mask;

	(void)state;
	assert_true(secret_copy("secret", 6, &word));
	mask_init(&mask, &word, 1);
	mask.keeps_length = true;
	assert_true(mask_feed(&mask, "a secret!", 9, true, &left));
	assert_string_equal(buf_str(&left), "a ******!");
	mask_clear(&mask);
	buf_clear(&left);
	secret_free(&word);
}

int
run_mask_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_masked_wherever_the_pieces_end),
		cmocka_unit_test(the_longer_of_two_secrets_is_masked_whole),
		cmocka_unit_test(what_cannot_become_a_secret_is_not_held_back),
		cmocka_unit_test(as_many_stars_as_bytes_where_the_length_is_told),
	};

	return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
