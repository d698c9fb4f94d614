/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/apply.h"

#include <string.h>

#include "base/text.h"
#include "engine/grant.h"
#include "engine/lifetime.h"
#include "engine/schedule.h"

/* Fingerprints follow the tokens; that another credential holds the same token is no reason to lose this one. */
static enum larder_code
move_fingerprints(struct engine *engine, const struct party *party, const struct credential *credential,
    const struct secret *gone, const struct secret *came, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	if (!secret_is_empty(gone))
		code = fingerprint_release(
		    engine->vault, party->client.client_id, credential->token_endpoint, gone, ret_error);
	if (code != LARDER_OK && code != LARDER_NOT_FOUND)
		return code;
	if (secret_is_empty(came))
		return LARDER_OK;
	code = fingerprint_claim(
	    engine->vault, party->client.client_id, credential->token_endpoint, came, credential->name, ret_error);
	return code == LARDER_EXISTS ? LARDER_OK : code;
}

/*
 * The exchange has proven the current token good, so its predecessor goes; if a successor came, the current token
 * becomes the predecessor and stays until that successor has been used.
 */
static enum larder_code
rotate_grant(struct engine *engine, const struct party *party, struct credential *credential,
    const struct token_reply *reply, struct larder_error *ret_error)
{
	struct grant grant = { 0 };
	const struct secret none = SECRET_INIT;
	enum larder_code code;

	code = grant_load(engine->vault, credential, &grant, ret_error);
	if (code != LARDER_OK)
		return code;
	code = move_fingerprints(engine, party, credential, &grant.previous, &none, ret_error);
	if (code != LARDER_OK)
		goto out;
	secret_free(&grant.previous);
	grant.previous_generation = 0;
	if (reply->refresh_token_came && !secret_equal(&reply->refresh_token, &grant.refresh_token)) {
		grant.previous = grant.refresh_token;
		grant.previous_generation = credential->generation;
		grant.refresh_token = (struct secret)SECRET_INIT;
		if (!secret_copy(reply->refresh_token.data, reply->refresh_token.len, &grant.refresh_token)) {
			code = error_no_memory(ret_error);
			goto out;
		}
		credential->generation++;
		code = move_fingerprints(engine, party, credential, &none, &grant.refresh_token, ret_error);
	}
	if (code == LARDER_OK)
		code = grant_store(engine->vault, credential, &grant, ret_error);
out:
	grant_clear(&grant);
	return code;
}

static enum larder_code
keep_access(struct engine *engine, struct credential *credential, const struct token_reply *reply,
    struct larder_error *ret_error)
{
	const struct intent *intent = &credential->intent;
	struct access access = {
		.issued_at = intent->opened_at,
		.issued_boot_ms = intent->opened_boot_ms,
		.expires_at = reply->expires_at,
		.life_s = reply->expires_in_s,
		.exchange = credential->exchanges + 1,
	};
	enum larder_code code;

	if (!secret_copy(reply->access_token.data, reply->access_token.len, &access.token))
		return error_no_memory(ret_error);
	(void)text_format(access.token_type, sizeof access.token_type, "%s", reply->token_type);
	/* Without a scope in the reply the one that was asked for is granted (RFC 6749 section 5.1). */
	(void)text_format(access.scope, sizeof access.scope, "%s",
	    reply->scope_came              ? reply->scope
		: intent->scope[0] != '\0' ? intent->scope
					   : credential->scope);
	code = access_store(engine->vault, credential, intent->scope, intent->resource, &access, ret_error);
	access_clear(&access);
	if (code != LARDER_OK || intent->scope[0] != '\0' || intent->resource[0] != '\0')
		return code;
	credential->access_expires_at = reply->expires_at;
	credential->access_life_s = reply->expires_in_s;
	credential->next_refresh_at = refresh_due_at(intent->opened_at, reply->expires_at, reply->expires_in_s);
	/* Nobody knows when it ends: it is given while nobody complains, and renewed when somebody looks after tokens. */
	if (credential->next_refresh_at == TIME_UNKNOWN)
		credential->next_refresh_at = intent->opened_at + DUE_UNKNOWN_S;
	return LARDER_OK;
}

