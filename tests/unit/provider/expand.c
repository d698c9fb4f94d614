/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/url.h"
#include "provider/tests.h"

struct expand_case {
	const char *template;
	const char *name; /* NULL: no variable given */
	const char *value;
	const char *url; /* NULL: refused */
};

static const char definition[] =
    "{\"id\":\"x\",\"vars\":{\"host\":{\"required\":true},\"tenant\":{\"default\":\"common\"},\"as\":{\"default\":\"default\"},"
    "\"base\":{\"required\":true},\"port\":{\"default\":\"443\"},\"shop\":{\"required\":true,\"pattern\":\"[a-z][a-z-]*\"},"
    "\"optional\":{}},\"endpoints\":{\"token\":\"https://as.example/t\"}}";

static enum larder_code
expand(const struct provider *provider, const struct expand_case *c, struct buf *url, struct larder_error *error)
{
	char name[64] = "";
	char value[2048] = "";
	struct name_value item = { .name = name, .value = value };
	struct name_values vars = { .items = &item, .count = c->name != NULL };

	if (c->name != NULL) {
		assert_true(strlen(c->value) < sizeof(value));
		memcpy(name, c->name, strlen(c->name));
		memcpy(value, c->value, strlen(c->value));
	}
	return provider_expand(provider, c->template, &vars, url, error);
}

static void
check(const char *text, const struct expand_case *cases, size_t count)
{
	struct provider *provider = load(text);

	for (size_t i = 0; i < count; i++) {
		struct buf url = BUF_INIT(URL_MAX);
		struct larder_error error;
		enum larder_code code = expand(provider, &cases[i], &url, &error);

		if (cases[i].url == NULL && code != LARDER_USAGE)
			fail_msg("%s with %s: not refused: %s", cases[i].template, cases[i].value, buf_str(&url));
		if (cases[i].url == NULL)
			assert_int_equal(url.len, 0);
		if (cases[i].url != NULL && code != LARDER_OK)
			fail_msg("%s: %s", cases[i].template, error.why);
		if (cases[i].url != NULL)
			assert_string_equal(buf_str(&url), cases[i].url);
		buf_clear(&url);
	}
	provider_free(provider);
}

static void
a_value_lands_in_its_place(void **state)
{
	static const struct expand_case cases[] = {
		{ "https://as.example/t", NULL, NULL, "https://as.example/t" },
		{ "https://{host}/t", "host", "a.example", "https://a.example/t" },
		{ "https://{host}/t", "host", "a.example:8443", "https://a.example:8443/t" },
		{ "https://{host}", "host", "a.example", "https://a.example" },
		{ "https://as.example/{tenant}/t", NULL, NULL, "https://as.example/common/t" },
		{ "https://as.example/{tenant}/t", "tenant", "9188040d-6c67", "https://as.example/9188040d-6c67/t" },
		{ "https://as.example/oauth2/{as}/v1/t", "as", "", "https://as.example/oauth2/v1/t" },
		{ "https://as.example:{port}/t", "port", "9443", "https://as.example:9443/t" },
		{ "{base}/t", "base", "https://a.example", "https://a.example/t" },
		{ "{base}/t", "base", "https://a.example/", "https://a.example/t" },
		{ "{base}/t", "base", "https://a.example/auth", "https://a.example/auth/t" },
		{ "{base}", "base", "https://a.example/t?x=1", "https://a.example/t?x=1" },
		{ "https://{shop}.myshop.example/t", "shop", "my-shop", "https://my-shop.myshop.example/t" },
		{ "https://as.example/apps/{client_id}/t", "client_id", "a b/../c?d",
		    "https://as.example/apps/a%20b%2F..%2Fc%3Fd/t" },
	};

	(void)state;
	check(definition, cases, sizeof(cases) / sizeof(cases[0]));
}

