/* SPDX-License-Identifier: Apache-2.0 */
/* The ordinary life of a token: asked for, cached, rotated. */
#include "engine/world.h"

#include <string.h>

#include "base/text.h"
#include "engine/schedule.h"

static void
the_first_token_is_asked_for_and_the_second_served_from_the_cache(void **state)
{
	struct world *world = *state;

	world->at_rest = true;
	assert_token(world, "at-2", true);
	assert_token(world, "at-2", false);
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world->started, 1);
	assert_int_equal(world_audited(world, AUDIT_RELEASE), 2);
	assert_int_equal(world_audited(world, AUDIT_REFRESH_BEGIN), 1);
	assert_int_equal(world_audited(world, AUDIT_REFRESH_END), 1);
	assert_int_equal(world_spooled(world), 0);
	assert_false(world_credential(world).intent.open);
}

static void
a_token_near_its_end_is_replaced(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 61);
	assert_token(world, "at-2", false);
	world_pass(world, 1);
	assert_token(world, "at-4", true);
	assert_int_equal(world->server.exchanges, 2);
}

/* S034, S202, S239 */
static void
a_rotation_raises_the_generation_and_keeps_the_predecessor_until_the_successor_is_used(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_credential(world).generation, 1);
	assert_refresh_token(world, "rt-0", "");
	assert_token(world, "at-2", true);
	assert_int_equal(world->generation, 2);
	assert_refresh_token(world, "rt-1", "rt-0");
	world->want.force = true;
	assert_token(world, "at-4", true);
	assert_int_equal(world->generation, 3);
	assert_refresh_token(world, "rt-3", "rt-1");
	assert_true(server_is_live(&world->server, "rt-3"));
}

/* S035 */
static void
an_omitted_or_equal_refresh_token_does_not_raise_the_generation(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-1", true);
	assert_int_equal(world->generation, 1);
	world->server.repeats = true;
	world->want.force = true;
	assert_token(world, "at-2", true);
	assert_int_equal(world->generation, 1);
	assert_refresh_token(world, "rt-0", "");
	assert_int_equal(world_credential(world).exchanges, 2);
}

/* S036 */
static void
each_scope_has_a_token_of_its_own(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	assert_string_equal(world->server.last_scope, "");
	text_format(world->want.scope, sizeof world->want.scope, "mail");
	assert_token(world, "at-4", true);
	assert_string_equal(world->server.last_scope, "mail");
	text_format(world->want.scope, sizeof world->want.scope, "mail");
	assert_token(world, "at-4", false);
	assert_token(world, "at-2", false);
	assert_string_equal(world_credential(world).scope, ""); /* the refresh token stands for no less than before */
}

static void
an_explicit_min_ttl_asks_for_more_than_is_left(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 300);
	world->want.min_ttl_s = 299;
	world->want.min_ttl_explicit = true;
	assert_token(world, "at-2", false);
	world->want.min_ttl_s = 600;
	world->want.min_ttl_explicit = true;
	assert_token(world, "at-4", true);
}

static void
a_min_ttl_beyond_the_life_counts_as_four_fifths_of_it(void **state)
{
	struct world *world = *state;

	world->want.min_ttl_s = 86400;
	world->want.min_ttl_explicit = true;
	assert_token(world, "at-2", true);
	world_pass(world, 719);
	world->want.min_ttl_s = 86400;
	world->want.min_ttl_explicit = true;
	assert_token(world, "at-2", false);
	world_pass(world, 1);
	world->want.min_ttl_s = 86400;
	world->want.min_ttl_explicit = true;
	assert_token(world, "at-4", true);
}

/* S025 */
static void
a_token_without_an_end_is_kept_until_force(void **state)
{
	struct world *world = *state;

	world->server.expires_in = -1;
	assert_token(world, "at-2", true);
	world_pass(world, 86400 * 365);
	assert_token(world, "at-2", false);
	world->want.force = true;
	assert_token(world, "at-4", true);
}

static void
offline_asks_nobody(void **state)
{
	struct world *world = *state;

	world->want.offline = true;
	assert_no_token(world, LARDER_UNAVAILABLE, "--offline");
	assert_int_equal(world->started, 0);
	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 10);
	world->want.offline = true;
	assert_token(world, "at-2", false);
	world_pass(world, 10);
	world->want.offline = true;
	assert_no_token(world, LARDER_UNAVAILABLE, "--offline");
	assert_int_equal(world->started, 1);
}

static void
whatever_fails_before_sending_leaves_nothing_in_doubt(void **state)
{
	static const enum course courses[] = { NOT_STARTED, NOT_CONNECTED, HANGS_CONNECTING, DIES_EARLY, GIVES_UP };
	struct world *world = *state;

	for (size_t i = 0; i < sizeof courses / sizeof courses[0]; i++) {
		world_next(world, courses[i]);
		world->want.force = true;
		assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
		assert_int_equal(world->server.requests, 0);
		assert_int_equal(world_state(world), STATE_OK);
		assert_false(world_credential(world).intent.open);
		assert_int_equal(world_credential(world).failures, i + 1);
		assert_true(world->error.retry_after_s > 0);
	}
	world->want.force = true;
	assert_token(world, "at-2", true);
	assert_int_equal(world_credential(world).failures, 0);
}

