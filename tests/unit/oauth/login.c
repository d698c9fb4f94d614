/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of logging in. Numbers such as S014 are those of the list of normative requirements. */
#include "oauth/authorize.h"
#include "oauth/device.h"
#include "oauth/identity.h"
#include "oauth/par.h"
#include "oauth/tests.h"
#include "oauth/userinfo.h"

#define STATE "st-1234"

static const struct name_values no_vars = { NULL, 0 };
static const struct oauth_client public_client = { .client_id = "id", .vars = &no_vars };

static struct provider *
provider_at(const char *authorization, const char *members)
{
	struct provider *provider = provider_with(members);

	/* the definition of provider_with has no such endpoint, and names each member once */
	provider->endpoints.authorization = (char *)(uintptr_t)authorization;
	provider->endpoints.device_authorization = (char *)(uintptr_t) "https://as.example/device";
	return provider;
}

static enum larder_code
url_of(const struct provider *provider, const struct authorize *authorize, char *ret, size_t ret_size)
{
	struct buf url = BUF_INIT(AUTHORIZE_URL_MAX);
	struct larder_error error;
	enum larder_code code = authorize_url(provider, &public_client, authorize, &url, &error);

	text_format(ret, ret_size, "%s", buf_str(&url));
	buf_clear(&url);
	return code;
}

/* S014, S040, S091, S095, S169 */
static void
the_url_has_state_challenge_and_what_was_asked_for(void **state)
{
	struct provider *provider = provider_at("https://as.example/authorize", "");
	const struct authorize authorize = { "http://127.0.0.1:8765/callback", STATE, "challenge", "n-1", "a b",
		"https://api.example", "" };
	char url[2048];

	(void)state;
	assert_int_equal(url_of(provider, &authorize, url, sizeof url), LARDER_OK);
	assert_string_equal(url,
	    "https://as.example/authorize?response_type=code&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcallback"
	    "&scope=a+b&state=" STATE
	    "&nonce=n-1&code_challenge=challenge&code_challenge_method=S256&resource=https%3A%2F%2Fapi.example");
	provider_free(provider);
}

/* S005 */
static void
an_existing_query_stays_and_the_definition_adds_its_own(void **state)
{
	struct provider *provider = provider_at("https://as.example/authorize?tenant=1",
	    ",\"authorize_params\":{\"access_type\":\"offline\"},\"offline_scopes\":[\"offline_access\"],\"scope_separator\":\",\"");
	const struct authorize authorize = { "http://127.0.0.1/", STATE, "", "", "a", "", "" };
	char url[2048];

	(void)state;
	assert_int_equal(url_of(provider, &authorize, url, sizeof url), LARDER_OK);
	assert_string_equal(url,
	    "https://as.example/authorize?tenant=1&response_type=code&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%2F"
	    "&scope=a%2Coffline_access&state=" STATE "&access_type=offline");
	provider_free(provider);
}

static void
without_an_endpoint_there_is_no_url(void **state)
{
	struct provider *provider = provider_with("");
	const struct authorize authorize = { "http://127.0.0.1/", STATE, "", "", "", "", "" };
	char url[64];

	(void)state;
	assert_int_equal(url_of(provider, &authorize, url, sizeof url), LARDER_NOT_FOUND);
	provider_free(provider);
}

static enum larder_code
read_query(const char *query, const char *issuer, char *ret, size_t ret_size)
{
	struct secret code = SECRET_INIT;
	struct larder_error error;
	enum larder_code result = redirect_read(query, strlen(query), STATE, issuer, &code, &error);

	text_format(ret, ret_size, "%s", code.data == NULL ? "" : (const char *)code.data);
	secret_free(&code);
	return result;
}

