/* SPDX-License-Identifier: Apache-2.0 */
/* The slots of an open vault: list, add, remove. */
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "vault/setroot.h"
#include "vault/slot.h"
#include "vault/verify.h"

enum larder_code
slot_list(struct vault *vault, struct slot_view *ret, size_t max, size_t *ret_count, struct larder_error *ret_error)
{
	const struct slot_method *method;
	struct slot *slots = NULL;
	size_t count = 0;
	enum larder_code code;

	code = slots_load(vault->store, &slots, &count, ret_error);
	if (code != LARDER_OK)
		return code;
	if (count > max)
		count = max;
	for (size_t i = 0; i < count; i++) {
		ret[i] = (struct slot_view){
			.number = slots[i].number, .kind = slots[i].kind, .created_at = slots[i].created_at
		};
		method = slots[i].damaged ? NULL : slot_method(slots[i].kind);
		if (method == NULL)
			(void)text_format(ret[i].detail, sizeof(ret[i].detail), "%s", "damaged");
		else
			method->describe(&slots[i], ret[i].detail, sizeof(ret[i].detail));
	}
	*ret_count = count;
	slots_free(slots, count);
	return LARDER_OK;
}

/* One more than the highest: a number that people saw is not given to another key soon. */
static enum larder_code
next_number(struct vault *vault, uint32_t *ret, struct larder_error *ret_error)
{
	struct slot *slots = NULL;
	size_t count = 0;
	enum larder_code code;

	code = slots_load(vault->store, &slots, &count, ret_error);
	if (code != LARDER_OK)
		return code;
	*ret = slots[count - 1].number + 1;
	slots_free(slots, count);
	if (count >= SLOTS_MAX)
		return error_set(ret_error, LARDER_USAGE, "cannot add the key", "remove one first",
		    "the vault has %d keys already", SLOTS_MAX);
	return LARDER_OK;
}

static enum larder_code
audit(struct vault *vault, enum audit_op op, enum slot_kind kind, uint32_t number, struct larder_error *ret_error)
{
	struct audit_event event = { .at = io_clock_unix_s(), .op = op, .result = "ok" };

	(void)text_format(event.detail, sizeof(event.detail), "slot %u, %s", (unsigned)number, slot_kind_name(kind));
	return audit_append(vault, &event, ret_error);
}

/* In a transaction: the slot must get a number that nobody else takes. Its key is made before, under any number. */
static enum larder_code
add(struct vault *vault, const struct slot *slot, struct larder_error *ret_error)
{
	struct record_key key = record_key_number(slot->number);
	struct buf there = BUF_INIT(STORE_BODY_MAX);
	enum larder_code code;
	uint32_t number = 0;

	code = next_number(vault, &number, ret_error);
	if (code == LARDER_OK)
		code = store_get(vault->store, RECORD_SLOT, key.bytes, key.len, &there, ret_error);
	else
		goto out;
	if (code == LARDER_OK)
		code = error_set(ret_error, LARDER_UNAVAILABLE, "cannot add the key", "try again",
		    "another process added one at the same moment");
	else if (code == LARDER_NOT_FOUND)
		code = setroot_put(vault, RECORD_SLOT, key.bytes, key.len, &slot->body, ret_error);
	if (code == LARDER_OK)
		code = audit(vault, AUDIT_KEY_ADD, slot->kind, slot->number, ret_error);
out:
	buf_clear(&there);
	return code;
}

enum larder_code
slot_add(struct vault *vault, const struct slot_new *wanted, uint32_t *ret_number, struct larder_error *ret_error)
{
	struct slot slot = { 0 };
	enum larder_code code;
	uint32_t number = 0;

	code = keys_check(vault->keys, ret_error);
	if (code == LARDER_OK)
		code = next_number(vault, &number, ret_error);
	if (code == LARDER_OK)
		code = slot_build(wanted, number, vault->keys->id, vault->keys->vault, &slot, ret_error);
	if (code == LARDER_OK)
		code = vault_begin(vault, STORE_DURABLE, ret_error);
	if (code != LARDER_OK)
		goto out;
	code = add(vault, &slot, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(vault, NULL, ret_error);
	vault_rollback(vault); /* nothing to do after the commit */
	if (code == LARDER_OK)
		*ret_number = number;
out:
	slot_clear(&slot);
	return code;
}

static enum larder_code
may_remove(
    struct vault *vault, uint32_t number, enum slot_kind *ret_kind, bool *ret_damaged, struct larder_error *ret_error)
{
	static const char what[] = "cannot remove the key";
	struct slot *slots = NULL;
	size_t count = 0;
	enum larder_code code;
	bool found = false, another = false;

	code = slots_load(vault->store, &slots, &count, ret_error);
	if (code != LARDER_OK)
		return code;
	for (size_t i = 0; i < count; i++) {
		another = another || (slots[i].number != number && !slots[i].damaged);
		if (slots[i].number != number)
			continue;
		found = true;
		*ret_kind = slots[i].kind;
		*ret_damaged = slots[i].damaged;
	}
	if (!found)
		code = error_set(ret_error, LARDER_NOT_FOUND, what, "see 'larder key list'", "there is no slot %u",
		    (unsigned)number);
	else if (!another)
		code = error_set(ret_error, LARDER_DENIED, what, "add another one first",
		    "it is the last one: nothing would open the vault any more");
	slots_free(slots, count);
	return code;
}

/* What a damaged one was is not known any more; that the set was counted without it is. */
static enum larder_code
audit_mended(struct vault *vault, uint32_t number, struct larder_error *ret_error)
{
	struct audit_event event = { .at = io_clock_unix_s(), .op = AUDIT_KEY_REMOVE, .result = "ok" };

	(void)text_format(event.detail, sizeof(event.detail),
	    "slot %u was damaged; the rows of the vault were counted anew", (unsigned)number);
	return audit_append(vault, &event, ret_error);
}

static enum larder_code
remove_slot(struct vault *vault, uint32_t number, struct larder_error *ret_error)
{
	struct record_key key = record_key_number(number);
	enum slot_kind kind = SLOT_PASSPHRASE;
	bool damaged = false;
	enum larder_code code;

	code = may_remove(vault, number, &kind, &damaged, ret_error);
	if (code != LARDER_OK)
		return code;
	if (damaged) {
		code = setroot_mend(vault, RECORD_SLOT, &key, verify_row, ret_error);
		return code == LARDER_OK ? audit_mended(vault, number, ret_error) : code;
	}
	code = setroot_remove(vault, RECORD_SLOT, key.bytes, key.len, ret_error);
	if (code == LARDER_OK)
		code = audit(vault, AUDIT_KEY_REMOVE, kind, number, ret_error);
	return code;
}

enum larder_code
slot_remove(struct vault *vault, uint32_t number, struct larder_error *ret_error)
{
	enum larder_code code = vault_begin(vault, STORE_DURABLE, ret_error);

	if (code != LARDER_OK)
		return code;
	code = remove_slot(vault, number, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(vault, NULL, ret_error);
	vault_rollback(vault); /* nothing to do after the commit */
	if (code == LARDER_OK)
		(void)vault_scrub(vault, NULL); /* best effort: the old slot should not stay readable in the file */
	return code;
}
