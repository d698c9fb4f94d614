/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema: numbered SQL files that are applied in order, and the check that a file holds their result and nothing
 * else. The number of the last one applied is the file's user_version.
 *
 * To add one: a new file in schema/sqlite, beginning with a comment why; released files are never edited. Then write
 * the resulting sqlite_schema to schema/sqlite/schema.txt (the unit test prints it when it differs).
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

#define MIGRATE_APPLICATION_ID 0x4c415244 /* "LARD" in the header of the file */

struct migration {
	const char *name; /* file name: "0001-init.sql" */
	const char *sql;
};

/* Generated from schema/sqlite; entry n makes version n + 1. */
extern const struct migration migrations[];
extern const int migrations_count;

/* What sqlite_schema then holds, a line per row: type, name, table, SQL, separated by one space. */
extern const char *const migrations_result;

/* Bring the file from version (0: empty) to the newest, in one transaction. Errors: as sqlite_error. */
enum larder_code migrate_apply(struct sqlite3 *db, int version, struct larder_error *ret_error);

/*
 * Read user_version with a statement "PRAGMA user_version". Errors: DAMAGED for a newer version or none, and those of
 * sqlite_error.
 */
enum larder_code migrate_version(struct sqlite3_stmt *statement, int *ret_version, struct larder_error *ret_error);

/*
 * Compare the schema of the file with the expected one, byte by byte. Errors: DAMAGED when anything is missing, more
 * or different.
 */
enum larder_code migrate_verify(struct sqlite3 *db, struct larder_error *ret_error);

#endif