/* S015, S017, S154, S166, S179 */
static void
a_redirect_is_read_only_when_it_answers_this_attempt(void **state)
{
	static const struct {
		const char *query;
		enum larder_code code;
	} cases[] = {
		{ "code=c%2F1&state=" STATE, LARDER_OK },
		{ "state=" STATE "&code=c%2F1&iss=https%3A%2F%2Fas.example&other=1", LARDER_OK },
		{ "code=c%2F1", LARDER_DENIED },
		{ "code=c%2F1&state=", LARDER_DENIED },
		{ "code=c%2F1&state=" STATE "x", LARDER_DENIED },
		{ "code=c%2F1&state=" STATE "&state=" STATE, LARDER_DENIED },
		{ "code=c%2F1&code=c2&state=" STATE, LARDER_DENIED },
		{ "code=c%2F1&state=" STATE "&iss=https%3A%2F%2Fevil.example", LARDER_DENIED },
		{ "code=c%2F1&state=" STATE "&iss=https%3A%2F%2Fas.example%2F", LARDER_DENIED },
		{ "state=" STATE, LARDER_DENIED },
		{ "error=access_denied&state=" STATE, LARDER_DENIED },
		{ "error=access_denied&code=c%2F1&state=" STATE, LARDER_DENIED },
		{ "error=access_denied", LARDER_DENIED },
		{ "error=invalid_scope&state=" STATE, LARDER_REJECTED },
		{ "error=temporarily_unavailable&state=" STATE, LARDER_UNAVAILABLE },
		{ "code=%zz&state=" STATE, LARDER_DENIED },
		{ "", LARDER_DENIED },
	};
	char code[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (read_query(cases[i].query, "https://as.example", code, sizeof code) != cases[i].code)
			fail_msg("%s", cases[i].query);
		assert_string_equal(code, cases[i].code == LARDER_OK ? "c/1" : "");
	}
	assert_int_equal(read_query("code=c&state=" STATE "&iss=anything", NULL, code, sizeof code), LARDER_OK);
}

/* S045 */
static void
what_an_error_says_is_safe_for_a_terminal(void **state)
{
	static const char query[] = "error=bad%1b%5b31m&error_description=%0aline&state=" STATE;
	struct secret code = SECRET_INIT;
	struct larder_error error;

	(void)state;
	assert_int_equal(redirect_read(query, sizeof query - 1, STATE, NULL, &code, &error), LARDER_REJECTED);
	assert_null(strpbrk(error.why, "\x1b\n"));
	assert_non_null(strstr(error.why, "bad\\x1b[31m"));
}

/* S018, S204 */
static void
the_code_goes_with_redirect_uri_and_verifier(void **state)
{
	struct provider *provider = provider_with("");
	struct secret code = a_secret("c/1"), verifier = a_secret("ver");
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(
	    code_build(provider, &public_client, &code, "http://127.0.0.1:1/callback", &verifier, "", &request, &error),
	    LARDER_OK);
	assert_string_equal(request.url, "https://as.example/token");
	assert_string_equal(body(&request),
	    "grant_type=authorization_code&code=c%2F1&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&code_verifier=ver"
	    "&client_id=id");
	http_request_clear(&request);
	secret_free(&code);
	secret_free(&verifier);
	provider_free(provider);
}

static enum larder_code
begin_device(const char *text, struct device_grant *ret)
{
	struct provider *provider = provider_with("");
	struct http_reply reply = a_reply(200, text, strlen(text));
	struct larder_error error;
	enum larder_code code = device_begin_read(provider, &reply, SENT_AT, ret, &error);

	http_reply_clear(&reply);
	provider_free(provider);
	return code;
}

/* S106, S107 */
static void
a_device_answer_needs_its_four_members(void **state)
{
	struct device_grant grant = { .interval_s = 0 };

	(void)state;
	assert_int_equal(
	    begin_device("{\"device_code\":\"d\",\"user_code\":\"A-B\",\"verification_uri\":\"https://v.example/\","
			 "\"expires_in\":600}",
		&grant),
	    LARDER_OK);
	assert_string_equal(grant.user_code, "A-B");
	assert_int_equal(grant.interval_s, 5);
	assert_int_equal(grant.expires_at, SENT_AT + 600);
	device_grant_clear(&grant);
	assert_int_equal(
	    begin_device("{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_url\":\"https://v.example/\","
			 "\"expires_in\":\"600\",\"interval\":9,\"verification_uri_complete\":\"javascript:x\"}",
		&grant),
	    LARDER_OK);
	assert_int_equal(grant.interval_s, 9);
	assert_string_equal(grant.verification_complete, "");
	device_grant_clear(&grant);
	assert_int_equal(
	    begin_device("{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"http://v.example/\","
			 "\"expires_in\":600}",
		&grant),
	    LARDER_UNAVAILABLE);
	assert_int_equal(
	    begin_device(
		"{\"device_code\":\"d\",\"verification_uri\":\"https://v.example/\",\"expires_in\":600}", &grant),
	    LARDER_UNAVAILABLE);
	assert_int_equal(begin_device("<html>", &grant), LARDER_UNAVAILABLE);
}

