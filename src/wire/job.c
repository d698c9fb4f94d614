/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/job.h"

#include <string.h>

#include "wire/field.h"

#define CERTIFICATE_MAX ((size_t)32 << 10)

enum job_tag {
	TAG_KIND = 1,
	TAG_METHOD,
	TAG_URL,
	TAG_HEADER,
	TAG_BODY,
	TAG_INSECURE_LOOPBACK,
	TAG_PROXY,
	TAG_CA_FILE,
	TAG_CA_DIR,
	TAG_CONNECT_MS,
	TAG_GO_MS,
	TAG_LISTEN_MS,
	TAG_VAULT_ID,
	TAG_RECORD_ID,
	TAG_GENERATION,
	TAG_ATTEMPT_ID,
	TAG_ATTEMPT_KEY,
	TAG_VAULT_PUBLIC,
	TAG_SENDS_SOURCE,
	TAG_PUBLIC_ONLY = 24,
	TAG_CERTIFICATE,
	TAG_CERTIFICATE_KEY
};

#define BIT(tag) (UINT32_C(1) << (tag))
#define ATTEMPT_BITS \
	(BIT(TAG_VAULT_ID) | BIT(TAG_RECORD_ID) | BIT(TAG_GENERATION) | BIT(TAG_ATTEMPT_ID) | BIT(TAG_ATTEMPT_KEY) | \
	    BIT(TAG_VAULT_PUBLIC))

/* Whether all are tchar (RFC 9110 section 5.6.2): a name with a colon or a space would be another header. */
static bool
is_header_name(const uint8_t *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = name[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!alnum && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return len > 0;
}

/* A header: length of the name (1) | name | value. */
static bool
add_header(void *object, const uint8_t *data, size_t len)
{
	struct job *job = object;
	struct reader reader = { .data = data, .len = len };
	size_t name_len = read_u8(&reader);
	const uint8_t *bytes = read_bytes(&reader, name_len);
	char name[sizeof(job->request.headers[0].name)] = "";

	if (reader.failed || name_len >= sizeof(name) || !is_header_name(bytes, name_len))
		return false;
	memcpy(name, bytes, name_len);
	return http_request_add_header(&job->request, name, (const char *)reader.data, reader.len);
}

static bool
append_header(const struct http_header *header, struct buf *ret)
{
	size_t name_len = strnlen(header->name, sizeof(header->name));

	return name_len > 0 && name_len < sizeof(header->name) && buf_append_byte(ret, TAG_HEADER) &&
	    buf_append_u32(ret, (uint32_t)(1 + name_len + header->value.len)) &&
	    buf_append_byte(ret, (uint8_t)name_len) && buf_append(ret, header->name, name_len) &&
	    (header->value.len == 0 || buf_append(ret, header->value.data, header->value.len));
}

static const struct field table[] = {
	{ TAG_KIND, FIELD_U32, true, FIELD_AT(job, kind), .min = JOB_EXCHANGE, .max = JOB_LISTEN },
	{ TAG_METHOD, FIELD_TEXT, true, FIELD_AT(job, request.method) },
	{ TAG_URL, FIELD_TEXT, true, FIELD_AT(job, request.url) },
	{ TAG_HEADER, FIELD_REPEATED, false, .add = add_header },
	{ TAG_BODY, FIELD_SECRET, false, FIELD_AT(job, request.body), .max = HTTP_BODY_MAX },
	{ TAG_INSECURE_LOOPBACK, FIELD_BOOL, false, FIELD_AT(job, insecure_loopback) },
	{ TAG_PUBLIC_ONLY, FIELD_BOOL, false, FIELD_AT(job, public_only) },
	{ TAG_PROXY, FIELD_TEXT, false, FIELD_AT(job, proxy) },
	{ TAG_CA_FILE, FIELD_TEXT, false, FIELD_AT(job, ca_file) },
	{ TAG_CA_DIR, FIELD_TEXT, false, FIELD_AT(job, ca_dir) },
	{ TAG_CERTIFICATE, FIELD_SECRET, false, FIELD_AT(job, certificate), .max = CERTIFICATE_MAX },
	{ TAG_CERTIFICATE_KEY, FIELD_SECRET, false, FIELD_AT(job, certificate_key), .max = CERTIFICATE_MAX },
	{ TAG_CONNECT_MS, FIELD_U32, true, FIELD_AT(job, connect_ms), .min = 1, .max = JOB_TIME_MAX_MS },
	{ TAG_GO_MS, FIELD_U32, true, FIELD_AT(job, go_ms), .min = 1, .max = JOB_TIME_MAX_MS },
	{ TAG_LISTEN_MS, FIELD_U32, true, FIELD_AT(job, listen_ms), .min = 1, .max = JOB_TIME_MAX_MS },
	{ TAG_SENDS_SOURCE, FIELD_BOOL, false, FIELD_AT(job, sends_source) },
	{ TAG_VAULT_ID, FIELD_FIXED, false, FIELD_AT(job, attempt.vault_id) },
	{ TAG_RECORD_ID, FIELD_FIXED, false, FIELD_AT(job, attempt.record_id) },
	{ TAG_GENERATION, FIELD_U64, false, FIELD_AT(job, attempt.generation) },
	{ TAG_ATTEMPT_ID, FIELD_FIXED, false, FIELD_AT(job, attempt.id) },
	{ TAG_ATTEMPT_KEY, FIELD_FIXED, false, FIELD_AT(job, attempt.key) },
	{ TAG_VAULT_PUBLIC, FIELD_FIXED, false, FIELD_AT(job, attempt.vault_public) },
};

#define COUNT (sizeof(table) / sizeof(table[0]))

bool
job_encode(const struct job *job, struct buf *ret_body)
{
	/* Only an exchange has an attempt; it stands at the end of the table. */
	size_t count = job->kind == JOB_EXCHANGE ? COUNT : COUNT - 6;

	if (!http_method_is_valid(job->request.method) || job->request.headers_count > HTTP_HEADERS_MAX)
		return false;
	if (!fields_encode(table, count, job, ret_body))
		return false;
	for (size_t i = 0; i < job->request.headers_count; i++) {
		if (!append_header(&job->request.headers[i], ret_body))
			return false;
	}
	return true;
}

bool
job_decode(const struct buf *body, struct job *ret)
{
	struct job job = { 0 };
	uint32_t seen = 0;
	bool ok;

	ok = fields_decode(table, COUNT, body->data, body->len, &job, &seen) &&
	    http_method_is_valid(job.request.method) &&
	    (seen & ATTEMPT_BITS) == (job.kind == JOB_EXCHANGE ? ATTEMPT_BITS : 0);
	if (ok) {
		*ret = job;
		wipe(&job, sizeof(job));
	} else {
		job_clear(&job);
	}
	return ok;
}

void
job_clear(struct job *job)
{
	http_request_clear(&job->request);
	secret_free(&job->certificate);
	secret_free(&job->certificate_key);
	wipe(job, sizeof(*job));
}
