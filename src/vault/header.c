/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/header.h"

#include <string.h>

#include "vault/setroot.h"

/* format version (2) | vault id (16) | checksum of both (16) | sealed rest */
#define CLEAR_BYTES  (2 + VAULT_ID_BYTES)
#define PREFIX_BYTES (CLEAR_BYTES + NAME_HASH_BYTES)

static const struct member members[] = {
	MEMBER(1, NUMBER, header, created_at),
	MEMBER(2, NUMBER, header, identity.inode),
	MEMBER(3, NUMBER, header, identity.born_ns),
};

static const struct record_type type_header = RECORD_TYPE(RECORD_HEADER, "header", members, header, NULL);

/* Not a MAC: it tells a rotten id from a wrong key. The id itself is bound by everything that is sealed. */
static void
clear_check(const uint8_t clear[static CLEAR_BYTES], uint8_t ret[static NAME_HASH_BYTES])
{
	static const uint8_t no_key[KEY_BYTES];
	struct piece piece = { clear, CLEAR_BYTES };

	derive_name(no_key, "larder header check", &piece, 1, ret);
}

enum larder_code
header_read(
    struct store *store, struct buf *ret_body, uint8_t ret_id[static VAULT_ID_BYTES], struct larder_error *ret_error)
{
	struct record_key key = record_key_number(0);
	uint8_t check[NAME_HASH_BYTES];
	struct reader reader;
	enum larder_code code;
	uint16_t version;

	code = store_get(store, RECORD_HEADER, key.bytes, key.len, ret_body, ret_error);
	if (code == LARDER_NOT_FOUND)
		return record_damaged(ret_error, "header", "it is missing; was 'larder init' interrupted?");
	if (code != LARDER_OK)
		return code;
	reader = (struct reader){ .data = ret_body->data, .len = ret_body->len };
	version = read_u16(&reader);
	if (version > FORMAT_VERSION)
		return error_set(ret_error, LARDER_DAMAGED, "cannot open the vault", "upgrade Larder",
		    "it was made by a newer Larder (format %u, this one knows %u)", (unsigned)version, FORMAT_VERSION);
	if (ret_body->len < PREFIX_BYTES || version != FORMAT_VERSION)
		return record_damaged(ret_error, "header", "it is not one");
	clear_check(ret_body->data, check);
	if (memcmp(check, ret_body->data + CLEAR_BYTES, sizeof(check)) != 0)
		return record_damaged(ret_error, "header", "it was changed");
	memcpy(ret_id, ret_body->data + 2, VAULT_ID_BYTES);
	return LARDER_OK;
}

enum larder_code
header_decode(struct vault *vault, const struct buf *body, struct header *ret, struct larder_error *ret_error)
{
	struct record_key key = record_key_number(0);

	if (body->len < PREFIX_BYTES)
		return record_damaged(ret_error, "header", "it is not one");
	return record_decode(vault, &type_header, key.bytes, key.len, body->data + PREFIX_BYTES,
	    body->len - PREFIX_BYTES, ret, ret_error);
}

enum larder_code
header_store(struct vault *vault, const struct header *header, struct larder_error *ret_error)
{
	struct record_key key = record_key_number(0);
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	uint8_t check[NAME_HASH_BYTES];
	enum larder_code code;
	bool ok;

	ok = buf_append_u16(&body, FORMAT_VERSION) && buf_append(&body, vault->keys->id, VAULT_ID_BYTES);
	if (ok) {
		clear_check(body.data, check);
		ok = buf_append(&body, check, sizeof(check)) &&
		    record_encode(vault->keys, &type_header, &key, vault->change->state.epoch + 1, header, &body);
	}
	if (ok)
		code = setroot_put(vault, RECORD_HEADER, key.bytes, key.len, &body, ret_error);
	else
		code = error_no_memory(ret_error);
	buf_clear(&body);
	return code;
}
