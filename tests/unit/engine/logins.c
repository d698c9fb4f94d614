/* SPDX-License-Identifier: Apache-2.0 */
/* What an attempt to log in holds, and for how long. */
#include "engine/world.h"

#include <string.h>

#include "base/text.h"
#include "engine/login.h"

static struct login attempt;

/* A URL for a person; the attempt waits for what comes back. */
static void
begin(struct world *world)
{
	const struct login_want want = { .name = CREDENTIAL, .scope = "", .resource = "" };
	struct buf url = BUF_INIT(AUTHORIZE_URL_MAX);

	assert_ok(login_begin(&world->engine, &want, &attempt, &world->error));
	/* the world's definition has no log-in of its own */
	attempt.party.provider->endpoints.authorization = (char *)(uintptr_t) "http://127.0.0.1:9000/authorize";
	assert_ok(
	    login_url(&world->engine, &attempt, "http://127.0.0.1:8765/callback", TIMEOUT_MS, &url, &world->error));
	assert_null(strstr(buf_str(&url), (const char *)attempt.verifier.data));
	buf_clear(&url);
}

/* S016, S093 */
static void
verifier_and_state_live_in_locked_memory_until_their_one_use(void **state)
{
	struct world *world = *state;
	char query[128];

	begin(world);
	assert_int_equal(attempt.verifier.len, 43);
	assert_true(arena_owns(attempt.verifier.data));
	assert_true(text_format(query, sizeof query, "code=c&state=%s", attempt.state));
	/* the exchange does not come about, and neither is of any use after it */
	world_next(world, NOT_STARTED);
	assert_int_not_equal(
	    login_redirected(&world->engine, &attempt, query, strlen(query), TIMEOUT_MS, &world->error), LARDER_OK);
	assert_true(secret_is_empty(&attempt.verifier));
	assert_string_equal(attempt.state, "");
	assert_int_equal(
	    login_redirected(&world->engine, &attempt, query, strlen(query), TIMEOUT_MS, &world->error), LARDER_DENIED);
	login_end(&world->engine, &attempt);
	assert_token(world, "at-2", true);
}

/* S093 */
static void
what_was_given_up_leaves_nothing_behind(void **state)
{
	struct world *world = *state;
	char first[sizeof attempt.state];

	begin(world);
	memcpy(first, attempt.state, sizeof first);
	login_end(&world->engine, &attempt);
	assert_true(secret_is_empty(&attempt.verifier));
	assert_string_equal(attempt.state, "");
	begin(world);
	assert_string_not_equal(attempt.state, first);
	login_end(&world->engine, &attempt);
	assert_token(world, "at-2", true);
}

int
run_login_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, verifier_and_state_live_in_locked_memory_until_their_one_use),
		IN(strict_world, what_was_given_up_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("logins", tests, NULL, NULL);
}
