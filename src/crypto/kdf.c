/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include <inttypes.h>
#include <sodium.h>

#include "base/io.h"

#define ALGORITHM_ARGON2ID 1
#define OPS_NEW_MIN        3   /* passes of a new slot however slow the machine */
#define NOISE_MARGIN_MS    100 /* over the target, so that the next run does not stay just below it */

_Static_assert(KDF_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "Argon2id's salt");

static enum larder_code
run(const struct kdf_params *params, const void *passphrase, size_t len, uint8_t *ret, struct larder_error *ret_error)
{
	if (params->memory <= SIZE_MAX &&
	    crypto_pwhash_argon2id(ret, KEY_BYTES, len != 0 ? passphrase : "", len, params->salt, params->ops,
		(size_t)params->memory, crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0)
		return LARDER_OK;
	return error_set(ret_error, LARDER_INTERNAL, "cannot derive a key from the passphrase",
	    "free some memory, or open the vault with another key", "%" PRIu64 " MiB of memory are needed for a moment",
	    params->memory >> 20);
}

/* In processor time: on a busy machine a slot must not come out weaker. */
static enum larder_code
measure(struct kdf_params *params, uint32_t ops, int64_t *ret_ms, struct larder_error *ret_error)
{
	uint8_t key[KEY_BYTES];
	int64_t began = io_clock_thread_ms();
	enum larder_code code;

	params->ops = ops;
	code = run(params, "larder", 6, key, ret_error);
	*ret_ms = io_clock_thread_ms() - began;
	sodium_memzero(key, sizeof(key));
	return code;
}

/*
 * The first pass also fetches the memory from the system and so costs more than the others: a run of one pass and one
 * of two tell the price of each, together for about a second, without a third run at the full cost.
 */
enum larder_code
kdf_choose(struct kdf_params *ret, struct larder_error *ret_error)
{
	struct kdf_params params = { .algorithm = ALGORITHM_ARGON2ID, .memory = KDF_MEMORY_NEW };
	int64_t one_ms, two_ms, each_ms, ops;
	enum larder_code code;

	randombytes_buf(params.salt, sizeof(params.salt));
	code = measure(&params, 1, &one_ms, ret_error);
	if (code == LARDER_OK)
		code = measure(&params, 2, &two_ms, ret_error);
	if (code != LARDER_OK)
		return code;
	each_ms = two_ms - one_ms;
	if (each_ms < one_ms / 4) /* noise */
		each_ms = one_ms / 4;
	if (each_ms < 1)
		each_ms = 1;
	ops = 1 + (KDF_TARGET_MS + NOISE_MARGIN_MS - one_ms + each_ms - 1) / each_ms;
	if (ops < OPS_NEW_MIN)
		ops = OPS_NEW_MIN;
	params.ops = ops < KDF_OPS_MAX ? (uint32_t)ops : KDF_OPS_MAX;
	*ret = params;
	return LARDER_OK;
}

bool
kdf_params_ok(const struct kdf_params *params)
{
	return params->algorithm == ALGORITHM_ARGON2ID && params->ops >= KDF_OPS_MIN && params->ops <= KDF_OPS_MAX &&
	    params->memory >= KDF_MEMORY_MIN && params->memory <= KDF_MEMORY_MAX;
}

enum larder_code
kdf_passphrase(const struct kdf_params *params, const struct secret *passphrase, uint8_t ret[static KEY_BYTES],
    struct larder_error *ret_error)
{
	if (!kdf_params_ok(params))
		return error_set(ret_error, LARDER_DAMAGED, "cannot derive a key from the passphrase",
		    "open the vault with another key, or restore it from a backup",
		    "the stored parameters are out of bounds (algorithm %u, %" PRIu32 " passes, %" PRIu64 " MiB)",
		    (unsigned)params->algorithm, params->ops, params->memory >> 20);
	return run(params, passphrase->data, passphrase->len, ret, ret_error);
}