static void
no_value_moves_the_request_to_another_host(void **state)
{
	static const struct expand_case cases[] = {
		{ "https://{host}/t", "host", "evil.example/x", NULL },
		{ "https://{host}/t", "host", "evil.example?x", NULL },
		{ "https://{host}/t", "host", "evil.example#", NULL },
		{ "https://{host}/t", "host", "a@evil.example", NULL },
		{ "https://{host}/t", "host", "https://a.example", NULL },
		{ "https://{host}/t", "host", "a.example:", NULL },
		{ "https://{host}/t", "host", "a.example:99999999", NULL },
		{ "https://{host}/t", "host", "a.example:1:2", NULL },
		{ "https://{host}/t", "host", "", NULL },
		{ "https://{host}/t", "host", ".example", NULL },
		{ "https://{host}/t", "host", "a..example", NULL },
		{ "https://{host}/t", "host", "a.example\n", NULL },
		{ "https://{host}/t", "host", "\xc3\xa4.example", NULL },
		{ "https://{host}.as.example/t", "host", "a:80", NULL },
		{ "https://{host}.as.example/t", "host", "evil.example/", NULL },
		{ "https://as.example:{port}/t", "port", "80@evil.example", NULL },
		{ "https://as.example:{port}/t", "port", "0", NULL },
		{ "https://as.example/{tenant}/t", "tenant", "..", NULL },
		{ "https://as.example/{tenant}/t", "tenant", "a/../b", NULL },
		{ "https://as.example/{tenant}/t", "tenant", "a?b", NULL },
		{ "https://as.example/{tenant}/t", "tenant", "a%2e", NULL },
		{ "https://as.example/{client_id}/t", "client_id", "..", NULL },
		{ "{base}/t", "base", "http://a.example", NULL },
		{ "{base}/t", "base", "http://127.0.0.1:9000", NULL },
		{ "{base}/t", "base", "https://a.example?x=", NULL },
		{ "{base}/t", "base", "https://u@a.example", NULL },
		{ "{base}/t", "base", "a.example", NULL },
		{ "{base}/t", "base", "file:///etc/passwd", NULL },
		{ "https://{shop}.myshop.example/t", "shop", "My-Shop", NULL },
		{ "https://{shop}.myshop.example/t", "shop", "evil.example", NULL },
	};

	(void)state;
	check(definition, cases, sizeof(cases) / sizeof(cases[0]));
}

/* S008, S196 */
static void
plain_http_needs_a_loopback_host_and_the_definitions_word(void **state)
{
	static const struct expand_case cases[] = {
		{ "http://{host}/t", "host", "127.0.0.1:9000", "http://127.0.0.1:9000/t" },
		{ "http://{host}/t", "host", "localhost", "http://localhost/t" },
		{ "{base}/t", "base", "http://127.0.0.1:9000", "http://127.0.0.1:9000/t" },
		{ "http://{host}/t", "host", "10.0.0.1", NULL },
		{ "http://{host}/t", "host", "127.0.0.1.evil.example", NULL },
		{ "{base}/t", "base", "http://as.example", NULL },
	};

	(void)state;
	check(
	    "{\"id\":\"x\",\"insecure_loopback\":true,\"vars\":{\"host\":{\"required\":true},\"base\":{\"required\":true}},"
	    "\"endpoints\":{\"token\":\"http://{host}/t\"}}",
	    cases, sizeof(cases) / sizeof(cases[0]));
}

static void
a_required_variable_without_value_is_named(void **state)
{
	const struct expand_case c = { "https://{host}/t", NULL, NULL, NULL };
	struct provider *provider = load(definition);
	struct buf url = BUF_INIT(URL_MAX);
	struct larder_error error;

	(void)state;
	assert_int_equal(expand(provider, &c, &url, &error), LARDER_USAGE);
	assert_string_equal(error.why, "variable 'host' has no value");
	assert_string_equal(error.name, "x");
	provider_free(provider);
}

