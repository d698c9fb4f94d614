/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "engine/grant.h"
#include "engine/prove.h"

#define SLOT_REPLY_FACTOR 2    /* a slot is twice the largest reply that this credential has had */
#define SETUP_MS          2000 /* over the courier's own limit for connecting */

/*
 * A refresh token goes only where it was stored for (RFC 6749 section 10.4). A loopback server of a test may move to
 * another port; any other change of the origin needs a person.
 */
static enum larder_code
check_endpoint(const struct party *party, struct credential *credential, bool accept, struct larder_error *ret_error)
{
	struct buf now = BUF_INIT(URL_MAX);
	struct url pinned, actual;
	char why[128];
	enum larder_code code;

	code = grant_endpoint(party, credential->grant_type, &now, ret_error);
	if (code != LARDER_OK)
		goto out;
	if (!url_parse(buf_str(&now), &actual, why, sizeof why)) {
		code = error_set(ret_error, LARDER_USAGE, "refresh failed", "run 'larder provider check'",
		    "the token endpoint is not usable: %s", why);
		goto out;
	}
	if (credential->token_endpoint[0] != '\0' && url_parse(credential->token_endpoint, &pinned, why, sizeof why) &&
	    !url_same_origin(&pinned, &actual) && !(url_is_loopback(&pinned) && url_is_loopback(&actual)) && !accept) {
		code = error_set(ret_error, LARDER_DENIED, "refresh failed",
		    "if the move is right, run 'larder refresh --accept'",
		    "the provider's token endpoint moved to another origin (%s:%u) than the one it was stored for",
		    actual.host, (unsigned)actual.port);
		goto out;
	}
	(void)text_format(credential->token_endpoint, sizeof credential->token_endpoint, "%s", buf_str(&now));
out:
	buf_clear(&now);
	return code;
}

static enum larder_code
build_job(struct engine *engine, const struct party *party, const struct token_want *want,
    const struct credential *credential, struct job *job, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct token_want asked = *want;
	struct grant grant = { 0 };
	struct secret ignored = SECRET_INIT;
	enum larder_code code;

	/* A token with more rights than the grant has cannot be had by a refresh (RFC 6749 section 6). */
	if (credential->grant_type == GRANT_TYPE_REFRESH_TOKEN && !party->provider->refresh.widens_scope &&
	    credential->scope[0] != '\0' && want->scope[0] != '\0' && !scope_is_subset(want->scope, credential->scope))
		return error_set(ret_error, LARDER_REJECTED, "refresh failed",
		    "ask for scopes that were granted, see 'larder show', or log in again for more",
		    "the scope is more than what was granted");
	code = party_job(engine, party, job, ret_error);
	job->kind = JOB_EXCHANGE;
	if (code == LARDER_OK)
		code = grant_load(engine->vault, credential, &grant, ret_error);
	/* what the log-in was for, or the token would be for anything; several are no audience that one could have */
	if (asked.resource[0] == '\0' && strchr(credential->resource, ' ') == NULL)
		asked.resource = credential->resource;
	if (code == LARDER_OK)
		code = grant_request(engine, party, credential->grant_type, &grant, &asked, &job->request, ret_error);
	grant_clear(&grant);
	if (code == LARDER_OK)
		code = prove_for(engine, credential, NONCE_OF_AUTHORIZATION, NULL, &job->request, ret_error);
	if (code != LARDER_OK)
		return code;
	memcpy(job->attempt.vault_id, vault_id(engine->vault), sizeof job->attempt.vault_id);
	memcpy(job->attempt.record_id, credential->id, sizeof job->attempt.record_id);
	job->attempt.generation = credential->generation;
	fx->random(fx->ctx, job->attempt.id, sizeof job->attempt.id);
	fx->random(fx->ctx, job->attempt.key, sizeof job->attempt.key);
	vault_box_keys(engine->vault, job->attempt.vault_public, &ignored);
	secret_free(&ignored);
	return LARDER_OK;
}

