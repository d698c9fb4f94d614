/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/grant.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/sign.h"
#include "oauth/grants.h"
#include "oauth/jwt_bearer.h"

#define MATERIAL_TTL_S 30 /* of another credential's token: enough for the way to the server */

void
grant_material_clear(struct grant_material *material)
{
	secret_free(&material->given);
	secret_free(&material->actor);
	material->is_complete = false;
}

bool
grant_needs_material(const struct credential *credential)
{
	return credential->grant_type == GRANT_TYPE_TOKEN_EXCHANGE || credential->grant_type == GRANT_TYPE_JWT_BEARER;
}

static enum larder_code
take_credential(struct engine *engine, const char *name, const struct token_want *want, struct secret *ret,
    struct larder_error *ret_error)
{
	struct token_want other = { .name = name,
		.resource = "",
		.min_ttl_s = MATERIAL_TTL_S,
		.offline = want->offline,
		.deadline_ms = want->deadline_ms,
		.depth = want->depth + 1 };
	struct token_got got = { .name = "" };
	enum larder_code code;

	if (other.depth > GRANT_DEPTH_MAX || strcmp(name, want->name) == 0)
		return error_set(ret_error, LARDER_USAGE, "cannot exchange the token",
		    "log in again with another --subject", "the credentials ask for one another's tokens in a circle");
	code = token_get(engine, &other, &got, ret_error);
	if (code != LARDER_OK)
		return code;
	*ret = got.access.token;
	got.access.token = (struct secret)SECRET_INIT;
	access_clear(&got.access);
	return LARDER_OK;
}

/* Whoever keeps the file up to date decides who may read it; a final line end is not part of it. */
static enum larder_code
take_file(const char *path, struct secret *ret, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT_SECRET(TOKEN_MAX + 2);
	enum larder_code code = file_read(path, &text, ret_error);

	while (code == LARDER_OK && text.len > 0 && strchr("\r\n", text.data[text.len - 1]) != NULL)
		text.data[--text.len] = '\0';
	if (code == LARDER_NOT_FOUND)
		code = LARDER_USAGE;
	if (code == LARDER_OK && (text.len > TOKEN_MAX || !text_is_token(buf_str(&text), text.len)))
		code = error_set(ret_error, LARDER_USAGE, "cannot use the token of the file",
		    "look at what writes it: it has to be one token and a line end", "it is empty or no token");
	if (code == LARDER_OK && !buf_take_secret(&text, ret))
		code = error_no_memory(ret_error);
	if (code != LARDER_OK && ret_error != NULL)
		ret_error->code = code;
	buf_clear(&text);
	return code;
}

static enum larder_code
take(struct engine *engine, const struct token_source *source, const struct token_want *want, struct secret *ret,
    struct larder_error *ret_error)
{
	if (source->credential[0] != '\0')
		return take_credential(engine, source->credential, want, ret, ret_error);
	return source->file[0] != '\0' ? take_file(source->file, ret, ret_error) : LARDER_OK;
}

enum larder_code
grant_material_load(struct engine *engine, const struct grant_terms *terms, const struct token_want *want,
    struct grant_material *ret, struct larder_error *ret_error)
{
	struct grant_material material = { .is_complete = true };
	enum larder_code code;

	code = take(engine, &terms->given, want, &material.given, ret_error);
	if (code == LARDER_OK)
		code = take(engine, &terms->actor, want, &material.actor, ret_error);
	if (code == LARDER_OK)
		*ret = material;
	else
		grant_material_clear(&material);
	return code;
}

static enum larder_code
sign(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	const struct grant_terms *terms = ctx;

	return sign_data(&terms->key, sign_alg_parse(terms->key_alg), data, len, ret_signature, ret_error);
}

/* The key of the terms, else the client's own. *ret is good as long as both are there. */
static enum larder_code
find_signer(
    const struct party *party, const struct grant_terms *terms, struct jwt_signer *ret, struct larder_error *ret_error)
{
	struct client_proof proof = { .now = 0 };
	enum larder_code code;

	*ret = (struct jwt_signer){ terms->key_alg, terms->key_id, (void *)(uintptr_t)terms, sign };
	if (!secret_is_empty(&terms->key))
		return LARDER_OK;
	code = party->oauth.prove(party->oauth.prove_ctx, AUTH_PRIVATE_KEY_JWT, &proof, ret_error);
	*ret = proof.signer;
	if (code != LARDER_REJECTED)
		return code;
	return error_set(ret_error, LARDER_USAGE, "cannot ask for a token",
	    "give --key-file or --assertion-file, or the client a key with 'larder client key'",
	    "there is neither a key to sign an assertion with nor an assertion");
}

