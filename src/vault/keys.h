/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vault key and what is derived from it, in the locked arena. Read-only after keys_new, shared by sessions and
 * threads; the last one to let go wipes them. In a forked child the arena is zero and so is alive.
 */
#ifndef VAULT_KEYS_H
#define VAULT_KEYS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "crypto/seal.h"

#define VAULT_ID_BYTES 16

struct vault_keys {
	atomic_uint refs;
	uint32_t alive;
	uint8_t id[VAULT_ID_BYTES];
	uint8_t vault[KEY_BYTES];
	uint8_t record[KEY_BYTES]; /* seals records */
	uint8_t index[KEY_BYTES];  /* blind keys of rows */
	uint8_t set[KEY_BYTES];    /* hash of the set, its root, the anchor */
	uint8_t audit[KEY_BYTES];  /* seals audit rows */
	uint8_t box[KEY_BYTES];    /* seed of the key pair for spooled replies */
};

/* Derive all keys of a vault. NULL: no locked memory. */
struct vault_keys *keys_new(const uint8_t vault_key[static KEY_BYTES], const uint8_t id[static VAULT_ID_BYTES]);
struct vault_keys *keys_share(struct vault_keys *keys);
void keys_release(struct vault_keys *keys); /* accepts NULL */

/* LOCKED in a forked child, else OK. */
enum larder_code keys_check(const struct vault_keys *keys, struct larder_error *ret_error);

#endif
