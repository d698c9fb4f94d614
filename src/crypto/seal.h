/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated encryption that commits to its key: XChaCha20-Poly1305 under a key derived per message, with a keyed
 * BLAKE2b commitment over nonce, context and tag that is checked before anything is decrypted (Poly1305 alone accepts
 * messages under several keys). Nonces are hedged against a repeated random state. Lengths are padded to buckets.
 *
 * Layout: version 1 (1) | nonce (24) | commitment (32) | ciphertext of the padded text | tag (16).
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"

#define KEY_BYTES     32
#define SEAL_OVERHEAD 73 /* bytes over the padded text */
#define SEAL_TEXT_MAX ((size_t)1 << 20)

/* libsodium's start-up; call once before anything else of this layer. Idempotent, any thread. false: no randomness. */
bool crypto_init(void);

/* The length that a text of len bytes is padded to: 256, 512, 1 Ki ... 16 Ki, then multiples of 16 Ki. */
size_t seal_padded_len(size_t len);

/* Append the sealed form of text to ret. context is bound, not stored. false: memory or too long. */
bool seal(const uint8_t key[static KEY_BYTES], const void *context, size_t context_len, const void *text,
    size_t text_len, struct buf *ret);

/* Open what seal made. false: not made by this key and context, or changed in any bit; *ret is then untouched. */
bool unseal(const uint8_t key[static KEY_BYTES], const void *context, size_t context_len, const void *sealed,
    size_t sealed_len, struct secret *ret);

#endif
