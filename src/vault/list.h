/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays of decoded records, and the index records that say which further rows belong to a credential (a row's
 * blind key tells nothing about its owner).
 */
#ifndef VAULT_LIST_H
#define VAULT_LIST_H

#include "vault/record.h"

struct list {
	const struct record_type *type;
	void *items; /* array of the type's struct */
	size_t count, room;
};

#define LIST_INIT(type_) \
	{ \
		.type = (type_) \
	}

/* Room for one more, zeroed; it counts only after list_grew. NULL: memory. */
void *list_next(struct list *list);
void list_grew(struct list *list);

/* Append every record of the type. On failure the list is empty. */
enum larder_code list_scan(struct vault *vault, struct list *list, struct larder_error *ret_error);

/* Clear the items and free the array. Accepts NULL. */
void list_free(const struct record_type *type, void *items, size_t count);

/* --- index records: per credential and kind, keys in the order in which they were added --- */

#define INDEX_MAX 256 /* keys of one index */

struct record_index {
	struct secret keys; /* NAME_HASH_BYTES each */
};

static inline size_t
index_count(const struct record_index *index)
{
	return index->keys.len / NAME_HASH_BYTES;
}
struct record_key index_at(const struct record_index *index, size_t i);

/* An index that was never written is empty. */
enum larder_code index_load(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES],
    enum record_kind kind, struct record_index *ret, struct larder_error *ret_error);
void index_clear(struct record_index *index);

/* Append a key, unless it is there. Errors: INTERNAL (memory), USAGE (INDEX_MAX), STORAGE. */
enum larder_code index_add(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES],
    enum record_kind kind, const struct record_key *key, struct larder_error *ret_error);

/* Remove the oldest key and its row. */
enum larder_code index_drop_first(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES],
    enum record_kind kind, struct larder_error *ret_error);

/* Append the indexed records of kind to list. */
enum larder_code index_list(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES],
    enum record_kind kind, struct list *list, struct larder_error *ret_error);

/* Remove all indexed rows of kind and the index. */
enum larder_code index_remove_all(struct vault *vault, const uint8_t credential_id[static RECORD_ID_BYTES],
    enum record_kind kind, struct larder_error *ret_error);

#endif
