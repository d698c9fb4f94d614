/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

#define CHECK_BYTES NAME_HASH_BYTES

static const struct member members[] = {
	MEMBER(1, NUMBER, slot, kind),
	MEMBER(2, NUMBER, slot, created_at),
	MEMBER(3, NUMBER, slot, kdf.algorithm),
	MEMBER(4, NUMBER, slot, kdf.ops),
	MEMBER(5, NUMBER, slot, kdf.memory),
	MEMBER(6, BYTES, slot, kdf.salt),
	MEMBER(7, TEXT, slot, path),
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static const struct slot_method *const methods[] = {
#define SLOT(kind, method) [kind] = &(method),
#include "vault/slots.def"
#undef SLOT
};

const struct slot_method *
slot_method(enum slot_kind kind)
{
	return (size_t)kind < sizeof(methods) / sizeof(methods[0]) ? methods[kind] : NULL;
}

const char *
slot_kind_name(enum slot_kind kind)
{
	const struct slot_method *method = slot_method(kind);

	return method != NULL ? method->name : "unknown";
}

/*
 * A checksum, not a MAC: it tells a row that rotted from a key that does not fit, so that nobody is told that their
 * passphrase is wrong when the disk is.
 */
static void
row_check(const struct slot *slot, size_t len, uint8_t ret[static CHECK_BYTES])
{
	static const uint8_t no_key[KEY_BYTES];
	struct record_key key = record_key_number(slot->number);
	struct piece pieces[] = { { key.bytes, key.len }, { slot->body.data, len } };

	derive_name(no_key, "larder 1 slot check", pieces, 2, ret);
}

/* What the vault key is bound to: its place, then the header as it stands in the row. */
static bool
slot_context(const struct slot *slot, const uint8_t vault_id[static VAULT_ID_BYTES], struct buf *ret)
{
	struct record_key key = record_key_number(slot->number);
	struct record_context place = record_context(vault_id, RECORD_SLOT, key.bytes, key.len);

	return buf_append(ret, place.bytes, place.len) && buf_append(ret, slot->body.data, slot->sealed_at);
}

/* The key that seals the vault key in this slot. */
static enum larder_code
slot_key(const struct slot *slot, const uint8_t vault_id[static VAULT_ID_BYTES], const struct secret *secret,
    uint8_t ret[static KEY_BYTES], struct larder_error *ret_error)
{
	const struct slot_method *method = slot_method(slot->kind);
	uint8_t made[KEY_BYTES];
	enum larder_code code;

	if (method == NULL)
		return record_damaged(ret_error, "key slot", "it is of an unknown kind");
	code = method->derive(slot, secret, made, ret_error);
	if (code == LARDER_OK)
		derive_key(made, "larder 1 slot", vault_id, VAULT_ID_BYTES, ret);
	wipe(made, sizeof(made));
	return code;
}

static bool
build_header(struct slot *slot)
{
	struct buf header = BUF_INIT_SECRET(8192);
	bool ok;

	ok = payload_encode(members, MEMBERS, slot, &header) && buf_append_u16(&slot->body, (uint16_t)header.len) &&
	    buf_append(&slot->body, header.data, header.len);
	buf_clear(&header);
	slot->sealed_at = slot->body.len;
	return ok;
}

static bool
build_rest(struct slot *slot, const uint8_t key[static KEY_BYTES], const uint8_t vault_id[static VAULT_ID_BYTES],
    const uint8_t vault_key[static KEY_BYTES])
{
	struct buf context = BUF_INIT(8192);
	uint8_t check[CHECK_BYTES];
	bool ok;

	ok = slot_context(slot, vault_id, &context) &&
	    seal(key, context.data, context.len, vault_key, KEY_BYTES, &slot->body);
	if (ok) {
		row_check(slot, slot->body.len, check);
		ok = buf_append(&slot->body, check, sizeof(check));
	}
	buf_clear(&context);
	return ok;
}

enum larder_code
slot_build(const struct slot_new *wanted, uint32_t number, const uint8_t vault_id[static VAULT_ID_BYTES],
    const uint8_t vault_key[static KEY_BYTES], struct slot *ret, struct larder_error *ret_error)
{
	const struct slot_method *method = slot_method(wanted->kind);
	uint8_t key[KEY_BYTES];
	enum larder_code code;

	*ret = (struct slot){ .number = number,
		.kind = wanted->kind,
		.created_at = io_clock_unix_s(),
		.body = BUF_INIT(STORE_BODY_MAX) };
	if (method == NULL)
		return error_set(ret_error, LARDER_USAGE, "cannot add the key", NULL, "there is no such kind of key");
	code = method->prepare(wanted, ret, ret_error);
	if (code == LARDER_OK && !build_header(ret))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		code = slot_key(ret, vault_id, wanted->secret, key, ret_error);
	if (code == LARDER_OK && !build_rest(ret, key, vault_id, vault_key))
		code = error_no_memory(ret_error);
	wipe(key, sizeof(key));
	return code;
}

static bool
parse_body(struct slot *slot)
{
	struct reader reader = { .data = slot->body.data, .len = slot->body.len };
	uint8_t check[CHECK_BYTES];
	const uint8_t *header;
	size_t header_len;

	if (slot->body.len < CHECK_BYTES)
		return false;
	row_check(slot, slot->body.len - CHECK_BYTES, check);
	if (memcmp(check, slot->body.data + slot->body.len - CHECK_BYTES, CHECK_BYTES) != 0)
		return false;
	header_len = read_u16(&reader);
	header = read_bytes(&reader, header_len);
	if (header == NULL || reader.failed || reader.len < CHECK_BYTES)
		return false;
	slot->sealed_at = 2 + header_len;
	return payload_decode(members, MEMBERS, header, header_len, slot) && slot_method(slot->kind) != NULL;
}

bool
slot_parse(const struct store_row *row, struct slot *ret)
{
	struct reader key = { .data = row->key, .len = row->key_len };

	memset(ret, 0, sizeof(*ret));
	ret->body = (struct buf)BUF_INIT(STORE_BODY_MAX);
	ret->number = read_u32(&key);
	if (!buf_append(&ret->body, row->body, row->body_len))
		return false;
	ret->damaged = key.failed || key.len != 0 || !parse_body(ret);
	return true;
}

enum larder_code
slot_try(const struct slot *slot, const uint8_t vault_id[static VAULT_ID_BYTES], const struct secret *secret,
    struct secret *ret_key, struct larder_error *ret_error)
{
	struct buf context = BUF_INIT(8192);
	struct secret vault_key = SECRET_INIT;
	uint8_t key[KEY_BYTES];
	enum larder_code code;

	code = slot_key(slot, vault_id, secret, key, ret_error);
	if (code != LARDER_OK)
		goto out;
	if (!slot_context(slot, vault_id, &context)) {
		code = error_no_memory(ret_error);
		goto out;
	}
	errno = 0;
	if (!unseal(key, context.data, context.len, slot->body.data + slot->sealed_at,
		slot->body.len - slot->sealed_at - CHECK_BYTES, &vault_key) ||
	    vault_key.len != KEY_BYTES) {
		secret_free(&vault_key);
		code = error_is_memory()
		    ? error_no_memory(ret_error)
		    : error_set(ret_error, LARDER_LOCKED, "cannot open the vault", NULL, "the key is wrong");
		goto out;
	}
	*ret_key = vault_key;
out:
	wipe(key, sizeof(key));
	buf_clear(&context);
	return code;
}

void
slot_clear(struct slot *slot)
{
	buf_clear(&slot->body);
	memset(slot, 0, sizeof(*slot));
}

void
slots_free(struct slot *slots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		slot_clear(&slots[i]);
	free(slots);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t left = ((const struct slot *)a)->number, right = ((const struct slot *)b)->number;

	return (left > right) - (left < right);
}

bool
slot_load_first(struct store *store, struct slot *ret)
{
	struct record_key key = record_key_number(0);
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	struct store_row row = { .kind = RECORD_SLOT, .key = key.bytes, .key_len = key.len };
	bool whole = false;

	memset(ret, 0, sizeof(*ret));
	if (store_get(store, RECORD_SLOT, key.bytes, key.len, &body, NULL) == LARDER_OK) {
		row.body = body.data;
		row.body_len = body.len;
		whole = slot_parse(&row, ret) && !ret->damaged;
	}
	buf_clear(&body);
	return whole;
}

enum larder_code
slots_load(struct store *store, struct slot **ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct slot *slots = NULL, *more;
	struct store_row row;
	enum larder_code code;
	size_t count = 0;

	code = store_scan(store, RECORD_SLOT, ret_error);
	if (code != LARDER_OK)
		return code;
	while ((code = store_next(store, &row, ret_error)) == LARDER_OK) {
		if (count == SLOTS_MAX) {
			code = record_damaged(ret_error, "key slot", "there are more than 16");
			break;
		}
		/* One by one: most vaults have one or two, and every start of a command comes this way. */
		more = reallocarray(slots, count + 1, sizeof(*slots));
		if (more == NULL || !slot_parse(&row, &(slots = more)[count])) {
			code = error_no_memory(ret_error);
			break;
		}
		count++;
	}
	store_scan_end(store);
	if (code == LARDER_NOT_FOUND && count == 0)
		code = record_damaged(ret_error, "key slot", "there is none");
	if (code == LARDER_NOT_FOUND) {
		if (count > 1)
			qsort(slots, count, sizeof(*slots), by_number);
		*ret = slots;
		*ret_count = count;
		return LARDER_OK;
	}
	slots_free(slots, count);
	return code;
}