/* A refusal that names no error: 401 is of the client (RFC 9110 section 15.5.2), the others may be. */
static void
a_log_in_that_is_refused_without_a_word_says_what_to_check(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum larder_code code;
		const char *hint;
	} cases[] = {
		{ 401, "", LARDER_REJECTED, "check the client at the provider" },
		{ 403, "", LARDER_UNAVAILABLE, "if it stays so, check the client" },
		{ 400, "", LARDER_UNAVAILABLE, "if it stays so, check the client" },
		{ 403, "<html>", LARDER_UNAVAILABLE, "try again later" },
		{ 503, "", LARDER_UNAVAILABLE, "try again later" },
	};
	struct provider *provider = provider_with("");
	struct device_grant grant = { .interval_s = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct http_reply reply = a_reply(cases[i].status, cases[i].text, strlen(cases[i].text));
		struct larder_error error;

		assert_int_equal(device_begin_read(provider, &reply, SENT_AT, &grant, &error), cases[i].code);
		assert_non_null(strstr(error.hint, cases[i].hint));
		if (strcmp(cases[i].hint, "try again later") == 0)
			assert_string_equal(error.hint, cases[i].hint);
		http_reply_clear(&reply);
	}
	provider_free(provider);
}

/* S109 to S113 */
static void
a_poll_goes_on_until_the_person_has_decided(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum device_poll poll;
	} cases[] = {
		{ 400, "{\"error\":\"authorization_pending\"}", DEVICE_PENDING },
		{ 400, "{\"error\":\"slow_down\"}", DEVICE_SLOWER },
		{ 400, "{\"error\":\"access_denied\"}", DEVICE_DENIED },
		{ 400, "{\"error\":\"expired_token\"}", DEVICE_EXPIRED },
		{ 401, "{\"error\":\"invalid_client\"}", DEVICE_FAILED },
		{ 503, "", DEVICE_RETRY },
		{ 200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}", DEVICE_TOKENS },
	};
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct http_reply http = a_reply(cases[i].status, cases[i].text, strlen(cases[i].text));
		struct token_reply reply = { .outcome = GRANT_UNKNOWN };

		reply_judge(provider, &http, SENT_AT, &reply);
		if (device_poll_judge(provider, &reply) != cases[i].poll)
			fail_msg("%s", cases[i].text);
		token_reply_clear(&reply);
		http_reply_clear(&http);
	}
	provider_free(provider);
}

static void
an_id_token_tells_whose_account_it_is(void **state)
{
	/* {"sub":"248289761001","email":"jane@example.org"} */
	static const char good[] = "e30.eyJzdWIiOiIyNDgyODk3NjEwMDEiLCJlbWFpbCI6ImphbmVAZXhhbXBsZS5vcmcifQ.c2ln";
	static const char *const bad[] = { "", ".", "..", "e30.e30", "e30.!!.x", "e30.eyJzdWIi.x" };
	struct identity identity;

	(void)state;
	assert_true(identity_read(good, sizeof good - 1, &identity));
	assert_string_equal(identity.subject, "248289761001");
	assert_string_equal(identity.account, "jane@example.org");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(identity_read(bad[i], strlen(bad[i]), &identity));
		assert_string_equal(identity.subject, "");
	}
}