static void
fill_intent(
    struct engine *engine, const struct token_want *want, const struct job *job, uint32_t slot, struct intent *ret)
{
	const struct effects *fx = engine->effects;

	*ret = (struct intent){
		.open = true,
		.generation = job->attempt.generation,
		.opened_at = fx->now_s(fx->ctx),
		.opened_boot_ms = fx->clock_ms(fx->ctx),
		.pid = engine->vault->actor.pid,
		.slot = slot,
	};
	memcpy(ret->attempt_id, job->attempt.id, sizeof ret->attempt_id);
	memcpy(ret->attempt_key, job->attempt.key, sizeof ret->attempt_key);
	fx->boot_id(fx->ctx, ret->boot_id);
	(void)text_format(ret->scope, sizeof ret->scope, "%s", want->scope);
	(void)text_format(ret->resource, sizeof ret->resource, "%s", want->resource);
}

/*
 * The commit of an intent failed, so nothing will be sent, but it may be there: then it would look like a doubt. Best
 * effort, for a doubt only costs time or a person's word.
 */
static void
take_back(struct engine *engine, const struct job *job, const struct credential *credential,
    const struct larder_error *failure)
{
	struct larder_error storage = { .code = LARDER_STORAGE, .retry_after_s = -1 }, ignored;
	struct credential now = { 0 };

	if (failure != NULL)
		storage = *failure;
	if (credential_load(engine->vault, credential->name, &now, &ignored) == LARDER_OK && now.intent.open &&
	    memcmp(now.intent.attempt_id, job->attempt.id, sizeof now.intent.attempt_id) == 0)
		(void)settle_failure(engine, &now, true, &storage, &ignored);
	wipe(&now.intent, sizeof now.intent);
}

/*
 * Connecting took its time: what was decided before may be wrong now. A window of overlap that has closed meanwhile
 * would let the repetition end the grant, and with it a cached token that is still good.
 */
static enum larder_code
check_doubt(struct engine *engine, const struct party *party, const struct token_want *want,
    const struct credential *credential, struct larder_error *ret_error)
{
	const struct intent *intent = &credential->intent;
	struct situation situation = {
		.class = grant_class(party->provider, credential->grant_type),
		.on_unknown = party->provider->rotation.on_unknown,
		.grace_s = party->provider->rotation.grace_s,
		.intent_at = intent_asked_at(intent),
		.accept = want->accept,
		.now = engine->effects->now_s(engine->effects->ctx),
	};
	enum larder_code code;

	if (!intent->open)
		return LARDER_OK;
	code = refresh_has_valid_access(engine, credential, situation.now, &situation.cached_valid, ret_error);
	if (code != LARDER_OK)
		return code;
	if (rotation_may_ask_again(&situation))
		return LARDER_OK;
	return error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed", "try again",
	    "the time in which the provider may be asked again was over before it was reached");
}

/*
 * Commit, durably, that this generation is about to be spent: only if nothing has changed since it was decided. A
 * doubted intent may be replaced by the exchange that was decided on in its place.
 */
static enum larder_code
open_intent(struct engine *engine, const struct token_want *want, const struct job *job, uint32_t slot,
    struct credential *credential, struct larder_error *ret_error)
{
	struct audit_event event = { .op = AUDIT_REFRESH_BEGIN, .generation = credential->generation };
	struct credential fresh = { 0 };
	enum larder_code code;
	bool changed, unknown = false;
	int64_t doubted_at = 0;

