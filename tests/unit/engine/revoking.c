/* SPDX-License-Identifier: Apache-2.0 */
/* Fenced at once, told to the provider sooner or later, erased when it has confirmed. */
#include "base/text.h"
#include "engine/world.h"

#include <string.h>

static struct revocation revocation; /* of the last delivery */

static void
begin(struct world *world, uint8_t what, bool logout)
{
	bool nothing_left = true;

	assert_ok(revoke_begin(&world->engine, CREDENTIAL, what, logout, &nothing_left, NULL));
	assert_false(nothing_left);
}

static void
deliver(struct world *world, bool local_only, enum revocation_result result)
{
	assert_ok(
	    revoke_deliver(&world->engine, CREDENTIAL, local_only, world->ms + TIMEOUT_MS, &revocation, &world->error));
	assert_int_equal(revocation.result, result);
}

static size_t
deliver_queued(struct world *world)
{
	size_t left = 99;

	assert_ok(revoke_deliver_queued(&world->engine, NULL, 0, world->ms + TIMEOUT_MS, &left, NULL));
	return left;
}

static bool
is_gone(struct world *world)
{
	struct credential credential;

	return credential_load(&world->vault, CREDENTIAL, &credential, NULL) == LARDER_NOT_FOUND;
}

static void
assert_fenced(struct world *world)
{
	assert_no_token(world, LARDER_NEEDS_LOGIN, "revoked");
	world->want.force = world->want.accept = true;
	assert_no_token(world, LARDER_NEEDS_LOGIN, "log in again");
	world->want.offline = true;
	assert_no_token(world, LARDER_NEEDS_LOGIN, "log in again");
}

static size_t
cached(struct world *world)
{
	struct credential credential = world_credential(world);
	struct access *list = NULL;
	size_t count = 0;

	assert_ok(access_list(&world->vault, &credential, &list, &count, NULL));
	access_list_free(list, count);
	return count;
}

/* S057 */
static void
revoking_fences_at_once_and_erases_when_it_is_confirmed(void **state)
{
	struct world *world = *state;
	bool nothing_left = false;

	assert_token(world, "at-2", true);
	begin(world, WHAT_ALL, false);
	assert_int_equal(world_state(world), STATE_REVOKING);
	assert_fenced(world);
	deliver(world, false, REVOCATION_REVOKED);
	assert_true(revocation.refresh_token && revocation.access_token);
	assert_int_equal(revocation.http_status, 200);
	assert_false(revocation.removed);
	assert_int_equal(world_state(world), STATE_REVOKED);
	assert_refresh_token(world, "", "");
	assert_int_equal(cached(world), 0);
	assert_int_equal(server_live(&world->server), 0);
	assert_fenced(world);
	assert_int_equal(world->server.revocations, 3); /* current, predecessor, access token */
	assert_int_equal(world->server.requests, 1);
	assert_ok(revoke_begin(&world->engine, CREDENTIAL, WHAT_ALL, false, &nothing_left, NULL));
	assert_true(nothing_left);
	assert_int_equal(world_state(world), STATE_REVOKED);
}

/* S058 */
static void
what_cannot_be_delivered_is_queued_and_delivered_later(void **state)
{
	static const char just_asked[NAME_SIZE] = CREDENTIAL;
	struct world *world = *state;
	unsigned started;
	size_t left;

	assert_token(world, "at-2", true);
	begin(world, WHAT_ALL, false);
	world->server.down = true;
	deliver(world, false, REVOCATION_QUEUED);
	assert_string_equal(revocation.message, "connection refused");
	assert_false(revocation.refresh_token || revocation.access_token);
	assert_int_equal(world_state(world), STATE_REVOKING);
	assert_refresh_token(world, "rt-1", "rt-0");
	assert_fenced(world);
	started = world->started;
	assert_ok(revoke_deliver_queued(&world->engine, &just_asked, 1, world->ms + TIMEOUT_MS, &left, NULL));
	assert_int_equal(left, 1);
	assert_int_equal(world->started, started);
	assert_int_equal(deliver_queued(world), 1); /* whoever comes next asks again, backoff or not */
	assert_int_not_equal(world->started, started);
	world->server.down = false;
	assert_int_equal(deliver_queued(world), 0);
	assert_int_equal(world_state(world), STATE_REVOKED);
	assert_refresh_token(world, "", "");
	assert_int_equal(server_live(&world->server), 0);
	assert_fenced(world);
	assert_int_equal(deliver_queued(world), 0);
}

