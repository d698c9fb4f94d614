/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

static const char kept[] = "stripe_user_id=acct_1&2\nlivemode=false\n";

/* {"sid":"session_1"} without a signature, as nobody here looks at it */
static const char session_token[] = "eyJhbGciOiJSUzI1NiJ9.eyJzaWQiOiJzZXNzaW9uXzEifQ.c2ln";

static enum larder_code
build(const struct provider *provider, const char *extra, const char *access_text, const char *secret_text,
    struct http_request *ret, struct larder_error *error)
{
	struct secret secret = a_secret(secret_text), access = a_secret(access_text);
	struct name_value var[] = { { (char[]){ "domain" }, (char[]){ "x.authkit.example" } } };
	const struct name_values vars = { var, 1 };
	const struct oauth_client client = { .client_id = "ca_1", .client_secret = &secret, .vars = &vars };
	enum larder_code code;

	*ret = (struct http_request){ .headers_count = 0 };
	code = revoke_account_build(provider, &client, extra, &access, ret, error);
	secret_free(&secret);
	secret_free(&access);
	return code;
}

static void
a_kept_field_names_the_account_beside_the_client(void **state)
{
	struct provider *connect = provider_builtin("stripe-connect"), *apps = provider_builtin("stripe-apps");
	struct http_request request;
	struct larder_error error;

	(void)state;
	assert_true(provider_revokes_account(connect) && provider_revokes_account(apps));
	assert_int_equal(build(connect, kept, "at", "sk", &request, &error), LARDER_OK);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://connect.stripe.com/oauth/deauthorize");
	assert_string_equal(body(&request), "stripe_user_id=acct_1%262&client_id=ca_1&client_secret=sk");
	assert_null(header(&request, "Authorization"));
	http_request_clear(&request);
	assert_int_equal(build(apps, kept, "", "sk", &request, &error), LARDER_OK);
	assert_string_equal(header(&request, "Authorization"), "Basic c2s6");
	assert_string_equal(body(&request), "stripe_user_id=acct_1%262&client_id=ca_1");
	http_request_clear(&request);
	provider_free(connect);
	provider_free(apps);
}

static void
what_no_reply_has_brought_is_told_with_what_to_do(void **state)
{
	struct provider *provider = provider_builtin("stripe-connect");
	struct http_request request;
	struct larder_error error;

	(void)state;
	assert_int_equal(build(provider, "livemode=false\n", "at", "sk", &request, &error), LARDER_NOT_FOUND);
	assert_non_null(strstr(error.why, "wants stripe_user_id for it"));
	assert_non_null(strstr(error.why, "larder login"));
	assert_int_equal(request.headers_count, 0);
	assert_int_equal(build(provider, "", "at", "sk", &request, &error), LARDER_NOT_FOUND);
	provider_free(provider);
}

static void
a_claim_of_the_access_token_names_the_session(void **state)
{
	struct provider *provider = provider_builtin("workos");
	struct http_request request;
	struct larder_error error;

	(void)state;
	assert_int_equal(build(provider, "", session_token, "sk", &request, &error), LARDER_OK);
	assert_string_equal(request.url, "https://api.workos.com/user_management/sessions/revoke");
	assert_string_equal(header(&request, "Authorization"), "Bearer sk");
	assert_string_equal(header(&request, "Content-Type"), "application/json");
	assert_string_equal(body(&request), "{\"session_id\":\"session_1\"}");
	http_request_clear(&request);
	assert_int_equal(build(provider, "", "opaque", "sk", &request, &error), LARDER_NOT_FOUND);
	assert_non_null(strstr(error.why, "no access token with claims"));
	assert_int_equal(build(provider, "", "", "sk", &request, &error), LARDER_NOT_FOUND);
	/* {"sub":"1"}, {"sid":""}, {"sid":["a"]}, {"sid":"a\n"} */
	assert_int_equal(build(provider, "", "e30.eyJzdWIiOiIxIn0.s", "sk", &request, &error), LARDER_NOT_FOUND);
	assert_non_null(strstr(error.why, "the access token has none"));
	assert_int_equal(build(provider, "", "e30.eyJzaWQiOiIifQ.s", "sk", &request, &error), LARDER_NOT_FOUND);
	assert_int_equal(build(provider, "", "e30.eyJzaWQiOlsiYSJdfQ.s", "sk", &request, &error), LARDER_NOT_FOUND);
	assert_int_equal(build(provider, "", "e30.eyJzaWQiOiJhXG4ifQ.s", "sk", &request, &error), LARDER_NOT_FOUND);
	assert_int_equal(build(provider, "", session_token, "", &request, &error), LARDER_REJECTED);
	provider_free(provider);
}

static void
the_client_names_itself_once_where_the_definition_wants_it(void **state)
{
	static const char members[] = ",\"response\":{\"extra_fields_to_keep\":[\"team.id\"]},"
				      "\"token_auth_methods\":[\"client_secret_basic\",\"client_secret_post\"],"
				      "\"token_auth_default\":\"%s\",\"revoke\":{\"style\":\"custom_api\","
				      "\"fields\":{\"team\":\"team.id\"},\"sends_client_id\":true}";
	static const char *const methods[] = { "client_secret_basic", "client_secret_post" };
	static const char *const bodies[] = { "team=7&client_id=ca_1", "team=7&client_id=ca_1&client_secret=sk" };
	char text[512];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct provider *provider;
		struct http_request request;
		struct larder_error error;

		assert_true(text_format(text, sizeof(text), members, methods[i]));
		provider = provider_with(text);
		assert_true(provider->revoke.destructive);
		assert_false(provider->revoke.accepts_access || provider->revoke.accepts_refresh);
		assert_int_equal(build(provider, "team.id=7\n", "", "sk", &request, &error), LARDER_OK);
		assert_string_equal(body(&request), bodies[i]);
		http_request_clear(&request);
		provider_free(provider);
	}
}

int
run_revoke_account_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_field_names_the_account_beside_the_client),
		cmocka_unit_test(what_no_reply_has_brought_is_told_with_what_to_do),
		cmocka_unit_test(a_claim_of_the_access_token_names_the_session),
		cmocka_unit_test(the_client_names_itself_once_where_the_definition_wants_it),
	};

	return cmocka_run_group_tests_name("revoke_account", tests, NULL, NULL);
}
