/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and names out of keys: keyed BLAKE2b with a label that separates the uses.
 */
#ifndef CRYPTO_DERIVE_H
#define CRYPTO_DERIVE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/seal.h"

#define NAME_HASH_BYTES 16
#define HASH_BYTES      32

/* A sub-key of parent for a purpose: label is a fixed text of the code, context may be NULL. */
void derive_key(const uint8_t parent[static KEY_BYTES], const char *label, const void *context, size_t context_len,
    uint8_t ret[static KEY_BYTES]);

/* One piece of input to a hash; lengths are hashed too, so pieces cannot shift. */
struct piece {
	const void *data;
	size_t len;
};

/* Keyed hash of the pieces: blind look-up names (16 bytes) and MACs (32 bytes). */
void derive_name(const uint8_t key[static KEY_BYTES], const char *label, const struct piece *pieces, size_t count,
    uint8_t ret[static NAME_HASH_BYTES]);
void derive_mac(const uint8_t key[static KEY_BYTES], const char *label, const struct piece *pieces, size_t count,
    uint8_t ret[static HASH_BYTES]);

/* Constant-time comparison of two MACs: 1 equal, 0 not. */
int mac_equal(const uint8_t a[static HASH_BYTES], const uint8_t b[static HASH_BYTES]);

/* Bytes from the system's generator. */
void random_fill(void *dst, size_t len);

#endif
