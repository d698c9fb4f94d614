/* SPDX-License-Identifier: Apache-2.0 */
/* A request was sent, and nobody knows what came of it. */
#include "engine/world.h"

#include <string.h>

#include "base/text.h"

/* A first token, and then so late that it is valid for ten seconds only. */
static void
ten_seconds_before_the_end(struct world *world)
{
	assert_ok(world_get(world));
	world_pass(world, 3600 - 10);
}

static void
static_asks_again_when_the_reply_is_lost(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 2);
	assert_int_equal(world_state(world), STATE_OK);
}

static void
until_used_asks_again_when_the_reply_is_lost(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	assert_token(world, "at-4", true);
	assert_int_equal(world->server.requests, 2);
	assert_refresh_token(world, "rt-3", "rt-0");
	world->want.force = true;
	assert_token(world, "at-6", true);
}

/* S038 */
static void
overlap_asks_again_inside_the_window(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	assert_token(world, "at-4", true);
	assert_int_equal(world->server.requests, 2);
	assert_true(server_is_live(&world->server, "rt-3"));
}

static void
overlap_serves_the_cached_token_outside_the_window(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 50);
	world_next(world, DIES_LISTENING);
	world->timeout_ms = 1000;
	assert_token(world, "at-2", false);
	world_pass(world, 28);
	assert_token(world, "at-2", false);
	assert_int_equal(world->server.requests, 2);
}

static void
overlap_asks_again_inside_the_window_although_a_token_is_valid(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 50);
	world_next(world, DIES_LISTENING);
	assert_token(world, "at-6", true);
	assert_int_equal(world->server.requests, 3);
	assert_true(server_is_live(&world->server, "rt-5"));
}

static void
connects_for_ten_seconds(struct world *world)
{
	world_pass(world, 10);
}

static void
overlap_does_not_ask_when_the_window_closes_while_it_connects(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 50);
	world_next(world, DIES_LISTENING);
	world->timeout_ms = 1000;
	assert_token(world, "at-2", false);
	world_pass(world, 20);
	world->timeout_ms = TIMEOUT_MS;
	world->connecting = connects_for_ten_seconds;
	assert_token(world, "at-2", false);
	assert_int_equal(world->started, 3);
	assert_int_equal(world->server.requests, 2);
}

static void
overlap_outside_the_window_asks_once_when_nothing_is_left(void **state)
{
	struct world *world = *state;

	world->replays_allowed = 1;
	world_next(world, DIES_LISTENING);
	world->timeout_ms = 1000;
	assert_no_token(world, LARDER_UNAVAILABLE, "not known yet");
	world_pass(world, 60);
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
	assert_int_equal(world->server.requests, 2);
}

static void
strict_serves_the_valid_token_and_then_asks_once(void **state)
{
	struct world *world = *state;

	world->replays_allowed = 1;
	ten_seconds_before_the_end(world);
	world_next(world, DIES_LISTENING);
	assert_token(world, "at-2", false);
	assert_token(world, "at-2", false);
	assert_int_equal(world->server.requests, 2);
	world_pass(world, 10);
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
	assert_int_equal(world->server.requests, 3);
	assert_int_equal(world_state(world), STATE_NEEDS_LOGIN);
}

/* S038 */
static void
strict_without_a_token_asks_once_after_the_quarantine_and_names_the_cause(void **state)
{
	struct world *world = *state;
	int64_t before = world->ms;
	char when[32];

	world->replays_allowed = 1;
	world_next(world, DIES_LISTENING);
	text_time(when, sizeof when, world->start_s + world->ms / 1000);
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
	assert_non_null(strstr(world->error.why, when)); /* of the interruption, not of the question about it */
	assert_int_equal(world->server.requests, 2);
	assert_true(world->ms - before >= QUARANTINE_MS);
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
	assert_int_equal(world->server.requests, 2);
}

static void
strict_goes_on_when_only_the_request_was_lost(void **state)
{
	static const enum course courses[] = { DIES_SENDING, RESET_SENDING, NOT_TOLD };
	static const char *const tokens[] = { "at-2", "at-4", "at-6" };
	struct world *world = *state;

	for (unsigned i = 0; i < 3; i++) {
		world_next(world, courses[i]);
		assert_token(world, tokens[i], true);
		assert_int_equal(world->server.requests, i + 1);
		assert_int_equal(world_state(world), STATE_OK);
		assert_false(world_credential(world).intent.open);
		world_pass(world, 3600);
	}
}

/* As far as a caller comes that dies where it would say go. */
static void
die_before_go(struct world *world)
{
	struct credential credential = world_credential(world);
	struct exchange_end end = { .unsent = false };
	struct party party = { 0 };
	struct lock lock = LOCK_INIT;
	int64_t held_since_ms;

	want_as_usual(world);
	assert_ok(exchange_lock(&world->engine, &credential, TIMEOUT_MS, &lock, &held_since_ms, &world->error));
	assert_ok(party_load(&world->engine, &credential, &party, &world->error));
	(void)exchange_run(&world->engine, &party, &world->want, &credential, &lock, &end, &world->error);
	world->effects.lock_close(world->effects.ctx, &lock);
	party_clear(&party);
}

