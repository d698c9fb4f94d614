/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/grant.h"
#include "engine/lifetime.h"
#include "engine/prove.h"
#include "engine/schedule.h"

static enum larder_code
audit(struct engine *engine, enum audit_op op, const char *name, uint64_t generation, const char *detail,
    struct larder_error *ret_error)
{
	struct audit_event event = { .op = op, .generation = generation };

	event.at = engine->effects->now_s(engine->effects->ctx);
	(void)text_format(event.name, sizeof event.name, "%s", name);
	(void)text_format(event.result, sizeof event.result, "ok");
	(void)text_format(event.detail, sizeof event.detail, "%s", detail == NULL ? "" : detail);
	return audit_append(engine->vault, &event, ret_error);
}

enum larder_code
enroll_client(struct engine *engine, struct client *client, struct larder_error *ret_error)
{
	struct client existing = { .name = "" };
	struct party party = { 0 };
	enum larder_code code;
	char name[NAME_SIZE];

	(void)text_format(name, sizeof name, "%s", client->name);
	client->created_at = engine->effects->now_s(engine->effects->ctx);
	client->secret_set_at = secret_is_empty(&client->secret) ? TIME_UNKNOWN : client->created_at;
	code = party_of_client(engine, client, &party, ret_error);
	if (code == LARDER_OK)
		code = party_check(&party, false, ret_error);
	if (code == LARDER_OK)
		code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code != LARDER_OK)
		goto out;
	code = client_load(engine->vault, name, &existing, ret_error);
	client_clear(&existing);
	if (code == LARDER_OK)
		code = error_set(ret_error, LARDER_EXISTS, "cannot add the client",
		    "choose another name, or remove it first with 'larder client remove'", "this name is taken");
	else if (code == LARDER_NOT_FOUND)
		code = client_store(engine->vault, &party.client, ret_error);
	if (code == LARDER_OK)
		code = audit(engine, AUDIT_CLIENT_ADD, name, 0, NULL, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
out:
	vault_rollback(engine->vault);
	party_clear(&party);
	return error_name(ret_error, code, name);
}

/* A log-in is an exchange that ended with tokens. */
static void
note_tokens(const struct token_reply *tokens, int64_t now, struct credential *ret)
{
	if (tokens->scope_came)
		(void)text_format(ret->scope, sizeof ret->scope, "%s", tokens->scope);
	(void)text_format(ret->extra, sizeof ret->extra, "%s", tokens->extra);
	ret->exchanges++;
	ret->access_expires_at = tokens->expires_at;
	ret->access_life_s = tokens->expires_in_s;
	ret->next_refresh_at = refresh_due_at(now, tokens->expires_at, tokens->expires_in_s);
	ret->last_refresh_at = now;
}

static void
fill_new(const struct enrolment *enrolment, const struct party *party, int64_t now, struct credential *ret)
{
	(void)text_format(ret->client, sizeof ret->client, "%s", party->client.name);
	(void)text_format(ret->provider, sizeof ret->provider, "%s", party->client.provider);
	if (enrolment->scope != NULL)
		(void)text_format(ret->scope, sizeof ret->scope, "%s", enrolment->scope);
	if (enrolment->account != NULL)
		(void)text_format(ret->account, sizeof ret->account, "%s", enrolment->account);
	ret->state = STATE_OK;
	ret->grant_type = enrolment->grant_type;
	ret->rotating = grant_class(party->provider, enrolment->grant_type) != CLASS_STATIC;
	ret->remove_when_revoked = false;
	ret->revoke_what = 0;
	ret->generation++;
	ret->access_expires_at = TIME_UNKNOWN;
	ret->access_life_s = TIME_UNKNOWN;
	lifetime_begin(party->provider, enrolment->tokens, now, ret);
	ret->next_refresh_at = now;
	ret->retry_at = 0;
	ret->failures = 0;
	ret->last_error[0] = ret->last_error_text[0] = ret->cause[0] = '\0';
	ret->last_error_at = TIME_UNKNOWN;
	wipe(&ret->intent, sizeof ret->intent);
	if (enrolment->redirect_uri != NULL)
		(void)text_format(ret->redirect_uri, sizeof ret->redirect_uri, "%s", enrolment->redirect_uri);
	if (enrolment->resource != NULL)
		(void)text_format(ret->resource, sizeof ret->resource, "%s", enrolment->resource);
	if (enrolment->subject != NULL) {
		(void)text_format(ret->subject, sizeof ret->subject, "%s", enrolment->subject);
		ret->subject_of_id_token = enrolment->subject_of_id_token;
	}
	if (enrolment->tokens != NULL)
		note_tokens(enrolment->tokens, now, ret);
	if (secret_is_empty(enrolment->refresh_token))
		lifetime_none(ret);
	lifetime_keep_alive(now, ret);
}

