/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refresh tokens, and their fingerprints, which keep one from being stored twice: two credentials that rotate the same
 * token would end each other.
 */
#include <string.h>

#include "base/text.h"
#include "vault/record.h"
#include "vault/verify.h"

static const struct member members[] = {
	MEMBER(1, SECRET, grant, refresh_token),
	MEMBER(2, SECRET, grant, previous),
	MEMBER(3, NUMBER, grant, previous_generation),
	MEMBER(4, TEXT, grant, terms.scope),
	MEMBER(5, TEXT, grant, terms.resource),
	MEMBER(6, TEXT, grant, terms.issuer),
	MEMBER(7, TEXT, grant, terms.subject),
	MEMBER(8, TEXT, grant, terms.claims),
	MEMBER(9, NUMBER, grant, terms.life_s),
	MEMBER(10, SECRET, grant, terms.key),
	MEMBER(11, TEXT, grant, terms.key_alg),
	MEMBER(12, TEXT, grant, terms.key_id),
	MEMBER(13, TEXT, grant, terms.audience),
	MEMBER(14, TEXT, grant, terms.requested_type),
	MEMBER(15, TEXT, grant, terms.given.credential),
	MEMBER(16, TEXT, grant, terms.given.file),
	MEMBER(17, TEXT, grant, terms.given.type),
	MEMBER(18, TEXT, grant, terms.actor.credential),
	MEMBER(19, TEXT, grant, terms.actor.file),
	MEMBER(20, TEXT, grant, terms.actor.type),
};

const struct record_type type_grant = RECORD_TYPE(RECORD_GRANT, "grant", members, grant, NULL);

struct fingerprint {
	char holder[NAME_SIZE]; /* credential */
};

static const struct member fingerprint_members[] = {
	MEMBER(1, TEXT, fingerprint, holder),
};

static bool
fingerprint_is_valid(const void *record)
{
	return text_is_name(((const struct fingerprint *)record)->holder);
}

const struct record_type type_fingerprint =
    RECORD_TYPE(RECORD_FINGERPRINT, "fingerprint", fingerprint_members, fingerprint, fingerprint_is_valid);

static struct record_key
grant_key(const struct vault *vault, const struct credential *credential)
{
	struct piece piece = { credential->id, RECORD_ID_BYTES };

	return record_key(vault, RECORD_GRANT, &piece, 1);
}

enum larder_code
grant_load(struct vault *vault, const struct credential *credential, struct grant *ret, struct larder_error *ret_error)
{
	struct record_key key = grant_key(vault, credential);

	enum larder_code code = record_load(vault, &type_grant, &key, ret, ret_error);

	return code == LARDER_NOT_FOUND ? verify_absence(vault, ret_error) : code;
}

enum larder_code
grant_store(
    struct vault *vault, const struct credential *credential, const struct grant *grant, struct larder_error *ret_error)
{
	struct record_key key = grant_key(vault, credential);

	return record_store(vault, &type_grant, &key, grant, ret_error);
}

enum larder_code
grant_remove(struct vault *vault, const struct credential *credential, struct larder_error *ret_error)
{
	struct record_key key = grant_key(vault, credential);
	enum larder_code code = record_remove(vault, &type_grant, &key, ret_error);

	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

void
grant_clear(struct grant *grant)
{
	if (grant != NULL)
		record_clear(&type_grant, grant);
}

static struct record_key
fingerprint_key(
    const struct vault *vault, const char *client_id, const char *token_endpoint, const struct secret *refresh_token)
{
	struct piece pieces[] = {
		{ client_id, strlen(client_id) },
		{ token_endpoint, strlen(token_endpoint) },
		{ refresh_token->data, refresh_token->len },
	};

	return record_key(vault, RECORD_FINGERPRINT, pieces, 3);
}

/* Whether the credential that a fingerprint names has the token still: current or previous. */
static enum larder_code
still_holds(struct vault *vault, const char *holder, const struct secret *refresh_token, bool *ret,
    struct larder_error *ret_error)
{
	struct credential credential;
	struct grant grant = { 0 };
	enum larder_code code;

	*ret = false;
	code = credential_load(vault, holder, &credential, ret_error);
	if (code != LARDER_OK)
		return code == LARDER_NOT_FOUND ? LARDER_OK : code;
	code = grant_load(vault, &credential, &grant, ret_error);
	if (code == LARDER_OK)
		*ret =
		    secret_equal(&grant.refresh_token, refresh_token) || secret_equal(&grant.previous, refresh_token);
	grant_clear(&grant);
	credential_clear(&credential);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

enum larder_code
fingerprint_claim(struct vault *vault, const char *client_id, const char *token_endpoint,
    const struct secret *refresh_token, const char *credential_name, struct larder_error *ret_error)
{
	struct record_key key = fingerprint_key(vault, client_id, token_endpoint, refresh_token);
	struct fingerprint fingerprint;
	enum larder_code code;
	bool held = false;

	code = record_load(vault, &type_fingerprint, &key, &fingerprint, ret_error);
	if (code == LARDER_OK && strcmp(fingerprint.holder, credential_name) == 0)
		return LARDER_OK;
	if (code == LARDER_OK)
		code = still_holds(vault, fingerprint.holder, refresh_token, &held, ret_error);
	else if (code == LARDER_NOT_FOUND)
		code = LARDER_OK;
	if (code != LARDER_OK)
		return code;
	if (held) {
		error_set(ret_error, LARDER_EXISTS, "cannot store the refresh token",
		    "use that credential; two that share a token end each other",
		    "it is stored already as '%s', for the same client id and token endpoint", fingerprint.holder);
		return error_name(ret_error, LARDER_EXISTS, fingerprint.holder);
	}
	memset(&fingerprint, 0, sizeof(fingerprint));
	(void)text_format(fingerprint.holder, sizeof(fingerprint.holder), "%s", credential_name);
	return record_store(vault, &type_fingerprint, &key, &fingerprint, ret_error);
}

enum larder_code
fingerprint_release(struct vault *vault, const char *client_id, const char *token_endpoint,
    const struct secret *refresh_token, struct larder_error *ret_error)
{
	struct record_key key = fingerprint_key(vault, client_id, token_endpoint, refresh_token);
	enum larder_code code = record_remove(vault, &type_fingerprint, &key, ret_error);

	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}