static void
nobody_waits_for_a_request_that_was_never_sent(void **state)
{
	struct world *world = *state;

	world_next(world, NOTES_UNSENT);
	die_before_go(world);
	assert_true(world_credential(world).intent.open);
	world->at_rest = true; /* no quarantine */
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_state(world), STATE_OK);
	assert_false(world_credential(world).intent.open);
	assert_int_equal(world_spooled(world), 0);
	assert_int_equal(world_audited(world, AUDIT_REFRESH_FAILED), 1);
}

static void
a_request_that_was_not_sent_says_nothing_about_an_earlier_one(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	assert_no_token(world, LARDER_IN_DOUBT, "no answer");
	world_next(world, NOTES_UNSENT);
	die_before_go(world);
	assert_int_equal(world->server.requests, 1);
	assert_no_token(world, LARDER_IN_DOUBT, "no answer");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_spooled(world), 0);
}

/* In TLS 1.3 the request is on its way before the server has looked at the certificate. */
static void
a_refused_certificate_spends_nothing_and_leaves_no_doubt(void **state)
{
	struct world *world = *state;

	world_next(world, IS_REFUSED);
	world->at_rest = true; /* no quarantine */
	assert_no_token(world, LARDER_REJECTED, "refuses the client certificate");
	assert_non_null(strstr(world->error.hint, "register the certificate of client"));
	assert_int_equal(world->server.requests, 0);
	assert_int_equal(world_state(world), STATE_OK);
	assert_false(world_credential(world).intent.open);
	world->want.force = true;
	assert_token(world, "at-2", true);
}

static void
a_refusal_of_which_only_the_note_tells_costs_no_wait(void **state)
{
	struct world *world = *state;

	world_next(world, REFUSED_AND_DIES);
	world_next(world, GOES_WELL);
	world->at_rest = true;
	(void)world_get(world);
	assert_false(world_credential(world).intent.open);
	assert_int_equal(world_state(world), STATE_OK);
	world->want.force = true;
	assert_token(world, "at-2", true);
}

static void
a_refused_certificate_says_nothing_about_an_earlier_request(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	assert_no_token(world, LARDER_IN_DOUBT, "no answer");
	world_next(world, IS_REFUSED);
	world->want.accept = true;
	assert_int_not_equal(world_get(world), LARDER_OK);
	assert_true(world_credential(world).intent.open);
}

static void
a_call_that_loses_two_replies_reports_it(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	world_next(world, DIES_LISTENING);
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	assert_int_equal(world->server.requests, 2);
	assert_int_equal(world_state(world), STATE_IN_DOUBT);
	assert_token(world, "at-3", true); /* the next call has a question of its own */
	assert_int_equal(world_state(world), STATE_OK);
}

static void
force_in_a_doubt_does_not_risk_a_valid_token(void **state)
{
	struct world *world = *state;

	ten_seconds_before_the_end(world);
	world_next(world, DIES_SENDING);
	assert_token(world, "at-2", false);
	world->want.force = true;
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world_state(world), STATE_IN_DOUBT);
	assert_int_equal(world->server.requests, 1);
	assert_token(world, "at-2", false);
	world_pass(world, 10);
	assert_token(world, "at-4", true);
}

static void
hold_gives_in_doubt_and_asks_nobody_until_a_person_accepts(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_SENDING);
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world_state(world), STATE_IN_DOUBT);
	world_pass(world, 86400);
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	world->want.force = true;
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world->server.requests, 0);
	assert_int_equal(world->started, 1);
	world->want.accept = true;
	assert_token(world, "at-2", true);
	assert_int_equal(world_state(world), STATE_OK);
	assert_int_equal(world->server.requests, 1);
}

static void
hold_serves_the_cached_token_while_it_is_valid(void **state)
{
	struct world *world = *state;

	ten_seconds_before_the_end(world);
	world_next(world, DIES_LISTENING);
	assert_token(world, "at-2", false);
	world_pass(world, 10);
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world->server.requests, 2);
}

static void
nobody_asks_before_the_quarantine_is_over(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	world->timeout_ms = 2000;
	assert_no_token(world, LARDER_UNAVAILABLE, "not known yet");
	assert_int_equal(world->error.retry_after_s, 2);
	assert_int_equal(world->server.requests, 1);
	assert_token(world, "at-2", true);
}

static void
after_a_restart_of_the_machine_nothing_is_in_flight(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	world->timeout_ms = 0;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world->boot++;
	world->ms -= 4000000; /* a restarted machine counts from anew */
	world->start_s += 4000;
	world->at_rest = true;
	assert_token(world, "at-2", true);
}