/* A new one for each request: an assertion is used once (S123). */
static enum larder_code
make_assertion(struct engine *engine, const struct party *party, const struct grant_terms *terms, const char *scope,
    struct secret *ret, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct assertion assertion = {
		.issuer = terms->issuer,
		.subject = terms->subject,
		.audience = terms->audience,
		.claims = terms->claims,
		.scope = scope,
		.now = fx->now_s(fx->ctx),
		.life_s = terms->life_s,
	};
	struct buf text = BUF_INIT_SECRET(TOKEN_MAX);
	struct jwt_signer signer;
	enum larder_code code;

	fx->random(fx->ctx, assertion.id, sizeof assertion.id);
	code = find_signer(party, terms, &signer, ret_error);
	if (code == LARDER_OK)
		code = assertion_make(party->provider, &party->oauth, &assertion, &signer, &text, ret_error);
	if (code == LARDER_OK && !buf_take_secret(&text, ret))
		code = error_no_memory(ret_error);
	buf_clear(&text);
	return code;
}

static enum larder_code
build_jwt_bearer(struct engine *engine, const struct party *party, const struct grant_terms *terms,
    const struct secret *assertion, const char *scope, const char *resource, struct http_request *ret,
    struct larder_error *ret_error)
{
	struct secret made = SECRET_INIT;
	enum larder_code code = LARDER_OK;

	if (secret_is_empty(assertion)) {
		code = make_assertion(engine, party, terms, scope, &made, ret_error);
		assertion = &made;
	}
	if (code == LARDER_OK)
		code = jwt_bearer_build(party->provider, &party->oauth, assertion, scope, resource, ret, ret_error);
	secret_free(&made);
	return code;
}

enum larder_code
grant_request(struct engine *engine, const struct party *party, enum grant_type type, const struct grant *grant,
    const struct token_want *want, struct http_request *ret, struct larder_error *ret_error)
{
	static const struct grant_material nothing;
	const struct grant_material *material = party->material == NULL ? &nothing : party->material;
	const struct grant_terms *terms = &grant->terms;
	const char *scope = want->scope[0] != '\0' ? want->scope : terms->scope;
	const char *resource = want->resource[0] != '\0' ? want->resource : terms->resource;
	struct token_exchange exchange;

	switch (type) {
	case GRANT_TYPE_CLIENT_CREDENTIALS:
		return client_credentials_build(
		    party->provider, &party->oauth, scope, resource, terms->audience, ret, ret_error);
	case GRANT_TYPE_JWT_BEARER:
		return build_jwt_bearer(engine, party, terms, &material->given, scope, resource, ret, ret_error);
	case GRANT_TYPE_TOKEN_EXCHANGE:
		exchange = (struct token_exchange){
			.subject_token = &material->given,
			.subject_token_type = terms->given.type,
			.actor_token = &material->actor,
			.actor_token_type = terms->actor.type,
			.requested_token_type = terms->requested_type,
			.audience = terms->audience,
		};
		return token_exchange_build(party->provider, &party->oauth, &exchange, scope, resource, ret, ret_error);
	case GRANT_TYPE_REFRESH_TOKEN:
		break;
	}
	return refresh_build(
	    party->provider, &party->oauth, &grant->refresh_token, want->scope, want->resource, ret, ret_error);
}

enum larder_code
grant_endpoint(const struct party *party, enum grant_type type, struct buf *ret, struct larder_error *ret_error)
{
	if (type == GRANT_TYPE_REFRESH_TOKEN)
		return token_endpoint(party->provider, &party->oauth, ret, ret_error);
	return grants_endpoint(party->provider, &party->oauth, ret, ret_error);
}

enum spend_class
grant_class(const struct provider *provider, enum grant_type type)
{
	return type == GRANT_TYPE_REFRESH_TOKEN ? provider_class(provider) : CLASS_STATIC;
}
