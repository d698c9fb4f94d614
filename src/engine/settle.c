/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/judgement.h"
#include "engine/schedule.h"

/*
 * The one way in for replies. Whoever holds the lock settles: the caller that sent as a rule, and after a crash whoever
 * comes next, by the same code. The order never changes: judge, commit in one durable transaction, then blank the slot.
 */

/* The reply of the open intent, if the spool has it. *slot stays claimed until the caller has committed. */
static enum larder_code
find_reply(struct engine *engine, const struct credential *credential, struct spool_slot *slot, struct http_reply *ret,
    size_t *ret_len, bool *ret_found, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	const struct intent *intent = &credential->intent;
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	struct secret secret_key = SECRET_INIT, text = SECRET_INIT;
	struct attempt attempt = { .generation = intent->generation };
	uint8_t record_id[16], attempt_id[16];
	enum spool_content content;
	enum larder_code code;

	*ret_found = false;
	code = fx->slot_open(fx->ctx, intent->slot, slot, ret_error);
	if (code == LARDER_NOT_FOUND || code == LARDER_UNAVAILABLE)
		return LARDER_OK; /* a slot that somebody else uses by now held nothing of ours */
	if (code != LARDER_OK)
		return code;
	content = fx->slot_read(fx->ctx, slot, record_id, attempt_id, &payload);
	if (content == SPOOL_FAILED) {
		code = error_set(ret_error, LARDER_STORAGE, "refresh failed", "check the disk, then try again",
		    "the slot with the provider's answer cannot be read");
		goto out;
	}
	if (content != SPOOL_REPLY || memcmp(record_id, credential->id, sizeof record_id) != 0 ||
	    memcmp(attempt_id, intent->attempt_id, sizeof attempt_id) != 0)
		goto out;
	memcpy(attempt.vault_id, vault_id(engine->vault), sizeof attempt.vault_id);
	memcpy(attempt.record_id, credential->id, sizeof attempt.record_id);
	memcpy(attempt.id, intent->attempt_id, sizeof attempt.id);
	memcpy(attempt.key, intent->attempt_key, sizeof attempt.key);
	vault_box_keys(engine->vault, attempt.vault_public, &secret_key);
	if (!secret_is_empty(&secret_key) && box_open(&attempt, secret_key.data, payload.data, payload.len, &text))
		*ret_found = reply_decode(text.data, text.len, ret);
	*ret_len = payload.len;
out:
	if (!*ret_found)
		fx->slot_close(fx->ctx, slot);
	wipe(&attempt, sizeof attempt);
	secret_free(&secret_key);
	secret_free(&text);
	buf_clear(&payload);
	return code;
}

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
	return LARDER_OK;
}

/* Tokens came, or at least a refresh token: first of all that one is kept. */
static enum larder_code
apply_tokens(struct engine *engine, const struct party *party, struct credential *credential,
    const struct token_reply *reply, const struct judgement *judgement, int64_t now, struct larder_error *ret_error)
{
	enum larder_code code;

	code = rotate_grant(engine, party, credential, reply, ret_error);
	if (code != LARDER_OK)
		return code;
	if (reply->outcome == GRANT_TOKENS && reply->usable) {
		code = keep_access(engine, credential, reply, ret_error);
		if (code != LARDER_OK)
			return code;
		credential->exchanges++;
		credential->last_refresh_at = now;
	}
	if (reply->refresh_expires_at != TIME_UNKNOWN)
		credential->refresh_expires_at = reply->refresh_expires_at;
	else if (reply->refresh_token_came && party->provider->refresh_token_absolute_s == TTL_UNKNOWN &&
	    party->provider->refresh_token_idle_s > 0)
		credential->refresh_expires_at = now + party->provider->refresh_token_idle_s;
	/* What the refresh token stands for does not shrink with one narrower access token (RFC 6749 section 6). */
	if (credential->scope[0] == '\0' && credential->intent.scope[0] == '\0' && reply->scope_came)
		(void)text_format(credential->scope, sizeof credential->scope, "%s", reply->scope);
	if (credential->state != STATE_REVOKING && credential->state != STATE_REVOKED)
		credential->state = STATE_OK;
	judgement_remember(credential, judgement, now);
	return LARDER_OK;
}

