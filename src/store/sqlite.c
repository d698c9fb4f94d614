/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store on SQLite: transactions, statements, housekeeping. Opening is sqlite_open.c, rows are sqlite_row.c.
 *
 * A failed COMMIT is unknown, not undone. SQLite writes the frames, the last of them with the commit mark, then syncs;
 * when only the sync fails, the next process that rebuilds the index of the -wal finds the commit in it. So after an I/O
 * error the connection is closed, opened anew, and the -wal is carried over into vault.db and emptied: whatever can
 * then be read has been written to the disk once more and synced (a second sync of the same pages would lie), and
 * nothing that could not be read can appear later. While that does not succeed, every call fails with STORAGE.
 */
#include "store/sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "store/migrate.h"
#include "store/sqlite_error.h"
#include "store/sqlite_private.h"

#define CANNOT_BEGIN  "cannot begin to write the vault"
#define CANNOT_COMMIT "cannot write the vault"
#define CANNOT_CHECK  "cannot check the vault"

#define SCRUB_WAIT_MS 100 /* for readers of old snapshots; they hold a vault for less than a millisecond */

#define PUT_SQL \
	"INSERT INTO record(kind, key, body) VALUES(?1, ?2, ?3) ON CONFLICT(kind, key) DO UPDATE SET body = excluded.body"

static const char *const texts[STATEMENTS] = {
	[STATEMENT_VERSION] = "PRAGMA user_version",
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
	[STATEMENT_GET] = "SELECT body FROM record WHERE kind = ?1 AND key = ?2",
	[STATEMENT_PUT] = PUT_SQL,
	[STATEMENT_REMOVE] = "DELETE FROM record WHERE kind = ?1 AND key = ?2",
	[STATEMENT_SCAN_KIND] = "SELECT kind, key, body FROM record WHERE kind = ?1",
	[STATEMENT_SCAN_ALL] = "SELECT kind, key, body FROM record",
	[STATEMENT_LOG_NEXT] = "SELECT seq FROM log ORDER BY seq DESC LIMIT 1",
	[STATEMENT_LOG_PUT] = "INSERT INTO log(seq, body) VALUES(?1, ?2)",
	[STATEMENT_LOG_SCAN] = "SELECT seq, body FROM log WHERE seq >= ?1 ORDER BY seq",
};

static struct sqlite_store *
from(struct store *store)
{
	return (struct sqlite_store *)store;
}

/* Carry the -wal over into vault.db and empty it, waiting for others no longer than wait_ms. */
static int
empty_wal(struct sqlite_store *store, int wait_ms)
{
	int busy_ms = store->busy_ms;
	int rc;

	store->busy_ms = busy_ms < wait_ms ? busy_ms : wait_ms;
	rc = sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	store->busy_ms = busy_ms;
	return rc;
}

static enum larder_code
reconnect(struct sqlite_store *store, struct larder_error *ret_error)
{
	enum larder_code code = sqlite_connect(store, ret_error);
	int rc;

	if (code != LARDER_OK || !store->sync_failed)
		return code;
	rc = empty_wal(store, SCRUB_WAIT_MS);
	if (rc == SQLITE_OK) {
		store->sync_failed = false;
		return LARDER_OK;
	}
	code = sqlite_error(store->db, rc, "cannot bring the vault to the disk", ret_error);
	sqlite_disconnect(store);
	return code;
}

enum larder_code
sqlite_statement(
    struct sqlite_store *store, enum sqlite_statement which, sqlite3_stmt **ret, struct larder_error *ret_error)
{
	enum larder_code code;
	int rc;

	if (store->db == NULL) {
		code = reconnect(store, ret_error);
		if (code != LARDER_OK)
			return code;
	}
	if (store->statements[which] == NULL) {
		rc = sqlite3_prepare_v2(store->db, texts[which], -1, &store->statements[which], NULL);
		if (rc != SQLITE_OK)
			return sqlite_error(store->db, rc, "cannot use the vault", ret_error);
	}
	*ret = store->statements[which];
	return LARDER_OK;
}

