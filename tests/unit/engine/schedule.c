/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule.h"
#include "engine/tests.h"

#define NOW 1000000

static struct access
a_token(int64_t issued_at, int64_t expires_at)
{
	struct access access = { .issued_at = issued_at, .expires_at = expires_at };

	assert_true(secret_copy("at", 2, &access.token));
	return access;
}

static bool
usable(int64_t issued_at, int64_t expires_at, int64_t ttl_s)
{
	struct access access = a_token(issued_at, expires_at);
	bool is_usable = token_usable(&access, NOW, ttl_s);

	secret_free(&access.token);
	return is_usable;
}

static void
a_token_that_ends_within_min_ttl_is_not_usable(void **state)
{
	(void)state;
	assert_true(usable(NOW - 10, NOW + 61, 60));
	assert_false(usable(NOW - 10, NOW + 60, 60));
	assert_true(usable(NOW - 10, NOW + 1, 0));
	assert_false(usable(NOW - 10, NOW, 0));
	assert_false(usable(NOW - 10, NOW - 1, 0));
}

/* S025 */
static void
a_token_without_a_known_end_is_usable(void **state)
{
	(void)state;
	assert_true(usable(NOW - 86400, TIME_UNKNOWN, 3600));
}

static void
no_token_is_not_usable(void **state)
{
	struct access access = { .expires_at = TIME_UNKNOWN };

	(void)state;
	assert_false(token_usable(&access, NOW, 0));
}

/* S237 */
static void
a_token_from_the_future_is_not_trusted(void **state)
{
	(void)state;
	assert_true(usable(NOW + CLOCK_SLACK_S, NOW + 9999, 60));
	assert_false(usable(NOW + CLOCK_SLACK_S + 1, NOW + 9999, 60));
	assert_false(usable(NOW + CLOCK_SLACK_S + 1, TIME_UNKNOWN, 60));
}

/* The end of a token of an hour, issued at NOW, when the wall clock shows so much more. */
static int64_t
end_by_clock(int64_t issued_boot_ms, int64_t wall_passed_s, int64_t clock_ms)
{
	struct access access = { .issued_boot_ms = issued_boot_ms, .life_s = 3600, .expires_at = NOW + 3600 };

	token_end_by_clock(&access, NOW + wall_passed_s, clock_ms);
	return access.expires_at;
}

/* S237 */
static void
a_wall_clock_that_was_set_back_does_not_lengthen_a_life(void **state)
{
	(void)state;
	assert_int_equal(end_by_clock(500000, 100, 600000), NOW + 3600);
	assert_int_equal(end_by_clock(500000, 101, 600999), NOW + 3600);
	assert_int_equal(end_by_clock(500000, 100 - 3600, 600000), NOW + 3600 - 3600);
	assert_int_equal(end_by_clock(500000, 3600 - 3600, 500000 + 3600000), NOW); /* it has ended */
	assert_int_equal(end_by_clock(500000, 8000, 600000), NOW + 3600);           /* set forward: as it says */
}

static void
the_clock_of_another_boot_says_nothing_unless_it_is_ahead(void **state)
{
	(void)state;
	assert_int_equal(end_by_clock(500000, 0, 499999), NOW + 3600);
	assert_int_equal(end_by_clock(0, 0, 90000000), NOW + 3600);
	assert_int_equal(end_by_clock(500000, 0, 500000 + 3600000), NOW);
}

static void
nobody_gets_more_than_four_fifths_of_the_life(void **state)
{
	(void)state;
	assert_int_equal(token_min_ttl(60, 3600), 60);
	assert_int_equal(token_min_ttl(2880, 3600), 2880);
	assert_int_equal(token_min_ttl(2881, 3600), 2880);
	assert_int_equal(token_min_ttl(60, 10), 8);
	assert_int_equal(token_min_ttl(60, 1), 0);
	assert_int_equal(token_min_ttl(60, TIME_UNKNOWN), 60);
	assert_int_equal(token_min_ttl(INT64_MAX, INT64_MAX), INT64_MAX / 100 * 80 + INT64_MAX % 100 * 80 / 100);
}

/* S238 */
static void
a_refresh_is_due_in_the_last_fifth_between_one_and_ten_minutes(void **state)
{
	(void)state;
	assert_int_equal(refresh_due_at(NOW, NOW + 1800, 1800), NOW + 1800 - 360);
	assert_int_equal(refresh_due_at(NOW, NOW + 86400, 86400), NOW + 86400 - 600);
	assert_int_equal(refresh_due_at(NOW, NOW + 300, 300), NOW + 300 - 60);
	assert_int_equal(refresh_due_at(NOW, NOW + 1800, TIME_UNKNOWN), NOW + 1800 - 360);
}

