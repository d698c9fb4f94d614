/* SPDX-License-Identifier: Apache-2.0 */
/* Requests without a person. Numbers such as S118 are those of the list of normative requirements. */
#include "oauth/grants.h"

#include "oauth/jwt_bearer.h"
#include "oauth/tests.h"

static const struct name_values no_vars = { NULL, 0 };

struct asked { /* one request with a client "id" whose secret is "s" */
	struct provider *provider;
	struct secret secret;
	struct oauth_client client;
	struct http_request request;
	struct larder_error error;
};

static void
asked_begin(struct asked *asked, const char *members)
{
	*asked = (struct asked){ .provider = provider_with(members), .secret = a_secret("s") };
	asked->client = (struct oauth_client){
		.client_id = "id", .client_secret = &asked->secret, .auth = AUTH_POST, .vars = &no_vars
	};
}

static void
asked_end(struct asked *asked)
{
	http_request_clear(&asked->request);
	secret_free(&asked->secret);
	provider_free(asked->provider);
}

/* S010, S012 */
static void
client_credentials_are_the_clients_own_and_nothing_else(void **state)
{
	struct asked asked;

	(void)state;
	asked_begin(&asked, "");
	assert_int_equal(client_credentials_build(asked.provider, &asked.client, "a b", "https://api.example", "",
			     &asked.request, &asked.error),
	    LARDER_OK);
	assert_string_equal(asked.request.url, "https://as.example/token");
	assert_string_equal(body(&asked.request),
	    "grant_type=client_credentials&client_id=id&client_secret=s&scope=a+b&resource=https%3A%2F%2Fapi.example");
	asked_end(&asked);
}

static void
a_definition_names_the_grant_and_adds_what_it_needs(void **state)
{
	struct asked asked;

	(void)state;
	asked_begin(&asked,
	    ",\"client_credentials\":{\"grant_type\":\"account_credentials\",\"extra\":{\"account_id\":\"7\"},"
	    "\"headers\":{\"X-Version\":\"2\"}}");
	assert_int_equal(
	    client_credentials_build(asked.provider, &asked.client, "", "", "aud", &asked.request, &asked.error),
	    LARDER_OK);
	assert_string_equal(body(&asked.request),
	    "grant_type=account_credentials&client_id=id&client_secret=s&audience=aud&account_id=7");
	assert_string_equal(header(&asked.request, "X-Version"), "2");
	asked_end(&asked);
}

static void
a_public_client_has_no_credentials_to_ask_with(void **state)
{
	struct asked asked;

	(void)state;
	asked_begin(&asked, "");
	asked.client.auth = AUTH_NONE;
	assert_int_equal(
	    client_credentials_build(asked.provider, &asked.client, "", "", "", &asked.request, &asked.error),
	    LARDER_REJECTED);
	asked_end(&asked);
}

/* Where refreshes have an endpoint of their own, this is none. */
static void
the_token_endpoint_is_asked_not_that_of_refreshes(void **state)
{
	struct provider *provider = provider_with("");
	const struct oauth_client client = { .client_id = "id", .vars = &no_vars };
	struct buf url = BUF_INIT(1024);
	struct larder_error error;

	(void)state;
	provider->endpoints.refresh = (char *)(uintptr_t) "https://as.example/refresh";
	assert_int_equal(grants_endpoint(provider, &client, &url, &error), LARDER_OK);
	assert_string_equal(buf_str(&url), "https://as.example/token");
	buf_clear(&url);
	provider_free(provider);
}

