/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/registration.h"
#include "oauth/tests.h"
#include "provider/definition.h"

static struct provider *
registering(const char *members)
{
	char text[2048];
	struct larder_error error;
	struct provider *provider = NULL;

	assert_true(text_format(text, sizeof(text),
	    "{\"id\":\"x\",\"endpoints\":{\"token\":\"https://as.example/token\","
	    "\"registration\":\"https://as.example/register\"}%s}",
	    members));
	if (definition_parse(text, strlen(text), "test", &provider, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	return provider;
}

static const struct registration_want want = {
	.client_name = "Larder",
	.redirect_uri = "http://127.0.0.1:12345/callback",
	.scope = "read write",
};

static void
assert_method(const char *members, const char *expected)
{
	struct provider *provider = registering(members);
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;
	char member[128];

	(void)text_format(member, sizeof(member), "\"token_endpoint_auth_method\":\"%s\"", expected);
	assert_int_equal(registration_build(provider, &want, &request, &error), LARDER_OK);
	if (strstr(body(&request), member) == NULL)
		fail_msg("%s is not in %s", member, body(&request));
	http_request_clear(&request);
	provider_free(provider);
}

/* S205 */
static void
a_registration_names_its_grants_and_its_method(void **state)
{
	struct provider *provider = registering("");
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(registration_build(provider, &want, &request, &error), LARDER_OK);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://as.example/register");
	assert_string_equal(header(&request, "Content-Type"), "application/json");
	assert_string_equal(body(&request),
	    "{\"client_name\":\"Larder\",\"redirect_uris\":[\"http://127.0.0.1:12345/callback\"],"
	    "\"grant_types\":[\"authorization_code\",\"refresh_token\"],\"response_types\":[\"code\"],"
	    "\"token_endpoint_auth_method\":\"client_secret_basic\",\"application_type\":\"native\",\"scope\":\"read write\"}");
	http_request_clear(&request);
	provider_free(provider);
	provider = registering(",\"offline_scopes\":[\"offline_access\"]");
	assert_int_equal(registration_build(provider, &want, &request, &error), LARDER_OK);
	assert_non_null(strstr(body(&request), "\"scope\":\"read write offline_access\""));
	http_request_clear(&request);
	provider_free(provider);
	assert_method(",\"token_auth_methods\":[\"client_secret_post\",\"none\"]", "none");
	assert_method(",\"token_auth_methods\":[\"private_key_jwt\",\"client_secret_post\"]", "client_secret_post");
}

static void
a_provider_without_the_endpoint_or_a_method_registers_nobody(void **state)
{
	struct provider *provider = provider_with("");
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(registration_build(provider, &want, &request, &error), LARDER_NOT_FOUND);
	provider_free(provider);
	provider = registering(",\"token_auth_methods\":[\"private_key_jwt\"]");
	assert_int_equal(registration_build(provider, &want, &request, &error), LARDER_REJECTED);
	provider_free(provider);
}

static enum larder_code
read_text(int status, const char *text, struct registration *ret, struct larder_error *ret_error)
{
	struct provider *provider = registering("");
	struct http_reply reply = a_reply(status, text, strlen(text));
	enum larder_code code = registration_read(provider, &reply, ret, ret_error);

	http_reply_clear(&reply);
	provider_free(provider);
	return code;
}

/* S206, S208 */
static void
what_the_server_really_set_is_kept(void **state)
{
	struct registration made;
	struct larder_error error;

	(void)state;
	assert_int_equal(
	    read_text(201,
		"{\"client_id\":\"c1\",\"client_secret\":\"s\",\"client_secret_expires_at\":1800000000,"
		"\"token_endpoint_auth_method\":\"client_secret_post\",\"registration_access_token\":\"rat\","
		"\"registration_client_uri\":\"https://as.example/register/c1\",\"other\":[]}",
		&made, &error),
	    LARDER_OK);
	assert_string_equal(made.client_id, "c1");
	assert_string_equal((const char *)made.client_secret.data, "s");
	assert_int_equal(made.secret_expires_at, 1800000000);
	assert_int_equal(made.auth, AUTH_POST);
	assert_string_equal(made.management_uri, "https://as.example/register/c1");
	assert_string_equal((const char *)made.management_token.data, "rat");
	registration_clear(&made);
	assert_int_equal(
	    read_text(200, "{\"client_id\":\"c2\",\"token_endpoint_auth_method\":\"none\",\"client_secret\":\"s\"}",
		&made, &error),
	    LARDER_OK);
	assert_true(secret_is_empty(&made.client_secret));
	assert_int_equal(made.secret_expires_at, 0);
	registration_clear(&made);
}

/* The token that manages a registration goes back to where it came from, and nowhere else. */
static void
a_management_address_elsewhere_is_not_kept(void **state)
{
	static const char *const uris[] = { "https://evil.example/register/c1", "http://as.example/register/c1",
		"https://as.example:8443/register/c1", "nonsense", "" };
	struct registration made;
	struct larder_error error;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		(void)text_format(text, sizeof(text),
		    "{\"client_id\":\"c1\",\"registration_access_token\":\"rat\",\"registration_client_uri\":\"%s\"}",
		    uris[i]);
		assert_int_equal(read_text(201, text, &made, &error), LARDER_OK);
		assert_string_equal(made.management_uri, "");
		assert_true(secret_is_empty(&made.management_token));
		registration_clear(&made);
	}
}

static void
answers_that_are_none_are_told_apart(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum larder_code code;
		const char *why;
	} cases[] = {
		{ 400, "{\"error\":\"invalid_redirect_uri\",\"error_description\":\"no\"}", LARDER_REJECTED,
		    "invalid_redirect_uri: no" },
		{ 401, "{\"error\":\"invalid_token\"}", LARDER_REJECTED, "only those register that it knows" },
		{ 403, "", LARDER_REJECTED, "only those register that it knows" },
		{ 404, "", LARDER_UNAVAILABLE, "HTTP 404" },
		{ 500, "{\"error\":\"server_error\"}", LARDER_UNAVAILABLE, "HTTP 500" },
		{ 302, "", LARDER_UNAVAILABLE, "HTTP 302" },
		{ 201, "<html>", LARDER_UNAVAILABLE, "HTTP 201" },
		{ 201, "{}", LARDER_UNAVAILABLE, "no client_id" },
		{ 201, "{\"client_id\":\"\"}", LARDER_UNAVAILABLE, "no client_id" },
		{ 201, "{\"client_id\":\"a\\nb\"}", LARDER_UNAVAILABLE, "no client_id" },
		{ 201, "{\"client_id\":\"a\",\"token_endpoint_auth_method\":\"private_key_jwt\"}", LARDER_UNAVAILABLE,
		    "another way" },
		{ 201, "{\"client_id\":\"a\",\"token_endpoint_auth_method\":\"client_secret_basic\"}",
		    LARDER_UNAVAILABLE, "no client_secret" },
		{ 201, "{\"client_id\":\"a\",\"client_secret\":1}", LARDER_UNAVAILABLE, "client_secret cannot" },
		{ 201, "{\"client_id\":\"a\",\"client_secret\":\"s\",\"client_secret_expires_at\":\"soon\"}",
		    LARDER_UNAVAILABLE, "is no time" },
		{ 201, "{\"client_id\":\"a\",\"client_id\":\"b\"}", LARDER_UNAVAILABLE, "HTTP 201" },
	};
	struct registration made;
	struct larder_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_text(cases[i].status, cases[i].text, &made, &error), cases[i].code);
		if (strstr(error.why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].text, error.why);
	}
}

