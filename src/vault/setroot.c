/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/setroot.h"

#include <inttypes.h>
#include <string.h>

static const struct member members[] = {
	MEMBER(1, NUMBER, state, epoch),
	MEMBER(2, NUMBER, state, count),
	MEMBER(3, BYTES, state, sum),
	MEMBER(4, BYTES, state, previous),
};

const struct record_type type_state = RECORD_TYPE(RECORD_STATE, "state", members, state, NULL);

void
setroot_root(const struct vault_keys *keys, const struct state *state, uint8_t ret[static HASH_BYTES])
{
	struct piece pieces[] = {
		{ keys->id, sizeof(keys->id) },
		{ &state->epoch, sizeof(state->epoch) },
		{ &state->count, sizeof(state->count) },
		{ state->sum, sizeof(state->sum) },
		{ state->previous, sizeof(state->previous) },
	};
	uint8_t numbers[16];

	/* one byte order in the hash, so that a vault can move between machines */
	for (int i = 0; i < 8; i++) {
		numbers[i] = (uint8_t)(state->epoch >> (56 - 8 * i));
		numbers[8 + i] = (uint8_t)(state->count >> (56 - 8 * i));
	}
	pieces[1].data = numbers;
	pieces[2].data = numbers + 8;
	derive_mac(keys->set, "larder 1 root", pieces, sizeof(pieces) / sizeof(pieces[0]), ret);
}

enum larder_code
setroot_load(struct vault *vault, struct state *ret, struct larder_error *ret_error)
{
	struct record_key key = record_key_number(0);
	struct state state;
	enum larder_code code;

	/* nothing is newer than the state that is being read */
	vault->epoch = UINT64_MAX;
	code = record_load(vault, &type_state, &key, &state, ret_error);
	vault->epoch = 0;
	if (code == LARDER_NOT_FOUND)
		return record_damaged(ret_error, "state", "it is missing");
	if (code != LARDER_OK)
		return code;
	vault->epoch = state.epoch;
	*ret = state;
	return LARDER_OK;
}

