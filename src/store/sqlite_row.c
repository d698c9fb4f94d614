/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "store/sqlite_error.h"
#include "store/sqlite_private.h"

#define CANNOT_READ  "cannot read the vault"
#define CANNOT_WRITE "cannot write the vault"

static struct sqlite_store *
from(struct store *store)
{
	return (struct sqlite_store *)store;
}

static enum larder_code
misuse(const char *what, const char *why, struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_INTERNAL, what, NULL, "%s", why);
}

static enum larder_code
oversized(struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_DAMAGED, CANNOT_READ, "run 'larder verify'",
	    "vault.db holds a row that is larger than any Larder writes");
}

/* Writes need a running transaction; SQLite ends it by itself when the disk fails. */
static enum larder_code
check_writable(struct sqlite_store *store, size_t body_len, struct larder_error *ret_error)
{
	if (store->db == NULL || sqlite3_get_autocommit(store->db))
		return misuse(CANNOT_WRITE, "there is no transaction", ret_error);
	if (body_len > STORE_BODY_MAX)
		return misuse(CANNOT_WRITE, "the row is too large", ret_error);
	return LARDER_OK;
}

/*
 * What only a change of records needs: old content is overwritten with zeros, what a statement remembers to undo itself
 * stays out of TMPDIR, and the -wal of a large import is cut to 1 MiB afterwards. Debian's SQLite deletes securely by
 * default, others do not.
 */
