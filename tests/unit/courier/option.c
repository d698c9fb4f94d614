/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "courier/call.h"
#include "courier/courier.h"

#define OPTIONS_MAX 80

/* What libcurl was told, as "NAME=value" lines; pointers as "NAME=set" or "NAME=null". */
static char recorded[OPTIONS_MAX][128];
static size_t recorded_count;

CURLcode __real_curl_easy_setopt(CURL *curl, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *curl, CURLoption option, ...);

static void
record(const char *name, const char *value)
{
	assert_true(recorded_count < OPTIONS_MAX);
	(void)snprintf(recorded[recorded_count++], sizeof(recorded[0]), "%s=%s", name, value);
}

CURLcode
__wrap_curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	const struct curl_easyoption *about = curl_easy_option_by_id(option);
	char number[32];
	va_list args;
	CURLcode code;

	assert_non_null(about);
	va_start(args, option);
	if (about->type == CURLOT_LONG || about->type == CURLOT_VALUES) {
		long value = va_arg(args, long);

		(void)snprintf(number, sizeof(number), "%ld", value);
		record(about->name, number);
		code = __real_curl_easy_setopt(curl, option, value);
	} else if (about->type == CURLOT_OFF_T) {
		curl_off_t value = va_arg(args, curl_off_t);

		(void)snprintf(number, sizeof(number), "%ld", (long)value);
		record(about->name, number);
		code = __real_curl_easy_setopt(curl, option, value);
	} else {
		void *value = va_arg(args, void *);

		if (value == NULL)
			record(about->name, "null");
		else
			record(about->name, about->type == CURLOT_STRING ? value : "set");
		code = __real_curl_easy_setopt(curl, option, value);
	}
	va_end(args);
	return code;
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* No such port answers: all is set and nothing is sent. */
static void
perform(struct job *job)
{
	struct http_terms terms = { .authority = { NULL, "/etc/ssl/certs" } };
	struct http_reply reply = { 0 };
	struct call_failure failure = { 0 };

	recorded_count = 0;
	assert_true(http_init());
	job->connect_ms = 1000;
	job->go_ms = 2000;
	job->listen_ms = 3000;
	assert_false(http_perform(job, &terms, &reply, &failure));
	assert_int_equal(failure.stage, CALL_CONNECT);
	qsort(recorded, recorded_count, sizeof(recorded[0]), compare_lines);
	curl_global_cleanup();
}

static void
assert_recorded(const char *const *expected, size_t count)
{
	for (size_t i = 0; i < count && i < recorded_count; i++)
		assert_string_equal(recorded[i], expected[i]);
	assert_int_equal(recorded_count, count);
}