/* S210 */
static void
a_registration_is_taken_back_with_its_own_token(void **state)
{
	struct http_request request = { .headers_count = 0 };
	struct secret token = a_secret("rat");

	(void)state;
	assert_true(registration_delete_build("https://as.example/register/c1", &token, &request));
	assert_string_equal(request.method, "DELETE");
	assert_string_equal(request.url, "https://as.example/register/c1");
	assert_string_equal(header(&request, "Authorization"), "Bearer rat");
	assert_string_equal(body(&request), "");
	http_request_clear(&request);
	secret_free(&token);
}

/* S207 */
static void
a_secret_that_has_expired_is_not_sent(void **state)
{
	struct provider *provider = provider_with("");
	struct secret secret = a_secret("s"), token = a_secret("t");
	struct oauth_client client = { .client_id = "id", .client_secret = &secret, .secret_expired = true };
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(refresh_build(provider, &client, &token, "", "", &request, &error), LARDER_REJECTED);
	assert_string_equal(error.why, "the client's secret has expired");
	client.client_secret = NULL;
	assert_int_equal(refresh_build(provider, &client, &token, "", "", &request, &error), LARDER_OK);
	http_request_clear(&request);
	secret_free(&secret);
	secret_free(&token);
	provider_free(provider);
}

/* S076: what metadata says of clients with a secret does not keep a public one from revoking. */
static void
a_public_client_revokes_at_a_discovered_provider(void **state)
{
	struct provider *provider =
	    provider_with(",\"discovered_at\":1,\"revoke\":{\"client_auth\":\"client_secret_basic\"}");
	struct secret secret = a_secret("s"), token = a_secret("t");
	struct oauth_client client = { .client_id = "id", .auth = AUTH_NONE };
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(
	    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, false, &request, &error), LARDER_OK);
	assert_string_equal(body(&request), "token=t&client_id=id");
	http_request_clear(&request);
	client = (struct oauth_client){ .client_id = "id", .client_secret = &secret, .auth = AUTH_POST };
	assert_int_equal(
	    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, false, &request, &error), LARDER_OK);
	assert_non_null(header(&request, "Authorization"));
	http_request_clear(&request);
	secret_free(&secret);
	secret_free(&token);
	provider_free(provider);
}

