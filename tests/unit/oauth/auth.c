/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"
#include "oauth/tests.h"
#include "provider/definition.h"

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

/* S011, S197, S201 */
static void
a_client_with_a_secret_uses_basic_where_the_definition_says_nothing(void **state)
{
	struct provider *provider = provider_with("");

	(void)state;
	assert_request(
	    provider, "id", "secret", AUTH_UNSET, "Basic aWQ6c2VjcmV0", "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

/* S011, S201 */
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

/* S197 */
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

/* S004 */
static void
an_empty_secret_is_left_out(void **state)
{
	struct provider *provider = provider_with("");

	(void)state;
	assert_request(provider, "id", "", AUTH_POST, NULL, "grant_type=refresh_token&refresh_token=rt&client_id=id");
	assert_request(provider, "id", "", AUTH_BASIC, "Basic aWQ6", "grant_type=refresh_token&refresh_token=rt");
	provider_free(provider);
}

/* S001, S198 */
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

/* S198 */
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
methods_that_need_keys_are_refused_with_a_hint_without_one(void **state)
{
	static const enum auth_method methods[] = { AUTH_SECRET_JWT, AUTH_PRIVATE_KEY_JWT, AUTH_TLS,
		AUTH_SELF_SIGNED_TLS };
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct http_request request = { .headers_count = 0 };
		struct larder_error error;

		assert_int_equal(build(provider, "id", "s", methods[i], &request, &error), LARDER_REJECTED);
		assert_non_null(strstr(error.hint, "larder client key"));
		assert_int_equal(request.headers_count, 0);
		assert_null(request.body.data);
	}
	provider_free(provider);
}

/* Only the header and the claims are looked at. */
static enum larder_code
sign_nothing(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)ret_error;
	assert_true(buf_append_str(ret_signature, "sig"));
	return LARDER_OK;
}

static enum larder_code
prove(void *ctx, enum auth_method method, struct client_proof *ret, struct larder_error *ret_error)
{
	unsigned *calls = ctx;

	(void)ret_error;
	*ret = (struct client_proof){
		.now = SENT_AT,
		.signer = { method == AUTH_SECRET_JWT ? "HS256" : "ES256", method == AUTH_SECRET_JWT ? "" : "k1", NULL,
		    sign_nothing },
	};
	ret->id[15] = (uint8_t)++ * calls;
	return LARDER_OK;
}

/* Whether the JWT that is the value of a parameter has these bytes in its header or claims. */
static bool
jwt_says(const char *jwt, const char *wanted)
{
	char text[2048] = "";
	size_t len = 0, dot = strcspn(jwt, ".");

	for (const char *part = jwt; part != NULL; part = part == jwt ? jwt + dot + 1 : NULL) {
		uint32_t bits = 0;
		unsigned count = 0;

		for (const char *c = part; *c != '.'; c++) {
			static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

			bits = bits << 6 | (uint32_t)(strchr(digits, *c) - digits);
			count += 6;
			if (count >= 8) {
				count -= 8;
				text[len++] = (char)(bits >> count & 0xff);
				assert_true(len < sizeof(text));
			}
		}
	}
	return strstr(text, wanted) != NULL;
}

static enum larder_code
build_signed(const struct provider *provider, enum auth_method auth, unsigned *calls, struct http_request *ret)
{
	static char team[] = "team_id", team_value[] = "T1", key[] = "key_id", key_value[] = "K9";
	struct name_value items[] = { { team, team_value }, { key, key_value } };
	const struct name_values vars = { items, auth == AUTH_SIGNED_POST ? 2 : 0 };
	struct secret token = a_secret("rt");
	const struct oauth_client client = {
		.client_id = "id", .auth = auth, .vars = &vars, .prove = prove, .prove_ctx = calls
	};
	struct larder_error error;
	enum larder_code code = refresh_build(provider, &client, &token, NULL, NULL, ret, &error);

	if (code != LARDER_OK)
		fail_msg("%s", error.why);
	secret_free(&token);
	return code;
}