static void
a_clock_that_went_back_holds_no_queued_revocation_for_years(void **state)
{
	struct world *world = *state;

	begin(world, WHAT_ALL, false);
	world->server.down = true;
	deliver(world, false, REVOCATION_QUEUED);
	world->server.down = false;
	world->start_s -= 86400;
	assert_int_equal(deliver_queued(world), 0);
	assert_int_equal(server_live(&world->server), 0);
}

/* S056 */
static void
a_busy_revocation_endpoint_is_tried_again(void **state)
{
	struct world *world = *state;

	begin(world, WHAT_ALL, false);
	world->server.revoke_status = 503;
	world->server.revoke_error = "temporarily_unavailable";
	deliver(world, false, REVOCATION_QUEUED);
	assert_int_equal(revocation.http_status, 503);
	world->server.revoke_status = 0;
	world_pass(world, 10);
	assert_int_equal(deliver_queued(world), 0);
	assert_int_equal(server_live(&world->server), 0);
}

/* S060 */
static void
a_client_that_is_refused_is_a_failure_for_a_person(void **state)
{
	struct world *world = *state;

	begin(world, WHAT_ALL, false);
	world->server.revoke_status = 401;
	world->server.revoke_error = "invalid_client";
	deliver(world, false, REVOCATION_FAILED);
	assert_int_equal(world_state(world), STATE_REVOKING);
	assert_refresh_token(world, "rt-0", "");
	assert_fenced(world);
}

static void
where_nothing_can_be_revoked_the_tokens_are_kept_and_not_given(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_define(world, "http://127.0.0.1:9000", false, "");
	begin(world, WHAT_ALL, false);
	deliver(world, false, REVOCATION_UNSUPPORTED);
	assert_true(revocation.message[0] != '\0');
	assert_refresh_token(world, "rt-1", "rt-0");
	assert_int_equal(world->server.revocations, 0);
	assert_fenced(world);
}

static void
a_reply_that_arrives_during_a_revocation_is_revoked_too(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	begin(world, WHAT_ALL, false);
	assert_fenced(world);
	deliver(world, false, REVOCATION_REVOKED); /* waits for the exchange */
	assert_int_equal(server_live(&world->server), 0);
	assert_false(server_is_live(&world->server, "rt-1"));
	assert_refresh_token(world, "", "");
	assert_int_equal(cached(world), 0);
	assert_int_equal(world_spooled(world), 0);
	assert_fenced(world);
}

static void
an_exchange_that_outlasts_the_revocation_leaves_it_queued(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 30000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	begin(world, WHAT_ALL, false);
	assert_ok(revoke_deliver(&world->engine, CREDENTIAL, false, world->ms + 1000, &revocation, NULL));
	assert_int_equal(revocation.result, REVOCATION_QUEUED);
	world_pass(world, 60);
	assert_fenced(world);
	assert_int_equal(deliver_queued(world), 0);
	assert_int_equal(server_live(&world->server), 0);
}

static void
revoke_meanwhile(struct world *world)
{
	begin(world, WHAT_ALL, false);
}

static void
other_ends_the_logout(struct world *world)
{
	assert_ok(vault_begin(&world->vault, STORE_DURABLE, NULL));
	assert_ok(credential_remove(&world->vault, CREDENTIAL, NULL));
	assert_ok(vault_commit(&world->vault, NULL, NULL));
}

