/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a directory to a connection that has been checked, and a new vault.db.
 *
 * Files are judged before SQLite opens them (a FIFO would hang it) and it follows no link; then the file it has must
 * be the one that was judged. The first bytes are read below SQLite's parser: what does not begin like a vault never
 * reaches it. The schema is compared as text; triggers and views are off, so no SQL of the file runs.
 *
 * What is set for a token to be read costs no statement: pragmas that only writers of records need wait for them
 * (sqlite_row.c), and synchronous waits for the first transaction (sqlite.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "store/migrate.h"
#include "store/sqlite_error.h"
#include "store/sqlite_file.h"
#include "store/sqlite_private.h"

#define CANNOT_OPEN   "cannot open the vault"
#define CANNOT_CREATE "cannot create the vault"

#define OPEN_FLAGS \
	(SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW | \
	    SQLITE_OPEN_EXRESCODE)

/*
 * Frames in the -wal until a commit carries them over. The first process to open a vault that nobody else has open reads
 * the whole -wal, 2 us a frame; carrying over costs about 1 ms (three syncs). A token takes one frame.
 */
#define CHECKPOINT_FRAMES 64

#define HEADER_LEN   72 /* up to and with the application id */
#define SLEEP_MIN_US 200
#define SLEEP_MAX_US 5000
#define PATH_SIZE    (PATH_MAX + 32)

/* Any spread will do: waiters must not wake in step. */
static uint32_t
jitter_next(struct sqlite_store *store)
{
	store->jitter ^= store->jitter << 13;
	store->jitter ^= store->jitter >> 17;
	store->jitter ^= store->jitter << 5;
	return store->jitter;
}

/* SQLite's own handler sleeps up to 100 ms, far longer than a commit takes. */
static int
busy(void *data, int count)
{
	struct sqlite_store *store = data;
	int64_t now_ms = io_clock_ms();
	uint32_t most_us = SLEEP_MAX_US;
	struct timespec pause;

	if (count == 0)
		store->busy_since_ms = now_ms;
	if (now_ms - store->busy_since_ms >= store->busy_ms)
		return 0;
	if (count < 4)
		most_us = (uint32_t)SLEEP_MIN_US * 2U << count;
	pause.tv_sec = 0;
	pause.tv_nsec = (long)(SLEEP_MIN_US + jitter_next(store) % (most_us - SLEEP_MIN_US + 1)) * 1000;
	(void)nanosleep(&pause, NULL);
	return 1;
}

/*
 * After each commit, frames: length of the -wal. SQLite's own automatic checkpoint copies the frames but leaves them in
 * the file, for the next writer to begin anew, and that is noted in shared memory only: with commands that run one
 * after the other the next one would find them all again, and the -wal would never end. So it is emptied at once; when
 * readers of older frames are there, a later commit does it. No error of it is the commit's.
 */
static int
after_commit(void *data, sqlite3 *db, const char *name, int frames)
{
	struct sqlite_store *store = data;
	int busy_ms = store->busy_ms;

	if (frames < CHECKPOINT_FRAMES)
		return SQLITE_OK;
	store->busy_ms = 0;
	(void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	store->busy_ms = busy_ms;
	return SQLITE_OK;
}

static void
configure(struct sqlite_store *store)
{
	sqlite3_int64 no_map = 0;
	int keep = 1;

	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, (int)STORE_BODY_MAX + (64 << 10));
	(void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	(void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_MMAP_SIZE, &no_map);
	(void)sqlite3_wal_hook(store->db, after_commit, store);
	(void)sqlite3_busy_handler(store->db, busy, store);
}

/* Whether the open file is the one that was judged: under its path still, and the path in the directory that we hold. */
static enum larder_code
check_same(sqlite3 *db, const char *path, const struct stat *judged, struct larder_error *ret_error)
{
	struct stat now;
	int moved = 1;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && !moved &&
	    lstat(path, &now) == 0 && now.st_dev == judged->st_dev && now.st_ino == judged->st_ino)
		return LARDER_OK;
	return error_set(ret_error, LARDER_DENIED, CANNOT_OPEN, "try again", "%s was replaced while it was opened",
	    SQLITE_STORE_FILE);
}

static bool
is_vault(const unsigned char header[static HEADER_LEN])
{
	static const unsigned char application_id[4] = { (unsigned char)(MIGRATE_APPLICATION_ID >> 24),
		(MIGRATE_APPLICATION_ID >> 16) & 0xff, (MIGRATE_APPLICATION_ID >> 8) & 0xff,
		MIGRATE_APPLICATION_ID & 0xff };

	return memcmp(header, "SQLite format 3", 16) == 0 && memcmp(header + 68, application_id, 4) == 0;
}

/* Both are written at creation, carried over from the -wal at once and never change. */
static enum larder_code
check_header(sqlite3 *db, struct larder_error *ret_error)
{
	unsigned char header[HEADER_LEN] = { 0 };
	sqlite3_file *file = NULL;
	int rc;

	rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, (void *)&file);
	if (rc == SQLITE_OK && file != NULL && file->pMethods != NULL)
		rc = file->pMethods->xRead(file, header, sizeof(header), 0);
	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		return sqlite_error(db, rc, CANNOT_OPEN, ret_error);
	if (!is_vault(header))
		return error_set(ret_error, LARDER_DAMAGED, CANNOT_OPEN, "restore it from a backup",
		    "%s is not a vault: its header is of another kind, or an interrupted 'larder init' left it",
		    SQLITE_STORE_FILE);
	if (header[18] != 2 || header[19] != 2)
		return error_set(ret_error, LARDER_DAMAGED, CANNOT_OPEN,
		    "run: sqlite3 vault.db 'PRAGMA journal_mode=WAL', then 'larder verify'",
		    "another program has switched its write-ahead log off");
	return LARDER_OK;
}