/* S076 says Basic where metadata says nothing; many a server keeps one method per client all the same. */
static void
a_client_that_was_refused_there_has_its_own_method_left(void **state)
{
	struct provider *provider =
	    provider_with(",\"discovered_at\":1,\"revoke\":{\"client_auth\":\"client_secret_basic\"}");
	struct provider *written = provider_with(",\"revoke\":{\"client_auth\":\"client_secret_basic\"}");
	struct secret secret = a_secret("s"), token = a_secret("t");
	struct oauth_client client = { .client_id = "id", .client_secret = &secret, .auth = AUTH_BASIC };
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_false(revoke_has_own_method(provider, &client));
	client.auth = AUTH_POST;
	assert_true(revoke_has_own_method(provider, &client));
	assert_false(revoke_has_own_method(written, &client)); /* who wrote it knows */
	client.revokes_by_own = true;
	assert_false(revoke_has_own_method(provider, &client));
	assert_int_equal(
	    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, false, &request, &error), LARDER_OK);
	assert_null(header(&request, "Authorization"));
	assert_string_equal(body(&request), "token=t&client_id=id&client_secret=s");
	http_request_clear(&request);
	secret_free(&secret);
	secret_free(&token);
	provider_free(provider);
	provider_free(written);
}

int
run_registration_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_registration_names_its_grants_and_its_method),
		cmocka_unit_test(a_provider_without_the_endpoint_or_a_method_registers_nobody),
		cmocka_unit_test(what_the_server_really_set_is_kept),
		cmocka_unit_test(a_management_address_elsewhere_is_not_kept),
		cmocka_unit_test(answers_that_are_none_are_told_apart),
		cmocka_unit_test(a_registration_is_taken_back_with_its_own_token),
		cmocka_unit_test(a_secret_that_has_expired_is_not_sent),
		cmocka_unit_test(a_public_client_revokes_at_a_discovered_provider),
		cmocka_unit_test(a_client_that_was_refused_there_has_its_own_method_left),
	};

	return cmocka_run_group_tests_name("registration", tests, NULL, NULL);
}