static void
a_logout_that_somebody_else_ends_is_not_left(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 30000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	begin(world, WHAT_ALL, true);
	world->meanwhile = other_ends_the_logout;
	assert_int_equal(deliver_queued(world), 0);
}

static void
a_revocation_during_the_exchange_of_a_caller_gives_him_no_token(void **state)
{
	struct world *world = *state;

	world_next(world, DIES_SENDING); /* so that the caller waits, and somebody can revoke */
	world->meanwhile = revoke_meanwhile;
	assert_no_token(world, LARDER_NEEDS_LOGIN, "being revoked");
	assert_int_equal(world->server.requests, 0);
	deliver(world, false, REVOCATION_REVOKED);
	assert_int_equal(server_live(&world->server), 0);
}

static void
a_revocation_while_the_courier_connects_stops_the_exchange(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_pass(world, 3600 - 30);
	world->connecting = revoke_meanwhile;
	assert_no_token(world, LARDER_NEEDS_LOGIN, "being revoked");
	assert_int_equal(world->server.requests, 1);
	assert_int_equal(world_state(world), STATE_REVOKING);
}

static void
a_revocation_while_the_caller_listens_gives_him_no_token(void **state)
{
	struct world *world = *state;

	world->listening = revoke_meanwhile;
	assert_no_token(world, LARDER_NEEDS_LOGIN, "being revoked");
	assert_refresh_token(world, "rt-1", "rt-0"); /* stored, so that it can be revoked */
	assert_int_equal(world_state(world), STATE_REVOKING);
	deliver(world, false, REVOCATION_REVOKED);
	assert_int_equal(server_live(&world->server), 0);
}

static void
parked_tokens_are_revoked_too(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	world_overtake(world, server_login(&world->server));
	world_pass(world, 10);
	begin(world, WHAT_ALL, false);
	deliver(world, false, REVOCATION_REVOKED);
	assert_int_equal(world_parked(world), 0);
	assert_int_equal(server_live(&world->server), 0);
}

static void
what_comes_after_the_revocation_is_revoked_too(void **state)
{
	struct world *world = *state;
	struct credential late = world_credential(world);
	struct exchange_end end = { .has_reply = true };
	struct larder_error judgement;
	const char *refresh_token = server_login(&world->server);
	char body[256];
	bool judged;

	begin(world, WHAT_ALL, false);
	deliver(world, false, REVOCATION_REVOKED);
	/* a caller that was stopped with a reply in its hands, which the spool could not take, goes on now */
	text_format(body, sizeof body, "{\"access_token\":\"late\",\"token_type\":\"Bearer\",\"refresh_token\":\"%s\"}",
	    refresh_token);
	server_reply(&end.reply, 200, "application/json", body);
	late.intent.open = true;
	assert_ok(settle(&world->engine, &late, &end, &judged, &judgement, NULL));
	http_reply_clear(&end.reply);
	assert_int_equal(world_state(world), STATE_REVOKING);
	assert_true(server_is_live(&world->server, refresh_token));
	assert_int_equal(deliver_queued(world), 0);
	assert_int_equal(server_live(&world->server), 0);
	assert_int_equal(world_state(world), STATE_REVOKED);
}

/* S051 */
static void
revoking_access_only_keeps_the_refresh_token_but_gives_none(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	begin(world, WHAT_ACCESS, false);
	deliver(world, false, REVOCATION_REVOKED);
	assert_true(revocation.access_token);
	assert_false(revocation.refresh_token);
	assert_refresh_token(world, "rt-1", "rt-0");
	assert_int_equal(cached(world), 0);
	assert_false(server_is_live(&world->server, "at-2"));
	assert_true(server_is_live(&world->server, "rt-1"));
	assert_fenced(world);
	begin(world, WHAT_ALL, false); /* the rest, later */
	deliver(world, false, REVOCATION_REVOKED);
	assert_int_equal(server_live(&world->server), 0);
}

