/* SPDX-License-Identifier: Apache-2.0 */
/* Callers that give up or die, and those who come after or beside them. */
#include "engine/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MOVED "https://login.example"

/* Another session over the same vault, as another thread or process has. */
static struct other {
	struct vault vault;
	struct engine engine;
	struct lock lock;
	enum larder_code code;
	char token[SERVER_TEXT];
} other;

static void
other_begins(struct world *world)
{
	struct credential credential = world_credential(world);

	other = (struct other){ .engine = world->engine };
	assert_ok(vault_open_again(&world->vault, &other.vault, NULL));
	other.engine.vault = &other.vault;
	assert_ok(lock_try(world->vault.dir.fd, lock_byte(credential.id), &other.lock, NULL));
}

/* The other one had the lock, exchanges and is done. */
static void
other_exchanges(struct world *world)
{
	lock_close(&other.lock);
	world->want.force = true;
	world->want.scope[0] = '\0';
	other.code = world_get_by(world, &other.engine);
	memcpy(other.token, world->token, sizeof other.token);
}

static void
a_caller_that_gave_up_is_followed_by_one_who_finds_the_reply(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 1000;
	assert_no_token(world, LARDER_UNAVAILABLE, "its answer will be kept");
	world_pass(world, 10);
	assert_int_equal(world_spooled(world), 1);
	world_reopen(world);
	world->at_rest = true;
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_spooled(world), 0);
	assert_refresh_token(world, "rt-1", "rt-0");
}

/* S037 */
static void
a_caller_during_an_exchange_waits_for_its_reply(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	assert_ok(world_get(world));
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
}

static void
a_caller_who_waited_too_long_gets_the_valid_token(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 30);
	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 1000;
	assert_token(world, "at-2", false);
	world->timeout_ms = 1000;
	assert_token(world, "at-2", false); /* could not even have the lock */
	world->timeout_ms = 1000;
	world->want.force = true;
	assert_no_token(world, LARDER_UNAVAILABLE, "too long");
	world_pass(world, 10);
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-4");
	assert_int_equal(world->server.requests, 2);
}

static void
a_reply_that_nobody_was_told_of_is_found_at_once(void **state)
{
	struct world *world = *state;

	world_next(world, SEALS_AND_DIES);
	world->at_rest = true;
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 1);
}

static void
a_reply_that_could_not_be_sealed_is_taken_from_hand_to_hand(void **state)
{
	struct world *world = *state;

	world_next(world, CANNOT_SEAL);
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_spooled(world), 0);
	assert_refresh_token(world, "rt-1", "rt-0");
}

static void
a_late_reply_that_could_not_be_sealed_is_sealed_in_the_end(void **state)
{
	struct world *world = *state;

	world_next_takes(world, CANNOT_SEAL, 5000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world_pass(world, 5);
	world_pass(world, 1);
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
}

static void
a_reply_that_no_longer_fits_is_parked_and_overwrites_nothing(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world_overtake(world, server_login(&world->server)); /* rt-3 */
	world_pass(world, 10);
	assert_ok(world_get(world));
	assert_string_equal(world->token, "at-5");
	assert_int_equal(world_parked(world), 1);
	assert_refresh_token(world, "rt-4", "rt-3");
	assert_int_equal(world_audited(world, AUDIT_PARKED), 1);
}

static void
force_is_satisfied_by_what_another_session_exchanged_meanwhile(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	other_begins(world);
	world->meanwhile = other_exchanges;
	world->want.force = true;
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-4");
	assert_string_equal(other.token, "at-4");
	assert_int_equal(world->server.requests, 2);
	vault_close(&other.vault);
}

static void
force_is_satisfied_by_an_exchange_that_began_earlier_and_ended_later(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 2000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world->want.force = true;
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-2");
	assert_int_equal(world->server.requests, 1);
}

static void
force_is_not_satisfied_by_a_token_for_another_scope(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 100);
	other_begins(world);
	world->meanwhile = other_exchanges; /* of the default scope */
	world->want.force = true;
	text_format(world->want.scope, sizeof world->want.scope, "mail");
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-6");
	assert_int_equal(world->server.requests, 3);
	vault_close(&other.vault);
}

/* The other one does nothing, but the clock is set back. */
static void
other_sets_the_clock(struct world *world)
{
	lock_close(&other.lock);
	world->start_s -= 100;
}

static void
a_clock_that_is_set_back_meanwhile_does_not_hide_the_new_token(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	other_begins(world);
	world->meanwhile = other_sets_the_clock;
	world->want.force = true;
	assert_token(world, "at-4", true);
	assert_int_equal(world->server.requests, 2);
	vault_close(&other.vault);
}