/* Mod 2^256, least byte first; the same time for all values. */
static void
sum_add(uint8_t sum[static HASH_BYTES], const uint8_t number[static HASH_BYTES])
{
	unsigned carry = 0;

	for (size_t i = 0; i < HASH_BYTES; i++) {
		carry += (unsigned)sum[i] + number[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void
sum_subtract(uint8_t sum[static HASH_BYTES], const uint8_t number[static HASH_BYTES])
{
	unsigned borrow = 0;

	for (size_t i = 0; i < HASH_BYTES; i++) {
		borrow = (unsigned)sum[i] - number[i] - borrow;
		sum[i] = (uint8_t)borrow;
		borrow = borrow >> 8 & 1;
	}
}

/* The number that a row adds to the sum. */
static void
row_hash(const struct vault *vault, uint8_t kind, const void *key, size_t key_len, const void *body, size_t body_len,
    uint8_t ret[static HASH_BYTES])
{
	struct piece pieces[] = { { &kind, 1 }, { key, key_len }, { body, body_len } };

	derive_mac(vault->keys->set, "larder 1 row", pieces, sizeof(pieces) / sizeof(pieces[0]), ret);
}

/* The number of the row that is there now. NOT_FOUND is told. */
static enum larder_code
hash_present(struct vault *vault, uint8_t kind, const void *key, size_t key_len, uint8_t ret[static HASH_BYTES],
    struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	enum larder_code code;

	code = store_get(vault->store, kind, key, key_len, &body, ret_error);
	if (code == LARDER_OK)
		row_hash(vault, kind, key, key_len, body.data, body.len, ret);
	buf_clear(&body);
	return code;
}

/*
 * After the rows, never before: a caller may carry on after a change that failed. Nor is such a transaction committed,
 * as SQLite may have ended it, and with it what was written before.
 */
static enum larder_code
count_change(struct vault *vault, enum larder_code code, const uint8_t *gone, const uint8_t *came,
    const struct larder_error *error, struct larder_error *ret_error)
{
	struct vault_change *change = vault->change;

	if (code != LARDER_OK) {
		if (change->failure.code == LARDER_OK)
			change->failure = *error;
		if (ret_error != NULL)
			*ret_error = *error;
		return code;
	}
	if (gone != NULL) {
		sum_subtract(change->state.sum, gone);
		change->state.count--;
	}
	if (came != NULL) {
		sum_add(change->state.sum, came);
		change->state.count++;
	}
	change->changed = true;
	return LARDER_OK;
}

static enum larder_code
check_writable(const struct vault *vault, struct larder_error *ret_error)
{
	if (vault->writing && vault->change->failure.code != LARDER_OK) {
		if (ret_error != NULL)
			*ret_error = vault->change->failure;
		return vault->change->failure.code;
	}
	if (vault->writing && vault->change->sync == STORE_DURABLE)
		return keys_check(vault->keys, ret_error);
	return error_set(ret_error, LARDER_INTERNAL, "cannot change the vault", NULL,
	    "a record was to be changed outside a durable transaction");
}

enum larder_code
setroot_put(struct vault *vault, uint8_t kind, const void *key, size_t key_len, const struct buf *body,
    struct larder_error *ret_error)
{
	uint8_t gone[HASH_BYTES], came[HASH_BYTES];
	struct larder_error error;
	enum larder_code code;
	bool replaces;

	code = check_writable(vault, ret_error);
	if (code != LARDER_OK)
		return code;
	code = hash_present(vault, kind, key, key_len, gone, &error);
	replaces = code == LARDER_OK;
	if (code == LARDER_OK || code == LARDER_NOT_FOUND)
		code = store_put(vault->store, kind, key, key_len, body->data, body->len, &error);
	row_hash(vault, kind, key, key_len, body->data, body->len, came);
	return count_change(vault, code, replaces ? gone : NULL, came, &error, ret_error);
}

enum larder_code
setroot_remove(struct vault *vault, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error)
{
	uint8_t gone[HASH_BYTES];
	struct larder_error error;
	enum larder_code code;

	code = check_writable(vault, ret_error);
	if (code != LARDER_OK)
		return code;
	code = hash_present(vault, kind, key, key_len, gone, &error);
	if (code == LARDER_NOT_FOUND) {
		if (ret_error != NULL)
			*ret_error = error;
		return code;
	}
	if (code == LARDER_OK)
		code = store_remove(vault->store, kind, key, key_len, &error);
	return count_change(vault, code, gone, NULL, &error, ret_error);
}

enum larder_code
setroot_store(struct vault *vault, struct larder_error *ret_error)
{
	struct vault_change *change = vault->change;
	struct record_key key = record_key_number(0);
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	struct state next = change->state;
	enum larder_code code;

	next.epoch++;
	memcpy(next.previous, change->root, sizeof(next.previous));
	if (!record_encode(vault->keys, &type_state, &key, next.epoch, &next, &body)) {
		code = error_no_memory(ret_error);
		goto out;
	}
	code = store_put(vault->store, RECORD_STATE, key.bytes, key.len, body.data, body.len, ret_error);
	if (code == LARDER_OK)
		change->state = next;
out:
	buf_clear(&body);
	return code;
}

/* Compare what was counted with what the state says. */
static enum larder_code
compare(const struct state *state, uint64_t count, const uint8_t sum[static HASH_BYTES], struct larder_error *ret_error)
{
	static const char what[] = "the vault is damaged";
	static const char hint[] = "restore it from a backup; do not use it until you know why";

	if (count < state->count)
		return error_set(ret_error, LARDER_DAMAGED, what, hint, "%" PRIu64 " of %" PRIu64 " rows are missing",
		    state->count - count, state->count);
	if (count > state->count)
		return error_set(ret_error, LARDER_DAMAGED, what, hint,
		    "%" PRIu64 " rows were added to the %" PRIu64 " that Larder wrote", count - state->count,
		    state->count);
	if (!mac_equal(sum, state->sum))
		return error_set(ret_error, LARDER_DAMAGED, what, hint,
		    "rows were changed, swapped or set back to an older version");
	return LARDER_OK;
}

enum larder_code
setroot_check(struct vault *vault, setroot_visit *visit, struct state *ret_state, struct larder_error *ret_error)
{
	struct state state = { 0 };
	struct store_row row;
	uint8_t sum[HASH_BYTES] = { 0 }, hash[HASH_BYTES];
	uint64_t count = 0;
	bool has_state = false;
	enum larder_code code;

	code = keys_check(vault->keys, ret_error);
	if (code == LARDER_OK)
		code = store_scan(vault->store, 0, ret_error);
	if (code != LARDER_OK)
		return code;
	vault->epoch = UINT64_MAX;
	while ((code = store_next(vault->store, &row, ret_error)) == LARDER_OK) {
		if (row.kind == RECORD_STATE) {
			/* from the same snapshot as the rows */
			has_state = true;
			code = record_decode(
			    vault, &type_state, row.key, row.key_len, row.body, row.body_len, &state, ret_error);
		} else {
			row_hash(vault, row.kind, row.key, row.key_len, row.body, row.body_len, hash);
			sum_add(sum, hash);
			count++;
			if (visit != NULL)
				code = visit(vault, &row, ret_error);
		}
		if (code != LARDER_OK)
			break;
	}
	store_scan_end(vault->store);
	vault->epoch = state.epoch;
	if (code != LARDER_NOT_FOUND)
		return code;
	if (!has_state)
		return record_damaged(ret_error, "state", "it is missing");
	if (vault->writing && vault->change->changed)
		state = vault->change->state;
	code = compare(&state, count, sum, ret_error);
	if (code == LARDER_OK)
		*ret_state = state;
	return code;
}

static bool
is_row(const struct store_row *row, uint8_t kind, const struct record_key *key)
{
	return row->kind == kind && row->key_len == key->len && memcmp(row->key, key->bytes, key->len) == 0;
}

/* Count all rows but one, each after visit has seen it. */
static enum larder_code
count_others(struct vault *vault, uint8_t kind, const struct record_key *gone, setroot_visit *visit,
    struct state *state, struct larder_error *ret_error)
{
	uint8_t hash[HASH_BYTES];
	struct store_row row;
	uint64_t epoch = vault->epoch;
	enum larder_code code;

	code = store_scan(vault->store, 0, ret_error);
	if (code != LARDER_OK)
		return code;
	state->count = 0;
	memset(state->sum, 0, sizeof(state->sum));
	while ((code = store_next(vault->store, &row, ret_error)) == LARDER_OK) {
		if (row.kind == RECORD_STATE || is_row(&row, kind, gone))
			continue;
		code = visit(vault, &row, ret_error);
		if (code != LARDER_OK)
			break;
		row_hash(vault, row.kind, row.key, row.key_len, row.body, row.body_len, hash);
		sum_add(state->sum, hash);
		state->count++;
	}
	store_scan_end(vault->store);
	vault->epoch = epoch;
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

enum larder_code
setroot_mend(struct vault *vault, uint8_t kind, const struct record_key *gone, setroot_visit *visit,
    struct larder_error *ret_error)
{
	struct state state;
	struct larder_error error;
	enum larder_code code;

	code = check_writable(vault, ret_error);
	if (code != LARDER_OK)
		return code;
	state = vault->change->state;
	code = count_others(vault, kind, gone, visit, &state, ret_error);
	if (code != LARDER_OK)
		return code;
	if (state.count + 1 != vault->change->state.count)
		return error_set(ret_error, LARDER_DAMAGED, "the vault is damaged",
		    "restore it from a backup; do not use it until you know why",
		    "other rows are missing or were added");
	code = store_remove(vault->store, kind, gone->bytes, gone->len, &error);
	if (code == LARDER_OK)
		vault->change->state = state;
	return count_change(vault, code, NULL, NULL, &error, ret_error);
}
