/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody writes into vault.db. Kinds: 2 state, 5 credential, 6 grant, 7 token. */
#include <string.h>

#include "base/text.h"
#include "vault/support.h"

static int
two_credentials(void **state)
{
	struct place *place;

	place_new(state);
	place = *state;
	put_credential(&place->session, "a");
	put_credential(&place->session, "b");
	place_close(place);
	return 0;
}

static void
assert_verify_finds(struct place *place, const char *text)
{
	struct verify_report report;
	struct larder_error error;

	place_open(place);
	assert_int_equal(vault_verify(&place->session, &report, &error), LARDER_DAMAGED);
	assert_says(&error, text);
	assert_int_equal(vault_verify_quick(&place->session, &error), LARDER_DAMAGED);
}

static void
swapped_rows_are_damage(void **state)
{
	struct place *place = *state;
	struct credential credential;
	struct grant grant;
	struct access access;

	place_sql(place,
	    "CREATE TEMP TABLE t AS SELECT * FROM record;"
	    "UPDATE record SET body = (SELECT body FROM t WHERE t.kind = record.kind AND t.key <> record.key)"
	    " WHERE kind IN (5, 6, 7)");
	place_open(place);
	assert_int_equal(credential_load(&place->session, "a", &credential, NULL), LARDER_DAMAGED);
	assert_int_equal(credential_load(&place->session, "b", &credential, NULL), LARDER_DAMAGED);
	credential = (struct credential){ .id = { 'a', 1, 2 } };
	assert_int_equal(grant_load(&place->session, &credential, &grant, NULL), LARDER_DAMAGED);
	assert_int_equal(access_load(&place->session, &credential, "", "", &access, NULL), LARDER_DAMAGED);
	assert_verify_finds(place, "changed, swapped");
}

static void
swapped_kinds_are_damage(void **state)
{
	struct place *place = *state;
	struct credential credential = { .id = { 'a', 1, 2 } };
	struct grant grant;

	/* an access token in the place of a refresh token: each kind has other keys, so try them all */
	place_sql(place,
	    "CREATE TEMP TABLE t AS SELECT * FROM record;"
	    "UPDATE record SET body = (SELECT body FROM t WHERE t.kind = 7 ORDER BY t.key LIMIT 1) WHERE kind = 6");
	place_open(place);
	assert_int_equal(grant_load(&place->session, &credential, &grant, NULL), LARDER_DAMAGED);
	assert_verify_finds(place, "changed, swapped");
}

static void
a_row_of_another_vault_is_damage(void **state)
{
	struct place *place = *state;
	struct slot_new slot = { .kind = SLOT_KEY_FILE };
	struct secret key = a_secret("0123456789abcdef0123456789abcdef");
	struct credential credential;
	struct vault other = { 0 };
	char path[160];

	text_format(path, sizeof(path), "%s/other", place->root);
	slot.secret = &key;
	assert_ok(vault_create(path, &slot, somebody, &other, NULL));
	put_credential(&other, "a");
	vault_close(&other);
	secret_free(&key);
	text_format(path, sizeof(path),
	    "ATTACH '%s/other/vault.db' AS o; UPDATE record SET body = (SELECT body FROM o.record WHERE kind = 5)"
	    " WHERE kind = 5",
	    place->root);
	place_sql(place, path);
	place_open(place);
	assert_int_equal(credential_load(&place->session, "a", &credential, NULL), LARDER_DAMAGED);
	assert_verify_finds(place, "changed");
}

static void
an_old_version_of_one_row_is_noticed(void **state)
{
	struct place *place = *state;
	struct credential credential;
	char sql[300];

	place_sql(place, "PRAGMA wal_checkpoint(TRUNCATE)");
	place_run(place, "cp vault/vault.db old.db");
	place_open(place);
	assert_ok(credential_load(&place->session, "a", &credential, NULL));
	credential.generation = 2;
	assert_ok(vault_begin(&place->session, STORE_DURABLE, NULL));
	assert_ok(credential_store(&place->session, &credential, NULL));
	assert_ok(vault_commit(&place->session, NULL, NULL));
	place_close(place);
	text_format(sql, sizeof(sql),
	    "ATTACH '%s/old.db' AS o; UPDATE record SET body = (SELECT body FROM o.record WHERE o.record.kind = 5 AND"
	    " o.record.key = main.record.key) WHERE kind = 5",
	    place->root);
	place_sql(place, sql);
	place_open(place);
	/* the row itself is sound: only the set tells */
	assert_ok(credential_load(&place->session, "a", &credential, NULL));
	assert_verify_finds(place, "older version");
}

