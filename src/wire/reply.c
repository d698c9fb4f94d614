/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back from a courier: REPLY, SEALED and FAILED bodies. */
#include "wire/field.h"
#include "wire/job.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct field reply_table[] = {
	{ 1, FIELD_U32, true, FIELD_AT(http_reply, status), .min = 100, .max = 999 },
	{ 2, FIELD_TEXT, false, FIELD_AT(http_reply, content_type) },
	{ 3, FIELD_TEXT, false, FIELD_AT(http_reply, retry_after) },
	{ 4, FIELD_TEXT, false, FIELD_AT(http_reply, date) },
	{ 5, FIELD_TEXT, false, FIELD_AT(http_reply, challenge) },
	{ 6, FIELD_TEXT, false, FIELD_AT(http_reply, location) },
	{ 7, FIELD_BOOL, false, FIELD_AT(http_reply, encoded) },
	{ 8, FIELD_BOOL, false, FIELD_AT(http_reply, truncated) },
	{ 9, FIELD_SECRET, false, FIELD_AT(http_reply, body), .max = HTTP_REPLY_MAX },
	{ 10, FIELD_TEXT, false, FIELD_AT(http_reply, dpop_nonce) },
};

static const struct field failure_table[] = {
	{ 1, FIELD_U32, true, FIELD_AT(call_failure, stage), .min = CALL_SETUP, .max = CALL_REFUSED },
	{ 2, FIELD_TEXT, false, FIELD_AT(call_failure, why) },
	{ 3, FIELD_BOOL, false, FIELD_AT(call_failure, private) },
};

struct sealed {
	int status;
};

static const struct field sealed_table[] = {
	{ 1, FIELD_U32, true, FIELD_AT(sealed, status), .min = 100, .max = 999 },
};

bool
reply_encode(const struct http_reply *reply, struct buf *ret_body)
{
	return fields_encode(reply_table, COUNT(reply_table), reply, ret_body);
}

bool
reply_decode(const void *data, size_t len, struct http_reply *ret)
{
	struct http_reply reply = { 0 };
	uint32_t seen;

	if (!fields_decode(reply_table, COUNT(reply_table), data, len, &reply, &seen)) {
		http_reply_clear(&reply);
		return false;
	}
	*ret = reply;
	return true;
}

struct ready {
	int port;
};

static const struct field ready_table[] = {
	{ 1, FIELD_U32, true, FIELD_AT(ready, port), .min = 1, .max = 65535 },
};

bool
ready_encode(int port, struct buf *ret_body)
{
	const struct ready ready = { .port = port };

	return fields_encode(ready_table, COUNT(ready_table), &ready, ret_body);
}

bool
ready_decode(const struct buf *body, int *ret_port)
{
	struct ready ready = { 0 };
	uint32_t seen;

	if (!fields_decode(ready_table, COUNT(ready_table), body->data, body->len, &ready, &seen))
		return false;
	*ret_port = ready.port;
	return true;
}

bool
failure_encode(const struct call_failure *failure, struct buf *ret_body)
{
	return fields_encode(failure_table, COUNT(failure_table), failure, ret_body);
}

bool
failure_decode(const struct buf *body, struct call_failure *ret)
{
	struct call_failure failure = { 0 };
	uint32_t seen;

	if (!fields_decode(failure_table, COUNT(failure_table), body->data, body->len, &failure, &seen))
		return false;
	*ret = failure;
	return true;
}

bool
sealed_encode(int status, struct buf *ret_body)
{
	struct sealed sealed = { .status = status };

	return fields_encode(sealed_table, COUNT(sealed_table), &sealed, ret_body);
}

bool
sealed_decode(const struct buf *body, int *ret_status)
{
	struct sealed sealed = { 0 };
	uint32_t seen;

	if (!fields_decode(sealed_table, COUNT(sealed_table), body->data, body->len, &sealed, &seen))
		return false;
	*ret_status = sealed.status;
	return true;
}
