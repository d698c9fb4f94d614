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
	code = revoke_account_build(provider, &client, extra, &access, "", ret, error);
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

static enum larder_code
sign(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	static const uint8_t mac[3] = { 0x0a, 0xff, 0x10 };

	(void)ret_error;
	(void)buf_append(ctx, data, len);
	return buf_append(ret_signature, mac, sizeof(mac)) ? LARDER_OK : LARDER_INTERNAL;
}

static enum larder_code
prove(void *ctx, enum auth_method method, struct client_proof *ret, struct larder_error *ret_error)
{
	(void)ret_error;
	assert_int_equal(method, AUTH_SECRET_JWT);
	*ret = (struct client_proof){ .now = SENT_AT, .signer = { "HS256", "", ctx, sign } };
	return LARDER_OK;
}

static void
a_signed_revocation_wants_a_nonce_first(void **state)
{
	struct provider *provider = provider_builtin("withings");
	struct secret secret = a_secret("s");
	struct buf signs = BUF_INIT(256);
	struct oauth_client client = {
		.client_id = "id", .client_secret = &secret, .prove = prove, .prove_ctx = &signs
	};
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(revoke_nonce_build(provider, &client, &request, &error), LARDER_OK);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://wbsapi.withings.net/v2/signature");
	assert_string_equal(body(&request), "client_id=id&action=getnonce&timestamp=1700000000&signature=0aff10");
	assert_string_equal(buf_str(&signs), "getnonce,id,1700000000");
	http_request_clear(&request);
	buf_clear(&signs);
	assert_int_equal(
	    revoke_account_build(provider, &client, "userid=7\n", NULL, "n-1", &request, &error), LARDER_OK);
	assert_string_equal(request.url, "https://wbsapi.withings.net/v2/oauth2");
	assert_string_equal(body(&request), "userid=7&nonce=n-1&client_id=id&action=revoke&signature=0aff10");
	assert_string_equal(buf_str(&signs), "revoke,id,n-1");
	http_request_clear(&request);
	buf_clear(&signs);
	assert_int_equal(
	    revoke_account_build(provider, &client, "userid=7\n", NULL, "", &request, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "'nonce'"));
	client.prove = NULL;
	assert_int_equal(revoke_nonce_build(provider, &client, &request, &error), LARDER_REJECTED);
	buf_clear(&signs);
	secret_free(&secret);
	provider_free(provider);
}

static void
a_nonce_is_what_a_successful_reply_has_at_its_place(void **state)
{
	static const struct {
		int status;
		const char *text, *nonce;
		enum revoke_outcome outcome;
	} rows[] = {
		{ 200, "{\"status\":0,\"body\":{\"nonce\":\"n-1\"}}", "n-1", REVOKED },
		{ 200, "{\"status\":0,\"body\":{}}", "", REVOKE_REFUSED },
		{ 200, "{\"status\":0,\"body\":{\"nonce\":\"\"}}", "", REVOKE_REFUSED },
		{ 200, "{\"status\":0,\"body\":{\"nonce\":\"a\\nb\"}}", "", REVOKE_REFUSED },
		{ 200, "{\"status\":503,\"body\":{\"nonce\":\"n-1\"},\"error\":\"no\"}", "", REVOKE_REFUSED },
		{ 200, "<html>", "", REVOKE_REFUSED },
		{ 503, "", "", REVOKE_RETRY },
	};
	struct provider *provider = provider_builtin("withings");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_reply reply = a_reply(rows[i].status, rows[i].text, strlen(rows[i].text));
		char nonce[EXTRA_VALUE_SIZE] = "old";
		struct revoke_verdict verdict;

		revoke_nonce_judge(provider, &reply, SENT_AT, nonce, &verdict);
		assert_string_equal(nonce, rows[i].nonce);
		assert_int_equal(verdict.outcome, rows[i].outcome);
		assert_int_equal(verdict.message[0] == '\0', verdict.outcome == REVOKED);
		http_reply_clear(&reply);
	}
	provider_free(provider);
}

int
run_revoke_account_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_field_names_the_account_beside_the_client),
		cmocka_unit_test(what_no_reply_has_brought_is_told_with_what_to_do),
		cmocka_unit_test(a_claim_of_the_access_token_names_the_session),
		cmocka_unit_test(a_signed_revocation_wants_a_nonce_first),
		cmocka_unit_test(a_nonce_is_what_a_successful_reply_has_at_its_place),
		cmocka_unit_test(the_client_names_itself_once_where_the_definition_wants_it),
	};

	return cmocka_run_group_tests_name("revoke_account", tests, NULL, NULL);
}
