/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/keys.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/derive.h"

struct vault_keys *
keys_new(const uint8_t vault_key[static KEY_BYTES], const uint8_t id[static VAULT_ID_BYTES])
{
	struct vault_keys *keys = arena_alloc(sizeof(*keys));

	if (keys == NULL)
		return NULL;
	atomic_init(&keys->refs, 1);
	keys->alive = 1;
	memcpy(keys->id, id, VAULT_ID_BYTES);
	memcpy(keys->vault, vault_key, KEY_BYTES);
	derive_key(vault_key, "larder 1 record", id, VAULT_ID_BYTES, keys->record);
	derive_key(vault_key, "larder 1 index", id, VAULT_ID_BYTES, keys->index);
	derive_key(vault_key, "larder 1 set", id, VAULT_ID_BYTES, keys->set);
	derive_key(vault_key, "larder 1 audit", id, VAULT_ID_BYTES, keys->audit);
	derive_key(vault_key, "larder 1 box", id, VAULT_ID_BYTES, keys->box);
	return keys;
}

struct vault_keys *
keys_share(struct vault_keys *keys)
{
	atomic_fetch_add(&keys->refs, 1);
	return keys;
}

void
keys_release(struct vault_keys *keys)
{
	/* a forked child owns nothing: its arena is zero, and the block is its parent's */
	if (keys == NULL || keys->alive == 0)
		return;
	if (atomic_fetch_sub(&keys->refs, 1) == 1)
		arena_free(keys);
}

enum larder_code
keys_check(const struct vault_keys *keys, struct larder_error *ret_error)
{
	if (keys != NULL && keys->alive != 0)
		return LARDER_OK;
	return error_set(ret_error, LARDER_LOCKED, "the vault is locked", "open it anew in this process",
	    "a forked process does not inherit the keys");
}
