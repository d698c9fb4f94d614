/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/protected.h"
#include "oauth/tests.h"
#include "oauth/wellknown.h"

static void
assert_urls(const struct wellknown_urls *urls, const char *first, const char *second, const char *third)
{
	assert_string_equal(urls->urls[0], first);
	assert_int_equal(urls->count, third != NULL ? 3 : second != NULL ? 2 : 1);
	if (second != NULL)
		assert_string_equal(urls->urls[1], second);
	if (third != NULL)
		assert_string_equal(urls->urls[2], third);
}

/* S069, S070 */
static void
metadata_of_an_issuer_is_looked_for_between_host_and_path_and_behind_it(void **state)
{
	struct wellknown_urls urls;

	(void)state;
	wellknown_issuer("https://as.example", &urls);
	assert_urls(&urls, "https://as.example/.well-known/oauth-authorization-server",
	    "https://as.example/.well-known/openid-configuration", NULL);
	wellknown_issuer("https://as.example/", &urls);
	assert_urls(&urls, "https://as.example/.well-known/oauth-authorization-server",
	    "https://as.example/.well-known/openid-configuration", NULL);
	wellknown_issuer("https://as.example:8443/realms/a/", &urls);
	assert_urls(&urls, "https://as.example:8443/.well-known/oauth-authorization-server/realms/a",
	    "https://as.example:8443/.well-known/openid-configuration/realms/a",
	    "https://as.example:8443/realms/a/.well-known/openid-configuration");
}

/* S071, S196, H123 */
static void
an_issuer_is_https_without_query_and_fragment(void **state)
{
	static const char *const bad[] = { "", "issuer.example", "http://issuer.example", "HTTP://issuer.example",
		"https:/issuer.example", "https:///", "https://u@issuer.example", "https://issuer.example/?a=b",
		"https://issuer.example#f", "https://issuer.example:0", "https://issuer.example:99999",
		"https://iss er", "https://\xc3\xa9.example", "https://{x}.example", "file:///etc/passwd",
		"https://2130706433" };
	struct larder_error error;
	struct url url;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (wellknown_check(bad[i], false, &url, &error) != LARDER_USAGE)
			fail_msg("taken: %s", bad[i]);
	}
	assert_int_equal(wellknown_check("https://issuer.example/realms/a", false, &url, &error), LARDER_OK);
	assert_int_equal(wellknown_check("http://127.0.0.1:9000", false, &url, &error), LARDER_OK);
	assert_int_equal(wellknown_check("https://api.example/x?tenant=1", true, &url, &error), LARDER_OK);
}

/* RFC 9728 section 3.1 */
static void
metadata_of_a_resource_is_looked_for_by_its_path_and_then_by_its_host(void **state)
{
	struct wellknown_urls urls;

	(void)state;
	wellknown_resource("https://mcp.example/mcp?x=1", &urls);
	assert_urls(&urls, "https://mcp.example/.well-known/oauth-protected-resource/mcp?x=1",
	    "https://mcp.example/.well-known/oauth-protected-resource", NULL);
	wellknown_resource("https://mcp.example/", &urls);
	assert_urls(&urls, "https://mcp.example/.well-known/oauth-protected-resource", NULL, NULL);
}

static void
assert_param(const char *challenge, const char *name, const char *expected)
{
	struct buf value = BUF_INIT(URL_MAX);
	bool found = protected_challenge_param(challenge, name, &value);

	assert_true(found == (expected != NULL));
	if (expected != NULL)
		assert_string_equal(buf_str(&value), expected);
	else
		assert_int_equal(value.len, 0);
	buf_clear(&value);
}

/* RFC 9728 section 5.1, RFC 9110 section 11.6.1 */
static void
a_challenge_names_the_metadata_of_the_resource(void **state)
{
	static const char name[] = "resource_metadata";

	(void)state;
	assert_param("Bearer resource_metadata=\"https://a/b\"", name, "https://a/b");
	assert_param("bearer RESOURCE_METADATA = \"https://a/b\"", name, "https://a/b");
	assert_param("Basic realm=\"x, Bearer y=z\", Bearer realm=\"\", resource_metadata=\"u\"", name, "u");
	assert_param("Bearer error=\"invalid_token\",resource_metadata=u", name, "u");
	assert_param("Negotiate, DPoP algs=\"ES256\", resource_metadata=\"a\\\"b\"", name, "a\"b");
	assert_param("Bearer scope=\"a b\"", "scope", "a b");
	assert_param("Basic resource_metadata=\"https://a/b\"", name, NULL);
	assert_param("Bearer resource_metadata=\"a\", resource_metadata=\"b\"", name, NULL);
	assert_param("Bearer resource_metadata=\"a", name, NULL);
	assert_param("Bearer resource_metadata=", name, NULL);
	assert_param("Bearer resource_metadata=\"\"", name, NULL);
	assert_param("Bearer x_resource_metadata=\"a\"", name, NULL);
	assert_param("Bearer", name, NULL);
	assert_param("", name, NULL);
	assert_param("=\"a\"", name, NULL);
}

