/* SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/migrate.h"
#include "store/tests.h"

/* Each makes a sound file refuse to open; none may have run when it does. */
static const char *const attacks[] = {
	"CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM record; END",
	"CREATE TRIGGER t BEFORE UPDATE ON record BEGIN SELECT RAISE(IGNORE); END",
	"CREATE VIEW v AS SELECT * FROM record",
	"ALTER TABLE record RENAME TO real; CREATE VIEW record AS SELECT id, kind, key, x'00' AS body FROM real",
	"ALTER TABLE record ADD COLUMN extra BLOB",
	"ALTER TABLE record RENAME COLUMN body TO content",
	"ALTER TABLE log ADD COLUMN g BLOB AS (zeroblob(9)) VIRTUAL",
	"CREATE INDEX i ON record(abs(id))",
	"CREATE INDEX i ON record(id) WHERE kind > 0",
	"CREATE TABLE extra(x)",
	"CREATE VIRTUAL TABLE f USING fts5(x)",
	"ANALYZE",
	"DROP TABLE log",
	"DROP TABLE log; CREATE TABLE log(seq INTEGER PRIMARY KEY, body BLOB NOT NULL)",
	"DROP TABLE log; CREATE TABLE LOG(seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
	"DROP TABLE log; CREATE TABLE log(seq INTEGER PRIMARY KEY, body BLOB NOT NULL DEFAULT (zeroblob(9)))  STRICT",
	"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', ''); PRAGMA writable_schema=RESET",
	"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE log(' WHERE name = 'log'",
	"PRAGMA writable_schema=ON; DELETE FROM sqlite_schema",
	"PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES('table', 'record', 'record', 2, 'CREATE TABLE record(a)')",
	"PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES('table', 'sqlite_schema', 'sqlite_schema', 2, 'x')",
	"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET name = 'sqlite_schema', tbl_name = 'sqlite_schema', sql = 'CREATE TABLE sqlite_schema(type, name, tbl_name, rootpage, sql)' WHERE name = 'log'",
};

static void
a_foreign_schema_is_refused_and_none_of_its_sql_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		struct place place;
		struct store *store;
		uint8_t *before, *after;
		size_t before_len, after_len;

		place_open(&place, NULL);
		store = store_new(&place);
		write_row(store, "a", "precious", STORE_DURABLE);
		store_close(store);
		run_sql(&place, attacks[i]);
		before = file_bytes(&place, "vault.db", &before_len);
		if (store_try(&place) != LARDER_DAMAGED)
			fail_msg("accepted (%d): %s", (int)place.error.code, attacks[i]);
		after = file_bytes(&place, "vault.db", &after_len);
		assert_true(before_len == after_len && memcmp(before, after, before_len) == 0);
		free(before);
		free(after);
		place_close(&place);
	}
}

static void
a_foreign_schema_is_found_by_the_check_of_an_open_store(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);

	assert_int_equal(LARDER_OK, store_check(store, &place->error));
	run_sql(place, attacks[0]);
	assert_int_equal(LARDER_DAMAGED, store_check(store, &place->error));
	store_close(store);
}

static void
a_newer_format_is_refused_with_advice_to_upgrade(void **state)
{
	struct place *place = *state;
	char sql[64];

	store_close(store_new(place));
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", migrations_count + 1);
	run_sql(place, sql);
	assert_int_equal(LARDER_DAMAGED, store_try(place));
	assert_non_null(strstr(place->error.why, "newer Larder"));
	assert_non_null(strstr(place->error.hint, "upgrade"));
}

static void
a_vault_that_a_newer_larder_migrates_while_it_is_open_is_not_written(void **state)
{
	struct place *place = *state;
	struct store *store = store_new(place);

	run_sql(place, "PRAGMA user_version=99");
	assert_int_equal(LARDER_DAMAGED, store_begin(store, STORE_DURABLE, &place->error));
	run_sql(place, "PRAGMA user_version=1");
	write_row(store, "a", "b", STORE_DURABLE);
	store_close(store);
}

