/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/derive.h"

#include <sodium.h>
#include <string.h>

#include "crypto/support.h"

static const uint8_t key[KEY_BYTES] = "0123456789abcdef0123456789abcde";

static void
the_format_is_as_described(void **state)
{
	static const char input[] = "k\0\0\0\0\0\0\0\5label\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\7context";
	uint8_t expected[KEY_BYTES], derived[KEY_BYTES];

	(void)state;
	crypto_generichash(expected, sizeof(expected), (const uint8_t *)input, sizeof(input) - 1, key, KEY_BYTES);
	derive_key(key, "label", "context", 7, derived);
	assert_memory_equal(derived, expected, KEY_BYTES);
}

static void
uses_labels_contexts_and_keys_are_kept_apart(void **state)
{
	static const uint8_t other[KEY_BYTES] = "1123456789abcdef0123456789abcde";
	const struct piece piece = { "c", 1 };
	uint8_t keys[6][KEY_BYTES], name[NAME_HASH_BYTES];
	int i, j;

	(void)state;
	derive_key(key, "a", "c", 1, keys[0]);
	derive_key(key, "b", "c", 1, keys[1]);
	derive_key(key, "a", "d", 1, keys[2]);
	derive_key(key, "a", NULL, 0, keys[3]);
	derive_key(other, "a", "c", 1, keys[4]);
	derive_mac(key, "a", &piece, 1, keys[5]);
	for (i = 0; i < 6; i++) {
		for (j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], KEY_BYTES);
	}
	derive_name(key, "a", &piece, 1, name);
	for (i = 0; i < 6; i++)
		assert_memory_not_equal(name, keys[i], NAME_HASH_BYTES);
	derive_key(key, "a", "c", 1, keys[1]);
	assert_memory_equal(keys[0], keys[1], KEY_BYTES);
}

static void
pieces_cannot_shift_into_each_other(void **state)
{
	const struct piece lists[][3] = {
		{ { "ab", 2 }, { "c", 1 }, { "", 0 } },
		{ { "a", 1 }, { "bc", 2 }, { "", 0 } },
		{ { "", 0 }, { "ab", 2 }, { "c", 1 } },
		{ { "abc", 3 }, { NULL, 0 }, { NULL, 0 } },
	};
	uint8_t macs[6][HASH_BYTES];
	size_t i, j;

	(void)state;
	for (i = 0; i < 4; i++)
		derive_mac(key, "l", lists[i], 3, macs[i]);
	derive_mac(key, "l", lists[0], 2, macs[4]);
	derive_mac(key, "l", NULL, 0, macs[5]);
	for (i = 0; i < 6; i++) {
		for (j = 0; j < i; j++)
			assert_false(mac_equal(macs[i], macs[j]));
		assert_true(mac_equal(macs[i], macs[i]));
	}
}

static void
random_bytes_differ(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	random_fill(a, sizeof(a));
	random_fill(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	random_fill(a, 0);
}

int
run_derive_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_is_as_described),
		cmocka_unit_test(uses_labels_contexts_and_keys_are_kept_apart),
		cmocka_unit_test(pieces_cannot_shift_into_each_other),
		cmocka_unit_test(random_bytes_differ),
	};

	return cmocka_run_group_tests_name("derive", tests, NULL, NULL);
}
