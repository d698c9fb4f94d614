/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/prove.h"

#include <string.h>

#include "base/text.h"
#include "crypto/sign.h"

#define JWK_MAX 4096

static enum sign_alg
alg_of(const struct dpop_key *key)
{
	return sign_alg_parse(dpop_key_alg(key->alg));
}

enum larder_code
prove_begin(struct engine *engine, const struct party *party, struct dpop_key *ret, struct larder_error *ret_error)
{
	const char *wanted = party->client.dpop, *alg;
	bool must = party->provider->dpop == DPOP_REQUIRED;
	struct dpop_key key = { .created_at = engine->effects->now_s(engine->effects->ctx) };
	enum larder_code code;

	if (wanted[0] == '\0' && !must)
		return LARDER_OK;
	if (wanted[0] == '\0')
		wanted = "auto";
	alg = dpop_choose_alg(&party->provider->dpop_algs, strcmp(wanted, "auto") == 0 ? "" : wanted);
	if (alg == NULL)
		return error_set(ret_error, LARDER_REJECTED, "cannot log in",
		    "add the client again with another --dpop, see 'larder provider show'",
		    "the provider takes no proofs of possession with %s",
		    strcmp(wanted, "auto") == 0 ? "an algorithm that is known here" : wanted);
	code = sign_key_make(sign_alg_parse(dpop_key_alg(alg)), &key.key, ret_error);
	if (code != LARDER_OK)
		return code;
	(void)text_format(key.alg, sizeof key.alg, "%s", alg);
	dpop_key_clear(ret);
	*ret = key;
	return LARDER_OK;
}

enum larder_code
prove_thumbprint(const struct dpop_key *key, char ret[static BASE64URL_32], struct larder_error *ret_error)
{
	ret[0] = '\0';
	if (secret_is_empty(&key->key))
		return LARDER_OK;
	return sign_thumbprint(&key->key, alg_of(key), ret, ret_error);
}

static enum larder_code
sign(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	const struct dpop_key *key = ctx;

	return sign_data(&key->key, alg_of(key), data, len, ret_signature, ret_error);
}

enum larder_code
prove_with(struct engine *engine, const struct dpop_key *key, enum nonce_of of, const struct secret *access_token,
    struct http_request *request, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	const struct jwt_signer signer = { key->alg, "", (void *)(uintptr_t)key, sign };
	struct buf jwk = BUF_INIT(JWK_MAX);
	uint8_t id[DPOP_ID_BYTES], hash[SHA256_BYTES];
	char nonce[NONCE_SIZE];
	struct dpop_proof proof = { .id = id, .nonce = nonce };
	enum larder_code code;

	if (secret_is_empty(&key->key))
		return LARDER_OK;
	code = nonce_load(engine->vault, request->url, of, nonce, ret_error);
	if (code == LARDER_OK)
		code = sign_public_jwk(&key->key, alg_of(key), &jwk, ret_error);
	if (code == LARDER_OK) {
		fx->random(fx->ctx, id, sizeof id);
		if (access_token != NULL) {
			sha256(access_token->data, access_token->len, hash);
			proof.of_token = hash;
		}
		proof.jwk = buf_str(&jwk);
		proof.now = fx->now_s(fx->ctx);
		code = dpop_add(&proof, &signer, request, ret_error);
	}
	buf_clear(&jwk);
	return code;
}

enum larder_code
prove_for(struct engine *engine, const struct credential *credential, enum nonce_of of,
    const struct secret *access_token, struct http_request *request, struct larder_error *ret_error)
{
	struct dpop_key key = { .alg = "" };
	enum larder_code code;

	if (credential->dpop_jkt[0] == '\0')
		return LARDER_OK;
	code = dpop_key_load(engine->vault, credential, &key, ret_error);
	if (code == LARDER_OK)
		code = prove_with(engine, &key, of, access_token, request, ret_error);
	else if (code == LARDER_NOT_FOUND)
		code = error_set(ret_error, LARDER_DAMAGED, "cannot prove the key",
		    "run 'larder verify', and log in again", "the key that its tokens are bound to is missing");
	dpop_key_clear(&key);
	return code;
}

/* Whether the reply has a nonce that is not the known one. */
static bool
is_news(struct engine *engine, const char *url, enum nonce_of of, const struct http_reply *reply)
{
	char known[NONCE_SIZE];
	struct larder_error ignored;

	return dpop_nonce_is_valid(reply->dpop_nonce) &&
	    (nonce_load(engine->vault, url, of, known, &ignored) != LARDER_OK || strcmp(known, reply->dpop_nonce) != 0);
}

enum larder_code
prove_note(struct engine *engine, const char *url, enum nonce_of of, const struct http_reply *reply,
    struct larder_error *ret_error)
{
	if (!is_news(engine, url, of, reply))
		return LARDER_OK;
	return nonce_store(engine->vault, url, of, reply->dpop_nonce, ret_error);
}

void
prove_heard(struct engine *engine, const char *url, enum nonce_of of, const struct http_reply *reply)
{
	struct larder_error ignored;

	if (!is_news(engine, url, of, reply) || vault_begin(engine->vault, STORE_DURABLE, &ignored) != LARDER_OK)
		return;
	if (nonce_store(engine->vault, url, of, reply->dpop_nonce, &ignored) == LARDER_OK)
		(void)vault_commit(engine->vault, NULL, &ignored);
	vault_rollback(engine->vault);
}