static enum larder_code
store_access(struct engine *engine, const struct credential *credential, const struct token_reply *tokens, int64_t now,
    struct larder_error *ret_error)
{
	struct access access = {
		.issued_at = now,
		.expires_at = tokens->expires_at,
		.life_s = tokens->expires_in_s,
		.exchange = credential->exchanges,
	};
	enum larder_code code;

	if (!secret_copy(tokens->access_token.data, tokens->access_token.len, &access.token))
		return error_no_memory(ret_error);
	(void)text_format(access.token_type, sizeof access.token_type, "%s", tokens->token_type);
	(void)text_format(access.scope, sizeof access.scope, "%s", credential->scope);
	code = access_store(engine->vault, credential, "", "", &access, ret_error);
	access_clear(&access);
	return code;
}

/* The key comes and goes with the tokens that are bound to it. */
static enum larder_code
store_key(struct engine *engine, const struct enrolment *enrolment, const struct credential *credential,
    struct larder_error *ret_error)
{
	if (credential->dpop_jkt[0] == '\0')
		return dpop_key_remove(engine->vault, credential, ret_error);
	return dpop_key_store(engine->vault, credential, enrolment->dpop, ret_error);
}

static bool
copy_terms(const struct grant_terms *terms, struct grant_terms *ret)
{
	*ret = *terms;
	ret->key = (struct secret)SECRET_INIT;
	return secret_copy(terms->key.data, terms->key.len, &ret->key);
}

/* In the transaction: what another client was given is of no use to the one that follows it, which cannot revoke it. */
static enum larder_code
forget_other_client(struct engine *engine, const struct credential *old, struct larder_error *ret_error)
{
	enum larder_code code = grant_remove(engine->vault, old, ret_error);

	return code == LARDER_OK ? parked_remove_all(engine->vault, old, ret_error) : code;
}

/* In the transaction: the token comes in as the newest generation, its predecessor is kept until it has been used. */
static enum larder_code
store_new(struct engine *engine, const struct enrolment *enrolment, bool with_access, const struct party *party,
    struct credential *credential, struct larder_error *ret_error)
{
	struct grant old = { 0 }, grant = { 0 };
	struct larder_error ignored;
	enum larder_code code;

	code = secret_is_empty(enrolment->refresh_token)
	    ? LARDER_OK
	    : fingerprint_claim(engine->vault, party->client.client_id, credential->token_endpoint,
		  enrolment->refresh_token, credential->name, ret_error);
	if (code == LARDER_EXISTS &&
	    !(enrolment->replace && ret_error != NULL && strcmp(ret_error->name, credential->name) == 0))
		return code;
	if (code != LARDER_OK && code != LARDER_EXISTS)
		return code;
	if (enrolment->replace)
		code = grant_load(engine->vault, credential, &old, ret_error);
	/* A grant that is damaged or gone is what people replace tokens for; one that could not be read now is not. */
	if (enrolment->replace && code != LARDER_OK && code != LARDER_NOT_FOUND && code != LARDER_DAMAGED)
		return code;
	if (enrolment->replace && code == LARDER_OK) {
		if (!secret_is_empty(&old.previous) && !secret_equal(&old.previous, enrolment->refresh_token))
			(void)fingerprint_release(engine->vault, party->client.client_id, credential->token_endpoint,
			    &old.previous, &ignored);
		if (enrolment->tokens != NULL && !secret_is_empty(enrolment->refresh_token) &&
		    secret_equal(&old.refresh_token, enrolment->refresh_token)) {
			credential->generation--; /* the one that is there came, or none: nothing new is stored */
		} else if (!secret_equal(&old.refresh_token, enrolment->refresh_token)) {
			grant.previous = old.refresh_token;
			grant.previous_generation = credential->generation - 1;
			old.refresh_token = (struct secret)SECRET_INIT;
		}
	}
	if (!secret_is_empty(enrolment->refresh_token) &&
	    !secret_copy(enrolment->refresh_token->data, enrolment->refresh_token->len, &grant.refresh_token)) {
		code = error_no_memory(ret_error);
		goto out;
	}
	if (enrolment->terms != NULL && !copy_terms(enrolment->terms, &grant.terms)) {
		code = error_no_memory(ret_error);
		goto out;
	}
	code = credential_store(engine->vault, credential, ret_error);
	if (code == LARDER_OK)
		code = grant_store(engine->vault, credential, &grant, ret_error);
	if (code == LARDER_OK)
		code = store_key(engine, enrolment, credential, ret_error);
	if (code == LARDER_OK && enrolment->replace)
		code = access_remove_all(engine->vault, credential, ret_error);
	if (code == LARDER_OK && with_access)
		code = store_access(engine, credential, enrolment->tokens, credential->last_refresh_at, ret_error);
	if (code == LARDER_OK)
		code = audit(engine, enrolment->replace ? AUDIT_REPLACE : AUDIT_ADD, credential->name,
		    credential->generation, enrolment->note, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
out:
	grant_clear(&old);
	grant_clear(&grant);
	return code;
}

static enum larder_code
pin_endpoint(const struct party *party, struct credential *credential, struct larder_error *ret_error)
{
	struct buf url = BUF_INIT(URL_MAX);
	enum larder_code code;

	code = grant_endpoint(party, credential->grant_type, &url, ret_error);
	if (code == LARDER_OK)
		(void)text_format(credential->token_endpoint, sizeof credential->token_endpoint, "%s", buf_str(&url));
	buf_clear(&url);
	return code;
}

/*
 * A queued revocation of the old tokens is delivered first: replaced, they would be forgotten while they are alive.
 * A queued logout removes the credential with it, so that the new token comes in as a new one of the same client.
 */
static enum larder_code
deliver_old(struct engine *engine, const struct enrolment *enrolment, char ret_client[static NAME_SIZE],
    bool *ret_removed, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	struct revocation revocation;
	enum larder_code code;
	char hint[192];

	code = credential_load(engine->vault, enrolment->name, &credential, ret_error);
	wipe(&credential.intent, sizeof credential.intent);
	(void)text_format(ret_client, NAME_SIZE, "%s", credential.client);
	if (code != LARDER_OK || credential.state != STATE_REVOKING)
		return code;
	code = revoke_deliver(engine, enrolment->name, false, enrolment->deadline_ms, &revocation, ret_error);
	*ret_removed = revocation.removed;
	if (code != LARDER_OK || (revocation.result != REVOCATION_QUEUED && revocation.result != REVOCATION_FAILED))
		return code;
	(void)text_format(hint, sizeof hint,
	    "try again, or take another name; 'larder logout --local-only %s' forgets the old tokens unrevoked",
	    enrolment->name);
	return error_set(ret_error, LARDER_UNAVAILABLE, "cannot replace the token", hint,
	    "its revocation is still queued: %s", revocation.message);
}

/* An exchange of the old token that is under way ends first; what it brings is settled before it is replaced. */
static enum larder_code
settle_old(struct engine *engine, const struct enrolment *enrolment, struct lock *lock, struct credential *credential,
    struct larder_error *ret_error)
{
	struct larder_error judgement;
	enum larder_code code;
	int64_t held_since_ms;
	bool judged;

