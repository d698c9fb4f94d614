/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "vault/list.h"

static const struct member members[] = {
	MEMBER(1, SECRET, record_index, keys),
};

static bool
is_valid(const void *record)
{
	const struct record_index *index = record;

	return index->keys.len % NAME_HASH_BYTES == 0 && index_count(index) <= INDEX_MAX;
}

const struct record_type type_index = RECORD_TYPE(RECORD_INDEX, "index", members, record_index, is_valid);

static struct record_key
index_key(const struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES], enum record_kind kind)
{
	uint8_t kind_byte = (uint8_t)kind;
	struct piece pieces[] = { { credential_id, RECORD_ID_BYTES }, { &kind_byte, 1 } };

	return record_key(vault, RECORD_INDEX, pieces, 2);
}

struct record_key
index_at(const struct record_index *index, size_t i)
{
	struct record_key key = { .len = NAME_HASH_BYTES };

	memcpy(key.bytes, index->keys.data + i * NAME_HASH_BYTES, NAME_HASH_BYTES);
	return key;
}

enum larder_code
index_load(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES], enum record_kind kind,
    struct record_index *ret, struct larder_error *ret_error)
{
	struct record_key key = index_key(vault, credential_id, kind);
	enum larder_code code = record_load(vault, &type_index, &key, ret, ret_error);

	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

void
index_clear(struct record_index *index)
{
	record_clear(&type_index, index);
}

static enum larder_code
store_index(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES], enum record_kind kind,
    const uint8_t *keys, size_t keys_len, const struct record_key *last, struct larder_error *ret_error)
{
	struct record_key key = index_key(vault, credential_id, kind);
	struct record_index index = { 0 };
	enum larder_code code;

	if (!secret_new(keys_len + (last != NULL ? NAME_HASH_BYTES : 0), &index.keys))
		return error_no_memory(ret_error);
	if (keys_len > 0)
		memcpy(index.keys.data, keys, keys_len);
	if (last != NULL)
		memcpy(index.keys.data + keys_len, last->bytes, NAME_HASH_BYTES);
	code = record_store(vault, &type_index, &key, &index, ret_error);
	index_clear(&index);
	return code;
}

enum larder_code
index_add(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES], enum record_kind kind,
    const struct record_key *key, struct larder_error *ret_error)
{
	struct record_index index = { 0 };
	struct record_key other;
	enum larder_code code;

	code = index_load(vault, credential_id, kind, &index, ret_error);
	if (code != LARDER_OK)
		return code;
	for (size_t i = 0; i < index_count(&index); i++) {
		other = index_at(&index, i);
		if (memcmp(other.bytes, key->bytes, NAME_HASH_BYTES) == 0)
			goto out;
	}
	if (index_count(&index) == INDEX_MAX)
		code = error_set(ret_error, LARDER_USAGE, "cannot store the record", NULL,
		    "the credential has %d of its kind already", INDEX_MAX);
	else
		code = store_index(vault, credential_id, kind, index.keys.data, index.keys.len, key, ret_error);
out:
	index_clear(&index);
	return code;
}

enum larder_code
index_drop_first(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES], enum record_kind kind,
    struct larder_error *ret_error)
{
	struct record_index index = { 0 };
	struct record_key key;
	enum larder_code code;

	code = index_load(vault, credential_id, kind, &index, ret_error);
	if (code != LARDER_OK || index_count(&index) == 0)
		goto out;
	key = index_at(&index, 0);
	code = record_remove(vault, record_type((uint8_t)kind), &key, ret_error);
	if (code == LARDER_OK || code == LARDER_NOT_FOUND)
		code = store_index(vault, credential_id, kind, index.keys.data + NAME_HASH_BYTES,
		    index.keys.len - NAME_HASH_BYTES, NULL, ret_error);
out:
	index_clear(&index);
	return code;
}

enum larder_code
index_list(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES], enum record_kind kind,
    struct list *list, struct larder_error *ret_error)
{
	struct record_index index = { 0 };
	struct record_key key;
	enum larder_code code;
	void *item;

	code = index_load(vault, credential_id, kind, &index, ret_error);
	for (size_t i = 0; code == LARDER_OK && i < index_count(&index); i++) {
		key = index_at(&index, i);
		item = list_next(list);
		if (item == NULL)
			code = error_no_memory(ret_error);
		else
			code = record_load(vault, list->type, &key, item, ret_error);
		if (code == LARDER_OK)
			list_grew(list);
		else if (code == LARDER_NOT_FOUND)
			code = record_damaged(ret_error, list->type->name, "it is missing");
	}
	index_clear(&index);
	return code;
}

enum larder_code
index_remove_all(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES], enum record_kind kind,
    struct larder_error *ret_error)
{
	struct record_key own = index_key(vault, credential_id, kind), key;
	struct record_index index = { 0 };
	enum larder_code code;

	code = index_load(vault, credential_id, kind, &index, ret_error);
	for (size_t i = 0; code == LARDER_OK && i < index_count(&index); i++) {
		key = index_at(&index, i);
		code = record_remove(vault, record_type((uint8_t)kind), &key, ret_error);
		if (code == LARDER_NOT_FOUND)
			code = LARDER_OK;
	}
	index_clear(&index);
	if (code == LARDER_OK)
		code = record_remove(vault, &type_index, &own, ret_error);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}
