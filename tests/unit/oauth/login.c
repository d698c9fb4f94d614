/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of logging in. Numbers such as S014 are those of the list of normative requirements. */
#include "oauth/authorize.h"
#include "oauth/device.h"
#include "oauth/identity.h"
#include "oauth/tests.h"

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

/* S014, S091, S095 */
static void
the_url_has_state_challenge_and_what_was_asked_for(void **state)
{
	struct provider *provider = provider_at("https://as.example/authorize", "");
	const struct authorize authorize = { "http://127.0.0.1:8765/callback", STATE, "challenge", "a b",
		"https://api.example" };
	char url[2048];

	(void)state;
	assert_int_equal(url_of(provider, &authorize, url, sizeof url), LARDER_OK);
	assert_string_equal(url,
	    "https://as.example/authorize?response_type=code&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcallback"
	    "&scope=a+b&state=" STATE
	    "&code_challenge=challenge&code_challenge_method=S256&resource=https%3A%2F%2Fapi.example");
	provider_free(provider);
}

/* S005 */
static void
an_existing_query_stays_and_the_definition_adds_its_own(void **state)
{
	struct provider *provider = provider_at("https://as.example/authorize?tenant=1",
	    ",\"authorize_params\":{\"access_type\":\"offline\"},\"offline_scopes\":[\"offline_access\"],\"scope_separator\":\",\"");
	const struct authorize authorize = { "http://127.0.0.1/", STATE, "", "a", "" };
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
	const struct authorize authorize = { "http://127.0.0.1/", STATE, "", "", "" };
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

/* S015, S154, S179 */
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

/* S018 */
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
		if (device_poll_judge(&reply) != cases[i].poll)
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
		cmocka_unit_test(a_poll_goes_on_until_the_person_has_decided),
		cmocka_unit_test(an_id_token_tells_whose_account_it_is),
	};

	return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