	code = vault_verify_quick(engine->vault, ret_error);
	if (code == LARDER_OK)
		code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code != LARDER_OK)
		return code;
	code = credential_load(engine->vault, want->name, &fresh, ret_error);
	if (code != LARDER_OK)
		goto out;
	changed = memcmp(fresh.id, credential->id, sizeof fresh.id) != 0 ||
	    fresh.generation != credential->generation || fresh.intent.open != credential->intent.open ||
	    (fresh.intent.open &&
		memcmp(fresh.intent.attempt_id, credential->intent.attempt_id, sizeof fresh.intent.attempt_id) != 0);
	if (changed || fresh.state == STATE_REVOKING || fresh.state == STATE_REVOKED) {
		code = error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed", "try again",
		    "the credential was changed meanwhile");
		goto out;
	}
	if (fresh.intent.open && fresh.intent.generation == fresh.generation)
		doubted_at = intent_asked_at(&fresh.intent);
	fill_intent(engine, want, job, slot, &fresh.intent);
	fresh.intent.doubted_at = doubted_at;
	if (fresh.state == STATE_SUSPECT)
		fresh.state =
		    STATE_OK; /* a person accepts this copy as the one that goes on, or it would not be asked */
	(void)text_format(fresh.token_endpoint, sizeof fresh.token_endpoint, "%s", credential->token_endpoint);
	event.at = fresh.intent.opened_at;
	(void)text_format(event.name, sizeof event.name, "%s", fresh.name);
	(void)text_format(event.result, sizeof event.result, "ok");
	code = credential_store(engine->vault, &fresh, ret_error);
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, &unknown, ret_error);
	if (code == LARDER_OK)
		*credential = fresh;
out:
	vault_rollback(engine->vault);
	wipe(&fresh.intent, sizeof fresh.intent);
	if (unknown)
		take_back(engine, job, credential, ret_error);
	return code;
}

static enum larder_code
fail_unsent(const char *client, const struct call_result *result, enum call_event event, struct larder_error *ret_error)
{
	if (event == CALL_FAILED && result->failure.stage == CALL_REFUSED)
		return party_refused(client, result->failure.why, "refresh failed", ret_error);
	if (event == CALL_TIMEOUT)
		return error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed",
		    "try again, or allow more with --timeout", "no connection to the provider in time");
	if (event == CALL_FAILED && result->failure.stage == CALL_SETUP)
		return error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed",
		    "run 'larder doctor', and look at the endpoint with 'larder provider show'", "%s",
		    result->failure.why);
	if (event == CALL_FAILED)
		return error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed",
		    "check the network, the endpoint and its certificate, then try again", "%s", result->failure.why);
	return error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed", "run 'larder doctor'",
	    "the courier ended before anything was sent");
}

/* Everything up to ready; whatever fails here left nothing ambiguous. */
static enum larder_code
connect_courier(struct engine *engine, const char *client, const struct job *job, const struct spool_slot *slot,
    const struct lock *lock, int64_t deadline_ms, struct call **ret, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };
	struct call *call = NULL;
	enum call_event event;
	enum larder_code code;
	int64_t until = fx->clock_ms(fx->ctx) + CALL_CONNECT_MS + SETUP_MS;

	code = fx->call_open(fx->ctx, job, slot, lock, &call, ret_error);
	if (code != LARDER_OK)
		return code;
	event = fx->call_wait(fx->ctx, call, until < deadline_ms ? until : deadline_ms, &result);
	if (event == CALL_READY) {
		*ret = call;
		return LARDER_OK;
	}
	fx->call_close(fx->ctx, call);
	code = fail_unsent(client, &result, event, ret_error);
	http_reply_clear(&result.reply);
	return code;
}