static enum larder_code
note_endpoint(struct engine *engine, const struct credential *credential, const struct judgement *judgement,
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

static enum larder_code
park(struct engine *engine, const struct credential *credential, const struct http_reply *reply, int64_t now,
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

static void
close_intent(struct credential *credential)
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
	enum spend_class class = provider_class(party->provider);

	return credential->intent.doubted_at != 0 && reply->outcome != GRANT_ENDED && class != CLASS_STATIC &&
	    class != CLASS_UNTIL_USED;
}

static enum larder_code
audit_end_of(struct engine *engine, const struct credential *credential, const struct judgement *judgement, int64_t now,
    struct larder_error *ret_error)
{
	struct audit_event event = {
		.at = now,
		.op = judgement->error.code == LARDER_OK ? AUDIT_REFRESH_END : AUDIT_REFRESH_FAILED,
		.generation = credential->generation,
	};

	(void)text_format(event.name, sizeof event.name, "%s", credential->name);
	(void)text_format(event.result, sizeof event.result, "%s", larder_code_name(judgement->error.code));
	(void)text_format(event.detail, sizeof event.detail, "%s", judgement->error.why);
	return audit_append(engine->vault, &event, ret_error);
}

/* In the transaction: what the judged reply does to the records. */
static enum larder_code
apply(struct engine *engine, const struct party *party, struct credential *credential, const struct http_reply *http,
    const struct token_reply *reply, const struct judgement *judgement, int64_t now, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	/* What came for another token than the current one tells nobody who waits for this one that it failed. */
	if (credential->intent.generation == credential->generation)
		credential->attempts++;
	if (credential->intent.generation != credential->generation) {
		code = park(engine, credential, http, now, "the refresh token was replaced meanwhile", ret_error);
		close_intent(credential);
	} else if (reply->outcome == GRANT_TOKENS || reply->refresh_token_came) {
		if (judgement->doubt || reply->refresh_token_refused)
			code = park(engine, credential, http, now,
			    judgement->doubt ? judgement->error.why : reply->complaint, ret_error);
		if (code == LARDER_OK)
			code = apply_tokens(engine, party, credential, reply, judgement, now, ret_error);
		close_intent(credential);
	} else if (judgement->doubt || leaves_doubt(party, credential, reply)) {
		if (judgement->doubt)
			code = park(engine, credential, http, now, judgement->error.why, ret_error);
		if (credential->state == STATE_OK || credential->state == STATE_SUSPECT)
			credential->state = STATE_IN_DOUBT;
		judgement_remember(credential, judgement, now);
	} else {
		if (reply->outcome == GRANT_ENDED && credential->state != STATE_REVOKING &&
		    credential->state != STATE_REVOKED)
			credential->state = STATE_NEEDS_LOGIN;
		else if (credential->state == STATE_IN_DOUBT)
			credential->state = STATE_OK; /* it was not spent after all, or asking again is harmless */
		judgement_remember(credential, judgement, now);
		close_intent(credential);
	}
	if (code == LARDER_OK)
		code = note_endpoint(engine, credential, judgement, now, ret_error);
	if (code == LARDER_OK)
		code = credential_store(engine->vault, credential, ret_error);
	if (code == LARDER_OK)
		code = audit_end_of(engine, credential, judgement, now, ret_error);
	return code;
}

static bool
is_attempt(const struct intent *intent, const uint8_t attempt_id[static 16])
{
	return intent->open && memcmp(intent->attempt_id, attempt_id, sizeof intent->attempt_id) == 0;
}

/* Whether an unknown COMMIT did happen: the attempt is not the open intent any more. */
static bool
is_committed(struct engine *engine, const char *name, const uint8_t attempt_id[static 16], uint64_t attempts)
{
	struct credential now = { 0 };
	struct larder_error ignored;
	bool committed;

	if (credential_load(engine->vault, name, &now, &ignored) != LARDER_OK)
		return false;
	committed = now.attempts > attempts || !is_attempt(&now.intent, attempt_id);
	wipe(&now.intent, sizeof now.intent);
	return committed;
}

static enum larder_code
commit_reply(struct engine *engine, const struct party *party, struct credential *credential,
    const struct http_reply *http, size_t reply_len, struct larder_error *ret_judgement, struct larder_error *ret_error)
{
	struct credential fresh = { 0 };
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };
	struct judgement judgement;
	bool unknown = false, was_doubted;
	enum larder_code code;
	uint8_t attempt_id[16];
	uint64_t attempts = 0;
	int64_t now = engine->effects->now_s(engine->effects->ctx);

	memcpy(attempt_id, credential->intent.attempt_id, sizeof attempt_id);
	reply_judge(party->provider, http, credential->intent.opened_at, &reply);
	code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = credential_load(engine->vault, credential->name, &fresh, ret_error);
	if (code != LARDER_OK)
		goto out;
	if (!is_attempt(&fresh.intent, attempt_id)) {
		/* Handed over by a courier that could seal it after all, or was not waited for: the next may be asking. */
		code = park(engine, credential, http, now, "another exchange has taken its place", ret_error);
		if (code == LARDER_OK)
			code = vault_commit(engine->vault, NULL, ret_error);
		if (code == LARDER_OK) {
			*credential = fresh;
			*ret_judgement = (struct larder_error){ .code = LARDER_OK, .retry_after_s = -1 };
		}
		goto out;
	}
	attempts = fresh.attempts;
	was_doubted = fresh.state == STATE_IN_DOUBT || fresh.intent.doubted_at != 0;
	judgement_form(party->provider, &fresh, http, &reply, was_doubted, now, &judgement);
	if (reply_len > fresh.reply_len_max)
		fresh.reply_len_max = (uint32_t)reply_len;
	code = apply(engine, party, &fresh, http, &reply, &judgement, now, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, &unknown, ret_error);
	if (code != LARDER_OK && unknown && is_committed(engine, fresh.name, attempt_id, attempts))
		code = credential_load(engine->vault, credential->name, &fresh, ret_error);
	if (code == LARDER_OK) {
		*credential = fresh;
		*ret_judgement = judgement.error;
	}
out:
	vault_rollback(engine->vault);
	wipe(&fresh.intent, sizeof fresh.intent);
	token_reply_clear(&reply);
	return code;
}

