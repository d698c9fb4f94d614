/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "provider/tests.h"
#include "provider/wording.h"

static void
client_authentication_is_the_first_method_that_is_named(void **state)
{
	(void)state;
	assert_int_equal(wording_client_auth("client_secret_basic, or client_id in the form"), AUTH_BASIC);
	assert_int_equal(
	    wording_client_auth("client_secret_post or client_id only when auth method is none"), AUTH_POST);
	assert_int_equal(wording_client_auth("client_secret_basic (empty password for installed apps)"), AUTH_BASIC);
	assert_int_equal(
	    wording_client_auth("bearer_access_token (token in the form also works)"), AUTH_BEARER_ACCESS_TOKEN);
	assert_int_equal(wording_client_auth("client_id in the form, no secret"), AUTH_NONE);
	assert_int_equal(wording_client_auth("none"), AUTH_NONE);
	assert_int_equal(wording_client_auth("same as token endpoint"), AUTH_SAME);
	assert_int_equal(wording_client_auth("X-Shopify-Access-Token header"), AUTH_SAME);
	assert_int_equal(wording_client_auth(""), AUTH_SAME);
}

static void
pkce_is_what_its_first_word_says(void **state)
{
	(void)state;
	assert_int_equal(wording_pkce("supported (S256, since 2025, recalled)"), PKCE_SUPPORTED);
	assert_int_equal(wording_pkce("supported, required for public clients"), PKCE_SUPPORTED);
	assert_int_equal(wording_pkce("required for public clients"), PKCE_SUPPORTED);
	assert_int_equal(wording_pkce("required (recalled)"), PKCE_REQUIRED);
	assert_int_equal(wording_pkce("unsupported"), PKCE_UNSUPPORTED);
	assert_int_equal(wording_pkce("not relied on"), PKCE_UNKNOWN);
}

struct expiry_case {
	const char *text;
	enum expiry_style style;
	const char *field;
	int64_t ttl_s;
};

static void
expiry_is_understood_in_the_words_of_the_facts(void **state)
{
	static const struct expiry_case cases[] = {
		{ "expires_in", EXPIRES_IN, NULL, TTL_UNKNOWN },
		{ "expires_in as a string", EXPIRES_IN, NULL, TTL_UNKNOWN },
		{ "expires_in, can be missing", EXPIRES_IN, NULL, TTL_UNKNOWN },
		{ "expires_in is 0 and means never (recalled)", EXPIRES_NEVER, NULL, TTL_UNKNOWN },
		{ "expires_at, RFC 3339 string", EXPIRES_AT, NULL, TTL_UNKNOWN },
		{ "expires_at epoch seconds and expires_in", EXPIRES_AT, NULL, TTL_UNKNOWN },
		{ "expiresAt RFC 3339", EXPIRES_AT, "expiresAt", TTL_UNKNOWN },
		{ "absent", EXPIRES_IN, NULL, TTL_UNKNOWN },
		{ "absent: does not expire", EXPIRES_NEVER, NULL, TTL_UNKNOWN },
		{ "absent: assume 3600", EXPIRES_IN, NULL, 3600 },
		{ "absent: ask introspection for exp", EXPIRES_IN, NULL, TTL_UNKNOWN },
		{ "never", EXPIRES_NEVER, NULL, TTL_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct provider *p = load_with("");

		assert_true(wording_expiry(p, cases[i].text));
		assert_int_equal(p->response.expiry, cases[i].style);
		assert_int_equal(p->access_token_ttl_s, cases[i].ttl_s);
		if (cases[i].field == NULL)
			assert_null(p->response.expiry_field);
		else
			assert_string_equal(p->response.expiry_field, cases[i].field);
		provider_free(p);
	}
}

static void
a_known_life_is_not_replaced_by_an_assumed_one(void **state)
{
	struct provider *p = load_with(",\"access_token_ttl_s\":60,\"response\":{\"expiry\":\"absent: assume 3600\"}");

	(void)state;
	assert_int_equal(p->access_token_ttl_s, 60);
	provider_free(p);
}

static void
success_in_words_gives_status_and_member(void **state)
{
	struct provider *p = load_with(",\"revoke\":{\"success\":[\"HTTP 200 and ok:true and revoked:true\"]}");

	(void)state;
	assert_int_equal(p->revoke.success_count, 1);
	assert_int_equal(p->revoke.success[0], 200);
	assert_string_equal(p->revoke.success_field, "ok");
	assert_string_equal(p->revoke.success_value, "true");
	provider_free(p);
	p = load_with(",\"revoke\":{\"success\":[\"HTTP 200 status:0\"]}");
	assert_string_equal(p->revoke.success_field, "status");
	assert_string_equal(p->revoke.success_value, "0");
	provider_free(p);
}

struct unknown_case {
	const char *text;
	const char *code;
	int status;
	bool is_400;
};

static void
only_a_short_unknown_token_counts_as_success(void **state)
{
	static const struct unknown_case cases[] = {
		{ "HTTP 400 invalid_token (not the RFC 200)", "invalid_token", 0, false },
		{ "404 or 422", NULL, 404, false },
		{ "400 (recalled)", NULL, 0, true },
		{ "401", NULL, 401, false },
		{ "ok:false invalid_auth / token_revoked", "invalid_auth", 0, false },
		{ "access tokens give unsupported_token_type", NULL, 0, false },
		{ "HTTP 400 status/message JSON; 404 for unknown client", NULL, 0, false },
		{ "403 unauthorized_client when the token is not yours; repeat calls give 200", NULL, 0, false },
		{ "400 unsupported_token_type unless the token was issued with device_id", NULL, 0, false },
		{ "HTTP 200, even for garbage: success proves nothing", NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct provider *p = load_with("");

		assert_true(wording_unknown_token(p, cases[i].text));
		assert_int_equal(p->revoke.unknown_errors.count > 0, cases[i].code != NULL);
		if (cases[i].code != NULL)
			assert_string_equal(p->revoke.unknown_errors.items[0], cases[i].code);
		assert_int_equal(p->revoke.unknown_statuses_count > 0, cases[i].status != 0);
		if (cases[i].status != 0)
			assert_int_equal(p->revoke.unknown_statuses[0], cases[i].status);
		assert_int_equal(p->revoke.unknown_is_success_400, cases[i].is_400);
		provider_free(p);
	}
}

int
run_wording_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_authentication_is_the_first_method_that_is_named),
		cmocka_unit_test(pkce_is_what_its_first_word_says),
		cmocka_unit_test(expiry_is_understood_in_the_words_of_the_facts),
		cmocka_unit_test(a_known_life_is_not_replaced_by_an_assumed_one),
		cmocka_unit_test(success_in_words_gives_status_and_member),
		cmocka_unit_test(only_a_short_unknown_token_counts_as_success),
	};

	return cmocka_run_group_tests_name("wording", tests, NULL, NULL);
}
