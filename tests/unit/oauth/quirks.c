/* SPDX-License-Identifier: Apache-2.0 */
/* Deviations from the RFCs that definitions express: other names, other statuses, other ways to say who one is. */
#include "oauth/authorize.h"
#include "oauth/device.h"
#include "oauth/tests.h"

static void
revoke_with(const char *id, struct http_request *ret)
{
	struct provider *provider = provider_builtin(id);
	struct secret token = a_secret("tok"), secret = a_secret("s");
	struct name_value shop[] = { { (char[]){ "shop" }, (char[]){ "mine" } } };
	const struct name_values vars = { shop, 1 };
	const struct oauth_client client = { .client_id = "id", .client_secret = &secret, .vars = &vars };
	struct larder_error error;

	*ret = (struct http_request){ .headers_count = 0 };
	if (revoke_build(provider, &client, TOKEN_ACCESS, &token, NULL, false, ret, &error) != LARDER_OK)
		fail_msg("%s: %s", id, error.why);
	secret_free(&token);
	secret_free(&secret);
	provider_free(provider);
}

static void
a_revocation_says_who_asks_in_the_provider_s_own_way(void **state)
{
	struct http_request request;

	(void)state;
	revoke_with("facebook", &request);
	assert_string_equal(request.method, "DELETE");
	assert_non_null(strstr(request.url, "/me/permissions?access_token=tok"));
	http_request_clear(&request);
	revoke_with("shopify", &request);
	assert_string_equal(request.method, "DELETE");
	assert_string_equal(request.url, "https://mine.myshopify.com/admin/api_permissions/current.json");
	assert_string_equal(header(&request, "X-Shopify-Access-Token"), "tok");
	assert_string_equal(body(&request), "");
	http_request_clear(&request);
	revoke_with("square", &request);
	assert_string_equal(header(&request, "Authorization"), "Client s");
	assert_string_equal(body(&request), "{\"access_token\":\"tok\",\"client_id\":\"id\"}");
	http_request_clear(&request);
}

static void
parameters_go_by_the_provider_s_names(void **state)
{
	struct provider *tiktok = provider_builtin("tiktok"), *business = provider_builtin("tiktok-business");
	struct secret token = a_secret("rt"), secret = a_secret("s"), code = a_secret("c"), none = SECRET_INIT;
	const struct oauth_client client = { .client_id = "id", .client_secret = &secret };
	const struct authorize authorize = { "https://a.example/cb", "st", "", "", "x y", "", "" };
	struct http_request request = { .headers_count = 0 };
	struct buf url = BUF_INIT(AUTHORIZE_URL_MAX);
	struct larder_error error;

	(void)state;
	assert_int_equal(refresh_build(tiktok, &client, &token, "", NULL, &request, &error), LARDER_OK);
	assert_string_equal(body(&request), "grant_type=refresh_token&refresh_token=rt&client_key=id&client_secret=s");
	http_request_clear(&request);
	assert_int_equal(authorize_url(tiktok, &client, &authorize, &url, &error), LARDER_OK);
	assert_non_null(strstr(buf_str(&url), "&client_key=id&"));
	assert_null(strstr(buf_str(&url), "client_id"));
	assert_int_equal(
	    code_build(business, &client, &code, "https://a.example/cb", &none, "", &request, &error), LARDER_OK);
	assert_string_equal(body(&request),
	    "{\"grant_type\":\"authorization_code\",\"auth_code\":\"c\",\"redirect_uri\":\"https://a.example/cb\","
	    "\"client_id\":\"id\",\"client_secret\":\"s\"}");
	http_request_clear(&request);
	buf_clear(&url);
	secret_free(&token);
	secret_free(&secret);
	secret_free(&code);
	provider_free(tiktok);
	provider_free(business);
}

static void
poll_with(const char *id, const char *url, const char *text)
{
	struct provider *provider = provider_builtin(id);
	struct secret secret = a_secret("s");
	const struct oauth_client client = { .client_id = "id", .client_secret = &secret, .auth = AUTH_POST };
	struct device_grant grant = { .device_code = a_secret("dc"), .user_code = "WX-YZ" };
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	assert_int_equal(device_poll_build(provider, &client, &grant, &request, &error), LARDER_OK);
	assert_string_equal(request.url, url);
	assert_string_equal(body(&request), text);
	http_request_clear(&request);
	device_grant_clear(&grant);
	secret_free(&secret);
	provider_free(provider);
}

static void
a_device_asks_as_the_provider_wants_it(void **state)
{
	(void)state;
	poll_with("trakt", "https://api.trakt.tv/oauth/device/token",
	    "{\"code\":\"dc\",\"client_id\":\"id\",\"client_secret\":\"s\"}");
	poll_with("amazon", "https://api.amazon.com/auth/o2/token",
	    "grant_type=device_code&device_code=dc&user_code=WX-YZ&client_id=id&client_secret=s");
}

