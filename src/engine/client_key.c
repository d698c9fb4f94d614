/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of clients: made or taken in here, kept as records of their own, and opened when a request is to be signed.
 * Whoever asks for a cached token opens none.
 */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "crypto/sign.h"
#include "engine/engine.h"

#define CERTIFICATE_MAX ((size_t)32 << 10)

static enum larder_code
sign_with_secret(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	uint8_t mac[32];

	sign_hs256(ctx, data, len, mac);
	return buf_append(ret_signature, mac, sizeof mac) ? LARDER_OK : error_no_memory(ret_error);
}

static enum larder_code
sign_with_key(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	const struct client_key *key = ctx;

	return sign_data(&key->key, sign_alg_parse(key->alg), data, len, ret_signature, ret_error);
}

static enum larder_code
open_key(struct party *party, struct larder_error *ret_error)
{
	enum larder_code code;
	char hint[128];

	if (!secret_is_empty(&party->key.key))
		return LARDER_OK;
	code = client_key_load(party->engine->vault, party->client.name, KEY_SIGN, &party->key, ret_error);
	if (code != LARDER_NOT_FOUND)
		return code;
	(void)text_format(hint, sizeof hint, "make one with 'larder client key %s' and register it at the provider",
	    party->client.name);
	return error_set(
	    ret_error, LARDER_REJECTED, "cannot authenticate the client", hint, "the client has no key to sign with");
}

enum larder_code
client_key_prove(void *ctx, enum auth_method method, struct client_proof *ret, struct larder_error *ret_error)
{
	struct party *party = ctx;
	const struct effects *fx = party->engine->effects;
	enum larder_code code;

	ret->now = fx->now_s(fx->ctx);
	fx->random(fx->ctx, ret->id, sizeof ret->id);
	if (method == AUTH_SECRET_JWT) {
		if (secret_is_empty(&party->client.secret))
			return error_set(ret_error, LARDER_REJECTED, "cannot authenticate the client",
			    "store it with 'larder client set-secret'", "the client has no secret to sign with");
		ret->signer = (struct jwt_signer){ "HS256", "", &party->client.secret, sign_with_secret };
		return LARDER_OK;
	}
	code = open_key(party, ret_error);
	if (code == LARDER_OK)
		ret->signer = (struct jwt_signer){ party->key.alg, party->key.kid, &party->key, sign_with_key };
	return code;
}

/* The certificates of the file as they are, without the key; or one that the key signs itself. */
static enum larder_code
take_certificate(const struct client_key_want *want, struct client_key *key, struct larder_error *ret_error)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	struct buf pem = BUF_INIT_SECRET(CERTIFICATE_MAX), der = BUF_INIT(CERTIFICATE_MAX);
	const char *at = want->given->len > 0 ? (const char *)want->given->data : "";
	enum larder_code code = LARDER_OK;

	while ((at = strstr(at, begin)) != NULL) {
		const char *last = strstr(at, end);

		if (last == NULL)
			break;
		last += sizeof end - 1;
		(void)buf_append(&pem, at, (size_t)(last - at));
		(void)buf_append_byte(&pem, '\n');
		at = last;
	}
	if (want->given->len == 0) {
		code = sign_certificate_make(&key->key, want->client, &der, ret_error);
		if (code == LARDER_OK)
			(void)sign_pem("CERTIFICATE", der.data, der.len, &pem);
	}
	if (code == LARDER_OK && (pem.failed || !buf_take_secret(&pem, &key->certificate)))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		code = sign_certificate_check(&key->key, &key->certificate, ret_error);
	buf_clear(&pem);
	buf_clear(&der);
	return code;
}

static enum larder_code
make(struct engine *engine, const struct client_key_want *want, struct client_key *ret, struct larder_error *ret_error)
{
	enum sign_alg alg = want->alg[0] == '\0' ? SIGN_NONE : sign_alg_parse(want->alg);
	char thumbprint[BASE64URL_32] = "";
	enum larder_code code;

	if (want->alg[0] != '\0' && alg == SIGN_NONE)
		return error_set(ret_error, LARDER_USAGE, "cannot make the key", "use ES256, EdDSA, RS256 or PS256",
		    "the algorithm is unknown");
	*ret = (struct client_key){ .use = want->use, .created_at = engine->effects->now_s(engine->effects->ctx) };
	if (want->given->len > 0) {
		code = sign_key_read(want->given, alg, &ret->key, &alg, ret_error);
	} else {
		alg = alg == SIGN_NONE ? SIGN_ES256 : alg;
		code = sign_key_make(alg, &ret->key, ret_error);
	}
	if (code == LARDER_OK && want->use == KEY_TLS)
		code = take_certificate(want, ret, ret_error);
	if (code == LARDER_OK)
		code = sign_thumbprint(&ret->key, alg, thumbprint, ret_error);
	if (code != LARDER_OK)
		return code;
	(void)text_format(ret->client, sizeof ret->client, "%s", want->client);
	(void)text_format(ret->alg, sizeof ret->alg, "%s", sign_alg_name(alg));
	if (!text_format(ret->kid, sizeof ret->kid, "%s", want->kid[0] == '\0' ? thumbprint : want->kid))
		code = error_set(ret_error, LARDER_USAGE, "cannot make the key", NULL, "the key id is too long");
	return code;
}

