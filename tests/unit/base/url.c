/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/support.h"
#include "base/url.h"

static bool
parse(const char *text, struct url *ret)
{
	char why[TEXT_MAX] = "";
	bool good = url_parse(text, ret, why, sizeof(why));

	assert_true(good || why[0] != '\0');
	return good;
}

static void
an_endpoint_is_taken_apart(void **state)
{
	static const struct {
		const char *text, *scheme, *host, *path, *origin;
		unsigned port;
		bool ipv6;
	} cases[] = {
		{ "https://accounts.example.com/o/token?x=1", "https", "accounts.example.com", "/o/token?x=1",
		    "https://accounts.example.com", 443, false },
		{ "HTTPS://Example.COM:443", "https", "example.com", "", "https://example.com", 443, false },
		{ "http://127.0.0.1:9000/token", "http", "127.0.0.1", "/token", "http://127.0.0.1:9000", 9000, false },
		{ "https://[::1]:8443/a", "https", "::1", "/a", "https://[::1]:8443", 8443, true },
		{ "https://[0:0:0:0:0:0:0:1]", "https", "::1", "", "https://[::1]", 443, true },
		{ "https://[::FFFF:127.0.0.1]/", "https", "::ffff:127.0.0.1", "/", "https://[::ffff:127.0.0.1]", 443,
		    true },
		{ "https://example.com?x=a:b@c", "https", "example.com", "?x=a:b@c", "https://example.com", 443,
		    false },
		{ "https://xn--bcher-kva.example:65535/", "https", "xn--bcher-kva.example", "/",
		    "https://xn--bcher-kva.example:65535", 65535, false },
		{ "https://1e100.example/", "https", "1e100.example", "/", "https://1e100.example", 443, false },
	};
	char origin[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct url url;

		assert_true(parse(cases[i].text, &url));
		assert_string_equal(url.scheme, cases[i].scheme);
		assert_string_equal(url.host, cases[i].host);
		assert_string_equal(url.path, cases[i].path);
		assert_int_equal(url.port, cases[i].port);
		assert_int_equal(url.ipv6, cases[i].ipv6);
		assert_string_equal(url_origin(origin, sizeof(origin), &url), cases[i].origin);
	}
}

static void
what_parsers_disagree_about_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"https",
		"https:",
		"https:/",
		"https://",
		"https:///path",
		"//example.com/",
		"example.com",
		"ftp://example.com/",
		"file:///etc/passwd",
		"data:text/plain,x",
		"javascript:alert(1)",
		"httpss://example.com",
		"https:/\\evil.example/",
		"https:\\\\evil.example",
		"https://example.com\\@evil.example/",
		"https://user@example.com/",
		"https://user:pass@example.com/",
		"https://@example.com/",
		"https://example.com@evil.example/",
		"https://example.com#fragment",
		"https://example.com/#",
		"https://a#@b/",
		"https://example.com:0/",
		"https://example.com:65536/",
		"https://example.com:99999/",
		"https://example.com:/",
		"https://example.com:-1/",
		"https://example.com:+1/",
		"https://example.com:080443/",
		"https://example.com:4 43/",
		"https://example.com:443:443/",
		"https://example.com:0x1bb/",
		" https://example.com/",
		"https://example.com/ ",
		"https://exa mple.com/",
		"https://example.com/a b",
		"https://example.com/\r\nHost: evil",
		"https://example.com/\n",
		"https://exam\tple.com/",
		"https://example.com/\x7f",
		"https://ex\xc3\xa4mple.com/",
		"https://example.com/\xc3\xa4",
		"https://\xef\xbd\x85xample.com/",
		"https://example_com/",
		"https://ex%61mple.com/",
		"https://example.com,evil/",
		"https://*.example.com/",
		"https://.example.com/",
		"https://example..com/",
		"https://example.com./",
		"https://-example.com/",
		"https://example-.com/",
		"https://./",
		"https://{tenant}.example.com/",
		"https://example.com/{tenant}/token",
		"https://example.com/\"",
		"https://example.com/<",
		"https://2130706433/",
		"https://0177.0.0.1/",
		"https://0x7f.0.0.1/",
		"https://0x7f000001/",
		"https://127.1/",
		"https://127.0.1/",
		"https://127.0.0.01/",
		"https://127.0.0.256/",
		"https://1.2.3.4.5/",
		"https://0x/",
		"https://a.0x10/",
		"https://[::1",
		"https://::1/",
		"https://[]/",
		"https://[::1]x/",
		"https://[fe80::1%eth0]/",
		"https://[fe80::1%25eth0]/",
		"https://[1:2:3]/",
		"https://[::1]:/",
		"https://[v1.x]/",
		"https://[127.0.0.1]/",
		"https://[::g]/",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct url url = { .port = 7 };

		if (parse(cases[i], &url))
			fail_msg("accepted: %s", cases[i]);
		assert_int_equal(url.port, 7);
	}
}

