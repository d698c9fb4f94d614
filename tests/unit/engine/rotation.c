/* SPDX-License-Identifier: Apache-2.0 */
/* The decision table of engine/rotation.h, row by row. */
#include "engine/rotation.h"
#include "engine/tests.h"

#include <string.h>

#define NOW 1000000

/* A healthy credential without a usable token, whose class is strict. */
static struct situation
plain(void)
{
	return (struct situation){
		.state = STATE_OK,
		.class = CLASS_STRICT,
		.grace_s = TTL_UNKNOWN,
		.has_refresh_token = true,
		.fallback_allowed = true,
		.now = NOW,
	};
}

/* The same after a request whose answer never came, and whose sender is long silent. */
static struct situation doubtful(enum spend_class class)
{
	struct situation situation = plain();

	situation.class = class;
	situation.intent_open = true;
	situation.intent_at = NOW - 10;
	return situation;
}

static void
assert_decides(const struct situation *situation, enum order order, enum reason reason)
{
	struct decision decision = rotation_decide(situation);

	assert_int_equal(decision.order, order);
	assert_int_equal(decision.reason, reason);
}

static void
a_token_that_is_enough_is_served_whatever_else_is_wrong(void **state)
{
	static const enum credential_state states[] = { STATE_OK, STATE_NEEDS_LOGIN, STATE_IN_DOUBT, STATE_SUSPECT };
	struct situation situation = doubtful(CLASS_STRICT);

	(void)state;
	situation.cached_valid = situation.cached_enough = true;
	situation.held_until = NOW + 100;
	for (size_t i = 0; i < 4; i++) {
		situation.state = states[i];
		assert_decides(&situation, ORDER_SERVE, REASON_NONE);
	}
}

static void
a_credential_that_is_being_revoked_gives_no_token_whatever_is_cached(void **state)
{
	static const enum credential_state states[] = { STATE_REVOKING, STATE_REVOKED };
	struct situation situation = plain();

	(void)state;
	situation.cached_valid = situation.cached_enough = situation.answered = true;
	situation.force = situation.accept = true;
	for (size_t i = 0; i < 2; i++) {
		situation.state = states[i];
		assert_decides(&situation, ORDER_FAIL, REASON_REVOKED);
	}
}

static void
without_a_usable_token_the_provider_is_asked(void **state)
{
	struct situation situation = plain();

	(void)state;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.cached_valid = true; /* but not for long enough */
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
}

static void
what_an_exchange_brought_meanwhile_is_the_answer_while_it_is_valid(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.force = true;
	situation.answered = situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
	situation.cached_valid = false;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.asked = 1; /* it was given to this call, and has no time left */
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
}

static void
offline_never_asks(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.offline = situation.force = situation.accept = true;
	assert_decides(&situation, ORDER_FAIL, REASON_OFFLINE);
	situation.intent_open = true;
	assert_decides(&situation, ORDER_FAIL, REASON_OFFLINE);
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
	situation = plain(); /* what a person has to do is the same without a network */
	situation.offline = true;
	situation.state = STATE_NEEDS_LOGIN;
	assert_decides(&situation, ORDER_FAIL, REASON_NEEDS_LOGIN);
	situation.state = STATE_SUSPECT;
	assert_decides(&situation, ORDER_FAIL, REASON_SUSPECT);
}

static void
without_a_refresh_token_a_person_has_to_log_in(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.has_refresh_token = false;
	situation.force = true;
	assert_decides(&situation, ORDER_FAIL, REASON_NEEDS_LOGIN);
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
}

static void
a_suspect_credential_asks_only_when_a_person_accepts(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.state = STATE_SUSPECT;
	assert_decides(&situation, ORDER_FAIL, REASON_SUSPECT);
	situation.force = true;
	assert_decides(&situation, ORDER_FAIL, REASON_SUSPECT);
	situation.accept = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.accept = situation.force = false;
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
}