static enum larder_code
check_content(struct sqlite_store *store, struct larder_error *ret_error)
{
	sqlite3_stmt *statement;
	enum larder_code code;

	if (sqlite3_db_readonly(store->db, "main") == 1)
		return error_set(ret_error, LARDER_STORAGE, CANNOT_OPEN, "make vault.db and its disk writable for you",
		    "%s cannot be written", SQLITE_STORE_FILE);
	code = check_header(store->db, ret_error);
	if (code != LARDER_OK)
		return code;
	code = sqlite_statement(store, STATEMENT_VERSION, &statement, ret_error);
	if (code != LARDER_OK)
		return code;
	code = migrate_version(statement, &store->version, ret_error);
	if (code == LARDER_OK && store->version < migrations_count) {
		code = migrate_apply(store->db, store->version, ret_error);
		store->version = migrations_count;
	}
	if (code == LARDER_OK)
		code = migrate_verify(store->db, ret_error);
	return code;
}

enum larder_code
sqlite_connect(struct sqlite_store *store, struct larder_error *ret_error)
{
	char path[PATH_SIZE];
	enum larder_code code;
	struct stat judged;
	int rc;

	code = sqlite_file_check(store->dirfd, &judged, ret_error);
	if (code != LARDER_OK)
		return code;
	code = sqlite_file_path(store->dir, store->dirfd, path, sizeof(path), ret_error);
	if (code != LARDER_OK)
		return code;
	rc = sqlite3_open_v2(path, &store->db, OPEN_FLAGS, NULL);
	if (rc != SQLITE_OK) {
		code = sqlite_error(store->db, rc, CANNOT_OPEN, ret_error);
		goto out;
	}
	code = check_same(store->db, path, &judged, ret_error);
	if (code != LARDER_OK)
		goto out;
	configure(store);
	code = check_content(store, ret_error);
out:
	if (code != LARDER_OK)
		sqlite_disconnect(store);
	return code;
}

void
sqlite_disconnect(struct sqlite_store *store)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		(void)sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	(void)sqlite3_close(store->db); /* rolls back; nothing else is left that could keep it open */
	store->db = NULL;
	store->scan = NULL;
	store->sync = -1;
	store->can_change = false;
}

/* Fill the empty file: what cannot change later first, then the log, the schema, and all of it into the main file. */
static enum larder_code
fill(sqlite3 *db, struct larder_error *ret_error)
{
	static const char settings[] = "PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=WAL;"
				       "PRAGMA synchronous=FULL; PRAGMA application_id=1279349316";
	enum larder_code code;
	int rc;

	_Static_assert(MIGRATE_APPLICATION_ID == 1279349316, "settings names the application id in decimal");
	rc = sqlite3_exec(db, settings, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_error(db, rc, CANNOT_CREATE, ret_error);
	code = migrate_apply(db, 0, ret_error);
	if (code != LARDER_OK)
		return code;
	rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc == SQLITE_OK ? LARDER_OK : sqlite_error(db, rc, CANNOT_CREATE, ret_error);
}

static enum larder_code
create_content(const char *dir, int dirfd, struct larder_error *ret_error)
{
	char path[PATH_SIZE];
	sqlite3 *db = NULL;
	enum larder_code code;
	int rc, keep = 1;

	code = sqlite_file_path(dir, dirfd, path, sizeof(path), ret_error);
	if (code != LARDER_OK)
		return code;
	rc = sqlite3_open_v2(path, &db, OPEN_FLAGS, NULL);
	if (rc != SQLITE_OK) {
		code = sqlite_error(db, rc, CANNOT_CREATE, ret_error);
		goto out;
	}
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	code = fill(db, ret_error);
out:
	(void)sqlite3_close(db);
	if (code == LARDER_OK && fsync(dirfd) != 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "its directory");
	return code;
}

enum larder_code
sqlite_store_create(const char *dir, int dirfd, int busy_ms, struct store **ret, struct larder_error *ret_error)
{
	enum larder_code code = sqlite_file_create(dirfd, ret_error);

	if (code != LARDER_OK)
		return code;
	code = create_content(dir, dirfd, ret_error);
	if (code == LARDER_OK)
		code = sqlite_store_open(dir, dirfd, busy_ms, ret, ret_error);
	if (code != LARDER_OK)
		sqlite_file_remove(dirfd);
	return code;
}