static void
the_longest_url_is_accepted_and_one_byte_more_is_not(void **state)
{
	static char text[10241];
	struct url url;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "https://example.com/", 20);
	assert_false(parse(text, &url));
	text[URL_MAX + 1] = '\0';
	assert_false(parse(text, &url));
	text[URL_MAX] = '\0';
	assert_true(parse(text, &url));
}

static void
host_names_have_bounded_labels(void **state)
{
	char text[400];
	struct url url;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "https://", 8);
	text[8 + 63] = '\0';
	assert_true(parse(text, &url));
	text[8 + 63] = 'a';
	text[8 + 64] = '\0';
	assert_false(parse(text, &url));
	memset(text + 8, 'a', 300);
	text[8 + 60] = text[8 + 120] = text[8 + 180] = text[8 + 240] = '.';
	text[8 + 254] = '\0';
	assert_false(parse(text, &url));
	text[8 + 253] = '\0';
	assert_true(parse(text, &url));
}

static void
loopback_is_judged_by_the_parsed_address(void **state)
{
	static const char *const local[] = { "http://127.0.0.1/", "http://127.255.255.254:1/", "http://[::1]/",
		"http://[0:0::0:1]/", "http://localhost/", "http://LOCALHOST:8080/" };
	static const char *const remote[] = { "http://126.255.255.255/", "http://128.0.0.1/", "http://0.0.0.0/",
		"http://[::]/", "http://[::2]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
		"http://[fe80::1]/", "http://[fd00::1]/", "http://169.254.169.254/", "http://localhost.example/",
		"http://127.0.0.1.example/", "http://example/localhost" };
	struct url url;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		assert_true(parse(local[i], &url));
		assert_true(url_is_loopback(&url));
	}
	for (i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		assert_true(parse(remote[i], &url));
		assert_false(url_is_loopback(&url));
	}
}

static bool
same(const char *a, const char *b)
{
	struct url left, right;

	assert_true(parse(a, &left));
	assert_true(parse(b, &right));
	return url_same_origin(&left, &right);
}

static void
an_origin_is_scheme_host_and_port(void **state)
{
	(void)state;
	assert_true(same("https://a.example/x", "HTTPS://A.example:443/y?z"));
	assert_true(same("https://[::1]/", "https://[0::1]/"));
	assert_false(same("https://a.example/", "http://a.example/"));
	assert_false(same("https://a.example/", "http://a.example:443/"));
	assert_false(same("https://a.example/", "https://a.example:8443/"));
	assert_false(same("https://a.example/", "https://b.a.example/"));
}

int
run_url_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_is_taken_apart),
		cmocka_unit_test(what_parsers_disagree_about_is_refused),
		cmocka_unit_test(the_longest_url_is_accepted_and_one_byte_more_is_not),
		cmocka_unit_test(host_names_have_bounded_labels),
		cmocka_unit_test(loopback_is_judged_by_the_parsed_address),
		cmocka_unit_test(an_origin_is_scheme_host_and_port),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