static void
an_ended_grant_is_asked_about_only_by_force_or_acceptance(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.state = STATE_NEEDS_LOGIN;
	assert_decides(&situation, ORDER_FAIL, REASON_NEEDS_LOGIN);
	situation.force = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.force = false;
	situation.accept = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.accept = false;
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
}

static void
a_valid_token_is_no_answer_where_the_caller_wants_more(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.state = STATE_NEEDS_LOGIN;
	situation.cached_valid = true;
	situation.fallback_allowed = false;
	assert_decides(&situation, ORDER_FAIL, REASON_NEEDS_LOGIN);
}

static void
a_failure_of_somebody_else_meanwhile_is_reported_and_not_repeated(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.failed_meanwhile = true;
	assert_decides(&situation, ORDER_FAIL, REASON_LAST_FAILURE);
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
}

static void
a_call_asks_once_when_the_answer_is_known(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.asked = 1;
	assert_decides(&situation, ORDER_FAIL, REASON_LAST_FAILURE);
	situation.force = situation.accept = true;
	assert_decides(&situation, ORDER_FAIL, REASON_LAST_FAILURE);
}

static void
nobody_decides_before_the_quarantine_is_over(void **state)
{
	struct situation situation;

	(void)state;
	for (enum spend_class class = CLASS_STRICT; class <= CLASS_UNTIL_USED; class ++) {
		situation = doubtful(class);
		situation.quarantine_ms = 1234;
		situation.accept = situation.force = true;
		assert_decides(&situation, ORDER_WAIT, REASON_NONE);
		assert_int_equal(rotation_decide(&situation).wait_ms, 1234);
		situation.cached_valid = true;
		assert_decides(&situation, ORDER_SERVE, REASON_NONE);
		situation.fallback_allowed = false;
		assert_decides(&situation, ORDER_WAIT, REASON_NONE);
	}
}

static void
an_overlap_that_is_open_is_worth_the_quarantine(void **state)
{
	struct situation situation = doubtful(CLASS_OVERLAP);

	(void)state;
	situation.cached_valid = true;
	situation.grace_s = 10 + GRACE_MARGIN_S + 4;
	situation.quarantine_ms = 3000;
	assert_decides(&situation, ORDER_WAIT, REASON_NONE);
	situation.quarantine_ms = 3001; /* it would be over by then */
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
	situation.quarantine_ms = 3000;
	situation.repeated = 1;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
}

static void
static_and_until_used_always_ask_again(void **state)
{
	static const enum spend_class classes[] = { CLASS_STATIC, CLASS_UNTIL_USED };
	struct situation situation;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		situation = doubtful(classes[i]);
		assert_decides(&situation, ORDER_ASK, REASON_NONE);
		situation.intent_at = 0;
		situation.on_unknown = UNKNOWN_HOLD;
		situation.cached_valid = true;
		assert_decides(&situation, ORDER_ASK, REASON_NONE);
	}
}

static void
overlap_asks_again_until_two_seconds_before_the_window_ends(void **state)
{
	struct situation situation = doubtful(CLASS_OVERLAP);

	(void)state;
	situation.grace_s = 30;
	situation.on_unknown = UNKNOWN_HOLD; /* so that nothing but the window allows it */
	situation.intent_at = NOW;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.intent_at = NOW - 27;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.intent_at = NOW - 28;
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
	situation.intent_at = NOW + 1; /* the clock went back: where in the window we are is unknown */
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
	situation.intent_at = NOW - 28;
	situation.on_unknown = UNKNOWN_ASK;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
}

static void
strict_serves_what_is_left_and_asks_when_nothing_is(void **state)
{
	struct situation situation = doubtful(CLASS_STRICT);

	(void)state;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
	situation.fallback_allowed = false;
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
	situation.force = true;
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
	situation.accept = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
}

