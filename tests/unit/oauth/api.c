/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "oauth/tests.h"

#define ENDPOINT "https://login.example.org/token"

static bool
allows(const char *more, const char *text)
{
	char *items[] = { (char[]){ "api.provider.test" }, (char[]){ "*.wild.test" } };
	const struct provider provider = { .api_hosts = { items, 2 } };
	char why[128];
	struct url url;

	assert_true(url_parse(text, &url, why, sizeof why));
	return api_host_is_allowed(&provider, ENDPOINT, more, &url);
}

static void
a_token_goes_to_hosts_of_its_provider_only(void **state)
{
	(void)state;
	assert_true(allows("", "https://login.example.org/userinfo"));
	assert_true(allows("", "https://API.provider.test:8443/x"));
	assert_true(allows("", "https://a.wild.test/"));
	assert_true(allows("", "https://a.b.wild.test/"));
	assert_false(allows("", "https://wild.test/"));
	assert_false(allows("", "https://evilwild.test/"));
	assert_false(allows("", "https://api.provider.test.evil.test/"));
	assert_false(allows("", "https://example.org/"));
	assert_false(allows("", "https://sub.login.example.org/"));
}

static void
hosts_are_added_by_name_domain_or_port(void **state)
{
	const char *more = "one.test *.two.test [::1]:8080 three.test:444";

	(void)state;
	assert_true(allows(more, "https://one.test/"));
	assert_true(allows(more, "https://x.two.test:99/"));
	assert_true(allows(more, "http://[::1]:8080/"));
	assert_false(allows(more, "http://[::1]:8081/"));
	assert_true(allows(more, "https://three.test:444/"));
	assert_false(allows(more, "https://three.test/"));
	assert_false(allows("one.test", "https://one.test.evil/"));
	assert_false(allows("on", "https://one.test/"));
}

static void
a_bearer_challenge_is_found_among_others(void **state)
{
	static const char *const yes[] = { "Bearer", "bearer realm=\"x\"",
		"Basic realm=\"a, Bearer b\", Bearer error=\"x\"", "Negotiate, Bearer",
		"DPoP algs=\"ES256\",\tBearer" };
	static const char *const no[] = { "", "Basic realm=\"Bearer\"", "Bearerish", "Basic realm=Bearer",
		"Basic realm=\"a, Bearer b\"", "Basic realm=\"\\\", Bearer \"" };

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		if (!api_challenge_is_bearer(yes[i]))
			fail_msg("%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		if (api_challenge_is_bearer(no[i]))
			fail_msg("%s", no[i]);
	}
}

int
run_api_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_goes_to_hosts_of_its_provider_only),
		cmocka_unit_test(hosts_are_added_by_name_domain_or_port),
		cmocka_unit_test(a_bearer_challenge_is_found_among_others),
	};

	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