/* After go: the courier's last word. The caller's death or impatience changes nothing for the courier. */
static enum larder_code
hear_end(struct engine *engine, struct call *call, int64_t deadline_ms, struct exchange_end *ret,
    struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };

	switch (fx->call_wait(fx->ctx, call, deadline_ms, &result)) {
	case CALL_REPLIED:
		ret->has_reply = true;
		ret->reply = result.reply;
		break;
	case CALL_FAILED:
		ret->unsent = result.failure.stage < CALL_SENT || result.failure.stage == CALL_REFUSED;
		if (result.failure.stage == CALL_REFUSED)
			(void)text_format(ret->refused, sizeof ret->refused, "%s", result.failure.why);
		break;
	case CALL_TIMEOUT:
		return error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed", "run the same command again",
		    "the provider has not answered yet; its answer will be kept when it comes");
	case CALL_READY:
	case CALL_SEALED:
	case CALL_GONE:
	case CALL_HEAD:
	case CALL_DATA:
	case CALL_END:
		break; /* settle looks into the slot, whatever was said */
	}
	return LARDER_OK;
}

/*
 * The spool could not take the reply, so it is committed from here, under the lock that the courier still holds for
 * us; then it may go. If the vault cannot take it either, the courier goes on trying.
 */
static enum larder_code
keep_reply(struct engine *engine, struct call *call, struct credential *credential, struct exchange_end *end,
    struct larder_error *ret_error)
{
	enum larder_code code;

	code = settle(engine, credential, end, &end->judged, &end->judgement, ret_error);
	if (code == LARDER_OK)
		engine->effects->call_kept(engine->effects->ctx, call);
	return code;
}

/* Twice the largest reply, unless that is more than any reply takes: a reply that was cut off may have been as long. */
static size_t
slot_size(const struct credential *credential)
{
	size_t size = (size_t)credential->reply_len_max * SLOT_REPLY_FACTOR;

	if (size < SPOOL_SIZE_MIN)
		return SPOOL_SIZE_MIN;
	return size < SPOOL_PAYLOAD_MAX ? size : SPOOL_PAYLOAD_MAX;
}

enum larder_code
exchange_run(struct engine *engine, const struct party *party, const struct token_want *want,
    struct credential *credential, struct lock *lock, struct exchange_end *ret, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct larder_error error = { .code = LARDER_OK, .retry_after_s = -1 }, second;
	struct spool_slot slot = SPOOL_SLOT_INIT;
	struct call *call = NULL;
	struct job job = { .kind = JOB_EXCHANGE };
	enum larder_code code;

	*ret = (struct exchange_end){ .unsent = false };
	code = check_endpoint(party, credential, want->accept, &error);
	if (code == LARDER_OK)
		code = build_job(engine, party, want, credential, &job, &error);
	settle_recycle(engine, credential);
	if (code == LARDER_OK)
		code = fx->slot_claim(fx->ctx, slot_size(credential), &slot, &error);
	if (code != LARDER_OK)
		goto out;
	code = connect_courier(engine, party->client.name, &job, &slot, lock, want->deadline_ms, &call, &error);
	if (code != LARDER_OK) {
		if (settle_failure(engine, credential, false, &error, &second) == LARDER_OK &&
		    larder_code_retryable(error.code))
			error.retry_after_s = credential->retry_at - fx->now_s(fx->ctx);
		goto out;
	}
	code = check_doubt(engine, party, want, credential, &error);
	if (code == LARDER_OK)
		code = open_intent(engine, want, &job, slot.number, credential, &error);
	if (code != LARDER_OK)
		goto out;
	memcpy(ret->attempt_id, job.attempt.id, sizeof ret->attempt_id);
	/* A courier that cannot be told any more ends by itself; what it did is for settle to find out. */
	if (fx->call_go(fx->ctx, call)) {
		fx->lock_close(fx->ctx, lock);
		fx->slot_close(fx->ctx, &slot);
		code = hear_end(engine, call, want->deadline_ms, ret, &error);
		if (code == LARDER_OK && ret->has_reply)
			code = keep_reply(engine, call, credential, ret, &error);
	}
out:
	fx->call_close(fx->ctx, call);
	fx->lock_close(fx->ctx, lock);
	fx->slot_close(fx->ctx, &slot);
	job_clear(&job);
	if (code != LARDER_OK && ret_error != NULL)
		*ret_error = error;
	return code;
}
