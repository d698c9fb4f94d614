/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lifetime.h"
#include "engine/tests.h"

#define NOW 1000000

static const struct token_reply silent = { .refresh_idle_end_at = TIME_UNKNOWN,
	.refresh_absolute_end_at = TIME_UNKNOWN };

static void
assert_ends(const struct credential *credential, int64_t idle, int64_t absolute, int64_t earlier)
{
	assert_int_equal(credential->refresh_idle_end_at, idle);
	assert_int_equal(credential->refresh_absolute_end_at, absolute);
	assert_int_equal(credential->refresh_expires_at, earlier);
}

static void
use_moves_the_end_by_disuse_and_not_the_other(void **state)
{
	const struct provider provider = { .refresh_token_idle_s = 100, .refresh_token_absolute_s = 150 };
	struct credential credential = { .name = "a" };

	(void)state;
	lifetime_begin(&provider, NULL, NOW, &credential);
	assert_ends(&credential, NOW + 100, NOW + 150, NOW + 100);
	lifetime_renew(&provider, &silent, NOW + 90, &credential);
	assert_ends(&credential, NOW + 190, NOW + 150, NOW + 150);
	assert_int_equal(credential.granted_at, NOW);
}

static void
what_a_reply_announces_counts_more_than_the_definition(void **state)
{
	const struct provider provider = { .refresh_token_idle_s = 100, .refresh_token_absolute_s = TTL_UNKNOWN };
	const struct token_reply reply = { .refresh_idle_end_at = NOW + 7, .refresh_absolute_end_at = NOW + 500 };
	struct credential credential = { .name = "a" };

	(void)state;
	lifetime_begin(&provider, &reply, NOW, &credential);
	assert_ends(&credential, NOW + 7, NOW + 500, NOW + 7);
	/* S211: also without a new refresh token */
	lifetime_renew(&provider, &reply, NOW + 5, &credential);
	assert_ends(&credential, NOW + 7, NOW + 500, NOW + 7);
}

/* S212: a missing value means no known bound */
static void
a_new_token_without_an_announced_end_has_no_known_bound(void **state)
{
	const struct provider provider = { .refresh_token_idle_s = TTL_UNKNOWN,
		.refresh_token_absolute_s = TTL_UNKNOWN };
	const struct token_reply reply = { .refresh_idle_end_at = NOW + 7, .refresh_absolute_end_at = TIME_UNKNOWN };
	struct token_reply next = silent;
	struct credential credential = { .name = "a" };

	(void)state;
	lifetime_begin(&provider, &reply, NOW, &credential);
	assert_ends(&credential, NOW + 7, TIME_UNKNOWN, NOW + 7);
	next.refresh_token_came = true;
	lifetime_renew(&provider, &next, NOW + 5, &credential);
	assert_ends(&credential, TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN);
}

static void
the_grant_of_an_older_vault_began_when_it_was_added(void **state)
{
	struct credential credential = { .created_at = 500, .last_refresh_at = 700, .exchanges = 3 };
	struct refusal refusal;

	(void)state;
	lifetime_of_refused(&credential, &silent, false, 0, NOW, &refusal);
	assert_int_equal(refusal.granted_at, 500);
	assert_int_equal(refusal.good_at, 700);
	/* a token that was handed in later was not good before */
	credential.granted_at = 900;
	lifetime_of_refused(&credential, &silent, false, 0, NOW, &refusal);
	assert_int_equal(refusal.good_at, 900);
}

int
run_lifetime_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(use_moves_the_end_by_disuse_and_not_the_other),
		cmocka_unit_test(what_a_reply_announces_counts_more_than_the_definition),
		cmocka_unit_test(a_new_token_without_an_announced_end_has_no_known_bound),
		cmocka_unit_test(the_grant_of_an_older_vault_began_when_it_was_added),
	};

	return cmocka_run_group_tests_name("lifetime", tests, NULL, NULL);
}
