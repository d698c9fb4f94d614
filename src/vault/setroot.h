/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of rows as a whole: a keyed multiset hash, a count and an epoch in one state record.
 *
 * Every row but the state's own counts: its keyed hash is a 256-bit number, and the state holds their sum mod 2^256,
 * so a change costs one subtraction and one addition. The root of a state is a MAC over epoch, count, sum and the
 * root before it; the anchor file remembers it.
 */
#ifndef VAULT_SETROOT_H
#define VAULT_SETROOT_H

#include "vault/keys.h"
#include "vault/record.h"

struct state {
	uint64_t epoch; /* +1 per transaction that changes records; 1 at birth */
	uint64_t count; /* rows */
	uint8_t sum[HASH_BYTES];
	uint8_t previous[HASH_BYTES]; /* root of the epoch before */
};

struct vault_change { /* of one transaction */
	bool changed;
	enum store_sync sync;
	uint8_t root[HASH_BYTES];    /* of the state it began with */
	struct state state;          /* count and sum as they will be; the rest as it was, until the commit */
	struct larder_error failure; /* of the first change of a record that failed: there is no commit then */
};

/* The root of a state. */
void setroot_root(const struct vault_keys *keys, const struct state *state, uint8_t ret[static HASH_BYTES]);

/* Read the state record and remember its epoch in the vault. Errors: DAMAGED, STORAGE. */
enum larder_code setroot_load(struct vault *vault, struct state *ret, struct larder_error *ret_error);

/* Write a row, or remove it, and update the pending state. In a durable transaction. Errors as record_store. */
enum larder_code setroot_put(struct vault *vault, uint8_t kind, const void *key, size_t key_len, const struct buf *body,
    struct larder_error *ret_error);
enum larder_code
setroot_remove(struct vault *vault, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error);

/*
 * Remove a row that is not what was written, and whose share of the sum nobody knows any more: the other rows are
 * counted anew. Their number has to be right, and visit sees each; that one of them was set back to an older version
 * cannot be seen this time, so a person has to ask for it. In a durable transaction that has changed nothing yet.
 * Errors: DAMAGED (more is wrong than this row), STORAGE, and what visit gives.
 */
typedef enum larder_code
setroot_visit(struct vault *vault, const struct store_row *row, struct larder_error *ret_error);
enum larder_code setroot_mend(struct vault *vault, uint8_t kind, const struct record_key *gone, setroot_visit *visit,
    struct larder_error *ret_error);

/* Write the pending state as the next epoch. */
enum larder_code setroot_store(struct vault *vault, struct larder_error *ret_error);

/*
 * Recompute the hash over all rows of one snapshot and compare. visit, if given, sees every row first.
 * Errors: DAMAGED (missing, added or changed rows; no state), STORAGE, and what visit gives.
 */
enum larder_code
setroot_check(struct vault *vault, setroot_visit *visit, struct state *ret_state, struct larder_error *ret_error);

#endif