/* S162 */
static void
a_token_exchange_names_the_type_of_each_token(void **state)
{
	struct secret subject = a_secret("st"), actor = a_secret("at"), none = SECRET_INIT;
	struct token_exchange exchange = { .subject_token = &subject,
		.subject_token_type = TOKEN_TYPE_URN "jwt",
		.actor_token = &actor,
		.actor_token_type = TOKEN_TYPE_URN "access_token",
		.requested_token_type = "",
		.audience = "aud" };
	struct asked asked;

	(void)state;
	asked_begin(&asked, "");
	assert_int_equal(
	    token_exchange_build(asked.provider, &asked.client, &exchange, "a", "", &asked.request, &asked.error),
	    LARDER_OK);
	assert_string_equal(body(&asked.request),
	    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=st"
	    "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&actor_token=at"
	    "&actor_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&audience=aud"
	    "&client_id=id&client_secret=s&scope=a");
	http_request_clear(&asked.request);
	exchange.actor_token_type = "";
	assert_int_equal(
	    token_exchange_build(asked.provider, &asked.client, &exchange, "", "", &asked.request, &asked.error),
	    LARDER_USAGE);
	exchange.subject_token = &none;
	assert_int_equal(
	    token_exchange_build(asked.provider, &asked.client, &exchange, "", "", &asked.request, &asked.error),
	    LARDER_USAGE);
	secret_free(&subject);
	secret_free(&actor);
	asked_end(&asked);
}

static void
a_token_type_is_a_word_or_a_uri(void **state)
{
	char uri[64];

	(void)state;
	assert_true(token_type_uri("jwt", uri, sizeof uri));
	assert_string_equal(uri, TOKEN_TYPE_URN "jwt");
	assert_true(token_type_uri("urn:x:y", uri, sizeof uri));
	assert_string_equal(uri, "urn:x:y");
	assert_false(token_type_uri("jwts", uri, sizeof uri));
	assert_false(token_type_uri("urn:x y", uri, sizeof uri));
	assert_false(token_type_uri("", uri, sizeof uri));
}

static struct token_reply
judged(const char *text, bool *ret_dropped)
{
	struct provider *provider = provider_with("");
	struct http_reply http = a_reply(200, text, strlen(text));
	struct token_reply reply;

	reply_judge(provider, &http, SENT_AT, &reply);
	grants_judge(&reply, ret_dropped);
	http_reply_clear(&http);
	provider_free(provider);
	return reply;
}

static void
a_refresh_token_is_dropped_and_said_to_be(void **state)
{
	bool dropped = false;
	struct token_reply reply =
	    judged("{\"access_token\":\"a\",\"token_type\":\"bearer\",\"refresh_token\":\"r\"}", &dropped);

	(void)state;
	assert_true(dropped && reply.usable && !reply.refresh_token_came);
	assert_true(secret_is_empty(&reply.refresh_token));
	token_reply_clear(&reply);
	reply = judged("{\"access_token\":\"a\",\"token_type\":\"bearer\"}", &dropped);
	assert_true(!dropped && reply.usable);
	token_reply_clear(&reply);
}