static void
strict_asks_nothing_while_a_token_for_another_scope_is_valid(void **state)
{
	struct situation situation = doubtful(CLASS_STRICT);

	(void)state;
	situation.others_valid = true;
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
	situation.class = CLASS_UNTIL_USED;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
}

static void
hold_never_asks_unless_a_person_accepts(void **state)
{
	struct situation situation = doubtful(CLASS_STRICT);

	(void)state;
	situation.on_unknown = UNKNOWN_HOLD;
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
	situation.force = true;
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
	situation.accept = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
}

static void
a_remembered_doubt_counts_as_one_without_an_open_intent(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.state = STATE_IN_DOUBT;
	situation.on_unknown = UNKNOWN_HOLD;
	assert_decides(&situation, ORDER_FAIL, REASON_IN_DOUBT);
}

static void
one_call_repeats_a_lost_request_once(void **state)
{
	struct situation situation;

	(void)state;
	for (enum spend_class class = CLASS_STRICT; class <= CLASS_UNTIL_USED; class ++) {
		situation = doubtful(class);
		situation.grace_s = 1000;
		situation.asked = 1;
		assert_decides(&situation, ORDER_ASK, REASON_NONE);
		situation.asked = 2;
		assert_decides(&situation, ORDER_FAIL, REASON_LAST_FAILURE);
		situation.asked = situation.repeated = 1;
		assert_decides(&situation, ORDER_FAIL, REASON_LAST_FAILURE);
	}
}

static void
backoff_holds_everybody_but_those_who_force_or_accept(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.held_until = NOW + 60;
	assert_decides(&situation, ORDER_FAIL, REASON_BACKOFF);
	assert_int_equal(rotation_decide(&situation).retry_after_s, 60);
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
	situation.cached_valid = false;
	situation.force = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.force = false;
	situation.accept = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.accept = false;
	situation.held_until = NOW;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
}

static void
a_minimum_interval_spares_the_provider_while_the_token_is_valid(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.early_until = NOW + 86400;
	assert_decides(&situation, ORDER_ASK, REASON_NONE); /* nobody waits a day for a token */
	situation.cached_valid = true;
	assert_decides(&situation, ORDER_SERVE, REASON_NONE);
	situation.fallback_allowed = false;
	assert_decides(&situation, ORDER_FAIL, REASON_EARLY);
	assert_int_equal(rotation_decide(&situation).retry_after_s, 86400);
	situation.force = true;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
	situation.force = false;
	situation.early_until = NOW;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
}

static void
a_clock_that_went_back_does_not_hold_anybody_for_years(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.held_until = NOW + HOLD_MAX_S;
	assert_decides(&situation, ORDER_FAIL, REASON_BACKOFF);
	situation.held_until = NOW + HOLD_MAX_S + 1;
	assert_decides(&situation, ORDER_ASK, REASON_NONE);
}

static void
the_last_seconds_of_a_backoff_are_waited_for(void **state)
{
	struct situation situation = plain();

	(void)state;
	situation.held_until = NOW + BACKOFF_PATIENCE_S;
	assert_decides(&situation, ORDER_WAIT, REASON_NONE);
	assert_int_equal(rotation_decide(&situation).wait_ms, BACKOFF_PATIENCE_S * 1000);
	situation.held_until = NOW + BACKOFF_PATIENCE_S + 1;
	assert_decides(&situation, ORDER_FAIL, REASON_BACKOFF);
	situation = doubtful(CLASS_STATIC); /* who has asked already does not wait for another try */
	situation.asked = 1;
	situation.held_until = NOW + 1;
	assert_decides(&situation, ORDER_FAIL, REASON_BACKOFF);
}

static const uint8_t this_boot[16] = { 1 }, other_boot[16] = { 2 };

static struct intent
opened_at_ms(int64_t ms)
{
	struct intent intent = { .open = true, .opened_boot_ms = ms };

	memcpy(intent.boot_id, this_boot, sizeof intent.boot_id);
	return intent;
}

