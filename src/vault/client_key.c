/* SPDX-License-Identifier: Apache-2.0 */
/* The keys with which a client proves itself: rows of their own, so that who only wants a token does not open them. */
#include <string.h>

#include "base/text.h"
#include "vault/record.h"

static const struct member members[] = {
	MEMBER(1, TEXT, client_key, client),
	MEMBER(2, NUMBER, client_key, use),
	MEMBER(3, TEXT, client_key, alg),
	MEMBER(4, TEXT, client_key, kid),
	MEMBER(5, SECRET, client_key, key),
	MEMBER(6, SECRET, client_key, certificate),
	MEMBER(7, NUMBER, client_key, created_at),
};

static bool
is_valid(const void *record)
{
	const struct client_key *key = record;

	return text_is_name(key->client) && key->use >= KEY_SIGN && key->use <= KEY_TLS && !secret_is_empty(&key->key);
}

const struct record_type type_client_key = RECORD_TYPE(RECORD_CLIENT_KEY, "client key", members, client_key, is_valid);

static struct record_key
key_of(const struct vault *vault, const char *client, enum key_use use)
{
	uint8_t byte = (uint8_t)use;
	struct piece pieces[] = { { client, strlen(client) }, { &byte, 1 } };

	return record_key(vault, RECORD_CLIENT_KEY, pieces, 2);
}

enum larder_code
client_key_load(
    struct vault *vault, const char *client, enum key_use use, struct client_key *ret, struct larder_error *ret_error)
{
	struct record_key key = key_of(vault, client, use);

	return record_load(vault, &type_client_key, &key, ret, ret_error);
}

enum larder_code
client_key_store(struct vault *vault, const struct client_key *client_key, struct larder_error *ret_error)
{
	struct record_key key = key_of(vault, client_key->client, client_key->use);

	return record_store(vault, &type_client_key, &key, client_key, ret_error);
}

enum larder_code
client_key_remove(struct vault *vault, const char *client, enum key_use use, struct larder_error *ret_error)
{
	struct record_key key = key_of(vault, client, use);
	enum larder_code code = record_remove(vault, &type_client_key, &key, ret_error);

	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

void
client_key_clear(struct client_key *key)
{
	if (key != NULL)
		record_clear(&type_client_key, key);
}