/* S085, S086 */
static void
an_id_token_that_was_made_for_something_else_is_not_believed(void **state)
{
	static const struct identity good = {
		.subject = "1",
		.is_id_token = true,
		.issuer = "https://as.example",
		.audience = "other\nid\n",
		.party = "id",
		.nonce = "n-1",
		.issued_at = 1000,
		.expires_at = 4600,
	};
	const struct identity_terms terms = {
		.issuer = "https://as.example", .client_id = "id", .subject = "1", .nonce = "n-1", .now = 2000
	};
	struct identity_terms alias = { .issuer = "https://as.example/common/v2.0", .is_issuer_alias = true };
	struct identity odd = good;

	(void)state;
	assert_null(identity_objection(&good, &terms));
	text_format(odd.issuer, sizeof odd.issuer, "as.example"); /* as Google may write it */
	assert_null(identity_objection(&odd, &terms));
	text_format(odd.issuer, sizeof odd.issuer, "https://as.example/");
	assert_string_equal(identity_objection(&odd, &terms), "its ID token is of another issuer");
	text_format(odd.issuer, sizeof odd.issuer, "https://as.example/7/v2.0"); /* as Microsoft names a tenant */
	assert_null(identity_objection(&odd, &alias));
	text_format(odd.issuer, sizeof odd.issuer, "https://evil.example/common/v2.0");
	assert_string_equal(identity_objection(&odd, &alias), "its ID token is of another issuer");
	odd = good;
	text_format(odd.audience, sizeof odd.audience, "idx\nxid\n");
	assert_string_equal(identity_objection(&odd, &terms), "its ID token is of another client");
	odd = good;
	text_format(odd.party, sizeof odd.party, "other");
	assert_string_equal(identity_objection(&odd, &terms), "its ID token was issued to another client");
	odd = good;
	text_format(odd.subject, sizeof odd.subject, "2");
	assert_string_equal(identity_objection(&odd, &terms), "its ID token is of another account");
	odd = good;
	odd.nonce[0] = '\0';
	assert_non_null(identity_objection(&odd, &terms));
	odd = good;
	odd.expires_at = 1000;
	assert_non_null(identity_objection(&odd, &terms));
	odd.expires_at = -1;
	assert_non_null(identity_objection(&odd, &terms));
	odd = good;
	odd.issued_at = 3000;
	assert_non_null(identity_objection(&odd, &terms));
	/* what nobody knows is not compared */
	odd = (struct identity){ .is_id_token = true, .issued_at = -1, .expires_at = -1 };
	assert_null(identity_objection(&odd, &(struct identity_terms){ .now = 0 }));
}

static void
the_claims_of_an_id_token_are_read(void **state)
{
	/* {"iss":"https://as.example","sub":"1","aud":["a","id"],"azp":"id","nonce":"n-1","iat":1000,"exp":4600.5} */
	static const char token[] = "e30.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUiLCJzdWIiOiIxIiwiYXVkIjpbImEiLCJpZC"
				    "JdLCJhenAiOiJpZCIsIm5vbmNlIjoibi0xIiwiaWF0IjoxMDAwLCJleHAiOjQ2MDAuNX0.";
	struct identity identity;

	(void)state;
	assert_true(identity_read(token, sizeof token - 1, &identity));
	assert_string_equal(identity.issuer, "https://as.example");
	assert_string_equal(identity.audience, "a\nid\n");
	assert_string_equal(identity.party, "id");
	assert_string_equal(identity.nonce, "n-1");
	assert_int_equal(identity.issued_at, 1000);
	assert_int_equal(identity.expires_at, 4600);
}

/* S155, S156 */
static void
an_answer_without_the_issuer_that_is_always_named_can_be_told(void **state)
{
	static const char *const without[] = { "code=c&state=" STATE, "error=access_denied&state=" STATE,
		"code=c&iss=&state=" STATE, "" };
	static const char *const with[] = { "iss=https%3A%2F%2Fas.example", "error=x&state=" STATE "&iss=a" };

	(void)state;
	for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
		assert_false(redirect_names_issuer(without[i], strlen(without[i])));
	for (size_t i = 0; i < sizeof with / sizeof with[0]; i++)
		assert_true(redirect_names_issuer(with[i], strlen(with[i])));
}

#define PAR_AT "https://as.example/par"

