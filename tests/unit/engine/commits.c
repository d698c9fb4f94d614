/* SPDX-License-Identifier: Apache-2.0 */
/* The store fails, and some of what it failed to commit is there all the same. */
#include "engine/world.h"

#include <string.h>

/* The commits of a token that is asked for, in order. */
enum { INTENT = 1, SETTLED, RELEASED };

static void
without_an_intent_nothing_is_sent(void **state)
{
	struct world *world = *state;

	world_fail_commit(world, INTENT, false, false);
	assert_int_equal(world_get(world), LARDER_STORAGE);
	assert_int_equal(world->server.requests, 0);
	assert_false(world_credential(world).intent.open);
	assert_int_equal(world_state(world), STATE_OK);
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 1);
}

static void
an_intent_that_is_there_although_its_commit_failed_is_not_sent_either(void **state)
{
	struct world *world = *state;

	world_fail_commit(world, INTENT, false, true);
	assert_int_equal(world_get(world), LARDER_STORAGE);
	assert_int_equal(world->server.requests, 0);
	world_reopen(world);
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 1);
}

static void
an_intent_of_which_nothing_was_sent_is_no_doubt(void **state)
{
	struct world *world = *state;

	world_fail_commit(world, INTENT, false, true);
	assert_int_equal(world_get(world), LARDER_STORAGE);
	assert_token(world, "at-2", true); /* although asking again is forbidden: nobody was asked */
	assert_int_equal(world->server.requests, 1);
}

static void
a_reply_that_cannot_be_committed_stays_and_is_settled_by_the_next(void **state)
{
	struct world *world = *state;

	world_fail_commit(world, SETTLED, false, false);
	assert_no_token(world, LARDER_STORAGE, "the provider's answer is kept");
	assert_int_equal(world_spooled(world), 1);
	assert_true(world_credential(world).intent.open);
	assert_refresh_token(world, "rt-0", "");
	world_reopen(world);
	world->at_rest = true;
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_spooled(world), 0);
}

static void
a_reply_waits_for_as_long_as_the_store_fails(void **state)
{
	struct world *world = *state;

	world_fail_commit(world, SETTLED, true, false);
	for (int i = 0; i < 3; i++) {
		world->want.force = i == 1;
		assert_no_token(world, LARDER_STORAGE, "the provider's answer is kept");
		assert_int_equal(world_spooled(world), 1);
	}
	world_reopen(world);
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
}

static void
a_reply_whose_failed_commit_is_there_is_handed_out(void **state)
{
	struct world *world = *state;

	world_fail_commit(world, SETTLED, false, true);
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world->generation, 2);
	assert_int_equal(world_credential(world).exchanges, 1);
	assert_int_equal(world_audited(world, AUDIT_REFRESH_END), 1);
	assert_int_equal(world_spooled(world), 0);
}

static void
a_token_whose_release_cannot_be_audited_is_not_handed_out(void **state)
{
	struct world *world = *state;

	world_fail_commit(world, RELEASED, false, false);
	assert_int_equal(world_get(world), LARDER_STORAGE);
	assert_int_equal(world_audited(world, AUDIT_RELEASE), 0);
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_audited(world, AUDIT_RELEASE), 1);
}

static void
a_reply_that_neither_slot_nor_vault_took_is_sealed_later(void **state)
{
	struct world *world = *state;

	world_next(world, CANNOT_SEAL);
	world_fail_commit(world, SETTLED, true, false);
	assert_int_equal(world_get(world), LARDER_STORAGE);
	assert_int_equal(world_spooled(world), 0);
	assert_int_equal(couriers_alive(world), 1); /* it keeps the reply, and the lock */
	world_reopen(world);
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(couriers_alive(world), 0);
}

static bool
blanks_nothing(void *ctx, const struct spool_slot *slot)
{
	(void)ctx;
	(void)slot;
	return false;
}

static enum spool_content
reads_nothing(void *ctx, const struct spool_slot *slot, uint8_t ret_record_id[static 16],
    uint8_t ret_attempt_id[static 16], struct buf *ret_payload)
{
	(void)ctx;
	(void)slot;
	(void)ret_record_id;
	(void)ret_attempt_id;
	(void)ret_payload;
	return SPOOL_FAILED;
}

