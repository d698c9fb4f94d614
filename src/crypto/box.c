/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/box.h"

#include <sodium.h>

#include "crypto/derive.h"

#define MAC_BYTES HASH_BYTES

_Static_assert(BOX_PUBLIC_BYTES == crypto_box_PUBLICKEYBYTES, "libsodium's key pairs");
_Static_assert(BOX_SECRET_BYTES == crypto_box_SECRETKEYBYTES, "libsodium's key pairs");
_Static_assert(KEY_BYTES == crypto_box_SEEDBYTES, "a key seeds a pair");

void
box_keypair(const uint8_t seed[static KEY_BYTES], uint8_t ret_public[static BOX_PUBLIC_BYTES],
    uint8_t ret_secret[static BOX_SECRET_BYTES])
{
	(void)crypto_box_seed_keypair(ret_public, ret_secret, seed);
}

/*
 * Anybody can seal to a public key, so the MAC is what says that these bytes answer this attempt and no other one. It
 * covers the sealed bytes: nothing is opened before it is right.
 */
static void
attempt_mac(const struct attempt *attempt, const void *box, size_t box_len, uint8_t ret[static MAC_BYTES])
{
	uint8_t generation[8];
	const struct piece pieces[] = {
		{ attempt->vault_id, sizeof(attempt->vault_id) },
		{ attempt->record_id, sizeof(attempt->record_id) },
		{ generation, sizeof(generation) },
		{ attempt->id, sizeof(attempt->id) },
		{ box, box_len },
	};
	size_t i;

	for (i = 0; i < sizeof(generation); i++)
		generation[i] = (uint8_t)(attempt->generation >> (56 - 8 * i));
	derive_mac(attempt->key, "larder/attempt/1", pieces, sizeof(pieces) / sizeof(pieces[0]), ret);
}

bool
box_seal(const struct attempt *attempt, const void *text, size_t text_len, struct buf *ret)
{
	size_t box_len;
	uint8_t *out;

	if (text_len > SIZE_MAX - crypto_box_SEALBYTES - MAC_BYTES)
		return false;
	box_len = crypto_box_SEALBYTES + text_len;
	out = buf_reserve(ret, MAC_BYTES + box_len);
	if (out == NULL || crypto_box_seal(out + MAC_BYTES, text, text_len, attempt->vault_public) != 0)
		return false;
	attempt_mac(attempt, out + MAC_BYTES, box_len, out);
	buf_grew(ret, MAC_BYTES + box_len);
	return true;
}

bool
box_open(const struct attempt *attempt, const uint8_t secret[static BOX_SECRET_BYTES], const void *sealed,
    size_t sealed_len, struct secret *ret)
{
	struct secret text = SECRET_INIT;
	uint8_t mac[MAC_BYTES];
	const uint8_t *box;
	size_t box_len;

	if (sealed_len < MAC_BYTES + crypto_box_SEALBYTES)
		return false;
	box = (const uint8_t *)sealed + MAC_BYTES;
	box_len = sealed_len - MAC_BYTES;
	attempt_mac(attempt, box, box_len, mac);
	if (!mac_equal(mac, sealed) || !secret_new(box_len - crypto_box_SEALBYTES, &text))
		return false;
	if (crypto_box_seal_open(text.data, box, box_len, attempt->vault_public, secret) != 0) {
		secret_free(&text);
		return false;
	}
	*ret = text;
	return true;
}