/* S043, S081, S180 */
static void
the_options_of_a_post_are_these_and_no_others(void **state)
{
	static const char *const expected[] = {
		"CAINFO=null",
		"CAPATH=/etc/ssl/certs",
		"CONNECTTIMEOUT_MS=1000",
		"DEBUGDATA=set",
		"DEBUGFUNCTION=set",
		"DISALLOW_USERNAME_IN_URL=1",
		"DNS_CACHE_TIMEOUT=0",
		"ERRORBUFFER=set",
		"FOLLOWLOCATION=0",
		"FORBID_REUSE=1",
		"FRESH_CONNECT=1",
		"HEADERDATA=set",
		"HEADERFUNCTION=set",
		"HEADEROPT=1",
		"HTTP09_ALLOWED=0",
		"HTTPAUTH=0",
		"HTTPHEADER=set",
		"HTTPPROXYTUNNEL=1",
		"HTTP_CONTENT_DECODING=0",
		"HTTP_VERSION=2",
		"MAXREDIRS=0",
		"NETRC=0",
		"NOPROGRESS=0",
		"NOPROXY=",
		"NOSIGNAL=1",
		"POST=1",
		"POSTFIELDSIZE_LARGE=5",
		"PREREQDATA=set",
		"PREREQFUNCTION=set",
		"PROTOCOLS_STR=https",
		"PROXY=",
		"PROXYAUTH=1",
		"PROXY_CAINFO=null",
		"PROXY_CAPATH=/etc/ssl/certs",
		"PROXY_SSLVERSION=6",
		"PROXY_SSL_VERIFYHOST=2",
		"PROXY_SSL_VERIFYPEER=1",
		"READDATA=set",
		"READFUNCTION=set",
		"REDIR_PROTOCOLS_STR=https",
		"SOCKOPTDATA=set",
		"SOCKOPTFUNCTION=set",
		"SSLVERSION=6",
		"SSL_SESSIONID_CACHE=0",
		"SSL_VERIFYHOST=2",
		"SSL_VERIFYPEER=1",
		"SUPPRESS_CONNECT_HEADERS=1",
		"TCP_FASTOPEN=0",
		"TIMEOUT_MS=11000",
		"TRANSFER_ENCODING=0",
		"UNRESTRICTED_AUTH=0",
		"URL=https://127.0.0.1:1/token",
		"VERBOSE=1",
		"WRITEDATA=set",
		"WRITEFUNCTION=set",
		"XFERINFODATA=set",
		"XFERINFOFUNCTION=set",
	};
	struct job job = { .kind = JOB_PLAIN };

	(void)state;
	memcpy(job.request.method, "POST", 5);
	memcpy(job.request.url, "https://127.0.0.1:1/token", 26);
	assert_true(secret_copy("a=b&c", 5, &job.request.body));
	perform(&job);
	assert_recorded(expected, sizeof(expected) / sizeof(expected[0]));
	job_clear(&job);
}

static bool
was_recorded(const char *line)
{
	return bsearch(line, recorded, recorded_count, sizeof(recorded[0]), compare_lines) != NULL;
}

static void
a_request_without_a_body_reads_none(void **state)
{
	struct job job = { .kind = JOB_PLAIN, .insecure_loopback = true };

	(void)state;
	memcpy(job.request.method, "DELETE", 7);
	memcpy(job.request.url, "http://127.0.0.1:1/grant", 25);
	memcpy(job.proxy, "http://127.0.0.1:2", 19);
	perform(&job);
	assert_true(was_recorded("HTTPGET=1"));
	assert_true(was_recorded("CUSTOMREQUEST=DELETE"));
	assert_true(was_recorded("PROTOCOLS_STR=http"));
	assert_true(was_recorded("PROXY=")); /* plain http to this machine takes no detour */
	assert_false(was_recorded("POST=1"));
	assert_false(was_recorded("READFUNCTION=set"));
	job_clear(&job);
}

/* RFC 8705: shown to the server, from memory; and to nobody without TLS. */
static void
a_certificate_is_shown_over_tls_only(void **state)
{
	struct job job = { .kind = JOB_PLAIN, .insecure_loopback = true };

	(void)state;
	memcpy(job.request.method, "GET", 4);
	assert_true(secret_copy("-----BEGIN CERTIFICATE-----", 27, &job.certificate));
	assert_true(secret_copy("0key", 4, &job.certificate_key));
	memcpy(job.request.url, "https://127.0.0.1:1/token", 26);
	perform(&job);
	assert_true(was_recorded("SSLCERT_BLOB=set"));
	assert_true(was_recorded("SSLCERTTYPE=PEM"));
	assert_true(was_recorded("SSLKEY_BLOB=set"));
	assert_true(was_recorded("SSLKEYTYPE=DER"));
	assert_false(was_recorded("PROXY_SSLCERT_BLOB=set"));
	memcpy(job.request.url, "http://127.0.0.1:1/token", 25);
	perform(&job);
	assert_false(was_recorded("SSLCERT_BLOB=set"));
	assert_false(was_recorded("SSLKEY_BLOB=set"));
	job_clear(&job);
}

static bool
always(void *context)
{
	++*(int *)context;
	return true;
}