/* S149 */
static void
a_pushed_request_has_all_parameters_and_the_clients_authentication(void **state)
{
	struct provider *provider =
	    provider_at("https://as.example/authorize", ",\"authorize_params\":{\"prompt\":\"x\"}");
	const struct authorize authorize = { "http://127.0.0.1:8765/callback", STATE, "challenge", "", "a b", "", "" };
	struct secret secret = a_secret("s");
	struct oauth_client basic = {
		.client_id = "id", .client_secret = &secret, .auth = AUTH_BASIC, .vars = &no_vars
	};
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_false(par_is_possible(provider, &public_client));
	provider->endpoints.pushed_authorization_request = (char *)(uintptr_t)PAR_AT;
	assert_true(par_is_possible(provider, &public_client));
	assert_int_equal(par_build(provider, &public_client, &authorize, &request, &error), LARDER_OK);
	assert_string_equal(request.url, PAR_AT);
	assert_string_equal(body(&request),
	    "client_id=id&response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcallback&scope=a+b&state=" STATE
	    "&code_challenge=challenge&code_challenge_method=S256&prompt=x");
	http_request_clear(&request);
	assert_int_equal(par_build(provider, &basic, &authorize, &request, &error), LARDER_OK);
	assert_non_null(strstr(body(&request), "client_id=id&"));
	assert_null(strstr(body(&request), "client_secret"));
	assert_string_equal(header(&request, "Authorization"), "Basic aWQ6cw==");
	http_request_clear(&request);
	secret_free(&secret);
	provider_free(provider);
}

/* S150, S152 */
static void
an_answer_to_a_pushed_request_is_a_reference_or_an_error(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum larder_code code;
	} cases[] = {
		{ 201, "{\"request_uri\":\"urn:example:1\",\"expires_in\":60}", LARDER_OK },
		{ 200, "{\"request_uri\":\"urn:example:1\",\"expires_in\":60}", LARDER_OK },
		{ 201, "{\"request_uri\":\"urn:example:1\"}", LARDER_UNAVAILABLE },
		{ 201, "{\"request_uri\":\"urn:example:1\",\"expires_in\":0}", LARDER_UNAVAILABLE },
		{ 201, "{\"request_uri\":\"a b\",\"expires_in\":60}", LARDER_UNAVAILABLE },
		{ 201, "{\"expires_in\":60}", LARDER_UNAVAILABLE },
		{ 201, "<html>", LARDER_UNAVAILABLE },
		{ 400, "{\"error\":\"invalid_request\"}", LARDER_REJECTED },
		{ 401, "{\"error\":\"invalid_client\"}", LARDER_REJECTED },
		{ 400, "{\"error\":\"access_denied\"}", LARDER_DENIED },
		{ 401, "", LARDER_REJECTED },
		{ 403, "", LARDER_UNAVAILABLE },
		{ 405, "", LARDER_REJECTED },
		{ 413, "", LARDER_REJECTED },
		{ 429, "{\"error\":\"slow\"}", LARDER_UNAVAILABLE },
		{ 503, "", LARDER_UNAVAILABLE },
	};
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct http_reply reply = a_reply(cases[i].status, cases[i].text, strlen(cases[i].text));
		struct pushed pushed = { .expires_at = 0 };
		struct larder_error error;

		if (par_read(provider, &reply, SENT_AT, &pushed, &error) != cases[i].code)
			fail_msg("%d %s", cases[i].status, cases[i].text);
		assert_string_equal(pushed.request_uri, cases[i].code == LARDER_OK ? "urn:example:1" : "");
		assert_int_equal(pushed.expires_at, cases[i].code == LARDER_OK ? SENT_AT + 60 : 0);
		http_reply_clear(&reply);
	}
	provider_free(provider);
}

/* S151 */
static void
the_url_after_a_pushed_request_has_client_id_and_reference_only(void **state)
{
	struct provider *provider =
	    provider_at("https://as.example/authorize", ",\"authorize_params\":{\"prompt\":\"x\"}");
	const struct pushed pushed = { "urn:example:1", SENT_AT + 60 };
	struct buf url = BUF_INIT(AUTHORIZE_URL_MAX);
	struct larder_error error;

	(void)state;
	assert_int_equal(par_url(provider, &public_client, &pushed, &url, &error), LARDER_OK);
	assert_string_equal(buf_str(&url), "https://as.example/authorize?client_id=id&request_uri=urn%3Aexample%3A1");
	buf_clear(&url);
	provider_free(provider);
}

