/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "store/sqlite_error.h"

/*
 * Text and order of the rows; root pages may differ. "main." so that no temporary object can stand in for it.
 */
#define SCHEMA_SQL "SELECT type, name, tbl_name, sql FROM main.sqlite_schema"

static int
apply_one(sqlite3 *db, int number)
{
	char sql[64];
	int rc;

	rc = sqlite3_exec(db, migrations[number - 1].sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", number);
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

enum larder_code
migrate_apply(sqlite3 *db, int version, struct larder_error *ret_error)
{
	enum larder_code code;
	int number, rc;

	rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (number = version + 1; rc == SQLITE_OK && number <= migrations_count; number++)
		rc = apply_one(db, number);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return LARDER_OK;
	code = sqlite_error(db, rc, "cannot write the schema of the vault", ret_error);
	(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* harmless when SQLite has done it already */
	return code;
}

enum larder_code
migrate_version(sqlite3_stmt *statement, int *ret_version, struct larder_error *ret_error)
{
	int rc = sqlite3_step(statement);
	int version = rc == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;

	(void)sqlite3_reset(statement);
	if (rc != SQLITE_ROW)
		return sqlite_error(sqlite3_db_handle(statement), rc, "cannot open the vault", ret_error);
	if (version > migrations_count)
		return error_set(ret_error, LARDER_DAMAGED, "cannot open the vault",
		    "upgrade Larder; nothing in the vault was changed",
		    "it was made by a newer Larder (format %d, this one knows up to %d)", version, migrations_count);
	if (version < 1)
		return error_set(ret_error, LARDER_DAMAGED, "cannot open the vault",
		    "restore it from a backup, or create it again", "its format number is %d: it was never finished",
		    version);
	*ret_version = version;
	return LARDER_OK;
}

/* Whether *expected goes on with text and the separator; moves it behind both. */
static bool
match(const char **expected, const unsigned char *text, char separator)
{
	const char *found = text == NULL ? "" : (const char *)text;
	size_t len = strlen(found);

	if (strncmp(*expected, found, len) != 0 || (*expected)[len] != separator)
		return false;
	*expected += len + 1;
	return true;
}

enum larder_code
migrate_verify(sqlite3 *db, struct larder_error *ret_error)
{
	const char *expected = migrations_result;
	sqlite3_stmt *statement = NULL;
	bool same = true;
	int rc;

	rc = sqlite3_prepare_v2(db, SCHEMA_SQL, sizeof(SCHEMA_SQL), &statement, NULL);
	if (rc != SQLITE_OK)
		return sqlite_error(db, rc, "cannot open the vault", ret_error);
	while (same && (rc = sqlite3_step(statement)) == SQLITE_ROW)
		same = match(&expected, sqlite3_column_text(statement, 0), ' ') &&
		    match(&expected, sqlite3_column_text(statement, 1), ' ') &&
		    match(&expected, sqlite3_column_text(statement, 2), ' ') &&
		    match(&expected, sqlite3_column_text(statement, 3), '\n');
	(void)sqlite3_finalize(statement);
	if (same && rc != SQLITE_DONE)
		return sqlite_error(db, rc, "cannot open the vault", ret_error);
	if (!same || *expected != '\0')
		return error_set(ret_error, LARDER_DAMAGED, "cannot open the vault", "restore it from a backup",
		    "the tables in vault.db are not those that Larder makes");
	return LARDER_OK;
}