static void
a_status_without_an_error_means_what_the_definition_says(void **state)
{
	static const struct {
		int status;
		enum device_poll poll;
	} cases[] = { { 400, DEVICE_PENDING }, { 404, DEVICE_FAILED }, { 410, DEVICE_EXPIRED }, { 418, DEVICE_DENIED },
		{ 429, DEVICE_SLOWER }, { 503, DEVICE_RETRY } };
	struct provider *provider = provider_builtin("trakt");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct http_reply http = a_reply(cases[i].status, "", 0);
		struct token_reply reply = { .outcome = GRANT_UNKNOWN };

		reply_judge(provider, &http, SENT_AT, &reply);
		if (device_poll_judge(provider, &reply) != cases[i].poll)
			fail_msg("status %d", cases[i].status);
		token_reply_clear(&reply);
		http_reply_clear(&http);
	}
	provider_free(provider);
}

static void
tokens_are_found_under_the_provider_s_names(void **state)
{
	static const char text[] = "{\"token\":\"at\",\"refreshToken\":\"rt\",\"expiresAt\":\"2023-11-14T23:13:20Z\","
				   "\"scopes\":[\"a\",\"b\"]}";
	struct provider *provider = provider_builtin("sentry");
	struct http_reply http = a_reply(201, text, sizeof text - 1);
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };

	(void)state;
	reply_judge(provider, &http, SENT_AT, &reply);
	assert_int_equal(reply.outcome, GRANT_TOKENS);
	assert_true(reply.usable && reply.refresh_token_came);
	assert_memory_equal(reply.access_token.data, "at", 2);
	assert_memory_equal(reply.refresh_token.data, "rt", 2);
	assert_int_equal(reply.expires_at, SENT_AT + 3600);
	assert_string_equal(reply.scope, "a b");
	token_reply_clear(&reply);
	http_reply_clear(&http);
	provider_free(provider);
}

static void
a_text_for_people_ends_a_grant_where_the_definition_says_so(void **state)
{
	static const char dead[] = "{\"status\":400,\"message\":\"Invalid refresh token\"}";
	static const char other[] = "{\"status\":400,\"message\":\"missing client id\"}";
	struct provider *provider = provider_builtin("twitch");
	struct http_reply http = a_reply(400, dead, sizeof dead - 1);
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };

	(void)state;
	reply_judge(provider, &http, SENT_AT, &reply);
	assert_int_equal(reply.outcome, GRANT_ENDED);
	token_reply_clear(&reply);
	http_reply_clear(&http);
	http = a_reply(400, other, sizeof other - 1);
	reply_judge(provider, &http, SENT_AT, &reply);
	assert_int_equal(reply.outcome, GRANT_REJECTED);
	token_reply_clear(&reply);
	http_reply_clear(&http);
	provider_free(provider);
}

static void
what_a_definition_wants_kept_is_taken_from_wherever_it_stands(void **state)
{
	static const char text[] =
	    "{\"ok\":true,\"access_token\":\"at\",\"token_type\":\"bot\",\"bot_user_id\":\"B\\n\","
	    "\"team\":{\"id\":\"T1\"},\"enterprise\":null,\"authed_user\":{\"id\":7}}";
	struct provider *provider = provider_builtin("slack");
	struct http_reply http = a_reply(200, text, sizeof text - 1);
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };

	(void)state;
	reply_judge(provider, &http, SENT_AT, &reply);
	assert_int_equal(reply.outcome, GRANT_TOKENS);
	assert_string_equal(reply.extra, "team.id=T1\nauthed_user.id=7\n"); /* the one with a line end stays out */
	token_reply_clear(&reply);
	http_reply_clear(&http);
	provider_free(provider);
}

static void
newer_extras_take_the_place_of_those_of_their_names(void **state)
{
	char old[EXTRA_SIZE] = "a=1\nb=2=x\n";
	const char *value = NULL;
	size_t len = 0;

	(void)state;
	extra_merge(old, "");
	assert_string_equal(old, "a=1\nb=2=x\n");
	extra_merge(old, "c=3\na=4\n");
	assert_string_equal(old, "c=3\na=4\nb=2=x\n");
	assert_true(extra_find(old, "b", 1, &value, &len));
	assert_memory_equal(value, "2=x", len);
	assert_false(extra_find(old, "d", 1, &value, &len));
}

int
run_quirks_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_revocation_says_who_asks_in_the_provider_s_own_way),
		cmocka_unit_test(parameters_go_by_the_provider_s_names),
		cmocka_unit_test(a_device_asks_as_the_provider_wants_it),
		cmocka_unit_test(a_status_without_an_error_means_what_the_definition_says),
		cmocka_unit_test(a_text_for_people_ends_a_grant_where_the_definition_says_so),
		cmocka_unit_test(what_a_definition_wants_kept_is_taken_from_wherever_it_stands),
		cmocka_unit_test(newer_extras_take_the_place_of_those_of_their_names),
		cmocka_unit_test(tokens_are_found_under_the_provider_s_names),
	};

	return cmocka_run_group_tests_name("quirks", tests, NULL, NULL);
}
