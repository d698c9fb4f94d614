/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing for somebody who holds no vault key: the courier seals a reply to the vault's public key and binds it to
 * one attempt with a MAC under the attempt key.
 */
#ifndef CRYPTO_BOX_H
#define CRYPTO_BOX_H

#include "base/buf.h"
#include "crypto/seal.h"

#define BOX_PUBLIC_BYTES 32
#define BOX_SECRET_BYTES 32
#define ATTEMPT_BYTES    16

/* What one attempt is bound to. Travels to the courier in the job; the vault keeps it in the intent. */
struct attempt {
	uint8_t vault_id[16];
	uint8_t record_id[16];
	uint64_t generation; /* the one that is spent */
	uint8_t id[ATTEMPT_BYTES];
	uint8_t key[KEY_BYTES];
	uint8_t vault_public[BOX_PUBLIC_BYTES];
};

/* The vault's key pair from a 32-byte seed. */
void box_keypair(const uint8_t seed[static KEY_BYTES], uint8_t ret_public[static BOX_PUBLIC_BYTES],
    uint8_t ret_secret[static BOX_SECRET_BYTES]);

/* Append mac (32) | sealed box of text to ret. false: memory. */
bool box_seal(const struct attempt *attempt, const void *text, size_t text_len, struct buf *ret);

/* Open it: the MAC first, then the box. false: not of this attempt, or damaged. */
bool box_open(const struct attempt *attempt, const uint8_t secret[static BOX_SECRET_BYTES], const void *sealed,
    size_t sealed_len, struct secret *ret);

#endif
