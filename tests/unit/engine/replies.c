/* SPDX-License-Identifier: Apache-2.0 */
/* Replies that are no tokens, or not quite. */
#include "engine/world.h"

#include <string.h>

#define JSON "application/json"

static void
a_503_with_retry_after_is_waited_for(void **state)
{
	static const struct canned busy = { .status = 503, .type = JSON, .body = "{}", .retry_after = "120" };
	struct world *world = *state;

	world_next_says(world, &busy);
	assert_no_token(world, LARDER_UNAVAILABLE, "503");
	assert_int_equal(world->error.retry_after_s, 120);
	assert_no_token(world, LARDER_UNAVAILABLE, "not asking again for 120 s");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_state(world), STATE_OK);
	assert_false(world_credential(world).intent.open);
	world_pass(world, 120);
	assert_token(world, "at-2", true);
	assert_string_equal(world_credential(world).last_error, "");
}

static void
force_does_not_wait_for_retry_after(void **state)
{
	static const struct canned busy = { .status = 503, .type = JSON, .body = "{}", .retry_after = "120" };
	struct world *world = *state;

	world_next_says(world, &busy);
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world->want.force = true;
	assert_token(world, "at-2", true);
}

static void
a_500_leaves_the_grant_alone(void **state)
{
	static const struct canned broken = { .status = 500, .type = "text/plain", .body = "oops" };
	struct world *world = *state;

	world_next_says(world, &broken);
	assert_no_token(world, LARDER_UNAVAILABLE, "500");
	assert_int_equal(world_state(world), STATE_OK);
	assert_refresh_token(world, "rt-0", "");
	assert_token(world, "at-2", true);
	assert_int_equal(world->server.requests, 2);
}

/* Some refuse a client so: it is no end of the grant, and no trouble of the endpoint's for other clients. */
static void
a_refusal_without_a_word_says_what_it_may_be_and_ends_nothing(void **state)
{
	static const struct canned mute = { .status = 403, .body = "" };
	struct world *world = *state;

	world->want.force = true;
	world_next_says(world, &mute);
	assert_no_token(world, LARDER_UNAVAILABLE, "HTTP 403");
	assert_non_null(strstr(world->error.hint, "check the client"));
	assert_int_equal(world_state(world), STATE_OK);
	assert_refresh_token(world, "rt-0", "");
	assert_token(world, "at-2", true);
}

/* S031 */
static void
a_page_for_people_leaves_the_grant_alone(void **state)
{
	static const struct canned portal = {
		.status = 200, .type = "text/html", .body = "<html>please pay for the network</html>"
	};
	struct world *world = *state;

	world_next_says(world, &portal);
	assert_no_token(world, LARDER_UNAVAILABLE, "not an OAuth reply");
	assert_int_equal(world_state(world), STATE_OK);
	assert_int_equal(world_parked(world), 0);
	assert_token(world, "at-2", true);
}

static void
a_truncated_success_is_kept_and_leaves_a_doubt(void **state)
{
	static const struct canned cut = { .status = 200,
		.type = JSON,
		.body = "{\"access_token\":\"at-2\",\"token_type\":\"Bear",
		.truncated = true,
		.processed = true };
	struct world *world = *state;

	world->replays_allowed = 1;
	world_next_says(world, &cut);
	assert_no_token(world, LARDER_UNAVAILABLE, "the answer is kept");
	assert_int_equal(world_state(world), STATE_IN_DOUBT);
	assert_true(world_credential(world).intent.open);
	assert_int_equal(world_parked(world), 1);
	assert_int_equal(world_spooled(world), 0);
	assert_refresh_token(world, "rt-0", "");
	assert_int_equal(world->server.requests, 1);
	/* strict, and nothing is left to lose: one question, whose answer is the end of it */
	assert_no_token(world, LARDER_NEEDS_LOGIN, "interrupted");
	assert_int_equal(world->server.requests, 2);
	assert_int_equal(world_parked(world), 1);
}

static void
a_truncated_success_is_never_asked_about_where_that_is_forbidden(void **state)
{
	static const struct canned cut = {
		.status = 200, .type = JSON, .body = "{\"access_token\":\"at-2\",", .truncated = true, .processed = true
	};
	struct world *world = *state;

	world_next_says(world, &cut);
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world_pass(world, 10);
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	world->want.force = true;
	assert_no_token(world, LARDER_IN_DOUBT, "--accept");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_parked(world), 1);
}

static void
a_refresh_token_in_a_damaged_reply_is_used(void **state)
{
	static const struct canned cut = { .status = 200,
		.type = JSON,
		.body = "{\"refresh_token\":\"rt-1\",\"access_token\":\"at-",
		.truncated = true,
		.processed = true };
	struct world *world = *state;

	world_next_says(world, &cut);
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	assert_refresh_token(world, "rt-1", "rt-0");
	assert_int_equal(world_parked(world), 1);
	assert_int_equal(world_state(world), STATE_OK);
	assert_token(world, "at-4", true);
	assert_int_equal(world->generation, 3);
}