static void
what_another_session_heard_is_not_asked_again(void **state)
{
	static const struct canned ended = {
		.status = 401, .type = "application/json", .body = "{\"error\":\"invalid_client\"}"
	};
	struct world *world = *state;

	other_begins(world);
	world->meanwhile = other_exchanges;
	world_next_says(world, &ended);
	assert_no_token(world, LARDER_REJECTED, "invalid_client");
	assert_int_equal(other.code, LARDER_REJECTED);
	assert_int_equal(world->server.requests, 1);
	vault_close(&other.vault);
}

static void
a_lock_that_is_never_free_is_an_error_in_time(void **state)
{
	struct world *world = *state;
	int64_t before = world->ms;

	other_begins(world);
	assert_no_token(world, LARDER_UNAVAILABLE, "too long");
	assert_in_range(world->ms - before, TIMEOUT_MS, TIMEOUT_MS + 100);
	lock_close(&other.lock);
	vault_close(&other.vault);
}

static void
a_copied_vault_asks_nobody_until_a_person_accepts(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	vault_close(&world->vault);
	world_run(world, "cp -a vault copy && rm -r vault && mv copy vault");
	world_reopen(world);
	assert_ok(vault_adopt_copy(&world->vault, NULL));
	assert_int_equal(world_state(world), STATE_SUSPECT);
	assert_token(world, "at-2", false);
	world_pass(world, 3600);
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	world->want.force = true;
	assert_no_token(world, LARDER_IN_DOUBT, "copied or restored");
	assert_int_equal(world->server.requests, 1);
	world->want.accept = true;
	assert_token(world, "at-4", true);
	assert_int_equal(world_state(world), STATE_OK);
}

static void
a_copy_stays_suspect_when_a_reply_was_copied_with_its_spool(void **state)
{
	struct world *world = *state;

	world->timeout_ms = 1000;
	world_next_takes(world, GOES_WELL, 5000);
	assert_no_token(world, LARDER_UNAVAILABLE, "kept when it comes");
	world_pass(world, 5);
	couriers_work(world);
	assert_int_equal(world_spooled(world), 1);
	vault_close(&world->vault);
	world_run(world, "cp -a vault copy && rm -r vault && mv copy vault");
	world_reopen(world);
	assert_ok(vault_adopt_copy(&world->vault, NULL));
	assert_token(world, "at-2", true); /* the other copy has it too */
	assert_int_equal(world_state(world), STATE_SUSPECT);
	world_pass(world, 3600);
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world->server.requests, 1);
	world->want.accept = true;
	assert_token(world, "at-4", true);
	assert_int_equal(world_state(world), STATE_OK);
}

/* S041, S042 */
static void
an_endpoint_that_moved_gets_no_refresh_token_until_a_person_accepts(void **state)
{
	struct world *world = *state;

	world_define(world, MOVED, true, "");
	assert_no_token(world, LARDER_DENIED, "another origin");
	world->want.force = true;
	assert_no_token(world, LARDER_DENIED, "login.example");
	assert_int_equal(world->started, 0);
	world->want.accept = true;
	assert_token(world, "at-2", true);
	world->want.force = true;
	assert_token(world, "at-4", true); /* accepted is accepted */
	assert_string_equal(world_credential(world).token_endpoint, MOVED "/token");
}

static void
another_path_of_the_same_origin_needs_nobody(void **state)
{
	struct world *world = *state;

	world_define(world, "http://127.0.0.1:9000/v2", true, "");
	assert_token(world, "at-2", true);
}

int
run_session_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, a_caller_that_gave_up_is_followed_by_one_who_finds_the_reply),
		IN(strict_world, a_caller_during_an_exchange_waits_for_its_reply),
		IN(strict_world, a_caller_who_waited_too_long_gets_the_valid_token),
		IN(strict_world, a_reply_that_nobody_was_told_of_is_found_at_once),
		IN(strict_world, a_reply_that_could_not_be_sealed_is_taken_from_hand_to_hand),
		IN(strict_world, a_late_reply_that_could_not_be_sealed_is_sealed_in_the_end),
		IN(strict_world, a_reply_that_no_longer_fits_is_parked_and_overwrites_nothing),
		IN(strict_world, force_is_satisfied_by_what_another_session_exchanged_meanwhile),
		IN(strict_world, force_is_satisfied_by_an_exchange_that_began_earlier_and_ended_later),
		IN(strict_world, force_is_not_satisfied_by_a_token_for_another_scope),
		IN(strict_world, a_clock_that_is_set_back_meanwhile_does_not_hide_the_new_token),
		IN(strict_world, what_another_session_heard_is_not_asked_again),
		IN(strict_world, a_lock_that_is_never_free_is_an_error_in_time),
		IN(strict_world, a_copied_vault_asks_nobody_until_a_person_accepts),
		IN(strict_world, a_copy_stays_suspect_when_a_reply_was_copied_with_its_spool),
		IN(strict_world, an_endpoint_that_moved_gets_no_refresh_token_until_a_person_accepts),
		IN(strict_world, another_path_of_the_same_origin_needs_nobody),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