enum larder_code
settle(struct engine *engine, struct credential *credential, const struct exchange_end *end, bool *ret_judged,
    struct larder_error *ret_judgement, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct http_reply found_reply = { .status = 0 };
	const struct http_reply *http = &found_reply;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	struct party party = { 0 };
	bool ours, found = false;
	enum larder_code code;
	size_t len = 0;

	*ret_judged = false;
	if (!credential->intent.open)
		return LARDER_OK;
	ours = end != NULL && memcmp(end->attempt_id, credential->intent.attempt_id, sizeof end->attempt_id) == 0;
	if (ours && end->judged)
		return LARDER_OK; /* and left a doubt */
	if (ours && end->unsent) {
		(void)error_set(ret_judgement, LARDER_UNAVAILABLE, "refresh failed", "try again",
		    "the connection was given up before anything was sent");
		code = settle_failure(engine, credential, true, ret_judgement, ret_error);
		*ret_judged = code == LARDER_OK;
		if (code == LARDER_OK)
			ret_judgement->retry_after_s = credential->retry_at - fx->now_s(fx->ctx);
		return code;
	}
	if (ours && end->has_reply) {
		http = &end->reply;
		len = http->body.len;
	} else {
		code = find_reply(engine, credential, &slot, &found_reply, &len, &found, ret_error);
		if (code != LARDER_OK || !found)
			return code;
	}
	code = party_load(engine, credential, &party, ret_error);
	if (code == LARDER_OK)
		code = commit_reply(engine, &party, credential, http, len, ret_judgement, ret_error);
	*ret_judged = code == LARDER_OK;
	if (code == LARDER_STORAGE && ret_error != NULL)
		(void)text_format(ret_error->hint, sizeof ret_error->hint,
		    "the provider's answer is kept; make room or make the vault writable, then run the same command again");
	/*
	 * Not synced: a slot that is full again after a power cut holds a reply of an attempt that is not open any more,
	 * and is recycled before the credential's next exchange.
	 */
	if (code == LARDER_OK && found)
		(void)fx->slot_blank(fx->ctx, &slot);
	fx->slot_close(fx->ctx, &slot);
	party_clear(&party);
	http_reply_clear(&found_reply);
	return code;
}

enum larder_code
settle_failure(struct engine *engine, struct credential *credential, bool unsent, const struct larder_error *failure,
    struct larder_error *ret_error)
{
	struct credential fresh = { 0 };
	struct judgement judgement;
	enum larder_code code;
	int64_t now = engine->effects->now_s(engine->effects->ctx);

	code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = credential_load(engine->vault, credential->name, &fresh, ret_error);
	if (code != LARDER_OK)
		goto out;
	judgement_of_failure(&fresh, failure, now, &judgement);
	fresh.attempts++;
	judgement_remember(&fresh, &judgement, now);
	/* Earlier attempts with an unknown outcome stay what they are: this failure says nothing about them. */
	if (unsent && fresh.intent.doubted_at == 0)
		close_intent(&fresh);
	code = note_endpoint(engine, &fresh, &judgement, now, ret_error);
	if (code == LARDER_OK)
		code = credential_store(engine->vault, &fresh, ret_error);
	if (code == LARDER_OK)
		code = audit_end_of(engine, &fresh, &judgement, now, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
	if (code == LARDER_OK)
		*credential = fresh;
out:
	vault_rollback(engine->vault);
	wipe(&fresh.intent, sizeof fresh.intent);
	return code;
}

enum larder_code
settle_doubt(struct engine *engine, struct credential *credential, struct larder_error *ret_error)
{
	struct audit_event event = { .op = AUDIT_STATE, .generation = credential->generation };
	struct credential fresh = { 0 };
	enum larder_code code;

	code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = credential_load(engine->vault, credential->name, &fresh, ret_error);
	if (code != LARDER_OK || !fresh.intent.open || fresh.state != STATE_OK)
		goto out;
	fresh.state = STATE_IN_DOUBT;
	event.at = engine->effects->now_s(engine->effects->ctx);
	(void)text_format(fresh.last_error, sizeof fresh.last_error, "%s", larder_code_name(LARDER_IN_DOUBT));
	(void)text_format(fresh.last_error_text, sizeof fresh.last_error_text, "a refresh got no answer");
	fresh.last_error_at = event.at;
	(void)text_format(event.name, sizeof event.name, "%s", fresh.name);
	(void)text_format(event.result, sizeof event.result, "%s", credential_state_name(fresh.state));
	code = credential_store(engine->vault, &fresh, ret_error);
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
	if (code == LARDER_OK)
		*credential = fresh;
out:
	vault_rollback(engine->vault);
	wipe(&fresh.intent, sizeof fresh.intent);
	return code;
}
