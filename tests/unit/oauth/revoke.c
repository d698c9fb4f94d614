/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

static void
build(const struct provider *provider, enum token_kind kind, const char *bearer_text, bool with_hint,
    struct http_request *ret)
{
	struct secret token = a_secret("tok+en"), secret = a_secret("s"), bearer = a_secret(bearer_text);
	struct name_value var[] = { { (char[]){ "api" }, (char[]){ "https://api.github.example" } },
		{ (char[]){ "base" }, (char[]){ "https://fa.example" } },
		{ (char[]){ "instance" }, (char[]){ "i.example" } } };
	const struct name_values vars = { var, 3 };
	const struct oauth_client client = { .client_id = "id", .client_secret = &secret, .vars = &vars };
	struct larder_error error;

	*ret = (struct http_request){ .headers_count = 0 };
	if (revoke_build(provider, &client, kind, &token, &bearer, with_hint, ret, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	secret_free(&token);
	secret_free(&secret);
	secret_free(&bearer);
}

static void
assert_refused(const char *id, enum token_kind kind, const char *why)
{
	struct provider *provider = provider_builtin(id);
	struct secret token = a_secret("t");
	const struct oauth_client client = { .client_id = "id" };
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	assert_int_equal(revoke_build(provider, &client, kind, &token, NULL, true, &request, &error), LARDER_NOT_FOUND);
	if (strstr(error.why, why) == NULL)
		fail_msg("%s: says \"%s\" instead of \"%s\"", id, error.why, why);
	assert_int_equal(request.headers_count, 0);
	secret_free(&token);
	provider_free(provider);
}

/* S046, S047, S048, S049 */
static void
the_token_goes_with_its_hint_in_the_body(void **state)
{
	struct provider *provider = provider_with("");
	struct http_request request;

	(void)state;
	build(provider, TOKEN_REFRESH, "", true, &request);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://as.example/revoke");
	assert_string_equal(body(&request), "token=tok%2Ben&token_type_hint=refresh_token");
	assert_string_equal(header(&request, "Authorization"), "Basic aWQ6cw==");
	http_request_clear(&request);
	build(provider, TOKEN_ACCESS, "", true, &request);
	assert_string_equal(body(&request), "token=tok%2Ben&token_type_hint=access_token");
	http_request_clear(&request);
	build(provider, TOKEN_ACCESS, "", false, &request);
	assert_string_equal(body(&request), "token=tok%2Ben");
	http_request_clear(&request);
	provider_free(provider);
}

/* S049 */
static void
a_public_client_names_itself(void **state)
{
	struct provider *provider = provider_with("");
	struct secret token = a_secret("t");
	const struct oauth_client client = { .client_id = "id" };
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(
	    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, true, &request, &error), LARDER_OK);
	assert_string_equal(body(&request), "token=t&token_type_hint=refresh_token&client_id=id");
	assert_null(header(&request, "Authorization"));
	http_request_clear(&request);
	secret_free(&token);
	provider_free(provider);
}

static void
slack_gets_the_access_token_as_bearer_and_no_parameter(void **state)
{
	struct provider *provider = provider_builtin("slack");
	struct http_request request;

	(void)state;
	build(provider, TOKEN_ACCESS, "", true, &request);
	assert_string_equal(request.url, "https://slack.com/api/auth.revoke");
	assert_string_equal(header(&request, "Authorization"), "Bearer tok+en");
	assert_string_equal(body(&request), "");
	http_request_clear(&request);
	provider_free(provider);
	assert_refused("slack", TOKEN_REFRESH, "revokes no refresh tokens");
}

static void
github_gets_a_delete_with_json_and_basic(void **state)
{
	struct provider *provider = provider_builtin("github-app");
	struct http_request request;

	(void)state;
	build(provider, TOKEN_ACCESS, "", true, &request);
	assert_string_equal(request.method, "DELETE");
	assert_string_equal(request.url, "https://api.github.example/applications/id/token");
	assert_string_equal(body(&request), "{\"access_token\":\"tok+en\"}");
	assert_string_equal(header(&request, "Content-Type"), "application/json");
	assert_string_equal(header(&request, "Authorization"), "Basic aWQ6cw==");
	http_request_clear(&request);
	provider_free(provider);
	assert_refused("github-app", TOKEN_ACCESS, "secret");
}

static void
a_token_in_the_url_is_encoded_there_and_sent_once(void **state)
{
	struct provider *fusionauth = provider_builtin("fusionauth");
	struct provider *servicenow = provider_builtin("servicenow");
	struct http_request request;

	(void)state;
	build(fusionauth, TOKEN_REFRESH, "", true, &request);
	assert_int_equal(strncmp(request.url, "https://fa.example/api/jwt/refresh?token=tok%2Ben", 49), 0);
	assert_null(strstr(request.url + 49, "tok"));
	http_request_clear(&request);
	build(servicenow, TOKEN_REFRESH, "", true, &request);
	assert_string_equal(request.method, "GET");
	assert_string_equal(request.url, "https://i.example/oauth_revoke_token.do?token=tok%2Ben&client_id=id");
	assert_string_equal(body(&request), "");
	http_request_clear(&request);
	provider_free(fusionauth);
	provider_free(servicenow);
}

static void
a_bearer_beside_the_token_is_the_given_access_token(void **state)
{
	struct provider *provider =
	    provider_with(",\"revoke\":{\"style\":\"bearer_and_token\",\"client_auth\":\"bearer_access_token\","
			  "\"accepts\":[\"access_token\",\"refresh_token\"]}");
	struct secret token = a_secret("t");
	const struct oauth_client client = { .client_id = "id" };
	struct http_request request;
	struct larder_error error;

	(void)state;
	build(provider, TOKEN_REFRESH, "at", true, &request);
	assert_string_equal(header(&request, "Authorization"), "Bearer at");
	assert_string_equal(body(&request), "token=tok%2Ben");
	http_request_clear(&request);
	build(provider, TOKEN_ACCESS, "at", true, &request);
	assert_string_equal(header(&request, "Authorization"), "Bearer tok+en");
	http_request_clear(&request);
	assert_int_equal(
	    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, true, &request, &error), LARDER_NOT_FOUND);
	secret_free(&token);
	provider_free(provider);
}

