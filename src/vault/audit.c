/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: one sealed row per event, bound to its number, so that rows cannot be swapped or moved. Rows are not
 * in the hash of the set: a release must not cost a synced write.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vault/audit.h"
#include "vault/keys.h"
#include "vault/record.h"

static const struct member members[] = {
	MEMBER(1, NUMBER, audit_event, at),
	MEMBER(2, NUMBER, audit_event, actor.uid),
	MEMBER(3, NUMBER, audit_event, actor.pid),
	MEMBER(4, TEXT, audit_event, actor.exe),
	MEMBER(5, TEXT, audit_event, actor.parent),
	MEMBER(6, NUMBER, audit_event, op),
	MEMBER(7, TEXT, audit_event, name),
	MEMBER(8, TEXT, audit_event, result),
	MEMBER(9, NUMBER, audit_event, generation),
	MEMBER(10, TEXT, audit_event, detail),
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

#define AUDIT_TEXT_MAX 4096
#define AUDIT_BODY_MAX ((size_t)8192)

/* Kind 0 is no record's, so an audit row is not one either. */
static struct record_context
row_context(const struct vault *vault, int64_t seq)
{
	uint8_t number[8];

	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)((uint64_t)seq >> (56 - 8 * i));
	return record_context(vault->keys->id, 0, number, sizeof(number));
}

enum larder_code
audit_append(struct vault *vault, const struct audit_event *event, struct larder_error *ret_error)
{
	struct audit_event row = *event;
	struct buf text = BUF_INIT_SECRET(AUDIT_TEXT_MAX), body = BUF_INIT(AUDIT_BODY_MAX);
	struct record_context context;
	enum larder_code code;
	int64_t seq;

	row.actor = vault->actor;
	code = keys_check(vault->keys, ret_error);
	if (code == LARDER_OK)
		code = store_log_next(vault->store, &seq, ret_error);
	if (code != LARDER_OK)
		return code;
	context = row_context(vault, seq);
	if (!payload_encode(members, MEMBERS, &row, &text) ||
	    !seal(vault->keys->audit, context.bytes, context.len, text.data, text.len, &body))
		code = error_no_memory(ret_error);
	else
		code = store_log_put(vault->store, seq, body.data, body.len, ret_error);
	buf_clear(&body);
	buf_clear(&text);
	return code;
}

enum larder_code
audit_begin(struct vault *vault, int64_t from_seq, struct larder_error *ret_error)
{
	enum larder_code code = keys_check(vault->keys, ret_error);

	return code == LARDER_OK ? store_log_scan(vault->store, from_seq, ret_error) : code;
}

static enum larder_code
decode(const struct vault *vault, int64_t seq, const struct buf *body, struct audit_event *ret,
    struct larder_error *ret_error)
{
	struct record_context context = row_context(vault, seq);
	struct audit_event event = { .seq = seq };
	struct secret text = SECRET_INIT;
	bool ok;

	errno = 0;
	ok = unseal(vault->keys->audit, context.bytes, context.len, body->data, body->len, &text) &&
	    payload_decode(members, MEMBERS, text.data, text.len, &event);
	secret_free(&text);
	if (!ok && error_is_memory())
		return error_no_memory(ret_error);
	if (!ok)
		return error_set(ret_error, LARDER_DAMAGED, "the audit log is damaged",
		    "restore the vault from a backup", "row %" PRId64 " was changed, or belongs elsewhere", seq);
	*ret = event;
	return LARDER_OK;
}

enum larder_code
audit_next(struct vault *vault, struct audit_event *ret, struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(AUDIT_BODY_MAX);
	enum larder_code code;
	int64_t seq;

	code = store_log_read(vault->store, &seq, &body, ret_error);
	if (code == LARDER_OK)
		code = decode(vault, seq, &body, ret, ret_error);
	buf_clear(&body);
	return code;
}

void
audit_end(struct vault *vault)
{
	store_scan_end(vault->store);
}

enum larder_code
audit_verify(struct vault *vault, uint64_t *ret_rows, struct larder_error *ret_error)
{
	struct audit_event event;
	enum larder_code code;
	uint64_t rows = 0;

	code = audit_begin(vault, 0, ret_error);
	if (code != LARDER_OK)
		return code;
	while ((code = audit_next(vault, &event, ret_error)) == LARDER_OK) {
		rows++;
		if (event.seq != (int64_t)rows) {
			code = error_set(ret_error, LARDER_DAMAGED, "the audit log is damaged",
			    "restore the vault from a backup", "row %" PRIu64 " is missing", rows);
			break;
		}
	}
	audit_end(vault);
	if (code != LARDER_NOT_FOUND)
		return code;
	*ret_rows = rows;
	return LARDER_OK;
}
