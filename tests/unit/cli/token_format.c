/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/token_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

static char no_scope[] = "";

static struct larder_token
a_token(const char *text)
{
	struct larder_token token = {
		.access_token = text,
		.access_token_len = strlen(text),
		.token_type = "Bearer",
		.expires_at = -1,
		.expires_in = -1,
		.scope = no_scope,
		.name = "mail",
		.provider = "local",
		.account = "me@example.org",
	};

	return token;
}

static const char *
formatted(const struct larder_token *token, enum token_form form, const char *format)
{
	struct output output = caught_output(false, true);
	struct larder_error error;

	assert_int_equal(token_format(&output, token, form, format, &error), LARDER_OK);
	return caught(&output);
}

static void
quotes_are_escaped_for_curl(void **state)
{
	struct larder_token token = a_token("a\"b\\c");

	(void)state;
	assert_string_equal(formatted(&token, TOKEN_CURL, NULL), "header = \"Authorization: Bearer a\\\"b\\\\c\"\n");
}

static void
xoauth2_is_the_base64_of_account_and_token(void **state)
{
	struct larder_token token = a_token("T");

	(void)state;
	assert_string_equal(
	    formatted(&token, TOKEN_XOAUTH2, NULL), "dXNlcj1tZUBleGFtcGxlLm9yZwFhdXRoPUJlYXJlciBUAQE=\n");
	token = a_token("TT");
	assert_string_equal(
	    formatted(&token, TOKEN_XOAUTH2, NULL), "dXNlcj1tZUBleGFtcGxlLm9yZwFhdXRoPUJlYXJlciBUVAEB\n");
	token = a_token("TTT");
	assert_string_equal(
	    formatted(&token, TOKEN_XOAUTH2, NULL), "dXNlcj1tZUBleGFtcGxlLm9yZwFhdXRoPUJlYXJlciBUVFQBAQ==\n");
}

static void
an_unknown_end_is_null_in_json_and_empty_in_a_template(void **state)
{
	struct larder_token token = a_token("T");

	(void)state;
	assert_non_null(strstr(formatted(&token, TOKEN_JSON, NULL), "\"expires_at\":null,\"expires_in\":null"));
	assert_string_equal(formatted(&token, TOKEN_TEMPLATE, "{{{expires_at}}}{name}"), "{}mail\n");
}

static void
templates_know_four_fields_and_no_others(void **state)
{
	static const char *const good[] = { "{access_token}", "{{{name}}}", "x{account}{expires_at}" };
	static const char *const bad[] = { "x", "{x}", "{}", "{name", "name}", "{{name}}", "{access_token }" };
	struct larder_error error;
	enum token_form form;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(token_form_parse(good[i], &form, &error), LARDER_OK);
		assert_int_equal(form, TOKEN_TEMPLATE);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(token_form_parse(bad[i], &form, &error), LARDER_USAGE);
}

int
token_format_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_are_escaped_for_curl),
		cmocka_unit_test(xoauth2_is_the_base64_of_account_and_token),
		cmocka_unit_test(an_unknown_end_is_null_in_json_and_empty_in_a_template),
		cmocka_unit_test(templates_know_four_fields_and_no_others),
	};

	return cmocka_run_group_tests_name("token_format", tests, NULL, NULL);
}
