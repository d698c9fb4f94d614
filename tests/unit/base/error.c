/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/support.h"
#include "base/text.h"

static void
every_code_has_the_contracts_word_and_exit_status(void **state)
{
	static const struct {
		enum larder_code code;
		const char *name;
		int exit, retryable;
	} cases[] = { { LARDER_OK, "ok", 0, 0 }, { LARDER_INTERNAL, "internal", 1, 0 }, { LARDER_USAGE, "usage", 2, 0 },
		{ LARDER_NOT_FOUND, "not-found", 3, 0 }, { LARDER_EXISTS, "exists", 3, 0 },
		{ LARDER_NEEDS_LOGIN, "needs-login", 4, 0 }, { LARDER_LOCKED, "locked", 5, 0 },
		{ LARDER_UNAVAILABLE, "unavailable", 6, 1 }, { LARDER_DENIED, "denied", 7, 0 },
		{ LARDER_REJECTED, "rejected", 8, 0 }, { LARDER_DAMAGED, "damaged", 9, 0 },
		{ LARDER_STORAGE, "storage", 9, 0 }, { LARDER_CHECK_FAILED, "check-failed", 10, 0 },
		{ LARDER_INCOMPLETE, "incomplete", 11, 1 }, { LARDER_IN_DOUBT, "in-doubt", 12, 0 },
		{ LARDER_INTERRUPTED, "interrupted", 130, 1 }, { (enum larder_code)99, "internal", 1, 0 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(larder_code_name(cases[i].code), cases[i].name);
		assert_int_equal(larder_code_exit(cases[i].code), cases[i].exit);
		assert_int_equal(larder_code_retryable(cases[i].code), cases[i].retryable);
	}
}

static void
an_error_says_what_why_and_what_to_do(void **state)
{
	struct larder_error error = { .name = "left over", .retry_after_s = 7 };

	(void)state;
	assert_int_equal(error_set(&error, LARDER_DENIED, "cannot do it", "do that", "it is %d", 5), LARDER_DENIED);
	assert_int_equal(error.code, LARDER_DENIED);
	assert_string_equal(error.what, "cannot do it");
	assert_string_equal(error.why, "it is 5");
	assert_string_equal(error.hint, "do that");
	assert_string_equal(error.name, "");
	assert_true(error.retry_after_s == -1);
	assert_int_equal(error_set(NULL, LARDER_USAGE, "x", NULL, "y"), LARDER_USAGE);
}

static void
an_errno_ends_the_reason(void **state)
{
	struct larder_error error;

	(void)state;
	assert_int_equal(error_set_errno(&error, LARDER_STORAGE, ENOSPC, "a", NULL, "%s", "/vault"), LARDER_STORAGE);
	assert_string_equal(error.why, "/vault: No space left on device");
	assert_string_equal(error.hint, "");
}

static void
an_error_can_be_wrapped_in_itself(void **state)
{
	struct larder_error error;

	(void)state;
	(void)error_set(&error, LARDER_STORAGE, "inner", "a hint", "disk %s", "full");
	(void)error_set(&error, LARDER_DAMAGED, "outer", error.hint, "%s: %s", error.what, error.why);
	assert_string_equal(error.why, "inner: disk full");
	assert_string_equal(error.hint, "a hint");
	assert_string_equal(error.what, "outer");
}

static void
a_long_reason_is_cut_at_a_character(void **state)
{
	struct larder_error error;
	char text[2 * sizeof(error.why) + 2];
	size_t i;

	(void)state;
	text[0] = 'x';
	for (i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[i] = '\0';
	(void)error_set(&error, LARDER_USAGE, text, text, "%s", text);
	assert_true(text_is_utf8(error.why, strlen(error.why)));
	assert_true(text_is_utf8(error.what, strlen(error.what)));
	assert_true(text_is_utf8(error.hint, strlen(error.hint)));
	assert_true(strlen(error.why) >= sizeof(error.why) - 3);
}

static void
the_first_name_stays(void **state)
{
	struct larder_error error;

	(void)state;
	(void)error_no_memory(&error);
	assert_int_equal(error.code, LARDER_INTERNAL);
	assert_int_equal(error_name(&error, LARDER_OK, "success"), LARDER_OK);
	assert_string_equal(error.name, "");
	assert_int_equal(error_name(&error, LARDER_INTERNAL, "google"), LARDER_INTERNAL);
	(void)error_name(&error, LARDER_USAGE, "other");
	assert_string_equal(error.name, "google");
	assert_int_equal(error_name(NULL, LARDER_USAGE, "x"), LARDER_USAGE);
}

int
run_error_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_the_contracts_word_and_exit_status),
		cmocka_unit_test(an_error_says_what_why_and_what_to_do),
		cmocka_unit_test(an_errno_ends_the_reason),
		cmocka_unit_test(an_error_can_be_wrapped_in_itself),
		cmocka_unit_test(a_long_reason_is_cut_at_a_character),
		cmocka_unit_test(the_first_name_stays),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
