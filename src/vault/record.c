/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/record.h"

#include <errno.h>
#include <string.h>

#include "vault/keys.h"
#include "vault/setroot.h"

static const char *const kind_labels[] = {
	[RECORD_CLIENT] = "larder 1 client",
	[RECORD_CREDENTIAL] = "larder 1 credential",
	[RECORD_GRANT] = "larder 1 grant",
	[RECORD_TOKEN] = "larder 1 token",
	[RECORD_PARKED] = "larder 1 parked",
	[RECORD_FINGERPRINT] = "larder 1 fingerprint",
	[RECORD_ENDPOINT] = "larder 1 endpoint",
	[RECORD_INDEX] = "larder 1 index",
	[RECORD_CLIENT_KEY] = "larder 1 client key",
	[RECORD_PENDING] = "larder 1 pending",
	[RECORD_DPOP_KEY] = "larder 1 dpop key",
};

const struct record_type *
record_type(uint8_t kind)
{
	static const struct record_type *const types[] = {
		[RECORD_STATE] = &type_state,
		[RECORD_CLIENT] = &type_client,
		[RECORD_CREDENTIAL] = &type_credential,
		[RECORD_GRANT] = &type_grant,
		[RECORD_TOKEN] = &type_token,
		[RECORD_PARKED] = &type_parked,
		[RECORD_FINGERPRINT] = &type_fingerprint,
		[RECORD_ENDPOINT] = &type_endpoint,
		[RECORD_INDEX] = &type_index,
		[RECORD_CLIENT_KEY] = &type_client_key,
		[RECORD_PENDING] = &type_pending,
		[RECORD_DPOP_KEY] = &type_dpop_key,
	};

	return kind < sizeof(types) / sizeof(types[0]) ? types[kind] : NULL;
}

enum larder_code
record_damaged(struct larder_error *ret_error, const char *kind, const char *problem)
{
	return error_set(ret_error, LARDER_DAMAGED, "the vault is damaged",
	    "restore it from a backup; do not use it until you know why", "%s record: %s", kind, problem);
}

struct record_key
record_key(const struct vault *vault, enum record_kind kind, const struct piece *pieces, size_t count)
{
	struct record_key key = { .len = NAME_HASH_BYTES };

	derive_name(vault->keys->index, kind_labels[kind], pieces, count, key.bytes);
	return key;
}

struct record_key
record_key_number(uint32_t number)
{
	struct record_key key = { .len = 4 };

	for (int i = 0; i < 4; i++)
		key.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
	return key;
}

struct record_context
record_context(const uint8_t vault_id[static 16], uint8_t kind, const void *key, size_t key_len)
{
	static const uint8_t version[2] = { FORMAT_VERSION >> 8, FORMAT_VERSION & 0xff };
	struct record_context context = { .len = 0 };
	uint8_t *at = context.bytes;

	memcpy(at, version, sizeof(version));
	memcpy(at + 2, vault_id, 16);
	at[18] = kind;
	/* the key is last, so its length needs no field */
	memcpy(at + 19, key, key_len);
	context.len = 19 + key_len;
	return context;
}

void
record_clear(const struct record_type *type, void *record)
{
	struct secret secret;

	for (size_t i = 0; i < type->count; i++) {
		if (type->members[i].form != MEMBER_SECRET)
			continue;
		memcpy(&secret, (uint8_t *)record + type->members[i].offset, sizeof(secret));
		secret_free(&secret);
	}
	wipe(record, type->size);
}

bool
record_encode(const struct vault_keys *keys, const struct record_type *type, const struct record_key *key,
    uint64_t epoch, const void *record, struct buf *ret_body)
{
	struct record_context context = record_context(keys->id, (uint8_t)type->kind, key->bytes, key->len);
	struct buf text = BUF_INIT_SECRET(SEAL_TEXT_MAX);
	bool ok;

	ok = buf_append_u64(&text, epoch) && payload_encode(type->members, type->count, record, &text) &&
	    seal(keys->record, context.bytes, context.len, text.data, text.len, ret_body);
	buf_clear(&text);
	return ok;
}

/*
 * A row cannot be newer than the state. The state that this session knows may be old by now, so ask again before
 * complaining.
 */
static enum larder_code
check_epoch(struct vault *vault, const struct record_type *type, uint64_t epoch, struct larder_error *ret_error)
{
	struct state state;
	enum larder_code code;

	if (vault->writing && vault->change->changed && epoch == vault->change->state.epoch + 1)
		return LARDER_OK; /* of this transaction */
	if (vault->epoch != 0 && epoch <= vault->epoch)
		return LARDER_OK;
	code = setroot_load(vault, &state, ret_error);
	if (code != LARDER_OK)
		return code;
	if (epoch <= vault->epoch)
		return LARDER_OK;
	return record_damaged(ret_error, type->name, "it is newer than the state of the vault");
}

/* Only the arena sets errno here: no locked memory must not look like damage. */
static enum larder_code
refused(const struct record_type *type, const char *problem, struct larder_error *ret_error)
{
	if (error_is_memory())
		return error_no_memory(ret_error);
	return record_damaged(ret_error, type->name, problem);
}

enum larder_code
record_decode(struct vault *vault, const struct record_type *type, const void *key, size_t key_len, const void *body,
    size_t body_len, void *ret, struct larder_error *ret_error)
{
	struct record_context context;
	struct secret text = SECRET_INIT;
	struct reader reader;
	enum larder_code code = LARDER_OK;
	uint64_t epoch;

	memset(ret, 0, type->size);
	if (key_len > sizeof(context.bytes) - 19)
		return record_damaged(ret_error, type->name, "its key is too long");
	context = record_context(vault->keys->id, (uint8_t)type->kind, key, key_len);
	errno = 0;
	if (!unseal(vault->keys->record, context.bytes, context.len, body, body_len, &text))
		return refused(type, "it was changed, or belongs elsewhere", ret_error);
	reader = (struct reader){ .data = text.data, .len = text.len };
	epoch = read_u64(&reader);
	if (reader.failed || !payload_decode(type->members, type->count, reader.data, reader.len, ret) ||
	    (type->is_valid != NULL && !type->is_valid(ret)))
		code = refused(type, "its content is not understood", ret_error);
	else
		code = check_epoch(vault, type, epoch, ret_error);
	if (code != LARDER_OK)
		record_clear(type, ret);
	secret_free(&text);
	return code;
}

enum larder_code
record_load(struct vault *vault, const struct record_type *type, const struct record_key *key, void *ret,
    struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	enum larder_code code;

	memset(ret, 0, type->size);
	code = keys_check(vault->keys, ret_error);
	if (code == LARDER_OK)
		code = store_get(vault->store, (uint8_t)type->kind, key->bytes, key->len, &body, ret_error);
	if (code == LARDER_OK)
		code = record_decode(vault, type, key->bytes, key->len, body.data, body.len, ret, ret_error);
	buf_clear(&body);
	return code;
}

enum larder_code
record_store(struct vault *vault, const struct record_type *type, const struct record_key *key, const void *record,
    struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	enum larder_code code;

	code = keys_check(vault->keys, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!record_encode(vault->keys, type, key, vault->change->state.epoch + 1, record, &body))
		code = error_no_memory(ret_error);
	else
		code = setroot_put(vault, (uint8_t)type->kind, key->bytes, key->len, &body, ret_error);
	buf_clear(&body);
	return code;
}

enum larder_code
record_remove(
    struct vault *vault, const struct record_type *type, const struct record_key *key, struct larder_error *ret_error)
{
	return setroot_remove(vault, (uint8_t)type->kind, key->bytes, key->len, ret_error);
}