static void
a_missing_row_is_noticed(void **state)
{
	struct place *place = *state;
	struct larder_error error;
	struct credential credential;

	place_sql(place, "DELETE FROM record WHERE id = (SELECT max(id) FROM record WHERE kind = 5)");
	place_open(place);
	assert_int_equal(credential_load(&place->session, "b", &credential, &error), LARDER_DAMAGED);
	assert_says(&error, "missing");
	assert_int_equal(credential_load(&place->session, "nobody", &credential, NULL), LARDER_DAMAGED);
	assert_ok(credential_load(&place->session, "a", &credential, NULL));
	assert_int_equal(credential_scan(&place->session, NULL), LARDER_DAMAGED);
	assert_verify_finds(place, "1 of 8 rows are missing");
}

static void
an_added_row_is_noticed(void **state)
{
	struct place *place = *state;

	place_sql(place,
	    "INSERT INTO record(kind, key, body) SELECT kind, x'00112233445566778899aabbccddeeff', body FROM"
	    " record WHERE kind = 5 LIMIT 1");
	assert_verify_finds(place, "1 rows were added");
}

static void
a_state_that_is_older_than_a_row_is_noticed(void **state)
{
	struct place *place = *state;
	struct credential credential;
	struct larder_error error;
	char sql[300];

	place_sql(place, "PRAGMA wal_checkpoint(TRUNCATE)");
	place_run(place, "cp vault/vault.db old.db");
	place_open(place);
	put_credential(&place->session, "c");
	place_close(place);
	text_format(sql, sizeof(sql),
	    "ATTACH '%s/old.db' AS o; UPDATE record SET body = (SELECT body FROM o.record WHERE o.record.kind = 2)"
	    " WHERE kind = 2",
	    place->root);
	place_sql(place, sql);
	place_open(place);
	assert_int_equal(credential_load(&place->session, "c", &credential, &error), LARDER_DAMAGED);
	assert_says(&error, "newer than the state");
	assert_ok(credential_load(&place->session, "a", &credential, NULL));
	assert_verify_finds(place, "added");
}

static void
a_missing_state_is_damage(void **state)
{
	struct place *place = *state;
	struct larder_error error;

	place_sql(place, "DELETE FROM record WHERE kind = 2");
	assert_int_equal(place_try_open(place, &error), LARDER_DAMAGED);
	assert_says(&error, "state record: it is missing");
}

static void
audit_rows_that_were_touched_are_damage(void **state)
{
	static const char *const edits[] = {
		"UPDATE log SET body = (SELECT body FROM log WHERE seq = 2) WHERE seq = 1",
		"DELETE FROM log WHERE seq = 2",
		"UPDATE log SET seq = 9 WHERE seq = 3",
		"UPDATE log SET body = x'' WHERE seq = 1",
	};
	struct place *place = *state;
	struct audit_event event = { .op = AUDIT_RELEASE, .name = "a" };
	struct verify_report report;
	struct larder_error error;

	place_open(place);
	assert_ok(vault_begin(&place->session, STORE_RELAXED, NULL));
	assert_ok(audit_append(&place->session, &event, NULL));
	assert_ok(audit_append(&place->session, &event, NULL));
	assert_ok(vault_commit(&place->session, NULL, NULL));
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.audit_rows, 3);
	place_close(place);
	place_sql(place, "PRAGMA wal_checkpoint(TRUNCATE)");
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		place_run(place, "cp vault/vault.db good.db");
		place_sql(place, edits[i]);
		place_open(place);
		assert_int_equal(vault_verify(&place->session, &report, &error), LARDER_DAMAGED);
		assert_says(&error, "audit log");
		place_close(place);
		place_run(place, "cp good.db vault/vault.db && rm -f vault/vault.db-*");
	}
}

int
run_tamper_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_credentials, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(swapped_rows_are_damage),
		TEST(swapped_kinds_are_damage),
		TEST(a_row_of_another_vault_is_damage),
		TEST(an_old_version_of_one_row_is_noticed),
		TEST(a_missing_row_is_noticed),
		TEST(an_added_row_is_noticed),
		TEST(a_state_that_is_older_than_a_row_is_noticed),
		TEST(a_missing_state_is_damage),
		TEST(audit_rows_that_were_touched_are_damage),
	};

	return cmocka_run_group_tests_name("tamper", tests, NULL, NULL);
}
