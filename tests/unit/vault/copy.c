/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the whole vault: carried elsewhere, restored, rolled back. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "vault/support.h"

static enum credential_state
state_of(struct place *place, const char *name)
{
	struct credential credential;

	assert_ok(credential_load(&place->session, name, &credential, NULL));
	return credential.state;
}

static void
put_static(struct place *place, const char *name, enum credential_state wanted, bool rotating)
{
	struct credential credential;

	put_credential(&place->session, name);
	assert_ok(credential_load(&place->session, name, &credential, NULL));
	credential.state = wanted;
	credential.rotating = rotating;
	assert_ok(vault_begin(&place->session, STORE_DURABLE, NULL));
	assert_ok(credential_store(&place->session, &credential, NULL));
	assert_ok(vault_commit(&place->session, NULL, NULL));
}

static void
a_copied_vault_makes_what_rotates_suspect(void **state)
{
	struct place *place = *state;

	put_static(place, "rotates", STATE_OK, true);
	put_static(place, "doubt", STATE_IN_DOUBT, true);
	put_static(place, "static", STATE_OK, false);
	put_static(place, "revoked", STATE_REVOKED, true);
	place_close(place);
	place_run(place, "cp -a vault copy && rm -r vault && mv copy vault");
	place_open(place);
	assert_true(place->session.copied);
	assert_int_equal(state_of(place, "rotates"), STATE_OK);
	assert_ok(vault_adopt_copy(&place->session, NULL));
	assert_false(place->session.copied);
	assert_ok(vault_adopt_copy(&place->session, NULL));
	place_open(place);
	assert_false(place->session.copied);
	assert_int_equal(state_of(place, "rotates"), STATE_SUSPECT);
	assert_int_equal(state_of(place, "doubt"), STATE_SUSPECT);
	assert_int_equal(state_of(place, "static"), STATE_OK);
	assert_int_equal(state_of(place, "revoked"), STATE_REVOKED);
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
}

static void
a_vault_that_stayed_is_not_a_copy(void **state)
{
	struct place *place = *state;

	put_credential(&place->session, "a");
	place_run(place, "mv vault moved");
	text_format(place->vault, sizeof(place->vault), "%s/moved", place->root);
	place_open(place);
	assert_false(place->session.copied);
	assert_ok(vault_adopt_copy(&place->session, NULL));
	assert_int_equal(state_of(place, "a"), STATE_OK);
}

static void
what_a_copy_does_is_no_rollback_of_the_other(void **state)
{
	struct place *place = *state;
	char original[sizeof(place->vault)];

	place_open(place); /* with the anchor */
	put_credential(&place->session, "a");
	place_close(place);
	place_run(place, "cp -a vault copy");
	text_format(original, sizeof(original), "%s", place->vault);
	text_format(place->vault, sizeof(place->vault), "%s/copy", place->root);
	place_open(place);
	assert_ok(vault_adopt_copy(&place->session, NULL));
	put_credential(&place->session, "b");
	put_credential(&place->session, "c");
	place_close(place);
	text_format(place->vault, sizeof(place->vault), "%s", original);
	place_open(place);
	assert_false(place->session.copied);
	put_credential(&place->session, "d");
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
	place_close(place);
	text_format(place->vault, sizeof(place->vault), "%s/copy", place->root);
	place_open(place);
	put_credential(&place->session, "e");
}

static void
an_older_copy_of_the_whole_directory_is_noticed(void **state)
{
	struct place *place = *state;

	place_open(place);
	put_credential(&place->session, "a");
	place_close(place);
	place_run(place, "cp -a vault copy");
	place_open(place);
	put_credential(&place->session, "b");
	place_close(place);
	place_run(place, "rm -r vault && mv copy vault");
	place_open(place);
	assert_int_equal(vault_begin(&place->session, STORE_DURABLE, NULL), LARDER_DAMAGED);
}

/* Put yesterday's vault.db into today's directory. */
static void
roll_back(struct place *place)
{
	place_open(place); /* with the anchor */
	put_credential(&place->session, "a");
	place_close(place);
	place_sql(place, "PRAGMA wal_checkpoint(TRUNCATE)");
	place_run(place, "cp vault/vault.db yesterday.db");
	place_open(place);
	put_credential(&place->session, "b");
	place_close(place);
	place_run(place, "rm -f vault/vault.db-* && cat yesterday.db > vault/vault.db");
}