/* Where a refresh ends the access tokens from before, those for other scopes and resources are none any more. */
static enum larder_code
forget_killed(struct engine *engine, struct credential *credential, int64_t now, struct larder_error *ret_error)
{
	enum larder_code code = access_remove_all(engine->vault, credential, ret_error);

	if (code != LARDER_OK)
		return code;
	credential->access_expires_at = TIME_UNKNOWN;
	credential->next_refresh_at = now;
	return LARDER_OK;
}

/* Tokens came, or at least a refresh token: first of all that one is kept. */
static enum larder_code
apply_tokens(struct engine *engine, const struct party *party, struct credential *credential,
    const struct token_reply *reply, const struct judgement *judgement, int64_t now, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	if (credential->grant_type == GRANT_TYPE_REFRESH_TOKEN)
		code = rotate_grant(engine, party, credential, reply, ret_error);
	if (code != LARDER_OK)
		return code;
	if (party->provider->rotation.old_access_token_killed)
		code = forget_killed(engine, credential, now, ret_error);
	if (code == LARDER_OK && reply->outcome == GRANT_TOKENS && reply->usable) {
		code = keep_access(engine, credential, reply, ret_error);
		if (code != LARDER_OK)
			return code;
		extra_merge(credential->extra, reply->extra);
		credential->exchanges++;
		credential->last_refresh_at = now;
	}
	if (credential->grant_type == GRANT_TYPE_REFRESH_TOKEN)
		lifetime_renew(party->provider, reply, credential->intent.opened_at, credential);
	/* What the refresh token stands for does not shrink with one narrower access token (RFC 6749 section 6). */
	if (credential->scope[0] == '\0' && credential->intent.scope[0] == '\0' && reply->scope_came)
		(void)text_format(credential->scope, sizeof credential->scope, "%s", reply->scope);
	/*
	 * A copied vault may have had this reply in its spool: the other copy has it too, so this one stays suspect. A
	 * question that a person accepted has ended that with its intent.
	 */
	if (credential->state != STATE_REVOKING && credential->state != STATE_REVOKED &&
	    credential->state != STATE_SUSPECT)
		credential->state = STATE_OK;
	judgement_remember(credential, judgement, now);
	return LARDER_OK;
}

enum larder_code
apply_to_endpoint(struct engine *engine, const struct credential *credential, const struct judgement *judgement,
    int64_t now, struct larder_error *ret_error)
{
	struct endpoint_health health = { 0 };
	enum larder_code code;

	code = endpoint_load(engine->vault, credential->token_endpoint, &health, ret_error);
	if (code != LARDER_OK && code != LARDER_NOT_FOUND)
		return code;
	if (judgement->endpoint_failed)
		breaker_failed(&health, now, judgement->retry_after_s);
	else if (code == LARDER_NOT_FOUND || health.failures == 0)
		return LARDER_OK;
	else
		breaker_succeeded(&health);
	return endpoint_store(engine->vault, credential->token_endpoint, &health, ret_error);
}

enum larder_code
apply_park(struct engine *engine, const struct credential *credential, const struct http_reply *reply, int64_t now,
    const char *why, struct larder_error *ret_error)
{
	struct buf bytes = BUF_INIT_SECRET(SPOOL_PAYLOAD_MAX);
	struct parked parked = {
		.generation = credential->intent.generation,
		.parked_at = now,
		.sent_at = credential->intent.opened_at,
	};
	struct audit_event event = { .at = now, .op = AUDIT_PARKED, .generation = credential->intent.generation };
	enum larder_code code;

	memcpy(parked.attempt_id, credential->intent.attempt_id, sizeof parked.attempt_id);
	(void)text_format(parked.why, sizeof parked.why, "%s", why);
	if (!reply_encode(reply, &bytes) || !buf_take_secret(&bytes, &parked.reply)) {
		code = error_no_memory(ret_error);
		goto out;
	}
	code = parked_add(engine->vault, credential, &parked, ret_error);
	(void)text_format(event.name, sizeof event.name, "%s", credential->name);
	(void)text_format(event.result, sizeof event.result, "ok");
	(void)text_format(event.detail, sizeof event.detail, "%s", why);
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
out:
	secret_free(&parked.reply);
	buf_clear(&bytes);
	return code;
}