static enum larder_code
finds_no_room(void *ctx, size_t size, struct spool_slot *ret, struct larder_error *ret_error)
{
	(void)ctx;
	(void)size;
	(void)ret;
	return error_set(ret_error, LARDER_STORAGE, "cannot make room for a reply", "free some space", "it is full");
}

static void
a_reply_that_was_committed_and_not_blanked_is_not_applied_twice(void **state)
{
	struct world *world = *state;
	struct effects effects = world->effects;

	world->effects.slot_blank = blanks_nothing;
	assert_token(world, "at-2", true);
	assert_int_equal(world_spooled(world), 1);
	world->effects = effects;
	world_reopen(world);
	assert_token(world, "at-2", false);
	assert_int_equal(world_credential(world).exchanges, 1);
	world->want.force = true;
	assert_token(world, "at-4", true);
	assert_int_equal(world_credential(world).exchanges, 2);
	assert_int_equal(world_spooled(world), 0); /* the next exchange has cleared the old slot away */
}

static void
a_slot_that_cannot_be_read_now_is_no_lost_reply(void **state)
{
	struct world *world = *state;
	struct effects effects = world->effects;

	world_next_takes(world, GOES_WELL, 2000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world_pass(world, 10);
	world->effects.slot_read = reads_nothing;
	assert_no_token(world, LARDER_STORAGE, "cannot be read");
	world->want.force = true;
	assert_no_token(world, LARDER_STORAGE, "cannot be read");
	world->effects = effects;
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
}

static void
without_room_for_the_reply_nothing_is_sent(void **state)
{
	struct world *world = *state;
	struct effects effects = world->effects;

	world->effects.slot_claim = finds_no_room;
	assert_no_token(world, LARDER_STORAGE, "it is full");
	assert_int_equal(world->started, 0);
	world->effects = effects;
	assert_token(world, "at-2", true);
}

/* S034 */
static void
no_commit_of_any_call_can_fail_so_that_a_token_is_lost(void **state)
{
	struct world *world = *state;

	for (unsigned nth = 1; nth <= 3; nth++) {
		for (int lasting = 0; lasting < 2; lasting++) {
			unsigned requests = world->server.requests;
			char token[SERVER_TEXT];

			world_fail_commit(world, nth, false, lasting);
			world->want.force = true;
			(void)world_get(world);
			world_reopen(world);
			world_pass(world, 10);
			assert_int_equal(world_get(world), LARDER_OK);
			assert_true(world->server.requests - requests <= 1);
			world_refresh_token(world, false, token);
			assert_true(server_is_live(&world->server, token));
			assert_true(server_is_live(&world->server, world->token));
			world_pass(world, 3600);
		}
	}
}

int
run_commit_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, without_an_intent_nothing_is_sent),
		IN(strict_world, an_intent_that_is_there_although_its_commit_failed_is_not_sent_either),
		IN(hold_world, an_intent_of_which_nothing_was_sent_is_no_doubt),
		IN(strict_world, a_reply_that_cannot_be_committed_stays_and_is_settled_by_the_next),
		IN(strict_world, a_reply_waits_for_as_long_as_the_store_fails),
		IN(strict_world, a_reply_whose_failed_commit_is_there_is_handed_out),
		IN(strict_world, a_token_whose_release_cannot_be_audited_is_not_handed_out),
		IN(strict_world, a_reply_that_neither_slot_nor_vault_took_is_sealed_later),
		IN(strict_world, a_reply_that_was_committed_and_not_blanked_is_not_applied_twice),
		IN(strict_world, a_slot_that_cannot_be_read_now_is_no_lost_reply),
		IN(strict_world, without_room_for_the_reply_nothing_is_sent),
		IN(strict_world, no_commit_of_any_call_can_fail_so_that_a_token_is_lost),
	};

	return cmocka_run_group_tests_name("commits", tests, NULL, NULL);
}
