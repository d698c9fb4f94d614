/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "wire/frame.h"
#include "wire/job.h"
#include "wire/wire.h"

static void
make_job(struct job *job)
{
	memset(job, 0, sizeof(*job));
	job->kind = JOB_EXCHANGE;
	memcpy(job->request.method, "POST", 5);
	memcpy(job->request.url, "https://as.example/token", 25);
	assert_true(http_request_add_header(&job->request, "Authorization", "Basic Zm9v", 10));
	assert_true(http_request_add_header(&job->request, "Accept", "application/json", 16));
	assert_true(secret_copy("grant_type=refresh_token&refresh_token=canary", 45, &job->request.body));
	job->insecure_loopback = true;
	job->public_only = true;
	memcpy(job->proxy, "http://proxy.example:3128", 26);
	memcpy(job->ca_file, "/etc/ca.pem", 12);
	memcpy(job->ca_dir, "/etc/ca", 8);
	assert_true(secret_copy("-----BEGIN CERTIFICATE-----", 27, &job->certificate));
	assert_true(secret_copy("0key", 4, &job->certificate_key));
	job->connect_ms = 5000;
	job->go_ms = 10000;
	job->listen_ms = 90000;
	memset(job->attempt.vault_id, 1, sizeof(job->attempt.vault_id));
	memset(job->attempt.record_id, 2, sizeof(job->attempt.record_id));
	job->attempt.generation = UINT64_C(0x0102030405060708);
	memset(job->attempt.id, 3, sizeof(job->attempt.id));
	memset(job->attempt.key, 4, sizeof(job->attempt.key));
	memset(job->attempt.vault_public, 5, sizeof(job->attempt.vault_public));
}

static void
assert_same_job(const struct job *a, const struct job *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_string_equal(a->request.method, b->request.method);
	assert_string_equal(a->request.url, b->request.url);
	assert_int_equal(a->request.headers_count, b->request.headers_count);
	for (size_t i = 0; i < a->request.headers_count; i++) {
		assert_string_equal(a->request.headers[i].name, b->request.headers[i].name);
		assert_true(secret_equal(&a->request.headers[i].value, &b->request.headers[i].value));
	}
	assert_true(secret_equal(&a->request.body, &b->request.body));
	assert_int_equal(a->insecure_loopback, b->insecure_loopback);
	assert_int_equal(a->public_only, b->public_only);
	assert_string_equal(a->proxy, b->proxy);
	assert_string_equal(a->ca_file, b->ca_file);
	assert_string_equal(a->ca_dir, b->ca_dir);
	assert_true(secret_equal(&a->certificate, &b->certificate));
	assert_true(secret_equal(&a->certificate_key, &b->certificate_key));
	assert_int_equal(a->connect_ms, b->connect_ms);
	assert_int_equal(a->go_ms, b->go_ms);
	assert_int_equal(a->listen_ms, b->listen_ms);
	assert_memory_equal(&a->attempt, &b->attempt, sizeof(a->attempt));
}

static void
a_job_arrives_as_it_was_sent(void **state)
{
	struct job job, got = { 0 };
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);

	(void)state;
	make_job(&job);
	assert_true(job_encode(&job, &body));
	assert_true(job_decode(&body, &got));
	assert_same_job(&job, &got);
	buf_clear(&body);
	job_clear(&job);
	job_clear(&got);
}

static void
a_plain_job_carries_no_attempt(void **state)
{
	struct job job, got = { 0 };
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	static const struct job_attempt none;

	(void)state;
	make_job(&job);
	job.kind = JOB_PLAIN;
	assert_true(job_encode(&job, &body));
	assert_true(job_decode(&body, &got));
	assert_int_equal(got.kind, JOB_PLAIN);
	assert_memory_equal(&got.attempt, &none, sizeof(none));
	buf_clear(&body);
	job_clear(&job);
	job_clear(&got);
}

static void
a_job_cut_anywhere_is_refused(void **state)
{
	struct job job, got = { 0 };
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	struct buf cut;
	size_t len;

	(void)state;
	make_job(&job);
	job.request.headers_count = 1; /* headers end the body: without the last one it would be another, valid job */
	assert_true(job_encode(&job, &body));
	len = body.len - (5 + 1 + 13 + 10);
	for (size_t i = 0; i < body.len; i++) {
		cut = body;
		cut.len = i;
		if (i != len)
			assert_false(job_decode(&cut, &got));
	}
	job.request.headers_count = 2;
	buf_clear(&body);
	job_clear(&job);
}

/* Every value of every byte: refused, or another job that codes to the same bytes. Sanitizers watch the memory. */
static void
a_job_with_any_byte_changed_does_no_harm(void **state)
{
	struct job job, got = { 0 };
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	struct buf again = BUF_INIT_SECRET(FRAME_BODY_MAX);
	size_t accepted = 0;

	(void)state;
	make_job(&job);
	assert_true(job_encode(&job, &body));
	for (size_t i = 0; i < body.len; i++) {
		uint8_t was = body.data[i];

		for (unsigned change = 1; change < 256; change = change < 128 ? change * 2 : change + 127) {
			body.data[i] = was ^ (uint8_t)change;
			if (!job_decode(&body, &got))
				continue;
			accepted++;
			buf_reset(&again);
			assert_true(job_encode(&got, &again));
			assert_int_equal(again.len, body.len);
			job_clear(&got);
		}
		body.data[i] = was;
	}
	assert_true(accepted > 0);
	buf_clear(&again);
	buf_clear(&body);
	job_clear(&job);
}

