/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

/* Build a refresh with this client and return Authorization and body; the caller clears the request. */
static enum larder_code
build(const struct provider *provider, const char *id, const char *secret_text, enum auth_method auth,
    struct http_request *ret, struct larder_error *error)
{
	struct secret token = a_secret("rt"), secret = a_secret(secret_text);
	const struct oauth_client client = { .client_id = id, .client_secret = &secret, .auth = auth };
	enum larder_code code = refresh_build(provider, &client, &token, NULL, NULL, ret, error);

	secret_free(&token);
	secret_free(&secret);
	return code;
}

static void
assert_request(const struct provider *provider, const char *id, const char *secret, enum auth_method auth,
    const char *authorization, const char *expected_body)
{
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	if (build(provider, id, secret, auth, &request, &error) != LARDER_OK)
		fail_msg("%s", error.why);
	if (authorization == NULL)
		assert_null(header(&request, "Authorization"));
	else
		assert_string_equal(header(&request, "Authorization"), authorization);
	assert_string_equal(body(&request), expected_body);
	http_request_clear(&request);
}

static void
a_client_with_a_secret_uses_basic_where_the_definition_says_nothing(void **state)
{
	struct provider *provider = provider_with("");

	(void)state;
	assert_request(
	    provider, "id", "secret", AUTH_UNSET, "Basic aWQ6c2VjcmV0", "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

static void
a_public_client_sends_its_id_in_the_body_and_no_header(void **state)
{
	struct provider *plain = provider_with("");
	struct provider *basic = provider_with(",\"token_auth_default\":\"client_secret_basic\"");
	struct provider *microsoft = provider_builtin("microsoft");

	(void)state;
	assert_request(plain, "id", "", AUTH_UNSET, NULL, "grant_type=refresh_token&refresh_token=rt&client_id=id");
	assert_request(basic, "id", "", AUTH_UNSET, NULL, "grant_type=refresh_token&refresh_token=rt&client_id=id");
	assert_request(microsoft, "id", "", AUTH_UNSET, NULL, "grant_type=refresh_token&refresh_token=rt&client_id=id");
	provider_free(plain);
	provider_free(basic);
	provider_free(microsoft);
}

static void
a_secret_under_a_default_of_none_goes_the_way_that_the_list_names(void **state)
{
	struct provider *post =
	    provider_with(",\"token_auth_methods\":[\"none\",\"client_secret_post\"],\"token_auth_default\":\"none\"");
	struct provider *nothing = provider_with(",\"token_auth_methods\":[\"none\"],\"token_auth_default\":\"none\"");

	(void)state;
	assert_request(post, "id", "secret", AUTH_UNSET, NULL,
	    "grant_type=refresh_token&refresh_token=rt&client_id=id&client_secret=secret");
	assert_request(
	    nothing, "id", "secret", AUTH_UNSET, NULL, "grant_type=refresh_token&refresh_token=rt&client_id=id");
	provider_free(post);
	provider_free(nothing);
}

static void
the_client_s_own_method_comes_before_the_definition_s(void **state)
{
	struct provider *provider = provider_with(",\"token_auth_default\":\"client_secret_basic\"");

	(void)state;
	assert_request(provider, "id", "secret", AUTH_POST, NULL,
	    "grant_type=refresh_token&refresh_token=rt&client_id=id&client_secret=secret");
	assert_request(
	    provider, "id", "secret", AUTH_NONE, NULL, "grant_type=refresh_token&refresh_token=rt&client_id=id");
	provider_free(provider);
}

static void
an_empty_secret_is_left_out(void **state)
{
	struct provider *provider = provider_with("");

	(void)state;
	assert_request(provider, "id", "", AUTH_POST, NULL, "grant_type=refresh_token&refresh_token=rt&client_id=id");
	assert_request(provider, "id", "", AUTH_BASIC, "Basic aWQ6", "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

static void
basic_parts_are_form_encoded_before_base64(void **state)
{
	struct provider *provider = provider_with("");

	(void)state;
	/* a%3Ab%25:c%2Bd+e%C3%A9 */
	assert_request(provider, "a:b%", "c+d e\xc3\xa9", AUTH_BASIC,
	    "Basic YSUzQWIlMjU6YyUyQmQrZSVDMyVBOQ==", "grant_type=refresh_token&refresh_token=rt");
	/* x-_.*:%7E%2F */
	assert_request(
	    provider, "x-_.*", "~/", AUTH_BASIC, "Basic eC1fLio6JTdFJTJG", "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

static void
basic_parts_are_raw_where_the_definition_says_so(void **state)
{
	struct provider *provider = provider_with(",\"basic_encoding\":\"raw\"");

	(void)state;
	/* a%b:c+d e:é */
	assert_request(provider, "a%b", "c+d e:\xc3\xa9", AUTH_BASIC, "Basic YSViOmMrZCBlOsOp",
	    "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

static void
a_client_id_with_a_colon_is_refused_for_raw_basic(void **state)
{
	struct provider *provider = provider_with(",\"basic_encoding\":\"raw\"");
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(build(provider, "a:b", "s", AUTH_BASIC, &request, &error), LARDER_REJECTED);
	assert_non_null(strstr(error.why, "':'"));
	assert_int_equal(request.headers_count, 0);
	provider_free(provider);
}

static void
base64_pads_all_three_lengths(void **state)
{
	struct provider *provider = provider_with("");

	(void)state;
	assert_request(provider, "a", "b", AUTH_BASIC, "Basic YTpi", "grant_type=refresh_token&refresh_token=rt");
	assert_request(provider, "a", "bc", AUTH_BASIC, "Basic YTpiYw==", "grant_type=refresh_token&refresh_token=rt");
	assert_request(provider, "a", "bcd", AUTH_BASIC, "Basic YTpiY2Q=", "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

static void
a_secret_key_is_the_user_name_of_basic(void **state)
{
	struct provider *provider = provider_builtin("stripe-apps");

	(void)state;
	/* sk_1: */
	assert_request(
	    provider, "id", "sk_1", AUTH_UNSET, "Basic c2tfMTo=", "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

static void
methods_that_need_keys_are_refused_with_a_hint(void **state)
{
	static const enum auth_method methods[] = { AUTH_SECRET_JWT, AUTH_PRIVATE_KEY_JWT, AUTH_TLS,
		AUTH_SELF_SIGNED_TLS };
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct http_request request = { .headers_count = 0 };
		struct larder_error error;

		assert_int_equal(build(provider, "id", "s", methods[i], &request, &error), LARDER_REJECTED);
		assert_non_null(strstr(error.why, auth_method_name(methods[i])));
		assert_non_null(strstr(error.hint, "--auth"));
		assert_int_equal(request.headers_count, 0);
		assert_null(request.body.data);
	}
	provider_free(provider);
}

int
run_auth_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_with_a_secret_uses_basic_where_the_definition_says_nothing),
		cmocka_unit_test(a_public_client_sends_its_id_in_the_body_and_no_header),
		cmocka_unit_test(a_secret_under_a_default_of_none_goes_the_way_that_the_list_names),
		cmocka_unit_test(the_client_s_own_method_comes_before_the_definition_s),
		cmocka_unit_test(an_empty_secret_is_left_out),
		cmocka_unit_test(basic_parts_are_form_encoded_before_base64),
		cmocka_unit_test(basic_parts_are_raw_where_the_definition_says_so),
		cmocka_unit_test(a_client_id_with_a_colon_is_refused_for_raw_basic),
		cmocka_unit_test(base64_pads_all_three_lengths),
		cmocka_unit_test(a_secret_key_is_the_user_name_of_basic),
		cmocka_unit_test(methods_that_need_keys_are_refused_with_a_hint),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