enum larder_code
sqlite_prepare_change(struct sqlite_store *store, struct larder_error *ret_error)
{
	int rc;

	if (store->can_change)
		return LARDER_OK;
	rc = sqlite3_exec(store->db,
	    "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=1048576", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_error(store->db, rc, CANNOT_WRITE, ret_error);
	store->can_change = true;
	return LARDER_OK;
}

static enum larder_code
bind_key(sqlite3_stmt *statement, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error)
{
	if (key_len == 0 || key_len > STORE_KEY_MAX || kind == 0)
		return misuse("cannot use the vault", "a key is empty or too long", ret_error);
	(void)sqlite3_bind_int(statement, 1, kind);
	/* static: the caller's bytes outlive the one step; a blob of at most 32 bytes cannot fail to bind */
	(void)sqlite3_bind_blob(statement, 2, key, (int)key_len, SQLITE_STATIC);
	return LARDER_OK;
}

/* An empty body is an empty blob, not NULL. */
static int
bind_body(sqlite3_stmt *statement, int index, const void *body, size_t body_len)
{
	if (body_len == 0)
		return sqlite3_bind_zeroblob(statement, index, 0);
	return sqlite3_bind_blob(statement, index, body, (int)body_len, SQLITE_STATIC);
}

/* Run to the end a statement that gives no rows. */
static enum larder_code
run(struct sqlite_store *store, sqlite3_stmt *statement, struct larder_error *ret_error)
{
	int rc = sqlite3_step(statement);
	enum larder_code code = LARDER_OK;

	if (rc != SQLITE_DONE)
		code = sqlite_error(store->db, rc, CANNOT_WRITE, ret_error);
	(void)sqlite3_reset(statement);
	return code;
}

static enum larder_code
copy_body(sqlite3_stmt *statement, int column, struct buf *ret_body, struct larder_error *ret_error)
{
	const void *body = sqlite3_column_blob(statement, column);
	size_t len = (size_t)sqlite3_column_bytes(statement, column);

	if (body == NULL && sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM)
		return error_no_memory(ret_error);
	if (len > STORE_BODY_MAX || len > ret_body->max)
		return oversized(ret_error);
	buf_reset(ret_body);
	if (len > 0 && !buf_append(ret_body, body, len))
		return error_no_memory(ret_error);
	return LARDER_OK;
}

enum larder_code
sqlite_row_get(struct store *store, uint8_t kind, const void *key, size_t key_len, struct buf *ret_body,
    struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;
	int rc;

	code = sqlite_statement(from(store), STATEMENT_GET, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	code = bind_key(statement, kind, key, key_len, ret_error);
	if (code != LARDER_OK)
		return code;
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		code = copy_body(statement, 0, ret_body, ret_error);
	else if (rc == SQLITE_DONE)
		code = error_set(ret_error, LARDER_NOT_FOUND, CANNOT_READ, NULL, "there is no such row");
	else
		code = sqlite_error(from(store)->db, rc, CANNOT_READ, ret_error);
	(void)sqlite3_reset(statement);
	return code;
}

enum larder_code
sqlite_row_put(struct store *store, uint8_t kind, const void *key, size_t key_len, const void *body, size_t body_len,
    struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;

	code = check_writable(from(store), body_len, ret_error);
	if (code != LARDER_OK)
		return code;
	code = sqlite_prepare_change(from(store), ret_error);
	if (code != LARDER_OK)
		return code;
	code = sqlite_statement(from(store), STATEMENT_PUT, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	code = bind_key(statement, kind, key, key_len, ret_error);
	if (code != LARDER_OK)
		return code;
	if (bind_body(statement, 3, body, body_len) != SQLITE_OK)
		return error_no_memory(ret_error);
	return run(from(store), statement, ret_error);
}

enum larder_code
sqlite_row_remove(struct store *store, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;

	code = check_writable(from(store), 0, ret_error);
	if (code != LARDER_OK)
		return code;
	code = sqlite_prepare_change(from(store), ret_error);
	if (code != LARDER_OK)
		return code;
	code = sqlite_statement(from(store), STATEMENT_REMOVE, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	code = bind_key(statement, kind, key, key_len, ret_error);
	if (code != LARDER_OK)
		return code;
	code = run(from(store), statement, ret_error);
	if (code == LARDER_OK && sqlite3_changes(from(store)->db) == 0)
		return error_set(ret_error, LARDER_NOT_FOUND, CANNOT_WRITE, NULL, "there is no such row");
	return code;
}

enum larder_code
sqlite_row_scan(struct store *store, uint8_t kind, struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;

	if (from(store)->scan != NULL)
		return misuse(CANNOT_READ, "another scan is running", ret_error);
	code =
	    sqlite_statement(from(store), kind == 0 ? STATEMENT_SCAN_ALL : STATEMENT_SCAN_KIND, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	if (kind != 0)
		(void)sqlite3_bind_int(statement, 1, kind);
	from(store)->scan = statement;
	return LARDER_OK;
}

/* OK when the running scan stands on a row. */
static enum larder_code
step_scan(struct sqlite_store *store, struct larder_error *ret_error)
{
	int rc;

	if (store->scan == NULL)
		return misuse(CANNOT_READ, "no scan is running", ret_error);
	rc = sqlite3_step(store->scan);
	if (rc == SQLITE_ROW)
		return LARDER_OK;
	sqlite_row_scan_end(&store->store); /* one more step would begin again */
	if (rc == SQLITE_DONE)
		return error_set(ret_error, LARDER_NOT_FOUND, CANNOT_READ, NULL, "there are no more rows");
	return sqlite_error(store->db, rc, CANNOT_READ, ret_error);
}

enum larder_code
sqlite_row_next(struct store *store, struct store_row *ret_row, struct larder_error *ret_error)
{
	enum larder_code code = step_scan(from(store), ret_error);
	sqlite3_stmt *scan = from(store)->scan;
	struct store_row row;
	int kind;

	if (code != LARDER_OK)
		return code;
	kind = sqlite3_column_int(scan, 0);
	row.kind = (uint8_t)kind;
	row.key = sqlite3_column_blob(scan, 1);
	row.key_len = (size_t)sqlite3_column_bytes(scan, 1);
	row.body = sqlite3_column_blob(scan, 2);
	row.body_len = (size_t)sqlite3_column_bytes(scan, 2);
	if (row.body == NULL && sqlite3_errcode(from(store)->db) == SQLITE_NOMEM)
		return error_no_memory(ret_error);
	if (kind < 1 || kind > UINT8_MAX || row.key_len == 0 || row.key_len > STORE_KEY_MAX ||
	    row.body_len > STORE_BODY_MAX)
		return oversized(ret_error);
	*ret_row = row;
	return LARDER_OK;
}

void
sqlite_row_scan_end(struct store *store)
{
	(void)sqlite3_reset(from(store)->scan); /* lets the snapshot go; accepts NULL */
	from(store)->scan = NULL;
}

enum larder_code
sqlite_row_log_next(struct store *store, int64_t *ret_seq, struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;
	int64_t last = 0;
	int rc;

	code = sqlite_statement(from(store), STATEMENT_LOG_NEXT, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		last = sqlite3_column_int64(statement, 0);
	else if (rc != SQLITE_DONE)
		code = sqlite_error(from(store)->db, rc, CANNOT_READ, ret_error);
	(void)sqlite3_reset(statement);
	if (code == LARDER_OK && (last < 0 || last == INT64_MAX))
		return error_set(ret_error, LARDER_DAMAGED, CANNOT_READ, "run 'larder verify'",
		    "the log in vault.db has an impossible number");
	if (code == LARDER_OK)
		*ret_seq = last + 1;
	return code;
}

enum larder_code
sqlite_row_log_put(struct store *store, int64_t seq, const void *body, size_t body_len, struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;

	code = check_writable(from(store), body_len, ret_error);
	if (code != LARDER_OK)
		return code;
	code = sqlite_statement(from(store), STATEMENT_LOG_PUT, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	(void)sqlite3_bind_int64(statement, 1, seq);
	if (bind_body(statement, 2, body, body_len) != SQLITE_OK)
		return error_no_memory(ret_error);
	return run(from(store), statement, ret_error);
}

enum larder_code
sqlite_row_log_scan(struct store *store, int64_t from_seq, struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;

	if (from(store)->scan != NULL)
		return misuse(CANNOT_READ, "another scan is running", ret_error);
	code = sqlite_statement(from(store), STATEMENT_LOG_SCAN, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	(void)sqlite3_bind_int64(statement, 1, from_seq);
	from(store)->scan = statement;
	return LARDER_OK;
}

enum larder_code
sqlite_row_log_read(struct store *store, int64_t *ret_seq, struct buf *ret_body, struct larder_error *ret_error)
{
	enum larder_code code = step_scan(from(store), ret_error);

	if (code == LARDER_OK)
		code = copy_body(from(store)->scan, 1, ret_body, ret_error);
	if (code == LARDER_OK)
		*ret_seq = sqlite3_column_int64(from(store)->scan, 0);
	return code;
}
