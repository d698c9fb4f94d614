/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

#include <stdlib.h>

#include "base/url.h"

static const struct name_values no_vars = { NULL, 0 };

static const struct oauth_client public_client = { .client_id = "id", .vars = &no_vars };

static void
build(const struct provider *provider, const char *scope, const char *resource, struct http_request *ret)
{
	struct secret token = a_secret("rt");
	struct larder_error error;

	*ret = (struct http_request){ .headers_count = 0 };
	if (refresh_build(provider, &public_client, &token, scope, resource, ret, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	secret_free(&token);
}

static enum larder_code
refused(const struct provider *provider, const char *scope, const char *resource, struct larder_error *ret_error)
{
	struct secret token = a_secret("rt");
	struct http_request request = { .headers_count = 0 };
	enum larder_code code = refresh_build(provider, &public_client, &token, scope, resource, &request, ret_error);

	secret_free(&token);
	assert_int_not_equal(code, LARDER_OK);
	assert_int_equal(request.headers_count, 0);
	assert_null(request.body.data);
	assert_string_equal(request.url, "");
	return code;
}

/* S007, S032, S230, S231 */
static void
a_plain_refresh_is_a_form_of_three_parameters(void **state)
{
	struct provider *provider = provider_with("");
	struct http_request request;

	(void)state;
	build(provider, NULL, NULL, &request);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://as.example/token");
	assert_string_equal(body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=id");
	assert_string_equal(header(&request, "Content-Type"), "application/x-www-form-urlencoded");
	assert_string_equal(header(&request, "Accept"), "application/json");
	assert_string_equal(header(&request, "Cache-Control"), "no-store");
	assert_null(header(&request, "Authorization"));
	http_request_clear(&request);
	provider_free(provider);
}

/* S010, S033, S159 */
static void
scope_and_resource_are_sent_only_when_asked_for(void **state)
{
	struct provider *provider = provider_with("");
	struct http_request request;

	(void)state;
	build(provider, "", "", &request);
	assert_string_equal(body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=id");
	http_request_clear(&request);
	build(provider, "a b:c", "https://api.example/x?y=1 urn:z", &request);
	assert_string_equal(body(&request),
	    "grant_type=refresh_token&refresh_token=rt&client_id=id&scope=a+b%3Ac"
	    "&resource=https%3A%2F%2Fapi.example%2Fx%3Fy%3D1&resource=urn%3Az");
	http_request_clear(&request);
	provider_free(provider);
}

static void
scopes_take_the_separator_of_the_definition(void **state)
{
	struct provider *provider = provider_with(",\"scope_separator\":\",\"");
	struct http_request request;

	(void)state;
	build(provider, "a b", NULL, &request);
	assert_string_equal(body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=id&scope=a%2Cb");
	http_request_clear(&request);
	provider_free(provider);
}

static void
a_provider_that_takes_no_scope_in_a_refresh_is_sent_none(void **state)
{
	struct provider *provider = provider_with(",\"refresh\":{\"sends_scope\":false}");
	struct http_request request;

	(void)state;
	build(provider, "a b", NULL, &request);
	assert_string_equal(body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=id");
	http_request_clear(&request);
	provider_free(provider);
}

/* S158 */
static void
a_broken_scope_or_resource_is_refused(void **state)
{
	static const char *const resources[] = { "api.example", "/x", "https://a.example/#f", "https:", "1a:b",
		"https://a.example/\x01", "https://\xc3\xa9.example" };
	struct provider *provider = provider_with("");
	struct larder_error error;

	(void)state;
	assert_int_equal(refused(provider, "a \"b\"", NULL, &error), LARDER_USAGE);
	assert_int_equal(refused(provider, "a\nb", NULL, &error), LARDER_USAGE);
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		assert_int_equal(refused(provider, NULL, resources[i], &error), LARDER_USAGE);
	provider_free(provider);
}

/* S006 */
static void
the_refresh_endpoint_and_its_query_are_kept(void **state)
{
	struct provider *provider = provider_with("");
	struct provider *other;
	struct http_request request;
	static const char text[] = ",\"vars\":{\"t\":{\"default\":\"main\"}}";
	char members[256];

	(void)state;
	provider_free(provider);
	assert_true(text_format(members, sizeof(members), "%s", text));
	other = provider_with(members);
	other->endpoints.refresh = (char[]){ "https://as.example/{t}/renew?v=2" };
	build(other, NULL, NULL, &request);
	assert_string_equal(request.url, "https://as.example/main/renew?v=2");
	assert_string_equal(body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=id");
	http_request_clear(&request);
	provider_free(other);
}

/* S006, S009 */
static void
a_fragment_or_a_repeated_parameter_in_the_url_is_refused(void **state)
{
	struct provider *provider = provider_with("");
	struct larder_error error;

	(void)state;
	provider->endpoints.refresh = (char[]){ "https://as.example/token#x" };
	assert_int_equal(refused(provider, NULL, NULL, &error), LARDER_USAGE);
	provider->endpoints.refresh = (char[]){ "https://as.example/token?client%5Fid=x" };
	assert_int_equal(refused(provider, NULL, NULL, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "client_id"));
	provider->endpoints.refresh = (char[]){ "http://as.example/token" };
	assert_int_equal(refused(provider, NULL, NULL, &error), LARDER_USAGE);
	provider_free(provider);
}

/* S009 */
static void
no_parameter_is_sent_twice(void **state)
{
	struct provider *provider = provider_with("");
	struct name_value twice[] = { { (char[]){ "scope" }, (char[]){ "x" } } };
	struct larder_error error;

	(void)state;
	provider->refresh.extra = (struct name_values){ twice, 1 };
	assert_int_equal(refused(provider, "a", NULL, &error), LARDER_USAGE);
	assert_non_null(strstr(error.why, "'scope'"));
	assert_string_equal(error.name, "x");
	provider->refresh.extra = (struct name_values){ NULL, 0 };
	provider_free(provider);
}

static void
extra_parameters_and_headers_of_the_definition_are_sent(void **state)
{
	struct provider *provider =
	    provider_with(",\"refresh\":{\"extra\":{\"action\":\"requesttoken\",\"who\":\"{client_id}\"},"
			  "\"headers\":{\"accept\":\"application/vnd.x+json\",\"X-Version\":\"2\"}}");
	struct http_request request;

	(void)state;
	build(provider, NULL, NULL, &request);
	assert_string_equal(
	    body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=id&action=requesttoken&who=id");
	assert_string_equal(header(&request, "Accept"), "application/vnd.x+json");
	assert_string_equal(header(&request, "X-Version"), "2");
	http_request_clear(&request);
	provider_free(provider);
}

static void
a_json_body_is_an_object_of_strings(void **state)
{
	struct provider *provider = provider_with(",\"refresh\":{\"body\":\"json\"}");
	struct http_request request;

	(void)state;
	build(provider, "a b", "urn:x urn:\"", &request);
	assert_string_equal(body(&request),
	    "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"rt\",\"client_id\":\"id\",\"scope\":\"a b\","
	    "\"resource\":[\"urn:x\",\"urn:\\\"\"]}");
	assert_string_equal(header(&request, "Content-Type"), "application/json");
	http_request_clear(&request);
	provider_free(provider);
}

static void
a_query_request_has_no_body(void **state)
{
	struct provider *provider = provider_builtin("facebook");
	struct provider *instagram = provider_builtin("instagram");
	struct http_request request;
	struct secret token = a_secret("a+b");
	struct larder_error error;
	struct name_value version[] = { { (char[]){ "v" }, (char[]){ "v23.0" } } };
	const struct name_values vars = { version, 1 };
	const struct oauth_client client = { .client_id = "id", .vars = &vars };

	(void)state;
	request = (struct http_request){ .headers_count = 0 };
	assert_int_equal(refresh_build(provider, &client, &token, NULL, NULL, &request, &error), LARDER_OK);
	assert_string_equal(request.url,
	    "https://graph.facebook.com/v23.0/oauth/access_token?grant_type=fb_exchange_token"
	    "&fb_exchange_token=a%2Bb&client_id=id");
	assert_null(request.body.data);
	assert_null(header(&request, "Content-Type"));
	http_request_clear(&request);
	assert_int_equal(refresh_build(instagram, &public_client, &token, NULL, NULL, &request, &error), LARDER_OK);
	assert_string_equal(request.method, "GET");
	assert_non_null(strstr(request.url, "grant_type=ig_refresh_token&access_token=a%2Bb"));
	assert_null(request.body.data);
	http_request_clear(&request);
	secret_free(&token);
	provider_free(provider);
	provider_free(instagram);
}

static void
a_token_too_long_for_a_url_is_refused(void **state)
{
	struct provider *provider = provider_with(",\"refresh\":{\"body\":\"query\"}");
	struct http_request request = { .headers_count = 0 };
	struct secret token = SECRET_INIT;
	struct larder_error error;

	(void)state;
	assert_true(secret_new(URL_MAX, &token));
	memset(token.data, 'x', token.len);
	assert_int_equal(
	    refresh_build(provider, &public_client, &token, NULL, NULL, &request, &error), LARDER_REJECTED);
	assert_null(strstr(error.why, "xxx"));
	assert_string_equal(request.url, "");
	secret_free(&token);
	provider_free(provider);
}

static void
a_grant_type_of_null_is_not_sent(void **state)
{
	struct provider *provider = provider_builtin("basecamp");
	struct http_request request;

	(void)state;
	build(provider, NULL, NULL, &request);
	assert_string_equal(body(&request), "refresh_token=rt&client_id=id&type=refresh");
	http_request_clear(&request);
	provider_free(provider);
}

static void
what_the_first_request_said_is_repeated_where_the_client_knows_it(void **state)
{
	struct provider *provider = provider_with(",\"refresh\":{\"needs\":[\"redirect_uri\"]}");
	struct secret token = a_secret("rt");
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;
	struct name_value var[] = { { (char[]){ "redirect_uri" }, (char[]){ "http://127.0.0.1/cb" } } };
	const struct name_values vars = { var, 1 };
	const struct oauth_client client = { .client_id = "id", .vars = &vars };

	(void)state;
	assert_int_equal(refresh_build(provider, &client, &token, NULL, NULL, &request, &error), LARDER_OK);
	assert_string_equal(body(&request),
	    "grant_type=refresh_token&refresh_token=rt&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb");
	http_request_clear(&request);
	secret_free(&token);
	provider_free(provider);
}

/* S019, S027 */
static void
a_token_of_64_kib_of_percent_and_plus_is_sent_whole(void **state)
{
	struct provider *provider = provider_with("");
	struct http_request request = { .headers_count = 0 };
	struct secret token = SECRET_INIT;
	struct larder_error error;
	struct buf expected = BUF_INIT((size_t)256 << 10);

	(void)state;
	assert_true(secret_new(TOKEN_MAX, &token));
	for (size_t i = 0; i < token.len; i++)
		token.data[i] = i % 2 == 0 ? '+' : '%';
	assert_int_equal(refresh_build(provider, &public_client, &token, NULL, NULL, &request, &error), LARDER_OK);
	(void)buf_append_str(&expected, "grant_type=refresh_token&refresh_token=");
	for (size_t i = 0; i < token.len; i++)
		(void)buf_append_str(&expected, i % 2 == 0 ? "%2B" : "%25");
	(void)buf_append_str(&expected, "&client_id=id");
	assert_int_equal(request.body.len, expected.len);
	assert_memory_equal(request.body.data, expected.data, expected.len);
	buf_clear(&expected);
	http_request_clear(&request);
	secret_free(&token);
	provider_free(provider);
}

static void
without_a_refresh_token_a_person_has_to_log_in(void **state)
{
	struct provider *provider = provider_with("");
	const struct secret none = SECRET_INIT;
	struct http_request request = { .headers_count = 0 };
	struct larder_error error;

	(void)state;
	assert_int_equal(
	    refresh_build(provider, &public_client, &none, NULL, NULL, &request, &error), LARDER_NEEDS_LOGIN);
	provider_free(provider);
}

static void
the_token_endpoint_is_what_the_request_uses(void **state)
{
	struct provider *provider = provider_builtin("auth0");
	struct name_value var[] = { { (char[]){ "domain" }, (char[]){ "t.auth0.example" } } };
	const struct name_values vars = { var, 1 };
	const struct oauth_client client = { .client_id = "id", .vars = &vars };
	struct buf url = BUF_INIT(URL_MAX);
	struct larder_error error;

	(void)state;
	assert_int_equal(token_endpoint(provider, &client, &url, &error), LARDER_OK);
	assert_string_equal(buf_str(&url), "https://t.auth0.example/oauth/token");
	buf_reset(&url);
	assert_int_equal(token_endpoint(provider, &public_client, &url, &error), LARDER_USAGE);
	assert_int_equal(url.len, 0);
	buf_clear(&url);
	provider_free(provider);
}

static void
nothing_stays_in_locked_memory_after_a_request(void **state)
{
	struct provider *provider = provider_with("");
	struct http_request request;
	struct larder_error error;
	size_t before, after, mapped;

	(void)state;
	arena_usage(&before, &mapped);
	build(provider, "a", "urn:x", &request);
	http_request_clear(&request);
	(void)refused(provider, "\"", NULL, &error);
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
	provider_free(provider);
}

int
run_refresh_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_refresh_is_a_form_of_three_parameters),
		cmocka_unit_test(scope_and_resource_are_sent_only_when_asked_for),
		cmocka_unit_test(scopes_take_the_separator_of_the_definition),
		cmocka_unit_test(a_provider_that_takes_no_scope_in_a_refresh_is_sent_none),
		cmocka_unit_test(a_broken_scope_or_resource_is_refused),
		cmocka_unit_test(the_refresh_endpoint_and_its_query_are_kept),
		cmocka_unit_test(a_fragment_or_a_repeated_parameter_in_the_url_is_refused),
		cmocka_unit_test(no_parameter_is_sent_twice),
		cmocka_unit_test(extra_parameters_and_headers_of_the_definition_are_sent),
		cmocka_unit_test(a_json_body_is_an_object_of_strings),
		cmocka_unit_test(a_query_request_has_no_body),
		cmocka_unit_test(a_token_too_long_for_a_url_is_refused),
		cmocka_unit_test(a_grant_type_of_null_is_not_sent),
		cmocka_unit_test(what_the_first_request_said_is_repeated_where_the_client_knows_it),
		cmocka_unit_test(a_token_of_64_kib_of_percent_and_plus_is_sent_whole),
		cmocka_unit_test(without_a_refresh_token_a_person_has_to_log_in),
		cmocka_unit_test(the_token_endpoint_is_what_the_request_uses),
		cmocka_unit_test(nothing_stays_in_locked_memory_after_a_request),
	};

	return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