static int
step(sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void
rollback(struct store *store)
{
	sqlite3_stmt *statement = NULL;

	sqlite_row_scan_end(store); /* a running read would keep the transaction's pages */
	if (from(store)->db == NULL || sqlite3_get_autocommit(from(store)->db))
		return;
	if (sqlite_statement(from(store), STATEMENT_ROLLBACK, &statement, NULL) != LARDER_OK ||
	    step(statement) != SQLITE_OK)
		sqlite_disconnect(from(store)); /* closing rolls back too */
}

/* In WAL mode NORMAL leaves the sync to the next checkpoint. Only possible outside of a transaction. */
static enum larder_code
set_sync(struct sqlite_store *store, enum store_sync sync, struct larder_error *ret_error)
{
	int rc;

	if (store->sync == (int)sync)
		return LARDER_OK;
	rc = sqlite3_exec(store->db, sync == STORE_DURABLE ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
	    NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_error(store->db, rc, CANNOT_BEGIN, ret_error);
	store->sync = (int)sync;
	return LARDER_OK;
}

/*
 * A process that stays for days must not write into a file that was moved away or migrated by a newer Larder; both are
 * looked at under the write lock.
 */
static enum larder_code
check_still_ours(struct sqlite_store *store, struct larder_error *ret_error)
{
	int moved = 1, version = 0;

	if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved)
		return error_set(ret_error, LARDER_STORAGE, CANNOT_BEGIN, "run the command again",
		    "%s was moved or replaced while it was open", SQLITE_STORE_FILE);
	return migrate_version(store->statements[STATEMENT_VERSION], &version, ret_error);
}

static enum larder_code
begin(struct store *store, enum store_sync sync, struct larder_error *ret_error)
{
	sqlite3_stmt *statement = NULL;
	enum larder_code code;
	int rc;

	code = sqlite_statement(from(store), STATEMENT_BEGIN, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!sqlite3_get_autocommit(from(store)->db))
		return error_set(ret_error, LARDER_INTERNAL, CANNOT_BEGIN, NULL, "a transaction is running already");
	code = set_sync(from(store), sync, ret_error);
	if (code != LARDER_OK)
		return code;
	rc = step(statement);
	if (rc != SQLITE_OK)
		return sqlite_error(from(store)->db, rc, CANNOT_BEGIN, ret_error);
	code = check_still_ours(from(store), ret_error);
	if (code != LARDER_OK)
		rollback(store);
	return code;
}

static enum larder_code
commit(struct store *store, bool *ret_unknown, struct larder_error *ret_error)
{
	sqlite3_stmt *statement = NULL;
	enum larder_code code;
	int rc;

	*ret_unknown = false;
	if (from(store)->db == NULL || sqlite3_get_autocommit(from(store)->db))
		return error_set(
		    ret_error, LARDER_STORAGE, CANNOT_COMMIT, "try again", "the transaction has ended already");
	code = sqlite_statement(from(store), STATEMENT_COMMIT, &statement, ret_error);
	if (code != LARDER_OK) {
		rollback(store);
		return code;
	}
	rc = step(statement);
	if (rc == SQLITE_OK)
		return LARDER_OK;
	*ret_unknown = true;
	from(store)->sync_failed = from(store)->sync_failed || (rc & 0xff) == SQLITE_IOERR;
	code = sqlite_error(from(store)->db, rc, CANNOT_COMMIT, ret_error);
	sqlite_disconnect(from(store));
	(void)reconnect(from(store), NULL); /* if not now, then at the next call, which tells why */
	return code;
}

static enum larder_code
scrub(struct store *store, struct larder_error *ret_error)
{
	sqlite3_stmt *statement = NULL;
	enum larder_code code;
	int rc;

	code = sqlite_statement(from(store), STATEMENT_VERSION, &statement, ret_error); /* connects if need be */
	if (code != LARDER_OK)
		return code;
	rc = empty_wal(from(store), SCRUB_WAIT_MS);
	if (rc == SQLITE_OK)
		return LARDER_OK;
	return sqlite_error(from(store)->db, rc, "cannot empty the write-ahead log of the vault", ret_error);
}

static enum larder_code
check(struct store *store, struct larder_error *ret_error)
{
	sqlite3_stmt *statement = NULL;
	enum larder_code code;
	char found[160];
	const char *text;
	int rc;

	code = sqlite_statement(from(store), STATEMENT_VERSION, &statement, ret_error);
	if (code == LARDER_OK)
		code = migrate_version(statement, &from(store)->version, ret_error);
	if (code == LARDER_OK)
		code = migrate_verify(from(store)->db, ret_error);
	/* Before the check opens a temporary database, whose kind cannot be changed once it is in use. */
	if (code == LARDER_OK)
		code = sqlite_prepare_change(from(store), ret_error);
	if (code != LARDER_OK)
		return code;
	rc = sqlite3_prepare_v2(from(store)->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
	if (rc != SQLITE_OK)
		return sqlite_error(from(store)->db, rc, CANNOT_CHECK, ret_error);
	rc = sqlite3_step(statement);
	text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (rc != SQLITE_ROW)
		code = sqlite_error(from(store)->db, rc, CANNOT_CHECK, ret_error);
	else if (text == NULL)
		code = error_no_memory(ret_error);
	else if (strcmp(text, "ok") != 0 && sqlite_error_of_disk(from(store)->db))
		code = sqlite_error(from(store)->db, SQLITE_CORRUPT, CANNOT_CHECK, ret_error);
	else if (strcmp(text, "ok") != 0)
		code = error_set(ret_error, LARDER_DAMAGED, "the vault is damaged", "restore it from a backup", "%s",
		    text_escape(found, sizeof(found), text, strlen(text)));
	(void)sqlite3_finalize(statement);
	return code;
}

static void
close_store(struct store *store)
{
	sqlite_disconnect(from(store));
	free(from(store)->dir);
	free(store);
}

static const struct store_ops operations = {
	.close = close_store,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.get = sqlite_row_get,
	.put = sqlite_row_put,
	.remove = sqlite_row_remove,
	.scan = sqlite_row_scan,
	.next = sqlite_row_next,
	.scan_end = sqlite_row_scan_end,
	.log_next = sqlite_row_log_next,
	.log_put = sqlite_row_log_put,
	.log_scan = sqlite_row_log_scan,
	.log_read = sqlite_row_log_read,
	.scrub = scrub,
	.check = check,
};

enum larder_code
sqlite_store_open(const char *dir, int dirfd, int busy_ms, struct store **ret, struct larder_error *ret_error)
{
	struct sqlite_store *store = calloc(1, sizeof(*store));
	enum larder_code code;

	if (store == NULL)
		return error_no_memory(ret_error);
	store->store.ops = &operations;
	store->dirfd = dirfd;
	store->busy_ms = busy_ms;
	store->jitter = (uint32_t)getpid() * 2654435761U | 1U; /* never 0, where it would stay */
	store->sync = -1;
	store->dir = strdup(dir);
	code = store->dir == NULL ? error_no_memory(ret_error) : sqlite_connect(store, ret_error);
	if (code == LARDER_OK)
		*ret = &store->store;
	else
		close_store(&store->store);
	return code;
}

void
sqlite_store_busy(struct store *store, int busy_ms)
{
	from(store)->busy_ms = busy_ms;
}