static void
what_cannot_be_revoked_is_said_with_the_page_for_people(void **state)
{
	struct provider *provider = provider_builtin("microsoft");
	struct secret token = a_secret("t");
	const struct oauth_client client = { .client_id = "id" };
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(
	    revoke_build(provider, &client, TOKEN_REFRESH, &token, NULL, true, &request, &error), LARDER_NOT_FOUND);
	assert_non_null(strstr(error.hint, "https://myapps.microsoft.com/"));
	secret_free(&token);
	provider_free(provider);
	assert_refused("microsoft", TOKEN_REFRESH, "no revocation endpoint");
	assert_refused("heroku", TOKEN_REFRESH, "revokes no refresh tokens");
	assert_refused("xero", TOKEN_ACCESS, "revokes no access tokens");
	assert_refused("generic", TOKEN_REFRESH, "has no value");
}

/* What judging a reply gives. */
static enum revoke_outcome
judge(const struct provider *provider, bool with_hint, int status, const char *text)
{
	struct http_reply reply = a_reply(status, text, strlen(text));
	struct revoke_verdict verdict;

	revoke_judge(provider, TOKEN_REFRESH, with_hint, &reply, SENT_AT, &verdict);
	http_reply_clear(&reply);
	assert_int_equal(verdict.message[0] == '\0', verdict.outcome == REVOKED);
	return verdict.outcome;
}

/* S048, S052, S053, S054, S055, S060 */
static void
a_reply_of_the_rfc_s_endpoint_is_judged_by_status_and_code(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum revoke_outcome with_hint, without;
	} rows[] = {
		{ 200, "", REVOKED, REVOKED },
		{ 200, "<html>", REVOKED, REVOKED },
		{ 200, "{\"error\":\"invalid_client\"}", REVOKED, REVOKED },
		{ 204, "", REVOKED, REVOKED },
		{ 202, "", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 400, "{\"error\":\"unsupported_token_type\"}", REVOKE_UNSUPPORTED, REVOKE_UNSUPPORTED },
		{ 400, "{\"error\":\"invalid_request\"}", REVOKE_TRY_NO_HINT, REVOKE_REFUSED },
		{ 400, "", REVOKE_TRY_NO_HINT, REVOKE_REFUSED },
		{ 400, "{\"error\":\"invalid_client\"}", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 400, "{\"error\":\"invalid_token\"}", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 401, "{\"error\":\"invalid_client\"}", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 401, "", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 403, "", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 404, "<html>", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 408, "", REVOKE_RETRY, REVOKE_RETRY },
		{ 429, "", REVOKE_RETRY, REVOKE_RETRY },
		{ 500, "", REVOKE_RETRY, REVOKE_RETRY },
		{ 502, "<html>", REVOKE_RETRY, REVOKE_RETRY },
		{ 503, "", REVOKE_RETRY, REVOKE_RETRY },
		{ 302, "", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 307, "{\"error\":\"temporarily\"}", REVOKE_REFUSED, REVOKE_REFUSED },
		{ 0, "", REVOKE_RETRY, REVOKE_RETRY },
		{ 400, "{\"error\":\"temporarily_unavailable\"}", REVOKE_RETRY, REVOKE_RETRY },
	};
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (judge(provider, true, rows[i].status, rows[i].text) != rows[i].with_hint ||
		    judge(provider, false, rows[i].status, rows[i].text) != rows[i].without)
			fail_msg("%d %s", rows[i].status, rows[i].text);
	}
	provider_free(provider);
}

