/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of bytes behind one interface, with no idea what they mean: records (kind, key, body) and an append-only log.
 * SQLite is the first back end; another one fills the same struct store_ops.
 *
 * A store is used by one thread at a time. Writes happen between store_begin and store_commit only; nothing slow (no
 * network, no person) may happen in between, because other processes wait for the writer.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define STORE_KEY_MAX  32
#define STORE_BODY_MAX ((size_t)2 << 20)

enum store_sync {
	STORE_RELAXED, /* survives the death of the process, not necessarily of the machine */
	STORE_DURABLE  /* on the disk when commit returns */
};

struct store;

/* A row during a scan; valid until the next step. */
struct store_row {
	uint8_t kind;
	const uint8_t *key;
	size_t key_len;
	const uint8_t *body;
	size_t body_len;
};

struct store_ops {
	void (*close)(struct store *store);
	enum larder_code (*begin)(struct store *store, enum store_sync sync, struct larder_error *ret_error);
	enum larder_code (*commit)(struct store *store, bool *ret_unknown, struct larder_error *ret_error);
	void (*rollback)(struct store *store);
	enum larder_code (*get)(struct store *store, uint8_t kind, const void *key, size_t key_len,
	    struct buf *ret_body, struct larder_error *ret_error);
	enum larder_code (*put)(struct store *store, uint8_t kind, const void *key, size_t key_len, const void *body,
	    size_t body_len, struct larder_error *ret_error);
	enum larder_code (*remove)(
	    struct store *store, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error);
	enum larder_code (*scan)(struct store *store, uint8_t kind, struct larder_error *ret_error);
	enum larder_code (*next)(struct store *store, struct store_row *ret_row, struct larder_error *ret_error);
	void (*scan_end)(struct store *store);
	enum larder_code (*log_next)(struct store *store, int64_t *ret_seq, struct larder_error *ret_error);
	enum larder_code (*log_put)(
	    struct store *store, int64_t seq, const void *body, size_t body_len, struct larder_error *ret_error);
	enum larder_code (*log_scan)(struct store *store, int64_t from_seq, struct larder_error *ret_error);
	enum larder_code (*log_read)(
	    struct store *store, int64_t *ret_seq, struct buf *ret_body, struct larder_error *ret_error);
	enum larder_code (*scrub)(struct store *store, struct larder_error *ret_error);
	enum larder_code (*check)(struct store *store, struct larder_error *ret_error);
};

struct store {
	const struct store_ops *ops;
};

/* Close; an open transaction is rolled back. Accepts NULL. */
static inline void
store_close(struct store *store)
{
	if (store != NULL)
		store->ops->close(store);
}

/*
 * Begin the one write transaction (IMMEDIATE: it waits for other writers up to the store's busy time, then
 * UNAVAILABLE). Errors: UNAVAILABLE, STORAGE, DAMAGED.
 */
static inline enum larder_code
store_begin(struct store *store, enum store_sync sync, struct larder_error *ret_error)
{
	return store->ops->begin(store, sync, ret_error);
}

/*
 * Commit. On failure *ret_unknown says whether the change may nevertheless be there (a failed sync): the caller must
 * re-read and decide; the store has re-opened itself for that. Errors: STORAGE.
 */
static inline enum larder_code
store_commit(struct store *store, bool *ret_unknown, struct larder_error *ret_error)
{
	return store->ops->commit(store, ret_unknown, ret_error);
}

static inline void
store_rollback(struct store *store)
{
	store->ops->rollback(store);
}

/* Read one row, inside or outside a transaction. Errors: NOT_FOUND, STORAGE, DAMAGED. */
static inline enum larder_code
store_get(struct store *store, uint8_t kind, const void *key, size_t key_len, struct buf *ret_body,
    struct larder_error *ret_error)
{
	return store->ops->get(store, kind, key, key_len, ret_body, ret_error);
}

/* Insert or replace one row; in a transaction. Errors: STORAGE (full, I/O, read-only), DAMAGED. */
static inline enum larder_code
store_put(struct store *store, uint8_t kind, const void *key, size_t key_len, const void *body, size_t body_len,
    struct larder_error *ret_error)
{
	return store->ops->put(store, kind, key, key_len, body, body_len, ret_error);
}

/* Remove one row; in a transaction. NOT_FOUND if it is not there. */
static inline enum larder_code
store_remove(struct store *store, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error)
{
	return store->ops->remove(store, kind, key, key_len, ret_error);
}

/*
 * Iterate rows of a kind (0: all kinds), in no promised order, over one snapshot. One scan at a time per store; rows
 * must not be changed while it runs (collect first). next gives NOT_FOUND at the end. scan_end always, also after errors.
 */
static inline enum larder_code
store_scan(struct store *store, uint8_t kind, struct larder_error *ret_error)
{
	return store->ops->scan(store, kind, ret_error);
}

static inline enum larder_code
store_next(struct store *store, struct store_row *ret_row, struct larder_error *ret_error)
{
	return store->ops->next(store, ret_row, ret_error);
}

static inline void
store_scan_end(struct store *store)
{
	store->ops->scan_end(store);
}

/* The sequence number that the next log row will have; in a transaction. */
static inline enum larder_code
store_log_next(struct store *store, int64_t *ret_seq, struct larder_error *ret_error)
{
	return store->ops->log_next(store, ret_seq, ret_error);
}

static inline enum larder_code
store_log_put(struct store *store, int64_t seq, const void *body, size_t body_len, struct larder_error *ret_error)
{
	return store->ops->log_put(store, seq, body, body_len, ret_error);
}

/* Iterate the log upwards from a number; log_read gives NOT_FOUND at the end, store_scan_end ends it. */
static inline enum larder_code
store_log_scan(struct store *store, int64_t from_seq, struct larder_error *ret_error)
{
	return store->ops->log_scan(store, from_seq, ret_error);
}

static inline enum larder_code
store_log_read(struct store *store, int64_t *ret_seq, struct buf *ret_body, struct larder_error *ret_error)
{
	return store->ops->log_read(store, ret_seq, ret_body, ret_error);
}

/* After secrets were removed: leave no old ciphertext in the write-ahead log (TRUNCATE checkpoint); best effort. */
static inline enum larder_code
store_scrub(struct store *store, struct larder_error *ret_error)
{
	return store->ops->scrub(store, ret_error);
}

/* The back end's own integrity check and the schema's. Errors: DAMAGED, STORAGE. */
static inline enum larder_code
store_check(struct store *store, struct larder_error *ret_error)
{
	return store->ops->check(store, ret_error);
}

#endif