/* S238 */
static void
a_short_life_has_its_last_fifth_and_no_minute(void **state)
{
	(void)state;
	assert_int_equal(refresh_due_at(NOW, NOW + 50, 50), NOW + 40);
	assert_int_equal(refresh_due_at(NOW, NOW + 299, 299), NOW + 299 - 59);
	assert_int_equal(refresh_due_at(NOW, NOW + 1, 1), NOW + 1);
}

static void
without_an_end_nothing_is_due(void **state)
{
	(void)state;
	assert_int_equal(refresh_due_at(NOW, TIME_UNKNOWN, 3600), TIME_UNKNOWN);
}

/* S232 */
static void
backoff_doubles_up_to_five_minutes(void **state)
{
	(void)state;
	assert_int_equal(backoff_until(NOW, 0, -1), NOW + 1);
	assert_int_equal(backoff_until(NOW, 1, -1), NOW + 1);
	assert_int_equal(backoff_until(NOW, 2, -1), NOW + 2);
	assert_int_equal(backoff_until(NOW, 9, -1), NOW + 256);
	assert_int_equal(backoff_until(NOW, 10, -1), NOW + BACKOFF_MAX_S);
	assert_int_equal(backoff_until(NOW, UINT32_MAX, -1), NOW + BACKOFF_MAX_S);
}

static void
what_the_provider_asks_for_wins_if_it_is_longer(void **state)
{
	(void)state;
	assert_int_equal(backoff_until(NOW, 1, 120), NOW + 120);
	assert_int_equal(backoff_until(NOW, 10, 120), NOW + BACKOFF_MAX_S);
	assert_int_equal(backoff_until(NOW, 10, 3600), NOW + 3600);
}

static void
the_breaker_opens_at_the_fifth_failure_and_doubles(void **state)
{
	struct endpoint_health health = { 0 };

	(void)state;
	for (int i = 1; i < BREAKER_TRIPS; i++) {
		breaker_failed(&health, NOW, -1);
		assert_int_equal(breaker_wait(&health, NOW), 0);
	}
	breaker_failed(&health, NOW, -1);
	assert_int_equal(breaker_wait(&health, NOW), BREAKER_OPEN_S);
	assert_int_equal(breaker_wait(&health, NOW + BREAKER_OPEN_S - 1), 1);
	assert_int_equal(breaker_wait(&health, NOW + BREAKER_OPEN_S), 0);
	breaker_failed(&health, NOW, -1);
	assert_int_equal(breaker_wait(&health, NOW), 2 * BREAKER_OPEN_S);
	for (int i = 0; i < 100; i++)
		breaker_failed(&health, NOW, -1);
	assert_int_equal(breaker_wait(&health, NOW), BREAKER_MAX_S);
	breaker_failed(&health, NOW, 3600);
	assert_int_equal(breaker_wait(&health, NOW), 3600);
}

static void
one_success_closes_the_breaker(void **state)
{
	struct endpoint_health health = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		breaker_failed(&health, NOW, -1);
	breaker_succeeded(&health);
	assert_int_equal(breaker_wait(&health, NOW), 0);
	breaker_failed(&health, NOW, -1);
	assert_int_equal(breaker_wait(&health, NOW), 0);
}

static void
a_breaker_set_by_a_clock_of_the_future_holds_nobody(void **state)
{
	struct endpoint_health health = { .failures = BREAKER_TRIPS, .open_until = NOW + 86400 };

	(void)state;
	assert_int_equal(breaker_wait(&health, NOW), 0);
	health.failures = UINT32_MAX;
	breaker_failed(&health, NOW, -1);
	assert_int_equal(breaker_wait(&health, NOW), BREAKER_MAX_S);
}

int
run_schedule_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_that_ends_within_min_ttl_is_not_usable),
		cmocka_unit_test(a_token_without_a_known_end_is_usable),
		cmocka_unit_test(no_token_is_not_usable),
		cmocka_unit_test(a_token_from_the_future_is_not_trusted),
		cmocka_unit_test(a_wall_clock_that_was_set_back_does_not_lengthen_a_life),
		cmocka_unit_test(the_clock_of_another_boot_says_nothing_unless_it_is_ahead),
		cmocka_unit_test(nobody_gets_more_than_four_fifths_of_the_life),
		cmocka_unit_test(a_refresh_is_due_in_the_last_fifth_between_one_and_ten_minutes),
		cmocka_unit_test(a_short_life_has_its_last_fifth_and_no_minute),
		cmocka_unit_test(without_an_end_nothing_is_due),
		cmocka_unit_test(backoff_doubles_up_to_five_minutes),
		cmocka_unit_test(what_the_provider_asks_for_wins_if_it_is_longer),
		cmocka_unit_test(the_breaker_opens_at_the_fifth_failure_and_doubles),
		cmocka_unit_test(one_success_closes_the_breaker),
		cmocka_unit_test(a_breaker_set_by_a_clock_of_the_future_holds_nobody),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