static void
revoking_the_refresh_token_only_keeps_access_tokens_for_later(void **state)
{
	struct world *world = *state;
	bool nothing_left = true;

	assert_token(world, "at-2", true);
	begin(world, WHAT_REFRESH, false);
	deliver(world, false, REVOCATION_REVOKED);
	assert_true(revocation.refresh_token);
	assert_false(revocation.access_token);
	assert_refresh_token(world, "", "");
	assert_int_equal(cached(world), 1);
	assert_fenced(world);
	assert_ok(revoke_begin(&world->engine, CREDENTIAL, WHAT_ALL, false, &nothing_left, NULL));
	assert_false(nothing_left);
	deliver(world, false, REVOCATION_REVOKED);
	assert_true(revocation.access_token);
	assert_int_equal(cached(world), 0);
	assert_int_equal(server_live(&world->server), 0);
}

/* S055 */
static void
a_refresh_token_that_cannot_be_revoked_is_not_called_revoked(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_define(
	    world, "http://127.0.0.1:9000", true, ",\"revoke\":{\"style\":\"rfc7009\",\"accepts\":[\"access_token\"]}");
	begin(world, WHAT_ALL, false);
	deliver(world, false, REVOCATION_UNSUPPORTED);
	assert_true(revocation.access_token);
	assert_false(revocation.refresh_token);
	assert_refresh_token(world, "rt-1", "rt-0"); /* alive at the provider: not forgotten */
	assert_int_equal(cached(world), 0);
	assert_false(server_is_live(&world->server, "at-2"));
	assert_int_equal(world_state(world), STATE_REVOKED);
	assert_fenced(world);
}

static void
access_tokens_that_cannot_be_revoked_end_with_their_grant(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world_define(world, "http://127.0.0.1:9000", true,
	    ",\"revoke\":{\"style\":\"rfc7009\",\"accepts\":[\"refresh_token\"]}");
	begin(world, WHAT_ALL, false);
	deliver(world, false, REVOCATION_REVOKED);
	assert_true(revocation.refresh_token);
	assert_false(revocation.access_token);
	assert_refresh_token(world, "", "");
	assert_int_equal(cached(world), 0);
}

/* S050 */
static void
every_access_token_that_is_kept_is_revoked(void **state)
{
	struct world *world = *state;
	struct credential credential = world_credential(world);
	struct access access = { .token_type = "Bearer", .expires_at = TIME_UNKNOWN, .life_s = TIME_UNKNOWN };
	char token[32], scope[32];

	assert_ok(vault_begin(&world->vault, STORE_DURABLE, NULL));
	for (int i = 0; i < 64; i++) {
		text_format(token, sizeof token, "many-%d", i);
		text_format(scope, sizeof scope, "scope-%d", i);
		assert_true(secret_copy(token, strlen(token), &access.token));
		assert_ok(access_store(&world->vault, &credential, scope, "", &access, NULL));
		access_clear(&access);
	}
	assert_ok(vault_commit(&world->vault, NULL, NULL));
	begin(world, WHAT_ALL, false);
	deliver(world, false, REVOCATION_REVOKED);
	assert_int_equal(world->server.revocations, 65);
	assert_int_equal(cached(world), 0);
}

static void
replacing_delivers_a_queued_revocation_first(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	begin(world, WHAT_ALL, false);
	world->server.down = true;
	deliver(world, false, REVOCATION_QUEUED);
	assert_int_equal(world_add(world, CREDENTIAL, "rt-new", true), LARDER_UNAVAILABLE);
	assert_int_equal(world_state(world), STATE_REVOKING);
	assert_refresh_token(world, "rt-1", "rt-0");
	world->server.down = false;
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
	assert_false(server_is_live(&world->server, "rt-1"));
	assert_int_equal(world_state(world), STATE_OK);
	assert_int_equal(world_get(world), LARDER_OK);
}