static void
a_file_of_another_application_is_no_vault(void **state)
{
	static const char *const others[] = { "PRAGMA application_id=7", "PRAGMA user_version=0",
		"PRAGMA user_version=-5", "PRAGMA journal_mode=DELETE" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct place place;

		place_open(&place, NULL);
		store_close(store_new(&place));
		run_sql(&place, others[i]);
		run_sql(&place, "PRAGMA wal_checkpoint(TRUNCATE)");
		if (store_try(&place) != LARDER_DAMAGED)
			fail_msg("accepted: %s", others[i]);
		place_close(&place);
	}
}

static void
an_empty_or_foreign_file_is_no_vault(void **state)
{
	struct place *place = *state;

	file_put(place, "vault.db", "", 0);
	assert_int_equal(LARDER_DAMAGED, store_try(place));
	file_put(place, "vault.db", "{\"token\": \"x\"}", 14);
	assert_int_equal(LARDER_DAMAGED, store_try(place));
}

static void
migrations_are_numbered_without_gap_and_begin_with_why(void **state)
{
	static const char licence_and_why[] = "-- SPDX-License-Identifier: Apache-2.0\n-- Why: ";
	char expected[16];

	(void)state;
	assert_true(migrations_count >= 1);
	for (int i = 0; i < migrations_count; i++) {
		(void)snprintf(expected, sizeof(expected), "%04d-", i + 1);
		assert_int_equal(0, strncmp(migrations[i].name, expected, 5));
		assert_int_equal(0, strncmp(migrations[i].sql, licence_and_why, sizeof(licence_and_why) - 1));
	}
}

/* Each line of released.txt: BLAKE2b-256 of the file in hex, space, its name. */
static void
released_migrations_have_not_changed(void **state)
{
	struct buf list = BUF_INIT(65536);
	struct larder_error error;
	unsigned char hash[32];
	char hex[65], line[200];

	(void)state;
	assert_int_equal(LARDER_OK, file_read(SCHEMA_DIR "/released.txt", &list, &error));
	for (int i = 0; i < migrations_count; i++) {
		(void)crypto_generichash(
		    hash, sizeof(hash), (const unsigned char *)migrations[i].sql, strlen(migrations[i].sql), NULL, 0);
		text_hex(hex, sizeof(hex), hash, sizeof(hash));
		(void)snprintf(line, sizeof(line), "%s %s\n", hex, migrations[i].name);
		if (strstr(buf_str(&list), line) == NULL)
			fail_msg(
			    "a new migration needs this line in released.txt, an old one must not change: %s", line);
	}
	buf_clear(&list);
}

static void
the_expected_schema_is_what_the_migrations_make(void **state)
{
	struct buf made = BUF_INIT(65536);
	sqlite3_stmt *statement;
	sqlite3 *db;

	(void)state;
	assert_int_equal(SQLITE_OK, sqlite3_open(":memory:", &db));
	assert_int_equal(LARDER_OK, migrate_apply(db, 0, NULL));
	assert_int_equal(SQLITE_OK,
	    sqlite3_prepare_v2(db,
		"SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema", -1,
		&statement, NULL));
	while (sqlite3_step(statement) == SQLITE_ROW)
		(void)buf_append_format(&made, "%s\n", (const char *)sqlite3_column_text(statement, 0));
	(void)sqlite3_finalize(statement);
	assert_string_equal(migrations_result, buf_str(&made));
	assert_int_equal(LARDER_OK, migrate_verify(db, NULL));
	(void)sqlite3_close(db);
	buf_clear(&made);
}

int
schema_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_foreign_schema_is_refused_and_none_of_its_sql_runs),
		cmocka_unit_test_setup_teardown(
		    a_foreign_schema_is_found_by_the_check_of_an_open_store, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_newer_format_is_refused_with_advice_to_upgrade, place_make, place_remove),
		cmocka_unit_test_setup_teardown(
		    a_vault_that_a_newer_larder_migrates_while_it_is_open_is_not_written, place_make, place_remove),
		cmocka_unit_test(a_file_of_another_application_is_no_vault),
		cmocka_unit_test_setup_teardown(an_empty_or_foreign_file_is_no_vault, place_make, place_remove),
		cmocka_unit_test(migrations_are_numbered_without_gap_and_begin_with_why),
		cmocka_unit_test(released_migrations_have_not_changed),
		cmocka_unit_test(the_expected_schema_is_what_the_migrations_make),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
