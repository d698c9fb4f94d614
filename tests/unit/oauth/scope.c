/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

/* S012 */
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

/* S012 */
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

/* The scope that a provider says it granted, as it is stored. */
static void
granted(const char *provider_id, const char *scope, char dst[SCOPE_MAX + 1])
{
	struct http_reply reply = { .status = 200 };
	struct provider *provider = provider_builtin(provider_id);
	struct token_reply judged;
	char body[512];

	assert_true(text_format(
	    body, sizeof(body), "{\"access_token\":\"at\",\"token_type\":\"bearer\",\"scope\":\"%s\"}", scope));
	reply.body = a_secret(body);
	reply_judge(provider, &reply, 1700000000, &judged);
	assert_int_equal(judged.outcome, GRANT_TOKENS);
	(void)text_format(dst, SCOPE_MAX + 1, "%s", judged.scope);
	token_reply_clear(&judged);
	secret_free(&reply.body);
	provider_free(provider);
}

static void
what_was_granted_is_compared_by_the_definition_s_separator_of_replies(void **state)
{
	char scope[SCOPE_MAX + 1];

	(void)state;
	granted("github-oauth-app", "gist,repo", scope);
	assert_true(scope_equal(scope, "repo gist"));
	granted("github-oauth-app", "repo", scope);
	assert_true(scope_is_subset(scope, "repo gist"));
	assert_false(scope_is_subset("repo gist", scope));
	granted("github-oauth-app", "admin:org,gist,repo", scope);
	assert_true(scope_is_subset("repo gist", scope));
	assert_false(scope_is_subset(scope, "repo gist"));
	granted("slack", "chat:write,users:read", scope); /* where the separator of requests is that of replies */
	assert_true(scope_equal(scope, "users:read chat:write"));
	granted("google", "a,b c", scope);
	assert_true(scope_equal(scope, "c a,b"));
}

int
run_scope_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_has_only_the_characters_of_the_rfc),
		cmocka_unit_test(the_canonical_form_is_sorted_and_without_repeats),
		cmocka_unit_test(a_scope_that_does_not_fit_is_refused_and_not_cut),
		cmocka_unit_test(scopes_are_compared_as_sets_with_case),
		cmocka_unit_test(what_was_granted_is_compared_by_the_definition_s_separator_of_replies),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
