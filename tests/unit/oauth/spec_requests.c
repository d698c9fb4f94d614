/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every request that names a client or a token. S002 and the like: see docs/conformance.md. */
#include "oauth/tests.h"

#include "oauth/authorize.h"
#include "oauth/device.h"
#include "provider/catalogue.h"

static size_t
count(const char *text, const char *word)
{
	size_t found = 0;

	while (text != NULL && (text = strstr(text, word)) != NULL) {
		found++;
		text += strlen(word);
	}
	return found;
}

/* One way to authenticate, in the place that belongs to it; nothing secret in the address; POST. */
static void
assert_one_method(struct http_request *request, enum auth_method auth)
{
	assert_string_equal(request->method, "POST");
	assert_null(strchr(request->url, '?'));
	assert_int_equal(count(request->url, "canary"), 0);
	assert_int_equal(count(body(request), "client_secret=canary"), auth == AUTH_POST ? 1 : 0);
	assert_int_equal(count(body(request), "canary"), auth == AUTH_POST ? 1 : 0);
	assert_int_equal(header(request, "Authorization") != NULL, auth == AUTH_BASIC);
	http_request_clear(request);
}

/* S002, S003, S007 */
static void
a_secret_goes_in_one_place_and_never_in_the_url(void **state)
{
	static const enum auth_method methods[] = { AUTH_BASIC, AUTH_POST };
	struct provider *provider = provider_with("");
	struct secret secret = a_secret("canary"), token = a_secret("t"), verifier = a_secret("v");
	const struct name_values no_vars = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		const struct oauth_client client = {
			.client_id = "id", .client_secret = &secret, .auth = methods[i], .vars = &no_vars
		};
		struct http_request request = { .headers_count = 0 };

		assert_int_equal(refresh_build(provider, &client, &token, NULL, NULL, &request, NULL), LARDER_OK);
		assert_one_method(&request, methods[i]);
		assert_int_equal(
		    code_build(provider, &client, &token, "http://127.0.0.1/", &verifier, "", &request, NULL),
		    LARDER_OK);
		assert_one_method(&request, methods[i]);
		assert_int_equal(
		    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, true, &request, NULL), LARDER_OK);
		assert_one_method(&request, methods[i]);
	}
	secret_free(&secret);
	secret_free(&token);
	secret_free(&verifier);
	provider_free(provider);
}

/* S005, S008, S046 */
static void
no_endpoint_with_a_fragment_or_in_the_clear_is_used(void **state)
{
	static const char *const bad[] = { "https://as.example/x#f", "http://as.example/x", "http://192.0.2.1/x",
		"ftp://as.example/x", "//as.example/x" };
	struct provider *provider = provider_with("");
	char *token_endpoint = provider->endpoints.token, *revocation = provider->endpoints.revocation;
	struct secret token = a_secret("t"), none = SECRET_INIT;
	const struct name_values no_vars = { NULL, 0 };
	const struct oauth_client client = { .client_id = "id", .vars = &no_vars };
	const struct authorize authorize = { "http://127.0.0.1/", "st", "ch", "", "", "", "" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct http_request request = { .headers_count = 0 };
		struct buf url = BUF_INIT(AUTHORIZE_URL_MAX);
		char text[64];

		assert_true(text_format(text, sizeof text, "%s", bad[i]));
		provider->endpoints.token = provider->endpoints.revocation = provider->endpoints.authorization = text;
		assert_int_not_equal(authorize_url(provider, &client, &authorize, &url, NULL), LARDER_OK);
		assert_int_equal(url.len, 0);
		assert_int_not_equal(
		    code_build(provider, &client, &token, "http://127.0.0.1/", &none, "", &request, NULL), LARDER_OK);
		assert_int_not_equal(
		    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, true, &request, NULL), LARDER_OK);
		assert_string_equal(request.url, "");
		buf_clear(&url);
	}
	provider->endpoints.token = token_endpoint;
	provider->endpoints.revocation = revocation;
	provider->endpoints.authorization = NULL;
	secret_free(&token);
	provider_free(provider);
}

/* S171, S175 */
static void
only_codes_are_asked_for_and_no_password_is_sent(void **state)
{
	const struct name_values no_vars = { NULL, 0 };
	const struct oauth_client client = { .client_id = "id", .vars = &no_vars };
	const struct authorize authorize = { "http://127.0.0.1/", "st", "ch", "", "a", "", "" };
	struct secret token = a_secret("t");
	size_t asked = 0;

	(void)state;
	for (size_t i = 0; i < catalogue_builtin_count(); i++) {
		const char *id = NULL;
		size_t len;
		struct buf url = BUF_INIT(AUTHORIZE_URL_MAX);
		struct http_request request = { .headers_count = 0 };
		struct provider *provider;

		(void)catalogue_builtin(i, &id, &len);
		provider = provider_builtin(id);
		if (authorize_url(provider, &client, &authorize, &url, NULL) == LARDER_OK) {
			const char *type = strstr(buf_str(&url), "response_type=");

			if (type != NULL && strncmp(type, "response_type=code&", 19) != 0)
				fail_msg("%s asks for more than a code: %s", id, buf_str(&url));
			asked++;
		}
		if (refresh_build(provider, &client, &token, NULL, NULL, &request, NULL) == LARDER_OK)
			assert_null(strstr(body(&request), "password"));
		http_request_clear(&request);
		buf_clear(&url);
		provider_free(provider);
	}
	assert_true(asked > 20);
	secret_free(&token);
}

int
run_spec_requests_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_goes_in_one_place_and_never_in_the_url),
		cmocka_unit_test(no_endpoint_with_a_fragment_or_in_the_clear_is_used),
		cmocka_unit_test(only_codes_are_asked_for_and_no_password_is_sent),
	};

	return cmocka_run_group_tests_name("spec_requests", tests, NULL, NULL);
}
