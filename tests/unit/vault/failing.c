/* SPDX-License-Identifier: Apache-2.0 */
/* The store fails at one call, as for want of memory, and the caller may carry on. */
#include "store/store.h"
#include "vault/support.h"

static const struct store_ops *sound;
static struct store_ops failing;

static enum larder_code
fail_remove(struct store *store, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error)
{
	(void)store, (void)kind, (void)key, (void)key_len;
	return error_no_memory(ret_error);
}

static enum larder_code
fail_scan(struct store *store, uint8_t kind, struct larder_error *ret_error)
{
	(void)store, (void)kind;
	return error_no_memory(ret_error);
}

static struct vault *
begin_failing(void **state)
{
	struct place *place = *state;

	sound = place->session.store->ops;
	failing = *sound;
	place->session.store->ops = &failing;
	return &place->session;
}

static void
a_transaction_in_which_a_change_failed_is_not_committed(void **state)
{
	struct vault *vault = begin_failing(state);
	struct verify_report report;
	struct credential credential;
	struct larder_error error = { .code = LARDER_OK };

	put_credential(vault, "a");
	failing.remove = fail_remove;
	assert_ok(vault_begin(vault, STORE_DURABLE, NULL));
	assert_ok(credential_load(vault, "a", &credential, NULL));
	assert_int_equal(grant_remove(vault, &credential, NULL), LARDER_INTERNAL);
	failing.remove = sound->remove;
	assert_int_equal(credential_store(vault, &credential, NULL), LARDER_INTERNAL);
	assert_int_equal(vault_commit(vault, NULL, &error), LARDER_INTERNAL);
	assert_says(&error, "memory");
	vault->store->ops = sound;
	assert_ok(vault_verify(vault, &report, NULL));
	put_credential(vault, "b");
	assert_ok(vault_verify(vault, &report, NULL));
}

static void
what_could_not_be_looked_for_is_not_called_absent(void **state)
{
	struct vault *vault = begin_failing(state);
	struct credential credential;
	struct larder_error error = { .code = LARDER_OK };

	failing.scan = fail_scan;
	assert_int_equal(credential_load(vault, "a", &credential, &error), LARDER_INTERNAL);
	assert_says(&error, "memory");
	vault->store->ops = sound;
	assert_int_equal(credential_load(vault, "a", &credential, &error), LARDER_NOT_FOUND);
}

int
run_failing_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_transaction_in_which_a_change_failed_is_not_committed, place_new, place_remove),
		cmocka_unit_test_setup_teardown(
		    what_could_not_be_looked_for_is_not_called_absent, place_new, place_remove),
	};

	return cmocka_run_group_tests_name("failing", tests, NULL, NULL);
}
