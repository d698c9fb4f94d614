/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/sqlite.h"
#include "vault/anchor.h"
#include "vault/audit.h"
#include "vault/header.h"
#include "vault/session.h"
#include "vault/slot.h"
#include "vault/verify.h"

#define QUICK_ROWS_MAX 4096 /* a few milliseconds */

static enum larder_code
check_header(struct vault *vault, const struct store_row *row, struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	struct header header;
	enum larder_code code;

	if (!buf_append(&body, row->body, row->body_len))
		return error_no_memory(ret_error);
	code = header_decode(vault, &body, &header, ret_error);
	buf_clear(&body);
	return code;
}

static enum larder_code
check_slot(const struct store_row *row, struct larder_error *ret_error)
{
	struct slot slot;
	enum larder_code code = LARDER_OK;

	if (!slot_parse(row, &slot))
		code = error_no_memory(ret_error);
	else if (slot.damaged)
		code = record_damaged(ret_error, "key slot", "it was changed");
	slot_clear(&slot);
	return code;
}

enum larder_code
verify_row(struct vault *vault, const struct store_row *row, struct larder_error *ret_error)
{
	const struct record_type *type = record_type(row->kind);
	enum larder_code code;
	void *record;

	if (row->kind == RECORD_HEADER)
		return check_header(vault, row, ret_error);
	if (row->kind == RECORD_SLOT)
		return check_slot(row, ret_error);
	if (type == NULL)
		return record_damaged(ret_error, "unknown", "it is of no kind that Larder writes");
	record = malloc(type->size);
	if (record == NULL)
		return error_no_memory(ret_error);
	code = record_decode(vault, type, row->key, row->key_len, row->body, row->body_len, record, ret_error);
	if (code == LARDER_OK)
		record_clear(type, record);
	free(record);
	return code;
}

static void
report_freshness(struct vault *vault, const struct state *state, struct verify_report *report)
{
	if (vault->anchor != NULL && anchor_compare(vault->anchor, vault->keys, state) == ANCHOR_AGREES) {
		report->freshness = 2;
		(void)text_format(report->freshness_text, sizeof(report->freshness_text),
		    "the anchor file agrees: change %" PRIu64, state->epoch);
	} else {
		report->freshness = 0;
		(void)text_format(report->freshness_text, sizeof(report->freshness_text), "%s",
		    "no anchor file: an old copy of the whole vault would not be noticed");
	}
}

/*
 * The store's own check, on a connection of its own: a temporary database that SQLite opens for it would stay with the
 * session's, whose next change would then fail.
 */
static enum larder_code
check_store(const struct vault *vault, struct larder_error *ret_error)
{
	struct store *store = NULL;
	enum larder_code code;

	code = sqlite_store_open(vault->dir.path, vault->dir.fd, SESSION_BUSY_MS, &store, ret_error);
	if (code != LARDER_OK)
		return code;
	code = store_check(store, ret_error);
	store_close(store);
	return code;
}

/* A key that has rotted is no reason to give the vault up: another one has just opened it. */
static enum larder_code
name_slot(struct vault *vault, enum larder_code code, struct larder_error *ret_error)
{
	struct slot *slots = NULL;
	struct larder_error ignored;
	size_t count = 0;

	if (code != LARDER_DAMAGED || slots_load(vault->store, &slots, &count, &ignored) != LARDER_OK)
		return code;
	for (size_t i = 0; i < count; i++) {
		char hint[160];

		if (!slots[i].damaged)
			continue;
		(void)text_format(hint, sizeof(hint),
		    "remove it with 'larder key remove %u' and add the key again; if it says more, restore a backup",
		    (unsigned)slots[i].number);
		(void)error_set(ret_error, code, "the vault is damaged", hint, "key slot %u is not what was written",
		    (unsigned)slots[i].number);
		break;
	}
	slots_free(slots, count);
	return code;
}

enum larder_code
vault_verify(struct vault *vault, struct verify_report *ret_report, struct larder_error *ret_error)
{
	struct verify_report report = { 0 };
	struct state state = { 0 };
	enum larder_code code;

	code = check_store(vault, ret_error);
	/* the set first: that rows are missing says more than that the first of them cannot be read */
	if (code == LARDER_OK)
		code = setroot_check(vault, NULL, &state, ret_error);
	if (code == LARDER_OK)
		code = setroot_check(vault, verify_row, &state, ret_error);
	if (code == LARDER_OK)
		code = session_check_anchor(vault, &state, ret_error);
	if (code == LARDER_OK)
		code = audit_verify(vault, &report.audit_rows, ret_error);
	if (code != LARDER_OK)
		return name_slot(vault, code, ret_error);
	report.records = state.count;
	report_freshness(vault, &state, &report);
	*ret_report = report;
	return LARDER_OK;
}

/* A row that the index has lost is in the set, but nobody would find it. */
static enum larder_code
check_reachable(struct vault *vault, const struct store_row *row, struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	enum larder_code code;

	code = store_get(vault->store, row->kind, row->key, row->key_len, &body, ret_error);
	if (code == LARDER_NOT_FOUND)
		code = record_damaged(ret_error, "some", "it is there, but cannot be found by its key");
	buf_clear(&body);
	return code;
}

enum larder_code
vault_verify_quick(struct vault *vault, struct larder_error *ret_error)
{
	struct state state;
	enum larder_code code = LARDER_OK;

	if (vault->writing)
		state = vault->change->state;
	else
		code = setroot_load(vault, &state, ret_error);
	if (code != LARDER_OK || state.count > QUICK_ROWS_MAX)
		return code;
	return name_slot(vault, setroot_check(vault, check_reachable, &state, ret_error), ret_error);
}

enum larder_code
verify_absence(struct vault *vault, struct larder_error *ret_error)
{
	struct larder_error error;
	enum larder_code code = vault_verify_quick(vault, &error);

	if (code == LARDER_OK)
		return LARDER_NOT_FOUND;
	if (ret_error != NULL)
		*ret_error = error;
	return code;
}