static void
what_fails_before_sending_says_nothing_about_an_earlier_request(void **state)
{
	static const enum course courses[] = { NOT_CONNECTED, GIVES_UP };
	struct world *world = *state;

	world->replays_allowed = 1;
	world_next(world, DIES_LISTENING);
	assert_int_equal(world_get(world), LARDER_IN_DOUBT);
	for (unsigned i = 0; i < 2; i++) {
		world_next(world, courses[i]);
		world->want.accept = true;
		assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
		world_pass(world, 60);
		assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	}
	assert_int_equal(world->server.requests, 1);
	world->want.accept = true;
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
}

static void
a_refused_repetition_says_nothing_about_an_earlier_request(void **state)
{
	static const struct canned busy = { .status = 503, .type = "application/json", .body = "{}" };
	struct world *world = *state;
	char when[32];

	world->replays_allowed = 1;
	text_time(when, sizeof when, world->start_s + world->ms / 1000);
	world_next(world, DIES_LISTENING);
	assert_int_equal(world_get(world), LARDER_IN_DOUBT);
	world_next_says(world, &busy);
	world->want.accept = true;
	assert_no_token(world, LARDER_UNAVAILABLE, "503");
	world_pass(world, 60);
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world_state(world), STATE_IN_DOUBT);
	assert_int_equal(world->server.requests, 2);
	world->want.accept = true;
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
	assert_non_null(strstr(world->error.why, when));
}

static void
a_refused_repetition_ends_the_doubt_where_asking_again_is_harmless(void **state)
{
	static const struct canned busy = { .status = 503, .type = "application/json", .body = "{}" };
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	world_next_says(world, &busy);
	assert_no_token(world, LARDER_UNAVAILABLE, "503");
	assert_int_equal(world_state(world), STATE_OK);
	assert_false(world_credential(world).intent.open);
	assert_token(world, "at-2", true);
}

static void
the_window_counts_from_the_first_request(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	for (unsigned i = 0; i < 2; i++) {
		world_next(world, DIES_LISTENING);
		world->want.force = true;
		world->timeout_ms = i == 0 ? 2000 : 4000; /* the second has time for the quarantine */
		assert_no_token(world, LARDER_UNAVAILABLE, "not known yet");
		world_pass(world, 16);
	}
	assert_int_equal(world->server.requests, 3);
	/* not half a minute after the second one, but after the first: the window is over */
	world->want.force = true;
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world->server.requests, 3);
	assert_token(world, "at-2", false);
}

static void
a_doubt_does_not_risk_a_token_for_another_scope(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_next(world, DIES_LISTENING);
	world->want.force = true;
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	text_format(world->want.scope, sizeof world->want.scope, "mail");
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world->server.requests, 2);
	assert_token(world, "at-2", false);
}

int
run_doubt_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(static_world, static_asks_again_when_the_reply_is_lost),
		IN(until_used_world, until_used_asks_again_when_the_reply_is_lost),
		IN(overlap_world, overlap_asks_again_inside_the_window),
		IN(overlap_world, overlap_serves_the_cached_token_outside_the_window),
		IN(overlap_world, overlap_asks_again_inside_the_window_although_a_token_is_valid),
		IN(overlap_world, overlap_does_not_ask_when_the_window_closes_while_it_connects),
		IN(overlap_world, overlap_outside_the_window_asks_once_when_nothing_is_left),
		IN(strict_world, strict_serves_the_valid_token_and_then_asks_once),
		IN(strict_world, strict_without_a_token_asks_once_after_the_quarantine_and_names_the_cause),
		IN(strict_world, strict_goes_on_when_only_the_request_was_lost),
		IN(strict_world, nobody_waits_for_a_request_that_was_never_sent),
		IN(hold_world, a_request_that_was_not_sent_says_nothing_about_an_earlier_one),
		IN(strict_world, a_refused_certificate_spends_nothing_and_leaves_no_doubt),
		IN(strict_world, a_refusal_of_which_only_the_note_tells_costs_no_wait),
		IN(hold_world, a_refused_certificate_says_nothing_about_an_earlier_request),
		IN(static_world, a_call_that_loses_two_replies_reports_it),
		IN(strict_world, force_in_a_doubt_does_not_risk_a_valid_token),
		IN(hold_world, hold_gives_in_doubt_and_asks_nobody_until_a_person_accepts),
		IN(hold_world, hold_serves_the_cached_token_while_it_is_valid),
		IN(static_world, nobody_asks_before_the_quarantine_is_over),
		IN(static_world, after_a_restart_of_the_machine_nothing_is_in_flight),
		IN(hold_world, what_fails_before_sending_says_nothing_about_an_earlier_request),
		IN(hold_world, a_refused_repetition_says_nothing_about_an_earlier_request),
		IN(static_world, a_refused_repetition_ends_the_doubt_where_asking_again_is_harmless),
		IN(overlap_world, the_window_counts_from_the_first_request),
		IN(strict_world, a_doubt_does_not_risk_a_token_for_another_scope),
	};

	return cmocka_run_group_tests_name("doubt", tests, NULL, NULL);
}