	code = credential_load(engine->vault, enrolment->name, credential, ret_error);
	if (code == LARDER_OK)
		code = exchange_lock_named(
		    engine, enrolment->name, enrolment->deadline_ms, credential, lock, &held_since_ms, ret_error);
	if (code == LARDER_OK)
		code = settle(engine, credential, NULL, &judged, &judgement, ret_error);
	return code;
}

/*
 * A consent that was given before brings no refresh token at some providers; the one that is there is as good as it was.
 * Whose it is has to be certain: two people's tokens in one credential would be worse than no log-in.
 */
static enum larder_code
find_kept(struct engine *engine, const struct enrolment *enrolment, const struct credential *existing,
    struct secret *ret_kept, struct larder_error *ret_error)
{
	struct grant grant = { 0 };
	enum larder_code code;

	if (!enrolment->replace || enrolment->terms != NULL || !secret_is_empty(enrolment->refresh_token) ||
	    existing->state == STATE_NEEDS_LOGIN || existing->state == STATE_REVOKED)
		return LARDER_OK;
	code = grant_load(engine->vault, existing, &grant, ret_error);
	if (code == LARDER_OK && !secret_is_empty(&grant.refresh_token)) {
		if (!enrolment->same_account)
			code = error_set(ret_error, LARDER_DENIED, "the log-in was refused",
			    "log in under another name, or end the old one first with 'larder logout'",
			    "it brought no refresh token, and the provider does not tell whether it is the same account");
		else if (!secret_copy(grant.refresh_token.data, grant.refresh_token.len, ret_kept))
			code = error_no_memory(ret_error);
	}
	grant_clear(&grant);
	return code == LARDER_NOT_FOUND || code == LARDER_DAMAGED ? LARDER_OK : code;
}

/*
 * What is handed in is bound from its next exchange on: to the key that there is, or a new one. A confidential client's
 * refresh token is bound to none (RFC 9449 section 5).
 */
static enum larder_code
take_key(struct engine *engine, const struct party *party, const struct credential *existing, struct dpop_key *ret,
    struct larder_error *ret_error)
{
	enum larder_code code =
	    existing->dpop_jkt[0] == '\0' ? LARDER_NOT_FOUND : dpop_key_load(engine->vault, existing, ret, ret_error);