/* S163 */
static void
what_is_issued_has_to_be_an_access_token(void **state)
{
	static const struct {
		const char *reply;
		bool usable;
	} cases[] = {
		{ "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"issued_token_type\":\"" TOKEN_TYPE_URN
		  "access_token\"}",
		    true },
		{ "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"issued_token_type\":\"" TOKEN_TYPE_URN "jwt\"}",
		    true },
		{ "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"issued_token_type\":\"urn:own\"}", true },
		{ "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}", true },
		{ "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"issued_token_type\":\"" TOKEN_TYPE_URN
		  "id_token\"}",
		    false },
		{ "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"issued_token_type\":\"" TOKEN_TYPE_URN
		  "refresh_token\"}",
		    false },
		{ "{\"access_token\":\"a\",\"token_type\":\"N_A\",\"issued_token_type\":\"" TOKEN_TYPE_URN "saml2\"}",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool dropped;
		struct token_reply reply = judged(cases[i].reply, &dropped);

		if (reply.usable != cases[i].usable)
			fail_msg("%s", cases[i].reply);
		assert_true(reply.usable || reply.complaint[0] != '\0');
		token_reply_clear(&reply);
	}
}

/* A signature of fixed bytes, over a text that is kept. */
static enum larder_code
sign(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	char *seen = ctx;

	(void)ret_error;
	assert_true(text_format(seen, 4096, "%.*s", (int)len, (const char *)data));
	return buf_append_str(ret_signature, "\xfb\xff") ? LARDER_OK : LARDER_INTERNAL;
}

/* The claims of an assertion, decoded. */
static enum larder_code
claims_of(const char *members, const struct assertion *assertion, char *ret, size_t ret_size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char seen[4096] = "";
	const struct jwt_signer signer = { .alg = "RS256", .kid = "k", .ctx = seen, .sign = sign };
	struct buf text = BUF_INIT_SECRET(8192);
	struct asked asked;
	enum larder_code code;
	unsigned bits = 0, count = 0;
	size_t len = 0;

	asked_begin(&asked, members);
	code = assertion_make(asked.provider, &asked.client, assertion, &signer, &text, &asked.error);
	if (code == LARDER_OK) {
		assert_int_equal(strncmp(buf_str(&text), seen, strlen(seen)), 0);
		assert_string_equal(buf_str(&text) + strlen(seen), ".-_8");
		for (const char *at = strchr(seen, '.') + 1; *at != '\0'; at++) {
			bits = bits << 6 | (unsigned)(strchr(digits, *at) - digits);
			count += 6;
			if (count >= 8) {
				count -= 8;
				assert_true(len + 1 < ret_size);
				ret[len++] = (char)(bits >> count & 255);
			}
		}
		ret[len] = '\0';
	}
	buf_clear(&text);
	asked_end(&asked);
	return code;
}

/* S119, S120, S121, S123 */
static void
an_assertion_says_who_for_whom_and_for_how_long(void **state)
{
	struct assertion assertion = { .issuer = "",
		.subject = "alice",
		.audience = "",
		.claims = "",
		.scope = "a",
		.now = 1000,
		.life_s = 60,
		.id = { 1, 2 } };
	char claims[1024];

	(void)state;
	assert_int_equal(claims_of("", &assertion, claims, sizeof claims), LARDER_OK);
	assert_string_equal(claims,
	    "{\"iss\":\"id\",\"sub\":\"alice\",\"aud\":\"https://as.example/token\",\"iat\":1000,\"exp\":1060,"
	    "\"jti\":\"01020000000000000000000000000000\"}");
	assertion.subject = "";
	assertion.issuer = "robot";
	assertion.claims = "{\"box\":1}";
	assertion.life_s = 0;
	assert_int_equal(claims_of(",\"issuer\":\"https://as.example\",\"jwt_bearer\":{\"audience\":\"issuer\","
				   "\"scope_claim\":true}",
			     &assertion, claims, sizeof claims),
	    LARDER_OK);
	assert_string_equal(claims,
	    "{\"box\":1,\"iss\":\"robot\",\"sub\":\"robot\",\"aud\":\"https://as.example\",\"iat\":1000,\"exp\":1300,"
	    "\"jti\":\"01020000000000000000000000000000\",\"scope\":\"a\"}");
	assertion.audience = "https://other.example";
	assert_int_equal(
	    claims_of(",\"jwt_bearer\":{\"subject_optional\":true}", &assertion, claims, sizeof claims), LARDER_OK);
	assert_null(strstr(claims, "\"sub\""));
	assert_non_null(strstr(claims, "\"aud\":\"https://other.example\""));
}

static void
further_claims_are_an_object_that_repeats_nothing(void **state)
{
	static const char *const bad[] = { "x", "[]", "\"a\"", "{\"exp\":1}", "{\"iss\":\"x\"}", "{\"a\":1,\"a\":2}" };
	struct larder_error error;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(assertion_check_claims(bad[i], &error), LARDER_USAGE);
	assert_int_equal(assertion_check_claims("{\"nbf\":1,\"x\":{\"exp\":1}}", &error), LARDER_OK);
	assert_int_equal(assertion_check_claims("", &error), LARDER_OK);
}

static void
an_assertion_alone_authenticates_where_the_definition_says_so(void **state)
{
	struct secret assertion = a_secret("a.b.c");
	struct asked asked;

	(void)state;
	asked_begin(&asked, "");
	assert_int_equal(
	    jwt_bearer_build(asked.provider, &asked.client, &assertion, "x", "", &asked.request, &asked.error),
	    LARDER_OK);
	assert_string_equal(body(&asked.request),
	    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c&client_id=id"
	    "&client_secret=s&scope=x");
	asked_end(&asked);
	asked_begin(&asked, ",\"jwt_bearer\":{\"client_auth\":false,\"scope_claim\":true}");
	assert_int_equal(
	    jwt_bearer_build(asked.provider, &asked.client, &assertion, "x", "", &asked.request, &asked.error),
	    LARDER_OK);
	assert_string_equal(
	    body(&asked.request), "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c");
	asked_end(&asked);
	secret_free(&assertion);
}

static void
a_service_account_brings_issuer_audience_and_key_id(void **state)
{
	struct secret file = a_secret("{\"private_key\":\"PEM\",\"private_key_id\":\"k\",\"client_email\":\"r@x\","
				      "\"token_uri\":\"https://t\",\"type\":\"service_account\"}");
	struct secret pem = a_secret("-----BEGIN"), bare = a_secret("{\"a\":1}"), broken = a_secret("{");
	struct service_account account;
	struct larder_error error;

	(void)state;
	assert_int_equal(service_account_read(&file, &account, &error), LARDER_OK);
	assert_string_equal((const char *)account.private_key.data, "PEM");
	assert_string_equal(account.issuer, "r@x");
	assert_string_equal(account.audience, "https://t");
	assert_string_equal(account.key_id, "k");
	service_account_clear(&account);
	assert_int_equal(service_account_read(&pem, &account, &error), LARDER_NOT_FOUND);
	assert_int_equal(service_account_read(&bare, &account, &error), LARDER_USAGE);
	assert_int_equal(service_account_read(&broken, &account, &error), LARDER_USAGE);
	secret_free(&file);
	secret_free(&pem);
	secret_free(&bare);
	secret_free(&broken);
}

static void
catalogue_entries_say_how_their_providers_want_it(void **state)
{
	struct provider *google = provider_builtin("google"), *zoom = provider_builtin("zoom");

	(void)state;
	assert_true(google->jwt_bearer.scope_claim && !google->jwt_bearer.client_auth);
	assert_string_equal(zoom->client_credentials.grant_type, "account_credentials");
	provider_free(google);
	provider_free(zoom);
}

int
run_grants_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_credentials_are_the_clients_own_and_nothing_else),
		cmocka_unit_test(a_definition_names_the_grant_and_adds_what_it_needs),
		cmocka_unit_test(a_public_client_has_no_credentials_to_ask_with),
		cmocka_unit_test(the_token_endpoint_is_asked_not_that_of_refreshes),
		cmocka_unit_test(a_token_exchange_names_the_type_of_each_token),
		cmocka_unit_test(a_token_type_is_a_word_or_a_uri),
		cmocka_unit_test(a_refresh_token_is_dropped_and_said_to_be),
		cmocka_unit_test(what_is_issued_has_to_be_an_access_token),
		cmocka_unit_test(an_assertion_says_who_for_whom_and_for_how_long),
		cmocka_unit_test(further_claims_are_an_object_that_repeats_nothing),
		cmocka_unit_test(an_assertion_alone_authenticates_where_the_definition_says_so),
		cmocka_unit_test(a_service_account_brings_issuer_audience_and_key_id),
		cmocka_unit_test(catalogue_entries_say_how_their_providers_want_it),
	};

	return cmocka_run_group_tests_name("grants", tests, NULL, NULL);
}