/* S054 */
static void
a_definition_s_own_signs_of_success_count(void **state)
{
	struct provider *slack = provider_builtin("slack"), *google = provider_builtin("google");
	struct provider *github = provider_builtin("github-app"), *salesforce = provider_builtin("salesforce");
	struct provider *yandex = provider_builtin("yandex");

	(void)state;
	assert_int_equal(judge(slack, true, 200, "{\"ok\":true,\"revoked\":true}"), REVOKED);
	assert_int_equal(judge(slack, true, 200, "{\"ok\":false,\"error\":\"token_revoked\"}"), REVOKED);
	assert_int_equal(judge(slack, true, 200, "{\"ok\":false,\"error\":\"fatal_error\"}"), REVOKE_REFUSED);
	assert_int_equal(judge(slack, true, 200, "<html>"), REVOKE_REFUSED);
	assert_int_equal(judge(google, true, 400, "{\"error\":\"invalid_token\"}"), REVOKED);
	assert_int_equal(judge(google, true, 400, "{\"error\":\"invalid_client\"}"), REVOKE_REFUSED);
	assert_int_equal(judge(github, true, 204, ""), REVOKED);
	assert_int_equal(judge(github, true, 404, "{\"message\":\"Not Found\"}"), REVOKED);
	assert_int_equal(judge(github, true, 401, "{\"message\":\"Bad credentials\"}"), REVOKE_REFUSED);
	assert_int_equal(judge(salesforce, true, 400, "{\"error\":\"unsupported_token_type\"}"), REVOKED);
	assert_int_equal(judge(salesforce, true, 400, "{\"error\":\"invalid_client\"}"), REVOKE_REFUSED);
	assert_int_equal(judge(yandex, true, 200, "{\"status\":\"ok\"}"), REVOKED);
	assert_int_equal(judge(yandex, true, 200, "{\"status\":\"no\"}"), REVOKE_REFUSED);
	provider_free(slack);
	provider_free(google);
	provider_free(github);
	provider_free(salesforce);
	provider_free(yandex);
}

/* S056 */
static void
the_time_to_retry_and_an_escaped_reason_are_told(void **state)
{
	static const char text[] =
	    "{\"error\":\"temporarily_unavailable\",\"error_description\":\"come \\u001b[31mlater\"}";
	struct provider *provider = provider_with("");
	struct http_reply reply = a_reply(503, text, sizeof(text) - 1);
	struct revoke_verdict verdict;

	(void)state;
	(void)text_format(reply.retry_after, sizeof(reply.retry_after), "Tue, 14 Nov 2023 22:13:50 GMT");
	revoke_judge(provider, TOKEN_REFRESH, true, &reply, SENT_AT, &verdict);
	assert_int_equal(verdict.outcome, REVOKE_RETRY);
	assert_int_equal(verdict.retry_after_s, 30);
	assert_string_equal(verdict.message, "HTTP 503, temporarily_unavailable (come \\x1b[31mlater)");
	http_reply_clear(&reply);
	provider_free(provider);
}

/* S229 */
static void
a_redirect_is_told_with_its_target_made_safe(void **state)
{
	struct provider *provider = provider_with("");
	struct http_reply reply = a_reply(307, "", 0);
	struct revoke_verdict verdict;

	(void)state;
	(void)text_format(reply.location, sizeof(reply.location), "https://evil.example\x1b[2J");
	revoke_judge(provider, TOKEN_REFRESH, true, &reply, SENT_AT, &verdict);
	assert_int_equal(verdict.outcome, REVOKE_REFUSED);
	assert_string_equal(
	    verdict.message, "HTTP 307, a redirect to https://evil.example\\x1b[2J, which is not followed");
	http_reply_clear(&reply);
	provider_free(provider);
}

int
run_revoke_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_goes_with_its_hint_in_the_body),
		cmocka_unit_test(a_public_client_names_itself),
		cmocka_unit_test(slack_gets_the_access_token_as_bearer_and_no_parameter),
		cmocka_unit_test(github_gets_a_delete_with_json_and_basic),
		cmocka_unit_test(a_token_in_the_url_is_encoded_there_and_sent_once),
		cmocka_unit_test(a_bearer_beside_the_token_is_the_given_access_token),
		cmocka_unit_test(what_cannot_be_revoked_is_said_with_the_page_for_people),
		cmocka_unit_test(a_reply_of_the_rfc_s_endpoint_is_judged_by_status_and_code),
		cmocka_unit_test(a_definition_s_own_signs_of_success_count),
		cmocka_unit_test(the_time_to_retry_and_an_escaped_reason_are_told),
		cmocka_unit_test(a_redirect_is_told_with_its_target_made_safe),
	};

	return cmocka_run_group_tests_name("revoke", tests, NULL, NULL);
}
