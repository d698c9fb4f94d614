/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite's result codes in Larder's words, with what to do about them.
 */
#ifndef STORE_SQLITE_ERROR_H
#define STORE_SQLITE_ERROR_H

#include <stdbool.h>

#include "base/error.h"

struct sqlite3;

/*
 * Fill *ret_error for a failed call on db and return its code.
 *
 * db    the connection, asked for errno only; NULL when there is none
 * rc    extended result code, not SQLITE_OK
 * what  what failed: "cannot read the vault"
 *
 * STORAGE: full, I/O, read-only. DAMAGED: corrupt. UNAVAILABLE: busy. INTERNAL: memory or misuse. DENIED: a link.
 */
enum larder_code sqlite_error(struct sqlite3 *db, int rc, const char *what, struct larder_error *ret_error);

/*
 * Whether reading the files of db failed (EIO) at some time. SQLite then calls them corrupt, which nothing says that they
 * are: to restore an old vault would cost every refresh token that was replaced since.
 */
bool sqlite_error_of_disk(struct sqlite3 *db);

#endif
