/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argon2id for passphrases, with parameters that are stored with the slot and bounded when they are read back: a
 * written vault can neither weaken a passphrase nor make us allocate without end.
 */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "base/error.h"
#include "crypto/seal.h"

#define KDF_SALT_BYTES 16
#define KDF_OPS_MIN    2
#define KDF_OPS_MAX    32
#define KDF_MEMORY_MIN ((uint64_t)64 << 20) /* bytes */
#define KDF_MEMORY_MAX ((uint64_t)4 << 30)
#define KDF_MEMORY_NEW ((uint64_t)256 << 20) /* what new slots use */
#define KDF_TARGET_MS  1000                  /* new slots take at least this long on this machine */

struct kdf_params {
	uint8_t algorithm; /* 1: Argon2id 1.3, one lane */
	uint32_t ops;
	uint64_t memory; /* bytes */
	uint8_t salt[KDF_SALT_BYTES];
};

/* Parameters for a new slot: fresh salt, KDF_MEMORY_NEW, passes raised until one run takes KDF_TARGET_MS here. */
enum larder_code kdf_choose(struct kdf_params *ret, struct larder_error *ret_error);

/* Whether stored parameters are within bounds. */
bool kdf_params_ok(const struct kdf_params *params);

/* The key of a passphrase. Errors: DAMAGED (parameters out of bounds), INTERNAL (no memory; names the need). */
enum larder_code kdf_passphrase(const struct kdf_params *params, const struct secret *passphrase,
    uint8_t ret[static KEY_BYTES], struct larder_error *ret_error);

#endif