/* RFC 7521 section 4.2, RFC 7523 sections 2.2 and 3; RFC 6749 section 2.3: one method per request. */
/* S118, S119, S121, S123 */
static void
an_assertion_names_client_server_end_and_itself(void **state)
{
	struct provider *provider = provider_with("");
	struct http_request first = { .headers_count = 0 }, second = { .headers_count = 0 };
	const char *jwt;
	unsigned calls = 0;

	(void)state;
	(void)build_signed(provider, AUTH_PRIVATE_KEY_JWT, &calls, &first);
	assert_null(header(&first, "Authorization"));
	assert_null(strstr(body(&first), "client_secret="));
	assert_non_null(strstr(body(&first), "client_id=id&")); /* S124: what sub says */
	assert_non_null(strstr(
	    body(&first), "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"));
	jwt = strstr(body(&first), "client_assertion=") + strlen("client_assertion=");
	assert_true(jwt_says(jwt, "\"alg\":\"ES256\""));
	assert_true(jwt_says(jwt, "\"kid\":\"k1\""));
	assert_true(jwt_says(jwt, "\"iss\":\"id\",\"sub\":\"id\",\"aud\":\"https://as.example/token\""));
	assert_true(jwt_says(jwt, "\"iat\":1700000000,\"exp\":1700000300"));
	(void)build_signed(provider, AUTH_SECRET_JWT, &calls, &second);
	jwt = strstr(body(&second), "client_assertion=") + strlen("client_assertion=");
	assert_true(jwt_says(jwt, "\"alg\":\"HS256\""));
	assert_false(jwt_says(jwt, "kid"));
	/* a new one for each request */
	assert_true(jwt_says(jwt, "\"jti\":\"00000000000000000000000000000002\""));
	assert_int_equal(calls, 2);
	http_request_clear(&first);
	http_request_clear(&second);
	provider_free(provider);
}

/* S120 */
static void
an_assertion_is_for_the_issuer_where_the_definition_says_so(void **state)
{
	struct provider *provider =
	    provider_with(",\"issuer\":\"https://as.example\",\"client_assertion\":{\"audience\":\"issuer\"}");
	struct http_request request = { .headers_count = 0 };
	unsigned calls = 0;

	(void)state;
	(void)build_signed(provider, AUTH_PRIVATE_KEY_JWT, &calls, &request);
	assert_true(jwt_says(strstr(body(&request), "client_assertion=") + strlen("client_assertion="),
	    "\"aud\":\"https://as.example\""));
	http_request_clear(&request);
	provider_free(provider);
}

static void
a_signed_secret_names_what_the_definition_wants(void **state)
{
	struct provider *provider = provider_builtin("apple");
	struct http_request request = { .headers_count = 0 };
	const char *jwt;
	unsigned calls = 0;

	(void)state;
	(void)build_signed(provider, AUTH_SIGNED_POST, &calls, &request);
	assert_non_null(strstr(body(&request), "client_id=id&client_secret="));
	assert_null(strstr(body(&request), "client_assertion"));
	jwt = strstr(body(&request), "client_secret=") + strlen("client_secret=");
	assert_true(jwt_says(jwt, "\"kid\":\"K9\""));
	assert_true(jwt_says(jwt, "\"iss\":\"T1\",\"sub\":\"id\",\"aud\":\"https://appleid.apple.com\""));
	http_request_clear(&request);
	provider_free(provider);
}

/* S126 */
static void
a_client_with_a_certificate_says_who_it_is(void **state)
{
	struct provider *provider =
	    provider_with(",\"token_auth_methods\":[\"tls_client_auth\"],\"token_auth_default\":\"tls_client_auth\"");
	const struct oauth_client client = { .client_id = "id", .has_certificate = true };
	struct http_request request = { .headers_count = 0 };
	struct secret token = a_secret("rt");

	(void)state;
	assert_int_equal(refresh_build(provider, &client, &token, NULL, NULL, &request, NULL), LARDER_OK);
	assert_string_equal(body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=id");
	assert_null(header(&request, "Authorization"));
	http_request_clear(&request);
	secret_free(&token);
	provider_free(provider);
}

/* RFC 8705 section 5 */
/* S130 */
static void
the_endpoints_for_certificates_take_the_place_of_the_others(void **state)
{
	struct provider *provider = provider_with("");
	struct provider *with = NULL;
	const struct oauth_client client = { .client_id = "id" };
	struct buf url = BUF_INIT(URL_MAX);
	static const char text[] = "{\"id\":\"x\",\"endpoints\":{\"token\":\"https://as.example/token\","
				   "\"mtls_token\":\"https://mtls.as.example/token\"}}";

	(void)state;
	assert_int_equal(definition_parse(text, strlen(text), "test", &with, NULL), LARDER_OK);
	provider_use_mtls(with);
	assert_int_equal(token_endpoint(with, &client, &url, NULL), LARDER_OK);
	assert_string_equal(buf_str(&url), "https://mtls.as.example/token");
	buf_clear(&url);
	provider_use_mtls(provider);
	assert_int_equal(token_endpoint(provider, &client, &url, NULL), LARDER_OK);
	assert_string_equal(buf_str(&url), "https://as.example/token");
	buf_clear(&url);
	provider_free(provider);
	provider_free(with);
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
		cmocka_unit_test(methods_that_need_keys_are_refused_with_a_hint_without_one),
		cmocka_unit_test(an_assertion_names_client_server_end_and_itself),
		cmocka_unit_test(an_assertion_is_for_the_issuer_where_the_definition_says_so),
		cmocka_unit_test(a_signed_secret_names_what_the_definition_wants),
		cmocka_unit_test(a_client_with_a_certificate_says_who_it_is),
		cmocka_unit_test(the_endpoints_for_certificates_take_the_place_of_the_others),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