static void
the_userinfo_endpoint_tells_whose_account_it_is(void **state)
{
	static const struct {
		const char *members, *text;
		int status;
		const char *subject, *account;
	} cases[] = {
		{ "", "{\"sub\":\"1\",\"email\":\"jane@example.org\"}", 200, "1", "jane@example.org" },
		{ "", "{\"sub\":\"1\",\"preferred_username\":\"jane\"}", 200, "1", "jane" },
		{ ",\"userinfo\":{\"subject_field\":\"data.id\",\"account_field\":\"data.login\"}",
		    "{\"data\":{\"id\":583231,\"login\":\"octo\\u001bcat\"}}", 200, "583231", "octo\\x1bcat" },
		{ "", "{\"sub\":\"1\"}", 401, "", "" },
		{ "", "{\"sub\":[1]}", 200, "", "" },
		{ "", "<html>", 200, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct provider *provider = provider_with(cases[i].members);
		struct http_reply reply = a_reply(cases[i].status, cases[i].text, strlen(cases[i].text));
		struct identity identity;

		assert_int_equal(userinfo_read(provider, &reply, &identity), cases[i].subject[0] != '\0');
		assert_string_equal(identity.subject, cases[i].subject);
		assert_string_equal(identity.account, cases[i].account);
		http_reply_clear(&reply);
		provider_free(provider);
	}
}

static void
the_userinfo_endpoint_is_asked_with_the_new_token(void **state)
{
	struct provider *provider =
	    provider_with(",\"userinfo\":{\"method\":\"POST\",\"headers\":{\"X-Version\":\"2\"}}");
	struct secret token = a_secret("at");
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(userinfo_build(provider, &public_client, &token, &request, &error), LARDER_NOT_FOUND);
	provider->endpoints.userinfo = (char *)(uintptr_t) "https://as.example/me";
	assert_int_equal(userinfo_build(provider, &public_client, &token, &request, &error), LARDER_OK);
	assert_string_equal(request.url, "https://as.example/me");
	assert_string_equal(request.method, "POST");
	assert_string_equal(header(&request, "Authorization"), "Bearer at");
	assert_string_equal(header(&request, "X-Version"), "2");
	http_request_clear(&request);
	secret_free(&token);
	provider_free(provider);
}

int
run_login_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_url_has_state_challenge_and_what_was_asked_for),
		cmocka_unit_test(an_existing_query_stays_and_the_definition_adds_its_own),
		cmocka_unit_test(without_an_endpoint_there_is_no_url),
		cmocka_unit_test(a_redirect_is_read_only_when_it_answers_this_attempt),
		cmocka_unit_test(what_an_error_says_is_safe_for_a_terminal),
		cmocka_unit_test(the_code_goes_with_redirect_uri_and_verifier),
		cmocka_unit_test(a_device_answer_needs_its_four_members),
		cmocka_unit_test(a_log_in_that_is_refused_without_a_word_says_what_to_check),
		cmocka_unit_test(a_poll_goes_on_until_the_person_has_decided),
		cmocka_unit_test(an_id_token_tells_whose_account_it_is),
		cmocka_unit_test(an_id_token_that_was_made_for_something_else_is_not_believed),
		cmocka_unit_test(the_claims_of_an_id_token_are_read),
		cmocka_unit_test(an_answer_without_the_issuer_that_is_always_named_can_be_told),
		cmocka_unit_test(a_pushed_request_has_all_parameters_and_the_clients_authentication),
		cmocka_unit_test(an_answer_to_a_pushed_request_is_a_reference_or_an_error),
		cmocka_unit_test(the_url_after_a_pushed_request_has_client_id_and_reference_only),
		cmocka_unit_test(the_userinfo_endpoint_tells_whose_account_it_is),
		cmocka_unit_test(the_userinfo_endpoint_is_asked_with_the_new_token),
	};

	return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