static void
the_quarantine_starts_when_the_lock_was_free(void **state)
{
	struct intent intent = opened_at_ms(50000);

	(void)state;
	assert_int_equal(rotation_quarantine(&intent, this_boot, 60000, 60000), QUARANTINE_MS);
	assert_int_equal(rotation_quarantine(&intent, this_boot, 60000, 60001), QUARANTINE_MS - 1);
	assert_int_equal(rotation_quarantine(&intent, this_boot, 60000, 60000 + QUARANTINE_MS), 0);
	assert_int_equal(rotation_quarantine(&intent, this_boot, 60000, 90000), 0);
}

static void
no_quarantine_outlasts_the_life_of_a_courier(void **state)
{
	struct intent intent = opened_at_ms(50000);
	int64_t end = 50000 + SENDER_LIFE_MS + QUARANTINE_MS;

	(void)state;
	assert_int_equal(rotation_quarantine(&intent, this_boot, end - 1000, end - 1000), 1000);
	assert_int_equal(rotation_quarantine(&intent, this_boot, end, end), 0);
}

static void
no_quarantine_without_an_intent_or_after_a_restart(void **state)
{
	struct intent intent = opened_at_ms(50000);

	(void)state;
	assert_int_equal(rotation_quarantine(&intent, other_boot, 50000, 50000), 0);
	intent.open = false;
	assert_int_equal(rotation_quarantine(&intent, this_boot, 50000, 50000), 0);
}

int
run_rotation_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_that_is_enough_is_served_whatever_else_is_wrong),
		cmocka_unit_test(a_credential_that_is_being_revoked_gives_no_token_whatever_is_cached),
		cmocka_unit_test(without_a_usable_token_the_provider_is_asked),
		cmocka_unit_test(what_an_exchange_brought_meanwhile_is_the_answer_while_it_is_valid),
		cmocka_unit_test(offline_never_asks),
		cmocka_unit_test(without_a_refresh_token_a_person_has_to_log_in),
		cmocka_unit_test(a_suspect_credential_asks_only_when_a_person_accepts),
		cmocka_unit_test(an_ended_grant_is_asked_about_only_by_force_or_acceptance),
		cmocka_unit_test(a_valid_token_is_no_answer_where_the_caller_wants_more),
		cmocka_unit_test(a_failure_of_somebody_else_meanwhile_is_reported_and_not_repeated),
		cmocka_unit_test(a_call_asks_once_when_the_answer_is_known),
		cmocka_unit_test(nobody_decides_before_the_quarantine_is_over),
		cmocka_unit_test(an_overlap_that_is_open_is_worth_the_quarantine),
		cmocka_unit_test(static_and_until_used_always_ask_again),
		cmocka_unit_test(overlap_asks_again_until_two_seconds_before_the_window_ends),
		cmocka_unit_test(strict_serves_what_is_left_and_asks_when_nothing_is),
		cmocka_unit_test(strict_asks_nothing_while_a_token_for_another_scope_is_valid),
		cmocka_unit_test(hold_never_asks_unless_a_person_accepts),
		cmocka_unit_test(a_remembered_doubt_counts_as_one_without_an_open_intent),
		cmocka_unit_test(one_call_repeats_a_lost_request_once),
		cmocka_unit_test(backoff_holds_everybody_but_those_who_force_or_accept),
		cmocka_unit_test(a_minimum_interval_spares_the_provider_while_the_token_is_valid),
		cmocka_unit_test(a_clock_that_went_back_does_not_hold_anybody_for_years),
		cmocka_unit_test(the_last_seconds_of_a_backoff_are_waited_for),
		cmocka_unit_test(the_quarantine_starts_when_the_lock_was_free),
		cmocka_unit_test(no_quarantine_outlasts_the_life_of_a_courier),
		cmocka_unit_test(no_quarantine_without_an_intent_or_after_a_restart),
	};

	return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