static void
a_valid_token_is_better_than_an_unreachable_provider(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 30);
	world->server.down = true;
	assert_token(world, "at-2", false);
	world->want.force = true;
	assert_no_token(world, LARDER_UNAVAILABLE, "connection refused");
	world->want.min_ttl_explicit = true;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world_pass(world, 30);
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	assert_int_equal(world_state(world), STATE_OK);
}

static void
backoff_spares_the_provider_and_its_last_seconds_are_waited_for(void **state)
{
	struct world *world = *state;
	int64_t before;

	world->server.down = true;
	for (int i = 0; i < 4; i++) {
		world->want.force = true;
		assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	}
	world->server.down = false;
	assert_no_token(world, LARDER_UNAVAILABLE, "not asking again for 8 s");
	assert_int_equal(world->error.retry_after_s, 8);
	assert_int_equal(world->started, 4);
	world_pass(world, 5);
	before = world->ms;
	assert_token(world, "at-2", true);
	assert_true(world->ms - before >= 3000);
}

static void
an_endpoint_that_keeps_failing_is_left_alone_by_all_its_credentials(void **state)
{
	struct world *world = *state;
	unsigned started;

	assert_ok(world_add(world, "other", server_login(&world->server), false));
	world->server.down = true;
	for (int i = 0; i < 5; i++) {
		world->want.force = true;
		assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	}
	world->server.down = false;
	started = world->started;
	world->want.name = "other";
	assert_no_token(world, LARDER_UNAVAILABLE, "the endpoint keeps failing");
	assert_int_equal(world->started, started);
	world_pass(world, 31);
	world->want.name = "other";
	assert_ok(world_get(world));
}

static void
a_wall_clock_set_back_gives_nobody_an_ended_token(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3300);
	world->start_s -= 3600;
	assert_token(world, "at-2", false);
	world_pass(world, 300);
	assert_token(world, "at-4", true);
}

static void
sleep_eight_hours(struct world *world)
{
	world->ms += (int64_t)8 * 3600 * 1000;
}

static void
a_token_that_ended_while_the_machine_slept_is_not_the_answer(void **state)
{
	struct world *world = *state;

	world->sealed = sleep_eight_hours;
	world->timeout_ms = (int64_t)9 * 3600 * 1000;
	assert_token(world, "at-4", true);
	assert_int_equal(world->server.requests, 2);
}

static void
a_wall_clock_set_back_does_not_lengthen_a_backoff(void **state)
{
	static const struct canned busy = { .status = 503, .type = "application/json", .body = "{}" };
	struct world *world = *state;
	unsigned i;

	for (i = 0; i < BREAKER_TRIPS; i++) {
		world_next_says(world, &busy);
		world->want.force = true;
		assert_no_token(world, LARDER_UNAVAILABLE, "503");
	}
	world->start_s -= 1800;
	world->at_rest = true;
	assert_token(world, "at-2", true);
}

static void
a_refresh_without_a_release_hands_nothing_out(void **state)
{
	struct world *world = *state;
	struct token_want want = { .name = CREDENTIAL, .resource = "", .force = true };

	for (unsigned i = 1; i <= 2; i++) {
		struct refresh_call call = { .want = &want };

		want.deadline_ms = world->ms + TIMEOUT_MS;
		assert_ok(refresh_run(&world->engine, &call, &world->error));
		assert_int_equal(world->server.exchanges, i);
	}
	assert_int_equal(world_audited(world, AUDIT_RELEASE), 0);
	assert_token(world, "at-4", false);
}

static void
an_unknown_name_is_not_found(void **state)
{
	struct world *world = *state;

	world->want.name = "nobody";
	assert_int_equal(world_get(world), LARDER_NOT_FOUND);
}

int
run_token_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, the_first_token_is_asked_for_and_the_second_served_from_the_cache),
		IN(strict_world, a_token_near_its_end_is_replaced),
		IN(strict_world,
		    a_rotation_raises_the_generation_and_keeps_the_predecessor_until_the_successor_is_used),
		IN(static_world, an_omitted_or_equal_refresh_token_does_not_raise_the_generation),
		IN(strict_world, each_scope_has_a_token_of_its_own),
		IN(strict_world, an_explicit_min_ttl_asks_for_more_than_is_left),
		IN(strict_world, a_min_ttl_beyond_the_life_counts_as_four_fifths_of_it),
		IN(strict_world, a_token_without_an_end_is_kept_until_force),
		IN(strict_world, offline_asks_nobody),
		IN(strict_world, whatever_fails_before_sending_leaves_nothing_in_doubt),
		IN(strict_world, a_valid_token_is_better_than_an_unreachable_provider),
		IN(strict_world, backoff_spares_the_provider_and_its_last_seconds_are_waited_for),
		IN(strict_world, an_endpoint_that_keeps_failing_is_left_alone_by_all_its_credentials),
		IN(strict_world, a_wall_clock_set_back_gives_nobody_an_ended_token),
		IN(strict_world, a_token_that_ended_while_the_machine_slept_is_not_the_answer),
		IN(strict_world, a_wall_clock_set_back_does_not_lengthen_a_backoff),
		IN(strict_world, a_refresh_without_a_release_hands_nothing_out),
		IN(strict_world, an_unknown_name_is_not_found),
	};

	return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