/* S023 */
static void
a_token_type_that_nobody_understands_is_not_handed_out(void **state)
{
	static const struct canned strange = { .status = 200,
		.type = JSON,
		.body = "{\"refresh_token\":\"rt-1\",\"access_token\":\"at-2\",\"token_type\":\"mac\"}",
		.processed = true };
	struct world *world = *state;

	world_next_says(world, &strange);
	assert_no_token(world, LARDER_UNAVAILABLE, "mac");
	assert_refresh_token(world, "rt-1", "rt-0");
	assert_int_equal(world->server.requests, 1);
}

static void
a_refresh_token_that_another_credential_holds_is_stored_all_the_same(void **state)
{
	static const struct canned shared = { .status = 200,
		.type = JSON,
		.body = "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"refresh_token\":\"rt-1\"}" };
	struct world *world = *state;

	assert_ok(world_add(world, "other", server_login(&world->server), false)); /* rt-1 */
	world_next_says(world, &shared);
	assert_token(world, "at", true);
	assert_refresh_token(world, "rt-1", "rt-0");
}

/* S029 */
static void
a_rejected_client_does_not_end_the_grant(void **state)
{
	static const struct canned rejected = { .status = 401, .type = JSON, .body = "{\"error\":\"invalid_client\"}" };
	struct world *world = *state;

	world_next_says(world, &rejected);
	assert_no_token(world, LARDER_REJECTED, "invalid_client");
	assert_int_equal(world_state(world), STATE_OK);
	assert_refresh_token(world, "rt-0", "");
	world->want.force = true;
	assert_token(world, "at-2", true);
}

static void
a_denial_does_not_end_the_grant(void **state)
{
	static const struct canned denied = { .status = 400, .type = JSON, .body = "{\"error\":\"access_denied\"}" };
	struct world *world = *state;

	world_next_says(world, &denied);
	assert_no_token(world, LARDER_DENIED, "access_denied");
	assert_int_equal(world_state(world), STATE_OK);
}

static const struct canned ended = {
	.status = 400, .type = JSON, .body = "{\"error\":\"invalid_grant\",\"error_description\":\"revoked\"}"
};

/* S181 */
static void
an_ended_grant_is_remembered_and_nobody_is_asked_again(void **state)
{
	struct world *world = *state;

	world_next_says(world, &ended);
	assert_no_token(world, LARDER_NEEDS_LOGIN, "invalid_grant (revoked)");
	assert_int_equal(world_state(world), STATE_NEEDS_LOGIN);
	world_pass(world, 86400);
	assert_no_token(world, LARDER_NEEDS_LOGIN, "invalid_grant (revoked)");
	assert_int_equal(world->server.requests, 1);
	assert_refresh_token(world, "rt-0", ""); /* nothing is deleted on an error */
}

static void
force_recovers_an_ended_grant_when_the_server_says_so(void **state)
{
	struct world *world = *state;

	world_next_says(world, &ended);
	assert_int_equal(world_get(world), LARDER_NEEDS_LOGIN);
	world->want.force = true;
	assert_token(world, "at-2", true);
	assert_int_equal(world_state(world), STATE_OK);
	assert_token(world, "at-2", false);
}

static void
the_cached_token_of_an_ended_grant_is_served_while_it_is_valid(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 30);
	world_next_says(world, &ended);
	assert_token(world, "at-2", false);
	assert_int_equal(world_state(world), STATE_NEEDS_LOGIN);
	assert_token(world, "at-2", false);
	world_pass(world, 30);
	assert_no_token(world, LARDER_NEEDS_LOGIN, "invalid_grant");
	assert_int_equal(world->server.requests, 2);
}

int
run_reply_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, a_503_with_retry_after_is_waited_for),
		IN(strict_world, force_does_not_wait_for_retry_after),
		IN(strict_world, a_500_leaves_the_grant_alone),
		IN(strict_world, a_refusal_without_a_word_says_what_it_may_be_and_ends_nothing),
		IN(strict_world, a_page_for_people_leaves_the_grant_alone),
		IN(strict_world, a_truncated_success_is_kept_and_leaves_a_doubt),
		IN(hold_world, a_truncated_success_is_never_asked_about_where_that_is_forbidden),
		IN(strict_world, a_refresh_token_in_a_damaged_reply_is_used),
		IN(strict_world, a_token_type_that_nobody_understands_is_not_handed_out),
		IN(strict_world, a_refresh_token_that_another_credential_holds_is_stored_all_the_same),
		IN(strict_world, a_rejected_client_does_not_end_the_grant),
		IN(strict_world, a_denial_does_not_end_the_grant),
		IN(strict_world, an_ended_grant_is_remembered_and_nobody_is_asked_again),
		IN(strict_world, force_recovers_an_ended_grant_when_the_server_says_so),
		IN(strict_world, the_cached_token_of_an_ended_grant_is_served_while_it_is_valid),
	};

	return cmocka_run_group_tests_name("replies", tests, NULL, NULL);
}
