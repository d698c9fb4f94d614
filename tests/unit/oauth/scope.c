/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

static void
a_scope_has_only_the_characters_of_the_rfc(void **state)
{
	(void)state;
	assert_true(scope_is_valid("read"));
	assert_true(scope_is_valid("read write https://x.example/y !#[]~"));
	assert_false(scope_is_valid(NULL));
	assert_false(scope_is_valid(""));
	assert_false(scope_is_valid("  "));
	assert_false(scope_is_valid("a\"b"));
	assert_false(scope_is_valid("a\\b"));
	assert_false(scope_is_valid("a\tb"));
	assert_false(scope_is_valid("\x7f"));
	assert_false(scope_is_valid("\xc3\xa9"));
}

static void
the_canonical_form_is_sorted_and_without_repeats(void **state)
{
	char scope[32];

	(void)state;
	assert_true(scope_canonical("  write read  read a", scope, sizeof(scope)));
	assert_string_equal(scope, "a read write");
	assert_true(scope_canonical("B a ab A", scope, sizeof(scope)));
	assert_string_equal(scope, "A B a ab");
	assert_true(scope_canonical("", scope, sizeof(scope)));
	assert_string_equal(scope, "");
	assert_false(scope_canonical("a \"", scope, sizeof(scope)));
}

static void
a_scope_that_does_not_fit_is_refused_and_not_cut(void **state)
{
	char scope[4], whole[SCOPE_MAX + 2];
	char canonical[SCOPE_MAX + 1];

	(void)state;
	assert_true(scope_canonical("b a", scope, sizeof(scope)));
	assert_false(scope_canonical("b aa", scope, sizeof(scope)));
	assert_false(scope_canonical("a", scope, 1));
	memset(whole, 'x', sizeof(whole) - 1);
	whole[sizeof(whole) - 1] = '\0';
	assert_false(scope_canonical(whole, canonical, sizeof(canonical)));
	whole[SCOPE_MAX] = '\0';
	assert_true(scope_canonical(whole, canonical, sizeof(canonical)));
	for (size_t i = 0; i < SCOPE_MAX; i += 2) {
		whole[i] = (char)('a' + (i / 2) % 26);
		whole[i + 1] = ' ';
	}
	assert_true(scope_canonical(whole, canonical, sizeof(canonical)));
	assert_string_equal(canonical, "a b c d e f g h i j k l m n o p q r s t u v w x y z");
}

static void
scopes_are_compared_as_sets_with_case(void **state)
{
	(void)state;
	assert_true(scope_equal("a b", "b  a a"));
	assert_true(scope_equal("", " "));
	assert_false(scope_equal("a", "A"));
	assert_false(scope_equal("a b", "a"));
	assert_true(scope_is_subset("b", "a b c"));
	assert_true(scope_is_subset("", "a"));
	assert_false(scope_is_subset("a", ""));
	assert_false(scope_is_subset("ab", "a b abc"));
}

int
run_scope_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_has_only_the_characters_of_the_rfc),
		cmocka_unit_test(the_canonical_form_is_sorted_and_without_repeats),
		cmocka_unit_test(a_scope_that_does_not_fit_is_refused_and_not_cut),
		cmocka_unit_test(scopes_are_compared_as_sets_with_case),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