void
apply_revoke_again(struct credential *credential)
{
	if (credential->state != STATE_REVOKED)
		return;
	credential->state = STATE_REVOKING;
	credential->revoke_what = WHAT_ALL;
	credential->retry_at = 0;
}

void
apply_close_intent(struct credential *credential)
{
	wipe(&credential->intent, sizeof credential->intent);
	credential->intent = (struct intent){ .open = false };
}

/*
 * A repetition that was not taken says nothing about the request before it, which may have spent the token. Where asking
 * again does no harm there is nothing to keep in mind.
 */
static bool
leaves_doubt(const struct party *party, const struct credential *credential, const struct token_reply *reply)
{
	enum spend_class class = grant_class(party->provider, credential->grant_type);

	return credential->intent.doubted_at != 0 && reply->outcome != GRANT_ENDED && class != CLASS_STATIC &&
	    class != CLASS_UNTIL_USED;
}

enum larder_code
apply_audit(struct engine *engine, const struct credential *credential, const struct judgement *judgement, int64_t now,
    struct larder_error *ret_error)
{
	struct audit_event event = {
		.at = now,
		.op = judgement->error.code == LARDER_OK ? AUDIT_REFRESH_END : AUDIT_REFRESH_FAILED,
		.generation = credential->generation,
	};

	(void)text_format(event.name, sizeof event.name, "%s", credential->name);
	(void)text_format(event.result, sizeof event.result, "%s", larder_code_name(judgement->error.code));
	(void)text_format(event.detail, sizeof event.detail, "%s",
	    judgement->error.why[0] == '\0' && judgement->note != NULL ? judgement->note : judgement->error.why);
	return audit_append(engine->vault, &event, ret_error);
}

enum larder_code
apply_reply(struct engine *engine, const struct party *party, struct credential *credential,
    const struct http_reply *http, const struct token_reply *reply, const struct judgement *judgement, int64_t now,
    struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	/*
	 * What came for another token than the current one tells nobody who waits for this one that it failed; nor does
	 * a refusal of what only this call wished for.
	 */
	if (credential->intent.generation == credential->generation && !judgement->of_wish &&
	    !judgement->other_secret && !judgement->other_nonce)
		credential->attempts++;
	credential->nonce_asked_at = judgement->other_nonce ? now : 0;
	if (credential->intent.generation != credential->generation) {
		code = apply_park(engine, credential, http, now, "the refresh token was replaced meanwhile", ret_error);
		apply_close_intent(credential);
	} else if (reply->outcome == GRANT_TOKENS || reply->refresh_token_came) {
		if (judgement->doubt || reply->refresh_token_refused)
			code = apply_park(engine, credential, http, now,
			    judgement->doubt ? judgement->error.why : reply->complaint, ret_error);
		if (code == LARDER_OK)
			code = apply_tokens(engine, party, credential, reply, judgement, now, ret_error);
		apply_close_intent(credential);
	} else if (judgement->doubt || leaves_doubt(party, credential, reply)) {
		if (judgement->doubt)
			code = apply_park(engine, credential, http, now, judgement->error.why, ret_error);
		if (credential->state == STATE_OK)
			credential->state = STATE_IN_DOUBT;
		judgement_remember(credential, judgement, now);
	} else {
		if (reply->outcome == GRANT_ENDED && credential->grant_type == GRANT_TYPE_REFRESH_TOKEN &&
		    credential->state != STATE_REVOKING && credential->state != STATE_REVOKED)
			credential->state = STATE_NEEDS_LOGIN;
		else if (credential->state == STATE_IN_DOUBT)
			credential->state = STATE_OK; /* it was not spent after all, or asking again is harmless */
		judgement_remember(credential, judgement, now);
		apply_close_intent(credential);
	}
	if (judgement->doubt || reply->outcome == GRANT_TOKENS || reply->refresh_token_came)
		apply_revoke_again(credential);
	if (code == LARDER_OK)
		code = apply_to_endpoint(engine, credential, judgement, now, ret_error);
	if (code == LARDER_OK)
		code = credential_store(engine->vault, credential, ret_error);
	if (code == LARDER_OK)
		code = apply_audit(engine, credential, judgement, now, ret_error);
	return code;
}
