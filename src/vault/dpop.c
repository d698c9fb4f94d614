/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key that a credential's tokens are bound to (RFC 9449): a row of its own, so that who only wants a cached token
 * does not open it. It comes and goes with the grant.
 */
#include "vault/record.h"

static const struct member members[] = {
	MEMBER(1, TEXT, dpop_key, alg),
	MEMBER(2, SECRET, dpop_key, key),
	MEMBER(3, NUMBER, dpop_key, created_at),
};

static bool
is_valid(const void *record)
{
	return !secret_is_empty(&((const struct dpop_key *)record)->key);
}

const struct record_type type_dpop_key = RECORD_TYPE(RECORD_DPOP_KEY, "DPoP key", members, dpop_key, is_valid);

static struct record_key
key_of(const struct vault *vault, const struct credential *credential)
{
	struct piece piece = { credential->id, RECORD_ID_BYTES };

	return record_key(vault, RECORD_DPOP_KEY, &piece, 1);
}

enum larder_code
dpop_key_load(
    struct vault *vault, const struct credential *credential, struct dpop_key *ret, struct larder_error *ret_error)
{
	struct record_key key = key_of(vault, credential);

	return record_load(vault, &type_dpop_key, &key, ret, ret_error);
}

enum larder_code
dpop_key_store(struct vault *vault, const struct credential *credential, const struct dpop_key *dpop_key,
    struct larder_error *ret_error)
{
	struct record_key key = key_of(vault, credential);

	return record_store(vault, &type_dpop_key, &key, dpop_key, ret_error);
}

enum larder_code
dpop_key_remove(struct vault *vault, const struct credential *credential, struct larder_error *ret_error)
{
	struct record_key key = key_of(vault, credential);
	enum larder_code code = record_remove(vault, &type_dpop_key, &key, ret_error);

	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

void
dpop_key_clear(struct dpop_key *key)
{
	if (key != NULL)
		record_clear(&type_dpop_key, key);
}
