/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_error.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#define FREE_SPACE "free some space on the disk of the vault, then try again"
#define WRITABLE   "make vault.db, its -wal and -shm files and their directory writable for you"
#define CHECK_DISK "check the disk and its file system"
#define RESTORE    "run 'larder verify', then restore the vault from a backup"

static bool
is_read_error(sqlite3_file *file)
{
	int errnum = 0;

	return file != NULL && file->pMethods != NULL &&
	    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &errnum) == SQLITE_OK &&
	    (errnum == EIO || errnum == ENXIO);
}

bool
sqlite_error_of_disk(sqlite3 *db)
{
	sqlite3_file *database = NULL, *log = NULL;

	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &database);
	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	return is_read_error(database) || is_read_error(log);
}

/* SQLite tells some causes by errno only: a quota or a missing disk is not the file's fault. */
static enum larder_code
io_error(sqlite3 *db, int rc, const char *what, struct larder_error *ret_error)
{
	int errnum = db == NULL ? 0 : sqlite3_system_errno(db);

	if (rc == SQLITE_IOERR_NOMEM)
		return error_no_memory(ret_error);
	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		return error_set_errno(ret_error, LARDER_STORAGE, errnum, what, FREE_SPACE, "vault.db");
	if (errnum == EROFS || errnum == EACCES || errnum == EPERM)
		return error_set_errno(ret_error, LARDER_STORAGE, errnum, what, WRITABLE, "vault.db");
	if (errnum == EMFILE || errnum == ENFILE)
		return error_set_errno(
		    ret_error, LARDER_STORAGE, errnum, what, "raise the limit (ulimit -n)", "vault.db");
	if (errnum != 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errnum, what, CHECK_DISK, "vault.db (SQLite %d)", rc);
	return error_set(ret_error, LARDER_STORAGE, what, CHECK_DISK, "vault.db: input/output error (SQLite %d)", rc);
}

enum larder_code
sqlite_error(sqlite3 *db, int rc, const char *what, struct larder_error *ret_error)
{
	if (rc == SQLITE_CANTOPEN_SYMLINK)
		return error_set(ret_error, LARDER_DENIED, what, "put the files themselves there",
		    "vault.db or a part of its path is a symbolic link");
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return error_set(ret_error, LARDER_STORAGE, what, FREE_SPACE, "the disk is full");
	case SQLITE_IOERR:
		return io_error(db, rc, what, ret_error);
	case SQLITE_CANTOPEN: /* errno is of a second try that SQLite makes, unless there was no descriptor for it either */
		if (db != NULL && (sqlite3_system_errno(db) == EMFILE || sqlite3_system_errno(db) == ENFILE))
			return io_error(db, rc, what, ret_error);
		/* fall through */
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return error_set(ret_error, LARDER_STORAGE, what, WRITABLE,
		    "its files cannot be written: %s (SQLite %d)", sqlite3_errstr(rc), rc);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return error_set(ret_error, LARDER_UNAVAILABLE, what, "try again",
		    "another process kept the vault busy for too long");
	case SQLITE_NOMEM:
		return error_no_memory(ret_error);
	case SQLITE_CORRUPT:
		if (db != NULL && sqlite_error_of_disk(db))
			return error_set_errno(
			    ret_error, LARDER_STORAGE, EIO, what, CHECK_DISK, "vault.db (SQLite %d)", rc);
		/* fall through */
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG:     /* a length in the file exceeds the connection's limit */
	case SQLITE_CONSTRAINT: /* our statements keep all constraints on a sound file */
	case SQLITE_MISMATCH:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR: /* the schema does not parse or fit */
		return error_set(ret_error, LARDER_DAMAGED, what, RESTORE, "vault.db is damaged: %s (SQLite %d)",
		    sqlite3_errstr(rc), rc);
	default:
		return error_set(ret_error, LARDER_INTERNAL, what, NULL, "SQLite: %s (%d)", sqlite3_errstr(rc), rc);
	}
}
