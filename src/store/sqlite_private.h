/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the SQLite back end share: the connection and its statements.
 */
#ifndef STORE_SQLITE_PRIVATE_H
#define STORE_SQLITE_PRIVATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/sqlite.h"

/* Prepared when first needed and kept: a process that only hands out a token pays for the few that it uses. */
enum sqlite_statement {
	STATEMENT_VERSION,
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_GET,
	STATEMENT_PUT,
	STATEMENT_REMOVE,
	STATEMENT_SCAN_KIND,
	STATEMENT_SCAN_ALL,
	STATEMENT_LOG_NEXT,
	STATEMENT_LOG_PUT,
	STATEMENT_LOG_SCAN,
	STATEMENTS
};

struct sqlite_store {
	struct store store; /* first: the public pointer is this one's */
	sqlite3 *db; /* NULL after a failed commit whose outcome could not be settled; the next call tries again */
	sqlite3_stmt *statements[STATEMENTS];
	sqlite3_stmt *scan; /* the statement of the running scan, else NULL */
	char *dir;
	int dirfd; /* the caller's */
	int version;
	int busy_ms;
	int64_t busy_since_ms; /* of the current wait */
	uint32_t jitter;
	int sync;         /* enum store_sync of the connection; -1: not set yet */
	bool can_change;  /* what only writers of records need is set */
	bool sync_failed; /* what is read must be brought to the disk anew before anybody relies on it */
};

/*
 * Open the connection of a store that has none; checks the files, the header, version and schema. On failure there
 * is still none. Errors: as sqlite_store_open.
 */
enum larder_code sqlite_connect(struct sqlite_store *store, struct larder_error *ret_error);

/* Finalize all, close the connection; a transaction is rolled back. */
void sqlite_disconnect(struct sqlite_store *store);

/* The prepared statement, ready for its values; connects again if there is no connection. */
enum larder_code sqlite_statement(
    struct sqlite_store *store, enum sqlite_statement which, sqlite3_stmt **ret, struct larder_error *ret_error);

/* Before the first change of records (sqlite_row.c): pragmas that nobody else needs. Once per connection. */
enum larder_code sqlite_prepare_change(struct sqlite_store *store, struct larder_error *ret_error);

/* Rows (sqlite_row.c), with the meaning of store.h. */
enum larder_code sqlite_row_get(struct store *store, uint8_t kind, const void *key, size_t key_len,
    struct buf *ret_body, struct larder_error *ret_error);
enum larder_code sqlite_row_put(struct store *store, uint8_t kind, const void *key, size_t key_len, const void *body,
    size_t body_len, struct larder_error *ret_error);
enum larder_code
sqlite_row_remove(struct store *store, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error);
enum larder_code sqlite_row_scan(struct store *store, uint8_t kind, struct larder_error *ret_error);
enum larder_code sqlite_row_next(struct store *store, struct store_row *ret_row, struct larder_error *ret_error);
void sqlite_row_scan_end(struct store *store);
enum larder_code sqlite_row_log_next(struct store *store, int64_t *ret_seq, struct larder_error *ret_error);
enum larder_code
sqlite_row_log_put(struct store *store, int64_t seq, const void *body, size_t body_len, struct larder_error *ret_error);
enum larder_code sqlite_row_log_scan(struct store *store, int64_t from_seq, struct larder_error *ret_error);
enum larder_code
sqlite_row_log_read(struct store *store, int64_t *ret_seq, struct buf *ret_body, struct larder_error *ret_error);

#endif
