/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All three hash: use (1: 'k' key, 'n' name, 'm' MAC) | length of label (8) | label | number of pieces (8), then each
 * piece as length (8) | bytes. Numbers are big endian. The use keeps a key and a MAC of the same input apart.
 */
#include "crypto/derive.h"

#include <sodium.h>
#include <string.h>

#include "base/secret.h"

static void
add_length(crypto_generichash_state *state, size_t len)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	(void)crypto_generichash_update(state, bytes, sizeof(bytes));
}

static void
add_piece(crypto_generichash_state *state, const void *data, size_t len)
{
	add_length(state, len);
	if (len != 0)
		(void)crypto_generichash_update(state, data, len);
}

static void
keyed_hash(const uint8_t *key, char use, const char *label, const struct piece *pieces, size_t count, uint8_t *ret,
    size_t ret_len)
{
	crypto_generichash_state state;
	size_t i;

	(void)crypto_generichash_init(&state, key, KEY_BYTES, ret_len);
	(void)crypto_generichash_update(&state, (const uint8_t *)&use, 1);
	add_piece(&state, label, strlen(label));
	add_length(&state, count);
	for (i = 0; i < count; i++)
		add_piece(&state, pieces[i].data, pieces[i].len);
	(void)crypto_generichash_final(&state, ret, ret_len);
	wipe(&state, sizeof(state));
}

void
derive_key(const uint8_t parent[static KEY_BYTES], const char *label, const void *context, size_t context_len,
    uint8_t ret[static KEY_BYTES])
{
	const struct piece piece = { context, context_len };

	keyed_hash(parent, 'k', label, &piece, 1, ret, KEY_BYTES);
}

void
derive_name(const uint8_t key[static KEY_BYTES], const char *label, const struct piece *pieces, size_t count,
    uint8_t ret[static NAME_HASH_BYTES])
{
	keyed_hash(key, 'n', label, pieces, count, ret, NAME_HASH_BYTES);
}

void
derive_mac(const uint8_t key[static KEY_BYTES], const char *label, const struct piece *pieces, size_t count,
    uint8_t ret[static HASH_BYTES])
{
	keyed_hash(key, 'm', label, pieces, count, ret, HASH_BYTES);
}

int
mac_equal(const uint8_t a[static HASH_BYTES], const uint8_t b[static HASH_BYTES])
{
	return sodium_memcmp(a, b, HASH_BYTES) == 0;
}

void
random_fill(void *dst, size_t len)
{
	randombytes_buf(dst, len);
}
