/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files around vault.db, judged by name and status only. SQLite's locks belong to the process: closing any
 * descriptor of vault.db would drop those of another thread's connection, so nothing here opens it once it exists.
 */
#ifndef STORE_SQLITE_FILE_H
#define STORE_SQLITE_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"

/*
 * Create an empty vault.db, 0600 under any umask. Errors: EXISTS when it or one of SQLite's companions is there
 * (a left -wal would be played into the new vault), DENIED on a network file system, STORAGE.
 */
enum larder_code sqlite_file_create(int dirfd, struct larder_error *ret_error);

/* Remove what a failed creation left: vault.db and its companions. */
void sqlite_file_remove(int dirfd);

/*
 * Check vault.db, -wal and -shm: regular, ours, 0600 or less, no link, no second name. A missing -wal is made, and the
 * directory synced, because SQLite would ignore the failure of that. ret_db is the status of vault.db.
 *
 * Errors: NOT_FOUND (no vault.db), DENIED, DAMAGED (a rollback journal is there: not ours), STORAGE.
 */
enum larder_code sqlite_file_check(int dirfd, struct stat *ret_db, struct larder_error *ret_error);

/*
 * The path of vault.db without any link in it, as SQLite's no-follow open needs it: from the directory's descriptor,
 * or from dir where /proc is missing.
 */
enum larder_code
sqlite_file_path(const char *dir, int dirfd, char *ret_path, size_t path_size, struct larder_error *ret_error);

/* The name of a network file system with this statfs magic, or NULL: SQLite's locks and memory maps fail there. */
const char *sqlite_file_network(long magic);

#endif
