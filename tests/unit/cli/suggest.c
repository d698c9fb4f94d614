/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

static void
a_slip_finds_the_command_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(suggest_command(NULL, "tokne"), "token");
	assert_string_equal(suggest_command(NULL, "revok"), "revoke");
	assert_string_equal(suggest_command(&command_client, "ad"), "add");
}

static void
a_word_that_is_far_from_all_gets_no_suggestion(void **state)
{
	(void)state;
	assert_null(suggest_command(NULL, "frobnicate"));
	assert_null(suggest_command(NULL, ""));
	assert_null(suggest_command(NULL, "a-word-that-is-much-longer-than-any-command-there-is"));
}

static void
options_of_the_command_and_of_all_are_suggested(void **state)
{
	(void)state;
	assert_string_equal(suggest_option(command_token.options, "forse", 5), "force");
	assert_string_equal(suggest_option(NULL, "quite", 5), "quiet");
	assert_string_equal(suggest_option(NULL, "jsonx=1", 5), "json");
}

int
suggest_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_finds_the_command_that_was_meant),
		cmocka_unit_test(a_word_that_is_far_from_all_gets_no_suggestion),
		cmocka_unit_test(options_of_the_command_and_of_all_are_suggested),
	};

	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
