/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "crypto/support.h"

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define NEEDS_ADDRESS_SPACE true /* the sanitizer's own, so that it cannot be limited */
#else
#define NEEDS_ADDRESS_SPACE false
#endif

static const struct kdf_params smallest = {
	.algorithm = 1, .ops = KDF_OPS_MIN, .memory = KDF_MEMORY_MIN, .salt = "0123456789abcde"
};

static void
parameters_out_of_bounds_are_damage(void **state)
{
	struct kdf_params bad[7];
	struct secret passphrase = SECRET_INIT;
	struct larder_error error;
	uint8_t key[KEY_BYTES] = "unchanged";
	size_t i;

	(void)state;
	for (i = 0; i < 7; i++)
		bad[i] = smallest;
	bad[0].algorithm = 0;
	bad[1].algorithm = 2;
	bad[2].ops = KDF_OPS_MIN - 1;
	bad[3].ops = KDF_OPS_MAX + 1;
	bad[4].memory = KDF_MEMORY_MIN - 1;
	bad[5].memory = KDF_MEMORY_MAX + 1;
	bad[6].memory = UINT64_MAX;
	assert_true(secret_copy("passphrase", 10, &passphrase));
	for (i = 0; i < 7; i++) {
		assert_false(kdf_params_ok(&bad[i]));
		assert_int_equal(kdf_passphrase(&bad[i], &passphrase, key, &error), LARDER_DAMAGED);
		assert_string_equal((const char *)key, "unchanged");
	}
	bad[0] = smallest;
	bad[0].ops = KDF_OPS_MAX;
	bad[0].memory = KDF_MEMORY_MAX;
	assert_true(kdf_params_ok(&smallest));
	assert_true(kdf_params_ok(&bad[0]));
	secret_free(&passphrase);
}

static void
derive(const char *passphrase, const struct kdf_params *params, uint8_t ret[static KEY_BYTES])
{
	struct secret secret = SECRET_INIT;
	struct larder_error error;

	assert_true(secret_copy(passphrase, strlen(passphrase), &secret));
	assert_int_equal(kdf_passphrase(params, &secret, ret, &error), LARDER_OK);
	secret_free(&secret);
}

static void
passphrase_salt_and_cost_make_the_key(void **state)
{
	uint8_t keys[5][KEY_BYTES], again[KEY_BYTES];
	struct kdf_params salted = smallest, slower = smallest;
	int i, j;

	(void)state;
	salted.salt[15] ^= 1;
	slower.ops++;
	derive("passphrase", &smallest, keys[0]);
	derive("passphrasf", &smallest, keys[1]);
	derive("passphrase", &salted, keys[2]);
	derive("passphrase", &slower, keys[3]);
	derive("", &smallest, keys[4]);
	derive("passphrase", &smallest, again);
	for (i = 0; i < 5; i++) {
		for (j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], KEY_BYTES);
	}
	assert_memory_equal(keys[0], again, KEY_BYTES);
}

static void
new_parameters_are_within_bounds_and_salted_afresh(void **state)
{
	struct secret passphrase = SECRET_INIT;
	struct kdf_params a, b;
	struct larder_error error;
	uint8_t key[KEY_BYTES];
	int64_t began;

	(void)state;
	assert_int_equal(kdf_choose(&a, &error), LARDER_OK);
	assert_int_equal(kdf_choose(&b, &error), LARDER_OK);
	assert_true(kdf_params_ok(&a));
	assert_true(a.memory == KDF_MEMORY_NEW);
	assert_true(a.ops >= 3);
	assert_memory_not_equal(a.salt, b.salt, KDF_SALT_BYTES);
	assert_true(secret_copy("passphrase", 10, &passphrase));
	began = io_clock_thread_ms();
	assert_int_equal(kdf_passphrase(&a, &passphrase, key, &error), LARDER_OK);
	/* half the target: memory and processor are shared with others, who slow it down unevenly */
	assert_true(a.ops == KDF_OPS_MAX || io_clock_thread_ms() - began >= KDF_TARGET_MS / 2);
	secret_free(&passphrase);
}

static int
without_memory(void)
{
	const struct rlimit limit = { (rlim_t)64 << 20, (rlim_t)64 << 20 };
	struct secret passphrase = SECRET_INIT;
	struct larder_error error = { .code = LARDER_OK };
	struct kdf_params params = smallest;
	uint8_t key[KEY_BYTES];

	params.memory = KDF_MEMORY_NEW;
	if (NEEDS_ADDRESS_SPACE || !secret_copy("passphrase", 10, &passphrase) || setrlimit(RLIMIT_AS, &limit) != 0)
		return 77;
	if (kdf_passphrase(&params, &passphrase, key, &error) != LARDER_INTERNAL)
		return 1;
	return strstr(error.why, "256 MiB") != NULL ? 0 : 2;
}

static void
too_little_memory_names_the_need(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		_exit(without_memory());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
run_kdf_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_out_of_bounds_are_damage),
		cmocka_unit_test(passphrase_salt_and_cost_make_the_key),
		cmocka_unit_test(new_parameters_are_within_bounds_and_salted_afresh),
		cmocka_unit_test(too_little_memory_names_the_need),
	};

	return cmocka_run_group_tests_name("kdf", tests, NULL, NULL);
}