static void
replacing_delivers_a_queued_logout_first(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	begin(world, WHAT_ALL, true);
	world->server.down = true;
	deliver(world, false, REVOCATION_QUEUED);
	world->server.down = false;
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
	assert_false(server_is_live(&world->server, "rt-1"));
	assert_int_equal(world_get(world), LARDER_OK);
}

static void
logout_removes_only_after_confirmation(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	begin(world, WHAT_ALL, true);
	world->server.down = true;
	deliver(world, false, REVOCATION_QUEUED);
	assert_false(revocation.removed || is_gone(world));
	assert_fenced(world);
	world->server.down = false;
	world_pass(world, 10);
	assert_int_equal(deliver_queued(world), 0);
	assert_true(is_gone(world));
	assert_int_equal(server_live(&world->server), 0);
	assert_ok(world_add(world, CREDENTIAL, "rt-1", false)); /* neither name nor token is taken any more */
}

static void
logout_without_a_revocation_endpoint_removes_at_once(void **state)
{
	struct world *world = *state;

	world_define(world, "http://127.0.0.1:9000", false, "");
	begin(world, WHAT_ALL, true);
	deliver(world, false, REVOCATION_UNSUPPORTED);
	assert_true(revocation.removed && is_gone(world));
}

/* S059 */
static void
a_local_logout_removes_and_tells_nobody(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	world->server.down = true;
	begin(world, WHAT_ALL, true);
	deliver(world, true, REVOCATION_REVOKED);
	assert_true(revocation.removed && is_gone(world));
	assert_int_equal(world->started, 1);
	assert_int_equal(world->server.revocations, 0);
}

static void
replacing_a_revoked_token_brings_the_credential_back(void **state)
{
	struct world *world = *state;

	begin(world, WHAT_ALL, false);
	deliver(world, false, REVOCATION_REVOKED);
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
	assert_token(world, "at-3", true);
}

int
run_revoking_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, revoking_fences_at_once_and_erases_when_it_is_confirmed),
		IN(strict_world, what_cannot_be_delivered_is_queued_and_delivered_later),
		IN(strict_world, a_clock_that_went_back_holds_no_queued_revocation_for_years),
		IN(strict_world, a_busy_revocation_endpoint_is_tried_again),
		IN(strict_world, a_client_that_is_refused_is_a_failure_for_a_person),
		IN(strict_world, where_nothing_can_be_revoked_the_tokens_are_kept_and_not_given),
		IN(strict_world, a_reply_that_arrives_during_a_revocation_is_revoked_too),
		IN(strict_world, an_exchange_that_outlasts_the_revocation_leaves_it_queued),
		IN(strict_world, a_logout_that_somebody_else_ends_is_not_left),
		IN(strict_world, a_revocation_during_the_exchange_of_a_caller_gives_him_no_token),
		IN(strict_world, a_revocation_while_the_courier_connects_stops_the_exchange),
		IN(strict_world, a_revocation_while_the_caller_listens_gives_him_no_token),
		IN(strict_world, parked_tokens_are_revoked_too),
		IN(strict_world, what_comes_after_the_revocation_is_revoked_too),
		IN(strict_world, revoking_the_refresh_token_only_keeps_access_tokens_for_later),
		IN(strict_world, a_refresh_token_that_cannot_be_revoked_is_not_called_revoked),
		IN(strict_world, access_tokens_that_cannot_be_revoked_end_with_their_grant),
		IN(strict_world, every_access_token_that_is_kept_is_revoked),
		IN(strict_world, replacing_delivers_a_queued_revocation_first),
		IN(strict_world, replacing_delivers_a_queued_logout_first),
		IN(strict_world, revoking_access_only_keeps_the_refresh_token_but_gives_none),
		IN(strict_world, logout_removes_only_after_confirmation),
		IN(strict_world, logout_without_a_revocation_endpoint_removes_at_once),
		IN(strict_world, a_local_logout_removes_and_tells_nobody),
		IN(strict_world, replacing_a_revoked_token_brings_the_credential_back),
	};

	return cmocka_run_group_tests_name("revoking", tests, NULL, NULL);
}