/* RFC 9728 section 3.3 and 7.3 */
static void
a_document_speaks_for_its_own_resource_or_what_is_below_it(void **state)
{
	(void)state;
	assert_true(protected_is_of("https://m.example/mcp", "https://m.example/mcp"));
	assert_true(protected_is_of("https://m.example", "https://m.example/mcp"));
	assert_true(protected_is_of("https://m.example/", "https://m.example"));
	assert_true(protected_is_of("https://M.example:443/mcp", "https://m.example/mcp/x"));
	assert_false(protected_is_of("https://m.example/mcp/x", "https://m.example/mcp"));
	assert_false(protected_is_of("https://m.example/mc", "https://m.example/mcp"));
	assert_false(protected_is_of("https://m.example/MCP", "https://m.example/mcp"));
	assert_false(protected_is_of("https://evil.example/mcp", "https://m.example/mcp"));
	assert_false(protected_is_of("https://m.example:8443/mcp", "https://m.example/mcp"));
	assert_false(protected_is_of("http://m.example/mcp", "https://m.example/mcp"));
	assert_false(protected_is_of("https://m.example/mcp?a", "https://m.example/mcp"));
	assert_false(protected_is_of("nonsense", "https://m.example/mcp"));
}

static void
assert_read(const char *document, enum larder_code expected, const char *why)
{
	struct protected_resource found;
	struct larder_error error = { .code = LARDER_OK };

	assert_int_equal(
	    protected_read("https://m.example/mcp", false, document, strlen(document), &found, &error), expected);
	if (why != NULL && strstr(error.why, why) == NULL)
		fail_msg("%s", error.why);
}

static void
a_resource_names_its_issuers_and_scopes(void **state)
{
	static const char document[] =
	    "{\"resource\":\"https://m.example/mcp\",\"authorization_servers\":"
	    "[\"https://a.example\",\"https://b.example/t\"],\"scopes_supported\":[\"x\",\"y z\",1,\"w\"],"
	    "\"bearer_methods_supported\":[\"body\",\"header\"],\"later\":{}}";
	struct protected_resource found;
	struct larder_error error;

	(void)state;
	assert_int_equal(
	    protected_read("https://m.example/mcp", false, document, sizeof(document) - 1, &found, &error), LARDER_OK);
	assert_string_equal(found.resource, "https://m.example/mcp");
	assert_int_equal(found.servers_count, 2);
	assert_string_equal(found.servers[1], "https://b.example/t");
	assert_string_equal(found.scope, "x w");
}

static void
a_document_of_another_resource_or_with_unfit_issuers_is_refused(void **state)
{
	(void)state;
	assert_read("{\"resource\":\"https://evil.example/mcp\"}", LARDER_DENIED, "it is of https://evil.example/mcp");
	assert_read("{}", LARDER_UNAVAILABLE, "resource: missing");
	assert_read("{\"resource\":1}", LARDER_UNAVAILABLE, "resource: missing");
	assert_read("[]", LARDER_UNAVAILABLE, "no JSON object");
	assert_read("", LARDER_UNAVAILABLE, NULL);
	assert_read("{\"resource\":\"https://m.example/mcp\",\"resource\":\"https://m.example/mcp\"}",
	    LARDER_UNAVAILABLE, "two members");
	assert_read("{\"resource\":\"https://m.example/mcp\",\"authorization_servers\":[\"http://a.example\"]}",
	    LARDER_DENIED, "is not https");
	assert_read("{\"resource\":\"https://m.example/mcp\",\"authorization_servers\":[\"http://127.0.0.1\"]}",
	    LARDER_DENIED, "is not https");
	assert_read(
	    "{\"resource\":\"https://m.example/mcp\",\"authorization_servers\":[\"file:///x\"]}", LARDER_DENIED, NULL);
	assert_read("{\"resource\":\"https://m.example/mcp\",\"authorization_servers\":\"https://a.example\"}",
	    LARDER_UNAVAILABLE, "not a list");
	assert_read("{\"resource\":\"https://m.example/mcp\",\"bearer_methods_supported\":[\"query\"]}",
	    LARDER_REJECTED, "in the header");
}

int
run_protected_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_of_an_issuer_is_looked_for_between_host_and_path_and_behind_it),
		cmocka_unit_test(an_issuer_is_https_without_query_and_fragment),
		cmocka_unit_test(metadata_of_a_resource_is_looked_for_by_its_path_and_then_by_its_host),
		cmocka_unit_test(a_challenge_names_the_metadata_of_the_resource),
		cmocka_unit_test(a_document_speaks_for_its_own_resource_or_what_is_below_it),
		cmocka_unit_test(a_resource_names_its_issuers_and_scopes),
		cmocka_unit_test(a_document_of_another_resource_or_with_unfit_issuers_is_refused),
	};

	return cmocka_run_group_tests_name("protected", tests, NULL, NULL);
}