	/* one that is damaged is what people log in again for */
	return code == LARDER_NOT_FOUND || code == LARDER_DAMAGED ? prove_begin(engine, party, ret, ret_error) : code;
}

/* Without the key of its log-in a token that is bound to it is of no use. */
static bool
has_access(const struct enrolment *wanted, const struct enrolment *enrolment)
{
	return wanted->tokens != NULL && (wanted->dpop == enrolment->dpop || !dpop_is_type(wanted->tokens->token_type));
}

/* It ends when it would have ended. */
static void
keep_lifetime(const struct credential *existing, struct credential *ret)
{
	ret->granted_at = existing->granted_at;
	ret->refresh_idle_end_at = existing->refresh_idle_end_at;
	ret->refresh_absolute_end_at = existing->refresh_absolute_end_at;
	ret->refresh_expires_at = existing->refresh_expires_at;
}

enum larder_code
enroll_credential(struct engine *engine, const struct enrolment *wanted, struct larder_error *ret_error)
{
	struct enrolment with_kept = *wanted, *enrolment = &with_kept;
	struct secret kept = SECRET_INIT;
	struct dpop_key own = { .alg = "" };
	struct credential credential = { 0 }, existing = { 0 };
	struct client client = { .name = "" };
	struct party party = { 0 };
	struct lock lock = LOCK_INIT;
	enum larder_code code = LARDER_OK;
	int64_t now = engine->effects->now_s(engine->effects->ctx);
	char old_client[NAME_SIZE] = "";
	bool removed = false;

	if (enrolment->replace)
		code = deliver_old(engine, enrolment, old_client, &removed, ret_error);
	if (code == LARDER_OK && enrolment->replace && !removed)
		code = settle_old(engine, enrolment, &lock, &existing, ret_error);
	if (code != LARDER_OK)
		goto out;
	(void)text_format(credential.client, sizeof credential.client, "%s",
	    enrolment->client != NULL ? enrolment->client : old_client);
	code = party_load(engine, &credential, &party, ret_error);
	if (code == LARDER_OK)
		code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = client_load(
		    engine->vault, party.client.name, &client, ret_error); /* it could just have been removed */
	if (code != LARDER_OK)
		goto out;
	code = credential_load(engine->vault, enrolment->name, &existing, ret_error);
	if (code == LARDER_OK && enrolment->replace && existing.state == STATE_REVOKING) {
		code = error_set(ret_error, LARDER_UNAVAILABLE, "cannot replace the token", "try again",
		    "somebody has just begun to revoke it");
		goto out;
	} else if (code == LARDER_OK && enrolment->replace) {
		credential = existing;
		if (strcmp(existing.client, party.client.name) != 0)
			code = forget_other_client(engine, &existing, ret_error);
		if (code == LARDER_OK)
			code = find_kept(engine, enrolment, &existing, &kept, ret_error);
		if (code != LARDER_OK)
			goto out;
		if (!secret_is_empty(&kept)) {
			enrolment->refresh_token = &kept;
			if (existing.dpop_jkt[0] != '\0') /* that it is bound to: no new one can take its place */
				enrolment->dpop = NULL;
		}
	} else if (code == LARDER_OK) {
		code = error_set(ret_error, LARDER_EXISTS, "cannot add the credential",
		    "choose another name, or store the token under it with --replace", "this name is taken");
		goto out;
	} else if (code == LARDER_NOT_FOUND && (!enrolment->replace || removed)) {
		credential.created_at = now;
		credential.last_refresh_at = TIME_UNKNOWN;
		(void)text_format(credential.name, sizeof credential.name, "%s", enrolment->name);
		engine->effects->random(engine->effects->ctx, credential.id, sizeof credential.id);
	} else {
		goto out;
	}
	fill_new(enrolment, &party, now, &credential);
	if (!secret_is_empty(&kept))
		keep_lifetime(&existing, &credential);
	code = pin_endpoint(&party, &credential, ret_error);
	credential.nonce_asked_at = 0;
	credential.dpop_jkt[0] = '\0';
	if (code == LARDER_OK && enrolment->dpop == NULL) {
		code = take_key(engine, &party, &existing, &own, ret_error);
		enrolment->dpop = &own;
	}
	if (code == LARDER_OK)
		code = prove_thumbprint(enrolment->dpop, credential.dpop_jkt, ret_error);
	if (code == LARDER_OK)
		code = store_new(engine, enrolment, has_access(wanted, enrolment), &party, &credential, ret_error);
out:
	vault_rollback(engine->vault);
	engine->effects->lock_close(engine->effects->ctx, &lock);
	party_clear(&party);
	client_clear(&client);
	secret_free(&kept);
	dpop_key_clear(&own);
	wipe(&existing.intent, sizeof existing.intent);
	return error_name(ret_error, code, enrolment->name);
}
