/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/loopback.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "courier/courier.h"
#include "courier/page.h"

#define REST " HTTP/1.1\r\nHost: 127.0.0.1:8765\r\n\r\n"

/* S100 */
static void
a_request_counts_only_at_this_place_and_path(void **state)
{
	static const struct {
		const char *head;
		int status; /* 0: it counts */
		const char *query;
	} cases[] = {
		{ "GET /callback?code=1&state=2" REST, 0, "code=1&state=2" },
		{ "GET /callback" REST, 0, "" },
		{ "GET /callback?a=1 HTTP/1.1\r\nAccept: */*\r\nhost:\tLOCALHOST:8765\r\n\r\n", 0, "a=1" },
		{ "GET /callback?a=1 HTTP/1.0\r\nHost: [::1]:8765\r\n\r\n", 0, "a=1" },
		{ "GET /favicon.ico" REST, 404, NULL },
		{ "GET /callback/x?a=1" REST, 404, NULL },
		{ "GET http://127.0.0.1:8765/callback?a=1" REST, 404, NULL },
		{ "POST /callback?a=1" REST, 405, NULL },
		{ "GET /callback?a=1 HTTP/1.1\r\nHost: evil.example:8765\r\n\r\n", 421, NULL },
		{ "GET /callback?a=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421, NULL },
		{ "GET /callback?a=1 HTTP/1.1\r\nHost: 127.0.0.1:87650\r\n\r\n", 421, NULL },
		{ "GET /callback?a=1 HTTP/1.1\r\nHost: 127.0.0.1:8765\r\nHost: evil.example\r\n\r\n", 421, NULL },
		{ "GET /callback?a=1 HTTP/1.1\r\nX-Host: 127.0.0.1:8765\r\n\r\n", 421, NULL },
		{ "GET /callback?a=1 HTTP/2\r\nHost: 127.0.0.1:8765\r\n\r\n", 400, NULL },
		{ "nonsense\r\n\r\n", 400, NULL },
		{ "\r\n\r\n", 400, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *query = NULL;
		char head[256];
		int status = 0;
		bool counts;

		assert_true(text_format(head, sizeof(head), "%s", cases[i].head));
		counts = loopback_read_head(head, "/callback", 8765, &query, &status);
		if (counts != (cases[i].status == 0) || (!counts && status != cases[i].status))
			fail_msg("%s: %d", cases[i].head, status);
		if (counts)
			assert_string_equal(query, cases[i].query);
	}
}

/* S100 */
static void
the_page_runs_nothing_and_shows_text_as_text(void **state)
{
	struct buf page = BUF_INIT(16384);

	(void)state;
	page_write(200, "<script>alert(\"1\")</script> & more", &page);
	assert_null(strstr(buf_str(&page), "<script"));
	assert_non_null(strstr(buf_str(&page), "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more"));
	assert_non_null(
	    strstr(buf_str(&page), "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'"));
	assert_non_null(strstr(buf_str(&page), "\r\nReferrer-Policy: no-referrer\r\n"));
	assert_non_null(strstr(buf_str(&page), "\r\nX-Frame-Options: DENY\r\n"));
	assert_non_null(strstr(buf_str(&page), "\r\nCache-Control: no-store\r\n"));
	buf_clear(&page);
}

static bool
opens(const char *url, struct loopback *ret, char *why, size_t why_size)
{
	struct job job = { .kind = JOB_LISTEN };

	assert_true(text_format(job.request.url, sizeof(job.request.url), "%s", url));
	return loopback_open(&job, ret, why, why_size);
}

/* S096, S098, S102 */
static void
it_listens_at_loopback_addresses_and_nowhere_else(void **state)
{
	static const char *const good[] = { "http://127.0.0.1/callback", "http://localhost/", "http://127.0.0.1" };
	static const char *const bad[] = { "http://127.0.0.2/", "http://0.0.0.0/", "http://192.0.2.1/",
		"https://127.0.0.1/", "http://as.example/", "http://localhost.as.example/", "" };
	struct loopback loopback;
	char why[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct sockaddr_in address = { .sin_family = AF_UNSPEC };
		socklen_t len = sizeof(address);

		assert_true(opens(good[i], &loopback, why, sizeof(why)));
		assert_int_equal(getsockname(loopback.listeners[0], (struct sockaddr *)&address, &len), 0);
		assert_int_equal(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
		assert_int_equal(ntohs(address.sin_port), loopback.port);
		loopback_close(&loopback);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(opens(bad[i], &loopback, why, sizeof(why)));
		assert_string_equal(why, "the redirect is not to this machine");
	}
}

/* S102: whoever is at the other address of localhost would get the code. */
static void
a_port_that_somebody_has_is_not_shared(void **state)
{
	struct loopback first, second;
	char why[128], url[64];

	(void)state;
	assert_true(opens("http://127.0.0.1/callback", &first, why, sizeof(why)));
	assert_true(text_format(url, sizeof(url), "http://127.0.0.1:%u/callback", (unsigned)first.port));
	assert_false(opens(url, &second, why, sizeof(why)));
	assert_non_null(strstr(why, "cannot be used"));
	if (first.listeners[1] < 0)
		skip(); /* no IPv6 here */
	(void)close(first.listeners[0]);
	first.listeners[0] = -1;
	assert_true(text_format(url, sizeof(url), "http://localhost:%u/callback", (unsigned)first.port));
	assert_false(opens(url, &second, why, sizeof(why)));
	assert_true(text_format(url, sizeof(url), "http://127.0.0.1:%u/callback", (unsigned)first.port));
	assert_true(opens(url, &second, why, sizeof(why)));
	loopback_close(&second);
	loopback_close(&first);
}

int
run_loopback_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_counts_only_at_this_place_and_path),
		cmocka_unit_test(the_page_runs_nothing_and_shows_text_as_text),
		cmocka_unit_test(it_listens_at_loopback_addresses_and_nowhere_else),
		cmocka_unit_test(a_port_that_somebody_has_is_not_shared),
	};

	return cmocka_run_group_tests_name("loopback", tests, NULL, NULL);
}