static void
a_rolled_back_vault_is_not_written(void **state)
{
	struct place *place = *state;
	struct verify_report report;
	struct larder_error error;

	roll_back(place);
	place_open(place);
	assert_int_equal(state_of(place, "a"), STATE_OK); /* reading is harmless */
	assert_int_equal(vault_begin(&place->session, STORE_DURABLE, &error), LARDER_DAMAGED);
	assert_says(&error, "rolled back");
	assert_says(&error, ".anchor");
	assert_says(&error, "remove the anchor");
	assert_int_equal(vault_verify(&place->session, &report, &error), LARDER_DAMAGED);
	assert_says(&error, "rolled back");
	assert_ok(vault_begin(&place->session, STORE_RELAXED, &error)); /* a release is still audited */
	vault_rollback(&place->session);
}

static void
an_accepted_rollback_makes_what_rotates_suspect(void **state)
{
	struct place *place = *state;
	struct verify_report report;

	roll_back(place);
	place_open(place);
	assert_int_equal(vault_begin(&place->session, STORE_DURABLE, NULL), LARDER_DAMAGED);
	place_run(place, "rm state/larder/*.anchor");
	place_open(place);
	assert_true(place->session.copied);
	assert_ok(vault_adopt_copy(&place->session, NULL));
	assert_int_equal(state_of(place, "a"), STATE_SUSPECT);
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 2);
	place_open(place);
	assert_false(place->session.copied);
}

static void
another_history_of_the_same_length_is_noticed(void **state)
{
	struct place *place = *state;
	struct unlock unlock = place_unlock(place);

	roll_back(place);
	unlock.anchor_dir = NULL; /* written where the anchor does not see it */
	assert_ok(vault_open(place->vault, &unlock, somebody, &place->session, NULL));
	put_credential(&place->session, "c");
	place_open(place);
	assert_int_equal(vault_begin(&place->session, STORE_DURABLE, NULL), LARDER_DAMAGED);
}

static void
the_freshness_is_told(void **state)
{
	struct place *place = *state;
	struct verify_report report;

	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 0);
	place_open(place);
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 0); /* nothing was committed with an anchor yet */
	put_credential(&place->session, "a");
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 2);
	place_run(place, "test $(stat -c %a state/larder) = 700 && test $(stat -c %a state/larder/*.anchor) = 600");
}

static void
a_spoiled_anchor_is_as_good_as_none(void **state)
{
	struct place *place = *state;
	struct verify_report report;

	place_open(place);
	put_credential(&place->session, "a");
	place_run(place, "f=$(echo state/larder/*.anchor) && head -c 160 /dev/zero > $f");
	put_credential(&place->session, "b");
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 2); /* the commit has mended it */
	place_run(place, "f=$(echo state/larder/*.anchor) && : > $f");
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 0);
	place_run(place, "rm state/larder/*.anchor");
	put_credential(&place->session, "c");
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 2);
}

static void
a_torn_anchor_slot_leaves_the_other(void **state)
{
	struct place *place = *state;
	struct verify_report report;

	place_open(place);
	for (char name[2] = "a"; name[0] < 'e'; name[0]++)
		put_credential(&place->session, name);
	/* epochs 4 and 5: the newer is in the second slot */
	place_run(place, "printf x | dd of=$(echo state/larder/*.anchor) bs=1 seek=90 conv=notrunc status=none");
	assert_ok(vault_verify(&place->session, &report, NULL));
	assert_int_equal(report.freshness, 2);
}

int
run_copy_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_copied_vault_makes_what_rotates_suspect),
		TEST(a_vault_that_stayed_is_not_a_copy),
		TEST(what_a_copy_does_is_no_rollback_of_the_other),
		TEST(an_older_copy_of_the_whole_directory_is_noticed),
		TEST(a_rolled_back_vault_is_not_written),
		TEST(an_accepted_rollback_makes_what_rotates_suspect),
		TEST(another_history_of_the_same_length_is_noticed),
		TEST(the_freshness_is_told),
		TEST(a_spoiled_anchor_is_as_good_as_none),
		TEST(a_torn_anchor_slot_leaves_the_other),
	};

	return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