static void
an_endpoint_of_an_optional_variable_can_be_absent(void **state)
{
	const struct expand_case alone = { "{optional}", NULL, NULL, NULL };
	const struct expand_case empty = { "{optional}", "optional", "", NULL };
	const struct expand_case inside = { "https://as.example/{optional}", NULL, NULL, NULL };
	struct provider *provider = load(definition);
	struct buf url = BUF_INIT(URL_MAX);
	struct larder_error error;

	(void)state;
	assert_int_equal(expand(provider, &alone, &url, &error), LARDER_NOT_FOUND);
	assert_int_equal(expand(provider, &empty, &url, &error), LARDER_NOT_FOUND);
	assert_int_equal(expand(provider, &inside, &url, &error), LARDER_NOT_FOUND);
	assert_int_equal(url.len, 0);
	provider_free(provider);
}

static void
a_parameter_takes_values_as_they_are(void **state)
{
	char audience[] = "https://api.example/?x", name[] = "audience";
	struct name_value item = { .name = name, .value = audience };
	struct name_values vars = { .items = &item, .count = 1 };
	struct provider *provider = load("{\"id\":\"x\",\"vars\":{\"audience\":{\"required\":true},\"none\":{}},"
					 "\"endpoints\":{\"token\":\"https://as.example/t\"}}");
	struct buf text = BUF_INIT(256);
	struct larder_error error;

	(void)state;
	assert_int_equal(provider_expand_text(provider, "{audience}", &vars, &text, &error), LARDER_OK);
	assert_string_equal(buf_str(&text), "https://api.example/?x");
	buf_reset(&text);
	assert_int_equal(provider_expand_text(provider, "{\"a\":{}} {other}{none}", &vars, &text, &error), LARDER_OK);
	assert_string_equal(buf_str(&text), "{\"a\":{}} {other}");
	buf_reset(&text);
	assert_int_equal(provider_expand_text(provider, "{audience}", NULL, &text, &error), LARDER_USAGE);
	assert_string_equal(error.why, "variable 'audience' has no value");
	assert_int_equal(provider_expand_text(provider, "{code}", NULL, &text, &error), LARDER_USAGE);
	audience[0] = '\n';
	assert_int_equal(provider_expand_text(provider, "{audience}", &vars, &text, &error), LARDER_USAGE);
	assert_int_equal(text.len, 0);
	buf_clear(&text);
	provider_free(provider);
}

static enum larder_code
check_vars(const char *text, char *name, char *value, struct larder_error *error)
{
	struct name_value item = { .name = name, .value = value };
	struct name_values vars = { .items = &item, .count = name != NULL };
	struct provider *provider = load(text);
	enum larder_code code = provider_check_vars(provider, &vars, error);

	provider_free(provider);
	return code;
}

static void
variables_of_a_client_are_checked_before_they_are_kept(void **state)
{
	static const char text[] =
	    "{\"id\":\"x\",\"vars\":{\"host\":{\"required\":true}},\"endpoints\":{\"token\":\"https://{host}/t\","
	    "\"revocation\":\"https://{host}/r/{client_id}\"},\"revoke\":{\"url\":\"https://{host}/r/{other}\"}}";
	char host[] = "host", typo[] = "hots", good[] = "as.example", bad[] = "as.example/x";
	struct larder_error error;

	(void)state;
	assert_int_equal(check_vars(text, host, good, &error), LARDER_OK);
	assert_int_equal(check_vars(text, host, bad, &error), LARDER_USAGE);
	assert_int_equal(check_vars(text, typo, good, &error), LARDER_USAGE);
	assert_string_equal(error.why, "variable 'hots' is not one of this provider");
	assert_int_equal(check_vars(text, NULL, NULL, &error), LARDER_USAGE);
	assert_string_equal(error.why, "variable 'host' has no value");
}

int
run_expand_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_lands_in_its_place),
		cmocka_unit_test(no_value_moves_the_request_to_another_host),
		cmocka_unit_test(plain_http_needs_a_loopback_host_and_the_definitions_word),
		cmocka_unit_test(a_required_variable_without_value_is_named),
		cmocka_unit_test(an_endpoint_of_an_optional_variable_can_be_absent),
		cmocka_unit_test(a_parameter_takes_values_as_they_are),
		cmocka_unit_test(variables_of_a_client_are_checked_before_they_are_kept),
	};

	return cmocka_run_group_tests_name("expand", tests, NULL, NULL);
}