static enum larder_code
store(struct engine *engine, const struct client_key_want *want, const struct client_key *key,
    struct larder_error *ret_error)
{
	struct audit_event event = { .op = AUDIT_CLIENT_KEY, .at = key->created_at };
	struct client client = { .name = "" };
	struct client_key old = { .client = "" };
	enum larder_code code = client_load(engine->vault, want->client, &client, ret_error);

	client_clear(&client);
	if (code != LARDER_OK)
		return code;
	code = client_key_load(engine->vault, want->client, want->use, &old, ret_error);
	client_key_clear(&old);
	if (code == LARDER_OK && !want->replace)
		return error_set(ret_error, LARDER_EXISTS, "cannot store the key",
		    want->use == KEY_TLS /* RFC 8705 section 4 */
			? "show it without further options, or put the new one in its place with --replace: refresh "
			  "tokens may be bound to the old certificate"
			: "show it without further options, or put the new one in its place with --replace",
		    "the client has a key for this use already");
	if (code == LARDER_OK || code == LARDER_NOT_FOUND)
		code = client_key_store(engine->vault, key, ret_error);
	(void)text_format(event.name, sizeof event.name, "%s", want->client);
	(void)text_format(event.result, sizeof event.result, "ok");
	(void)text_format(event.detail, sizeof event.detail, "%s key, %s", key_use_name(key->use), key->alg);
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
	return code == LARDER_OK ? vault_commit(engine->vault, NULL, ret_error) : code;
}

enum larder_code
client_key_set(struct engine *engine, const struct client_key_want *want, struct larder_error *ret_error)
{
	struct client_key key = { .client = "" };
	enum larder_code code = make(engine, want, &key, ret_error);

	if (code == LARDER_OK)
		code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK) {
		code = store(engine, want, &key, ret_error);
		vault_rollback(engine->vault);
	}
	client_key_clear(&key);
	return error_name(ret_error, code, want->client);
}

/*
 * "x5c" of RFC 7517 section 4.7: the first certificate, which is how a server knows one that signs itself; and its hash,
 * which is in the "cnf" of the tokens that are bound to it (RFC 8705 section 3.1).
 */
static bool
append_certificate(const struct secret *pem, struct buf *ret)
{
	const char *at = (const char *)pem->data, *end;
	char hash[BASE64URL_32];

	if (pem->len == 0 || (at = strchr(at, '\n')) == NULL || (end = strstr(at, "-----END")) == NULL)
		return true;
	if (!sign_certificate_thumbprint(pem, hash))
		return false;
	(void)buf_append_str(ret, ",\"x5c\":[\"");
	for (; at < end; at++) {
		if (*at != '\n' && *at != '\r')
			(void)buf_append_byte(ret, (uint8_t)*at);
	}
	return buf_append_format(ret, "\"],\"x5t#S256\":\"%s\"", hash);
}

enum larder_code
client_key_public(const struct client_key *key, struct buf *ret_jwk, struct buf *ret_pem,
    char ret_thumbprint[static BASE64URL_32], struct larder_error *ret_error)
{
	enum sign_alg alg = sign_alg_parse(key->alg);
	struct buf jwk = BUF_INIT(8192), der = BUF_INIT(8192);
	enum larder_code code = sign_public_jwk(&key->key, alg, &jwk, ret_error);

	if (code == LARDER_OK)
		code = sign_public_der(&key->key, alg, &der, ret_error);
	if (code == LARDER_OK)
		code = sign_thumbprint(&key->key, alg, ret_thumbprint, ret_error);
	/* the members of the thumbprint, without the closing brace, and what a server wants to know besides */
	if (code == LARDER_OK &&
	    (!buf_append(ret_jwk, jwk.data, jwk.len - 1) || !buf_append_str(ret_jwk, ",\"kid\":") ||
		!json_append_string(ret_jwk, key->kid, strlen(key->kid)) ||
		!buf_append_format(ret_jwk, ",\"alg\":\"%s\",\"use\":\"sig\"", key->alg) ||
		!append_certificate(&key->certificate, ret_jwk) || !buf_append_byte(ret_jwk, '}') ||
		!sign_pem("PUBLIC KEY", der.data, der.len, ret_pem)))
		code = error_no_memory(ret_error);
	buf_clear(&jwk);
	buf_clear(&der);
	return code;
}