static void
a_field_that_comes_twice_is_refused(void **state)
{
	struct job job, got = { 0 };
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);

	(void)state;
	make_job(&job);
	assert_true(job_encode(&job, &body));
	assert_true(buf_append(&body, "\x09\0\0\0\x01/", 6)); /* ca_dir again */
	assert_false(job_decode(&body, &got));
	buf_clear(&body);
	job_clear(&job);
}

static void
a_header_cannot_bring_a_second_line(void **state)
{
	struct job job, got = { 0 };
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);

	(void)state;
	make_job(&job);
	assert_true(job_encode(&job, &body));
	assert_true(buf_append(&body, "\x04\0\0\0\x09\x01X1\r\nY: 2", 14));
	assert_false(job_decode(&body, &got));
	buf_clear(&body);
	job_clear(&job);
}

static void
a_job_that_could_not_be_read_is_not_written(void **state)
{
	struct job job;
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);

	(void)state;
	make_job(&job);
	memcpy(job.request.method, "GET x", 6);
	assert_false(job_encode(&job, &body));
	memcpy(job.request.method, "POST", 5);
	job.listen_ms = 0;
	assert_false(job_encode(&job, &body));
	job.listen_ms = -1;
	assert_false(job_encode(&job, &body));
	job.listen_ms = 1;
	memset(job.ca_file, 'a', sizeof(job.ca_file));
	assert_false(job_encode(&job, &body));
	buf_clear(&body);
	job_clear(&job);
}

static void
a_reply_arrives_as_it_was_sent(void **state)
{
	struct http_reply reply = { .status = 200,
		.content_type = "application/json",
		.retry_after = "5",
		.date = "Sun, 22 Nov 2026 19:20:00 GMT",
		.challenge = "Basic realm=\"x\"",
		.location = "https://elsewhere.example",
		.encoded = true,
		.truncated = true };
	struct http_reply got = { 0 };
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);

	(void)state;
	assert_true(secret_new(HTTP_REPLY_MAX, &reply.body));
	memset(reply.body.data, 'r', reply.body.len);
	assert_true(reply_encode(&reply, &body));
	assert_true(reply_decode(body.data, body.len, &got));
	assert_int_equal(got.status, 200);
	assert_string_equal(got.content_type, reply.content_type);
	assert_string_equal(got.retry_after, reply.retry_after);
	assert_string_equal(got.date, reply.date);
	assert_string_equal(got.challenge, reply.challenge);
	assert_string_equal(got.location, reply.location);
	assert_true(got.encoded);
	assert_true(got.truncated);
	assert_true(secret_equal(&got.body, &reply.body));
	http_reply_clear(&got);
	for (size_t len = 0; len < 200; len++) {
		if (reply_decode(body.data, len, &got))
			http_reply_clear(&got);
	}
	buf_clear(&body);
	http_reply_clear(&reply);
}

static void
failures_and_seals_arrive_as_they_were_sent(void **state)
{
	struct call_failure failure = { CALL_SEAL, "no space left on device", true };
	struct call_failure got = { 0 };
	struct buf body = BUF_INIT(1024);
	int status = 0;

	(void)state;
	assert_true(failure_encode(&failure, &body));
	assert_true(failure_decode(&body, &got));
	assert_int_equal(got.stage, CALL_SEAL);
	assert_string_equal(got.why, failure.why);
	assert_true(got.private);
	body.data[body.len - 1] = '\0';
	assert_false(failure_decode(&body, &got));
	buf_reset(&body);
	assert_true(sealed_encode(503, &body));
	assert_true(sealed_decode(&body, &status));
	assert_int_equal(status, 503);
	assert_false(sealed_encode(0, &body));
	buf_clear(&body);
}

/* Hexadecimal with '#' comments to the end of the line. */
static void
load_hex(const char *path, struct buf *ret)
{
	FILE *file = fopen(path, "re");
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		unsigned byte;
		int used;

		for (const char *at = line; *at != '#' && sscanf(at, " %2x%n", &byte, &used) == 1; at += used)
			assert_true(buf_append_byte(ret, (uint8_t)byte));
	}
	(void)fclose(file);
}

static void
every_bad_job_of_the_corpus_is_refused(void **state)
{
	DIR *dir = opendir(TESTS_DIR "/corpus/wire");
	struct dirent *entry;
	size_t count = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
		struct job job = { 0 };
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), TESTS_DIR "/corpus/wire/%s", entry->d_name);
		load_hex(path, &body);
		if (job_decode(&body, &job) != (strncmp(entry->d_name, "good-", 5) == 0))
			fail_msg("%s: wrongly judged", entry->d_name);
		job_clear(&job);
		buf_clear(&body);
		count++;
	}
	(void)closedir(dir);
	assert_true(count >= 10);
}

int
run_job_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_arrives_as_it_was_sent),
		cmocka_unit_test(a_plain_job_carries_no_attempt),
		cmocka_unit_test(a_job_cut_anywhere_is_refused),
		cmocka_unit_test(a_job_with_any_byte_changed_does_no_harm),
		cmocka_unit_test(a_field_that_comes_twice_is_refused),
		cmocka_unit_test(a_header_cannot_bring_a_second_line),
		cmocka_unit_test(a_job_that_could_not_be_read_is_not_written),
		cmocka_unit_test(a_reply_arrives_as_it_was_sent),
		cmocka_unit_test(failures_and_seals_arrive_as_they_were_sent),
		cmocka_unit_test(every_bad_job_of_the_corpus_is_refused),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
