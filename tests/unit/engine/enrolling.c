/* SPDX-License-Identifier: Apache-2.0 */
/* Clients and credentials come in. */
#include "engine/world.h"

#include <string.h>

#include "base/text.h"

static void
a_new_credential_is_ok_and_of_generation_one(void **state)
{
	struct world *world = *state;
	struct credential credential = world_credential(world);

	assert_int_equal(credential.state, STATE_OK);
	assert_int_equal(credential.generation, 1);
	assert_true(credential.rotating);
	assert_string_equal(credential.provider, PROVIDER);
	assert_string_equal(credential.token_endpoint, "http://127.0.0.1:9000/token");
	assert_int_equal(world->started, 0); /* adding asks nobody */
	assert_int_equal(world_audited(world, AUDIT_ADD), 1);
}

static void
a_name_is_taken_once(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_add(world, CREDENTIAL, "fresh", false), LARDER_EXISTS);
	assert_refresh_token(world, "rt-0", "");
	assert_int_equal(world_add(world, "nobody", "fresh", true), LARDER_NOT_FOUND);
}

static void
a_refresh_token_that_is_stored_already_is_refused_and_its_holder_named(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_add(world, "second", "rt-0", false), LARDER_EXISTS);
	assert_non_null(strstr(world->error.why, CREDENTIAL));
	assert_int_equal(credential_load(&world->vault, "second", &(struct credential){ 0 }, NULL), LARDER_NOT_FOUND);
	assert_token(world, "at-2", true);
	assert_int_equal(world_add(world, "second", "rt-1", false), LARDER_EXISTS);
	assert_int_equal(world_add(world, "second", "rt-0", false), LARDER_EXISTS); /* the predecessor is kept */
	world->want.force = true;
	assert_token(world, "at-4", true);
	assert_int_equal(world_add(world, "second", "rt-0", false), LARDER_OK); /* now it is forgotten */
}

static void
replacing_raises_the_generation_and_forgets_old_tokens(void **state)
{
	struct world *world = *state;

	assert_token(world, "at-2", true);
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
	assert_int_equal(world_credential(world).generation, 3);
	assert_int_equal(world_state(world), STATE_OK);
	assert_refresh_token(world, "rt-3", "rt-1");
	assert_token(world, "at-5", true);
	assert_refresh_token(world, "rt-4", "rt-3");
	assert_int_equal(world_audited(world, AUDIT_REPLACE), 1);
}

static void
replacing_ends_a_doubt_and_a_needed_login(void **state)
{
	static const struct canned ended = {
		.status = 400, .type = "application/json", .body = "{\"error\":\"invalid_grant\"}"
	};
	struct world *world = *state;

	world_next(world, DIES_LISTENING);
	assert_int_equal(world_get(world), LARDER_IN_DOUBT);
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
	assert_int_equal(world_state(world), STATE_OK);
	assert_false(world_credential(world).intent.open);
	world_next_says(world, &ended);
	assert_int_equal(world_get(world), LARDER_NEEDS_LOGIN);
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
	world->at_rest = true;
	assert_int_equal(world_get(world), LARDER_OK);
	assert_true(world->refreshed);
}

static void
replacing_with_the_same_token_keeps_it(void **state)
{
	struct world *world = *state;

	assert_ok(world_add(world, CREDENTIAL, "rt-0", true));
	assert_refresh_token(world, "rt-0", "");
	assert_int_equal(world_credential(world).generation, 2);
	assert_token(world, "at-2", true);
}

static void
replacing_waits_for_an_exchange_and_keeps_what_it_brings_as_the_predecessor(void **state)
{
	struct world *world = *state;

	world_next_takes(world, GOES_WELL, 5000);
	world->timeout_ms = 1000;
	assert_int_equal(world_get(world), LARDER_UNAVAILABLE);
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
	assert_refresh_token(world, "rt-3", "rt-1");
	assert_int_equal(world_credential(world).generation, 3);
	assert_int_equal(world_get(world), LARDER_OK);
	assert_string_equal(world->token, "at-5");
}

static void
replace_meanwhile(struct world *world)
{
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), true));
}

static void
who_asks_while_it_is_replaced_is_given_a_token_of_the_new_grant(void **state)
{
	struct world *world = *state;

	world->sealed = replace_meanwhile;
	assert_token(world, "at-5", true);
	assert_refresh_token(world, "rt-4", "rt-3");
	assert_int_equal(world->server.requests, 2);
}

static void
a_client_of_an_unknown_provider_is_refused(void **state)
{
	struct world *world = *state;
	struct client client = { .name = "other", .provider = "nowhere", .client_id = "id" };

	assert_int_equal(enroll_client(&world->engine, &client, NULL), LARDER_NOT_FOUND);
	client_clear(&client);
	client = (struct client){ .name = "app", .provider = PROVIDER, .client_id = "id" };
	assert_int_equal(enroll_client(&world->engine, &client, NULL), LARDER_EXISTS);
	client_clear(&client);
}

static void
a_credential_of_an_unknown_client_is_refused(void **state)
{
	struct world *world = *state;
	struct secret token = SECRET_INIT;
	struct enrolment enrolment = { .name = "new", .client = "nobody", .refresh_token = &token };

	assert_true(secret_copy("rt", 2, &token));
	assert_int_equal(enroll_credential(&world->engine, &enrolment, NULL), LARDER_NOT_FOUND);
	secret_free(&token);
}

int
run_enrolling_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, a_new_credential_is_ok_and_of_generation_one),
		IN(strict_world, a_name_is_taken_once),
		IN(strict_world, a_refresh_token_that_is_stored_already_is_refused_and_its_holder_named),
		IN(strict_world, replacing_raises_the_generation_and_forgets_old_tokens),
		IN(hold_world, replacing_ends_a_doubt_and_a_needed_login),
		IN(strict_world, replacing_with_the_same_token_keeps_it),
		IN(strict_world, replacing_waits_for_an_exchange_and_keeps_what_it_brings_as_the_predecessor),
		IN(strict_world, who_asks_while_it_is_replaced_is_given_a_token_of_the_new_grant),
		IN(strict_world, a_client_of_an_unknown_provider_is_refused),
		IN(strict_world, a_credential_of_an_unknown_client_is_refused),
	};

	return cmocka_run_group_tests_name("enrolling", tests, NULL, NULL);
}
