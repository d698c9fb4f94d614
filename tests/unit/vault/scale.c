/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times, printed with LARDER_TEST_TIMES=1. A vault of 100,000 credentials is made with LARDER_TEST_LARGE=1, else one
 * of 5,000, so that it is more than what vault_verify_quick looks at.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "vault/support.h"

#define ROUNDS 200

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double
median(double *times)
{
	qsort(times, ROUNDS, sizeof(*times), by_size);
	return times[ROUNDS / 2];
}

static void
report(const char *what, double us)
{
	if (getenv("LARDER_TEST_TIMES") != NULL)
		print_message("%-50s %9.1f us\n", what, us);
}

/* What handing out a cached token does. */
static void
release(struct vault *vault, const char *name)
{
	struct audit_event event = { .at = 1, .op = AUDIT_RELEASE, .result = "ok" };
	struct credential credential;
	struct access access;

	assert_ok(vault_begin(vault, STORE_RELAXED, NULL));
	assert_ok(credential_load(vault, name, &credential, NULL));
	assert_ok(access_load(vault, &credential, "", "", &access, NULL));
	text_format(event.name, sizeof(event.name), "%s", name);
	assert_ok(audit_append(vault, &event, NULL));
	assert_ok(vault_commit(vault, NULL, NULL));
	access_clear(&access);
	credential_clear(&credential);
}

static double
time_load(struct vault *vault, const char *name)
{
	struct credential credential;
	double times[ROUNDS], before;

	for (int i = 0; i < ROUNDS; i++) {
		before = now_us();
		assert_ok(credential_load(vault, name, &credential, NULL));
		times[i] = now_us() - before;
	}
	return median(times);
}

static void
a_token_is_released_in_little_time(void **state)
{
	struct place *place = *state;
	double open[ROUNDS], released[ROUNDS], before;

	put_credential(&place->session, "a");
	for (int i = 0; i < ROUNDS; i++) {
		place_close(place);
		before = now_us();
		place_open(place);
		open[i] = now_us() - before;
		before = now_us();
		release(&place->session, "a");
		released[i] = now_us() - before;
	}
	report("vault_open, key file slot", median(open));
	report("begin, load, access, audit, commit", median(released));
	before = now_us();
	for (int i = 0; i < ROUNDS; i++)
		assert_ok(vault_verify_quick(&place->session, NULL));
	report("vault_verify_quick", (now_us() - before) / ROUNDS);
}

static void
a_large_vault_is_as_fast_as_a_small_one(void **state)
{
	struct place *place = *state;
	struct vault *vault = &place->session;
	int count = getenv("LARDER_TEST_LARGE") != NULL ? 100000 : 5000;
	struct credential credential = { .state = STATE_OK };
	double small, large, before;
	struct verify_report verified;

	put_credential(vault, "only");
	place_open(place);
	small = time_load(vault, "only");
	before = now_us();
	assert_ok(vault_begin(vault, STORE_DURABLE, NULL));
	for (int i = 0; i < count; i++) {
		text_format(credential.name, sizeof(credential.name), "credential-%d", i);
		assert_ok(credential_store(vault, &credential, NULL));
	}
	assert_ok(vault_commit(vault, NULL, NULL));
	report("store many, each", (now_us() - before) / count);
	place_open(place);
	large = time_load(vault, "only");
	report("credential_load, 1", small);
	report("credential_load, many", large);
	assert_true(large < small * 2 + 20); /* generous: machines are busy; tools/bench has the sharp measure */
	before = now_us();
	assert_ok(vault_verify_quick(vault, NULL));
	assert_true(now_us() - before < 50000);
	before = now_us();
	assert_ok(vault_verify(vault, &verified, NULL));
	report("vault_verify, each", (now_us() - before) / count);
	assert_int_equal(verified.records, count + 5);
}

int
run_scale_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_token_is_released_in_little_time),
		TEST(a_large_vault_is_as_fast_as_a_small_one),
	};

	return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