static void
the_gate_is_asked_once_and_the_body_read_once(void **state)
{
	struct job job = { .listen_ms = 1000 };
	int asked = 0;
	struct http_terms terms = { .gate = always, .context = &asked };
	struct call call = { .job = &job, .terms = &terms, .secure = true };
	char peer[] = "192.0.2.1", local[] = "192.0.2.2", got[16];

	(void)state;
	memcpy(job.request.url, "https://as.example/", 20);
	assert_true(secret_copy("abcdef", 6, &job.request.body));
	assert_int_equal(call_read(got, 1, 4, &call), CURL_READFUNC_ABORT);
	assert_int_equal(call_prereq(&call, peer, local, 443, 50000), CURL_PREREQFUNC_OK);
	assert_int_equal(call_read(got, 1, 4, &call), 4);
	assert_memory_equal(got, "abcd", 4);
	assert_int_equal(call_read(got, 1, 4, &call), 2);
	assert_int_equal(call_read(got, 1, 4, &call), 0);
	assert_int_equal(call_prereq(&call, peer, local, 443, 50001), CURL_PREREQFUNC_ABORT);
	assert_int_equal(asked, 1);
	job_clear(&job);
}

/* A name that claims to be this machine and resolves to another one. */
static void
plain_http_to_an_address_that_is_not_loopback_is_refused_before_the_gate(void **state)
{
	struct job job = { .listen_ms = 1000 };
	int asked = 0;
	struct http_terms terms = { .gate = always, .context = &asked };
	struct call call = { .job = &job, .terms = &terms, .secure = false };
	char peer[] = "169.254.169.254", local[] = "192.0.2.2";
	struct call_failure failure = { 0 };

	(void)state;
	memcpy(job.request.url, "http://localhost/", 18);
	assert_int_equal(call_prereq(&call, peer, local, 80, 50000), CURL_PREREQFUNC_ABORT);
	assert_int_equal(asked, 0);
	explain(&call, CURLE_ABORTED_BY_CALLBACK, &failure);
	assert_int_equal(failure.stage, CALL_CONNECT);
	assert_non_null(strstr(failure.why, "loopback"));
}

/* The name was a provider's when it was looked up; a proxy's own address is the user's choice. */
static void
https_to_a_name_that_became_this_machine_is_refused_before_the_gate(void **state)
{
	struct job job = { .listen_ms = 1000 };
	int asked = 0;
	struct http_terms terms = { .gate = always, .context = &asked };
	struct call call = { .job = &job, .terms = &terms, .secure = true };
	char peer[] = "127.0.0.1", local[] = "127.0.0.1";
	struct call_failure failure = { 0 };

	(void)state;
	memcpy(job.request.url, "https://as.example/", 20);
	assert_int_equal(call_prereq(&call, peer, local, 443, 50000), CURL_PREREQFUNC_ABORT);
	assert_int_equal(asked, 0);
	explain(&call, CURLE_ABORTED_BY_CALLBACK, &failure);
	assert_int_equal(failure.stage, CALL_CONNECT);
	assert_non_null(strstr(failure.why, "as.example is at an address of this machine"));
	memcpy(job.proxy, "http://127.0.0.1:2", 19);
	assert_int_equal(call_prereq(&call, peer, local, 443, 50000), CURL_PREREQFUNC_OK);
	assert_int_equal(asked, 1);
}

int
run_option_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_options_of_a_post_are_these_and_no_others),
		cmocka_unit_test(a_request_without_a_body_reads_none),
		cmocka_unit_test(a_certificate_is_shown_over_tls_only),
		cmocka_unit_test(the_gate_is_asked_once_and_the_body_read_once),
		cmocka_unit_test(https_to_a_name_that_became_this_machine_is_refused_before_the_gate),
		cmocka_unit_test(plain_http_to_an_address_that_is_not_loopback_is_refused_before_the_gate),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
