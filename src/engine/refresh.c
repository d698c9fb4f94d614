/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/grant.h"
#include "engine/schedule.h"
#include "oauth/cause.h"

#define LOCK_POLL_MAX_MS 20

int64_t
intent_asked_at(const struct intent *intent)
{
	return intent->doubted_at != 0 ? intent->doubted_at : intent->opened_at;
}

void
refresh_start(struct refresh_call *call, const struct credential *credential)
{
	if (call->started)
		return;
	call->started = true;
	call->exchanges = credential->exchanges;
	call->attempts = credential->attempts;
}

/* Whether the cached token could be the answer, leaving aside --force. */
static bool
serves(const struct token_want *want, const struct access *access, int64_t now, int64_t min_ttl_s)
{
	return token_usable(access, now, min_ttl_s) &&
	    (want->refused == NULL || !secret_equal(want->refused, &access->token));
}

enum larder_code
refresh_access_load(struct engine *engine, const struct credential *credential, const struct token_want *want,
    struct access *ret, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	enum larder_code code;

	code = access_load(engine->vault, credential, want->scope, want->resource, ret, ret_error);
	if (code == LARDER_OK)
		token_end_by_clock(ret, fx->now_s(fx->ctx), fx->clock_ms(fx->ctx));
	return code;
}

void
situation_fill(const struct credential *credential, const struct access *access, const struct refresh_call *call,
    int64_t now, struct situation *ret)
{
	const struct token_want *want = call->want;
	bool moved = call->started && credential->exchanges > call->exchanges;

	*ret = (struct situation){
		.state = credential->state,
		.class = CLASS_STRICT,
		.grace_s = TTL_UNKNOWN,
		.has_refresh_token = true,
		.intent_open = credential->intent.open,
		.intent_at = intent_asked_at(&credential->intent),
		.cached_valid = serves(want, access, now, 0),
		.cached_enough =
		    !want->force && serves(want, access, now, token_min_ttl(want->min_ttl_s, access->life_s)),
		.fallback_allowed = !want->force && !want->min_ttl_explicit,
		.answered = moved && access->exchange > call->exchanges,
		.failed_meanwhile = !want->force && call->started && !moved && call->asked == 0 &&
		    credential->attempts > call->attempts &&
		    credential->last_error[0] != '\0', /* else it was of a token that has been replaced since */
		.asked = call->asked,
		.repeated = call->repeated,
		.force = want->force,
		.offline = want->offline,
		.accept = want->accept,
		.now = now,
		/* Noted in what is the future now: the wall clock was set back, and this says nothing about when. */
		.held_until = credential->last_error_at > now ? 0 : credential->retry_at,
	};
}

enum larder_code
exchange_lock(struct engine *engine, const struct credential *credential, int64_t deadline_ms, struct lock *ret,
    int64_t *ret_held_since_ms, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	int64_t byte = lock_byte(credential->id);
	int64_t pause = 1, patience = deadline_ms - fx->clock_ms(fx->ctx);
	enum larder_code code;

	for (;;) {
		code = fx->lock_try(fx->ctx, byte, ret, ret_error);
		if (code != LARDER_UNAVAILABLE) {
			*ret_held_since_ms = fx->clock_ms(fx->ctx);
			return code;
		}
		if (patience <= 0 || fx->clock_ms(fx->ctx) >= deadline_ms)
			return error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed",
			    "try again, or allow more with --timeout",
			    "another process has been refreshing it for too long");
		fx->sleep_ms(fx->ctx, pause);
		patience -= pause; /* ends the wait even if the clock stands still */
		if (pause < LOCK_POLL_MAX_MS)
			pause += LOCK_POLL_MS;
	}
}

/*
 * The lock is the record's, and the credential is known by its name: whoever waited for the lock of one that was removed
 * and added anew meanwhile needs the new one's.
 */
enum larder_code
exchange_lock_named(struct engine *engine, const char *name, int64_t deadline_ms, struct credential *credential,
    struct lock *ret, int64_t *ret_held_since_ms, struct larder_error *ret_error)
{
	uint8_t id[RECORD_ID_BYTES];
	enum larder_code code;

	do {
		memcpy(id, credential->id, sizeof id);
		engine->effects->lock_close(engine->effects->ctx, ret);
		code = exchange_lock(engine, credential, deadline_ms, ret, ret_held_since_ms, ret_error);
		if (code == LARDER_OK)
			code = credential_load(engine->vault, name, credential, ret_error);
	} while (code == LARDER_OK && memcmp(id, credential->id, sizeof id) != 0);
	return code;
}

enum larder_code
refresh_has_valid_access(
    struct engine *engine, const struct credential *credential, int64_t now, bool *ret, struct larder_error *ret_error)
{
	struct access *accesses = NULL;
	enum larder_code code;
	size_t count = 0, i;

	code = access_list(engine->vault, credential, &accesses, &count, ret_error);
	for (i = 0; code == LARDER_OK && i < count; i++) {
		token_end_by_clock(&accesses[i], now, engine->effects->clock_ms(engine->effects->ctx));
		*ret = *ret || token_usable(&accesses[i], now, 0);
	}
	access_list_free(accesses, count);
	return code;
}

/* A refresh in what is the future now says nothing: the wall clock was set back. */
static int64_t
refresh_early_until(const struct credential *credential, const struct provider *provider, int64_t now)
{
	if (credential->last_refresh_at == TIME_UNKNOWN || credential->last_refresh_at > now)
		return 0;
	return credential->last_refresh_at + provider->min_refresh_interval_s;
}

/* What is known only under the lock: the grant, the provider's class, the health of its endpoint. */
static enum larder_code
complete_situation(struct engine *engine, const struct credential *credential, const struct party *party,
    int64_t held_since_ms, struct situation *situation, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct endpoint_health health = { 0 };
	struct grant grant = { 0 };
	uint8_t boot_id[16];
	enum larder_code code;
	int64_t wait;

	if (credential->grant_type == GRANT_TYPE_REFRESH_TOKEN) {
		code = grant_load(engine->vault, credential, &grant, ret_error);
		if (code != LARDER_OK && code != LARDER_NOT_FOUND)
			return code;
		situation->has_refresh_token = code == LARDER_OK && !secret_is_empty(&grant.refresh_token);
		grant_clear(&grant);
	}
	situation->class = grant_class(party->provider, credential->grant_type);
	situation->on_unknown = party->provider->rotation.on_unknown;
	situation->grace_s = party->provider->rotation.grace_s;
	situation->early_until = refresh_early_until(credential, party->provider, situation->now);
	if (situation->intent_open) {
		code =
		    refresh_has_valid_access(engine, credential, situation->now, &situation->others_valid, ret_error);
		if (code != LARDER_OK)
			return code;
	}
	fx->boot_id(fx->ctx, boot_id);
	situation->quarantine_ms =
	    rotation_quarantine(&credential->intent, boot_id, held_since_ms, fx->clock_ms(fx->ctx));
	code = endpoint_load(engine->vault, credential->token_endpoint, &health, ret_error);
	if (code != LARDER_OK && code != LARDER_NOT_FOUND)
		return code;
	wait = breaker_wait(&health, situation->now);
	if (wait > 0 && situation->now + wait > situation->held_until)
		situation->held_until = situation->now + wait;
	return LARDER_OK;
}

/*
 * Our own exchange brought a token, and it is not there for us: somebody replaced the refresh token before we had the
 * lock again, or the machine slept and the token has ended meanwhile. A way cannot take longer than its sender lives.
 */
static bool
is_overtaken(
    const struct refresh_call *call, const struct credential *credential, const struct access *access, int64_t now)
{
	if (call->asked == 0 || call->failure.code != LARDER_OK || credential->intent.open ||
	    credential->exchanges <= call->exchanges)
		return false;
	return access->exchange <= call->exchanges ||
	    (!token_usable(access, now, 0) && now - access->issued_at > SENDER_LIFE_MS / 1000);
}

/*
 * After a refusal: the client may have another secret than it showed, which settle has put in place of that one. Then
 * nothing has failed yet. Both refused, the first is in its place again, and this call has shown each of them.
 */
static enum larder_code
note_other_secret(struct engine *engine, struct refresh_call *call, struct party *party, struct larder_error *judgement,
    struct larder_error *ret_error)
{
	struct client client = { .name = "" };
	enum larder_code code;

	if (secret_is_empty(&party->client.other_secret))
		return LARDER_OK;
	code = client_load(engine->vault, party->client.name, &client, ret_error);
	if (code == LARDER_OK && client.secret_refused && !secret_equal(&client.secret, &party->client.secret)) {
		party_clear(party);
		call->asked = call->repeated = 0;
		*judgement = (struct larder_error){ .code = LARDER_OK, .retry_after_s = -1 };
	}
	client_clear(&client);
	return code;
}

/* One turn under the lock: settle, read again, decide. */
static enum larder_code
look(struct engine *engine, struct refresh_call *call, struct credential *credential, const struct exchange_end *end,
    int64_t held_since_ms, struct party *party, struct decision *ret, struct larder_error *ret_error)
{
	const struct token_want *want = call->want;
	struct larder_error judgement = { .code = LARDER_OK };
	struct access access = { .expires_at = TIME_UNKNOWN };
	struct situation situation;
	bool judged = false;
	enum larder_code code;
	int64_t now;

	code = credential_load(engine->vault, want->name, credential, ret_error);
	if (code == LARDER_OK)
		code = settle(engine, credential, end, &judged, &judgement, ret_error);
	if (code != LARDER_OK)
		return code;
	if (end->judged) {
		judged = true;
		judgement = end->judgement;
	}
	if (judged && judgement.code == LARDER_REJECTED && party->provider != NULL)
		code = note_other_secret(engine, call, party, &judgement, ret_error);
	if (code != LARDER_OK)
		return code;
	/* It wants a proof with the nonce that is known now, and has not looked at the token (RFC 9449 section 8). */
	if (judged && judgement.code == LARDER_REJECTED && !end->unsent && credential->nonce_asked_at != 0) {
		call->asked = call->repeated = 0;
		judgement = (struct larder_error){ .code = LARDER_OK, .retry_after_s = -1 };
	}
	if (judged && call->asked > 0 && judgement.code != LARDER_OK)
		call->failure = judgement;
	code = refresh_access_load(engine, credential, want, &access, ret_error);
	if (code != LARDER_OK && code != LARDER_NOT_FOUND)
		return code;
	now = engine->effects->now_s(engine->effects->ctx);
	if (is_overtaken(call, credential, &access, now)) {
		call->asked = call->repeated = 0;
		call->exchanges = credential->exchanges;
		call->attempts = credential->attempts;
	}
	situation_fill(credential, &access, call, now, &situation);
	access_clear(&access);
	call->done = situation.answered;
	if (party->provider == NULL) {
		code = party_load(engine, credential, party, ret_error);
		if (code != LARDER_OK)
			return code;
	}
	code = complete_situation(engine, credential, party, held_since_ms, &situation, ret_error);
	if (code != LARDER_OK)
		return code;
	*ret = rotation_decide(&situation);
	/* A judged reply that left a doubt is reported first; the next call decides about asking again. */
	if (judged && judgement.code != LARDER_OK && credential->intent.open && ret->order != ORDER_SERVE)
		*ret = (struct decision){ .order = ORDER_FAIL, .reason = REASON_LAST_FAILURE };
	/* Without a token for exactly this want (an unusable one came), there is nothing more to wait for. */
	if (ret->order == ORDER_ASK && call->asked > 0 && call->failure.code != LARDER_OK && !credential->intent.open)
		*ret = (struct decision){ .order = ORDER_FAIL, .reason = REASON_LAST_FAILURE };
	if (ret->order == ORDER_FAIL && credential->intent.open && credential->state == STATE_OK)
		return settle_doubt(engine, credential, ret_error);
	return LARDER_OK;
}

/* An error before or during the exchange: the cached token may still be the answer (contract: temporary failures). */
static enum larder_code
fall_back(struct engine *engine, struct refresh_call *call, enum larder_code code, struct larder_error *ret_error)
{
	const struct token_want *want = call->want;
	struct credential credential = { 0 };
	struct access access = { .expires_at = TIME_UNKNOWN };
	struct larder_error ignored;

	if (code != LARDER_UNAVAILABLE || want->force || want->min_ttl_explicit)
		return code;
	if (credential_load(engine->vault, want->name, &credential, &ignored) != LARDER_OK ||
	    refresh_access_load(engine, &credential, want, &access, &ignored) != LARDER_OK)
		return code;
	if (serves(want, &access, engine->effects->now_s(engine->effects->ctx), 0)) {
		call->decided = true;
		code = LARDER_OK;
	}
	access_clear(&access);
	if (code != LARDER_OK && ret_error != NULL && ret_error->code == LARDER_OK)
		ret_error->code = code;
	return code;
}

static enum larder_code
note_start(
    struct engine *engine, struct refresh_call *call, struct credential *credential, struct larder_error *ret_error)
{
	enum larder_code code;

	code = credential_load(engine->vault, call->want->name, credential, ret_error);
	if (code == LARDER_OK)
		refresh_start(call, credential);
	return code;
}

static enum larder_code
wait_under_lock(struct engine *engine, const struct refresh_call *call, int64_t wait_ms, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	int64_t left = call->want->deadline_ms - fx->clock_ms(fx->ctx);

	if (wait_ms <= left) {
		fx->sleep_ms(fx->ctx, wait_ms);
		return LARDER_OK;
	}
	fx->sleep_ms(fx->ctx, left > 0 ? left : 0);
	(void)error_set(ret_error, LARDER_UNAVAILABLE, "refresh failed", "try again, or allow more with --timeout",
	    "the answer to an earlier refresh is not known yet");
	if (ret_error != NULL)
		ret_error->retry_after_s = (wait_ms - (left > 0 ? left : 0)) / 1000 + 1;
	return LARDER_UNAVAILABLE;
}

static enum larder_code
load_material(struct engine *engine, const struct credential *credential, const struct token_want *want,
    struct grant_material *ret, struct larder_error *ret_error)
{
	struct grant grant = { 0 };
	enum larder_code code = grant_load(engine->vault, credential, &grant, ret_error);

	if (code == LARDER_OK)
		code = grant_material_load(engine, &grant.terms, want, ret, ret_error);
	grant_clear(&grant);
	return code;
}

/* Whoever cannot wait so long leaves behind what is known: that an exchange got no answer yet. */
static enum larder_code
wait_or_doubt(struct engine *engine, const struct refresh_call *call, struct credential *credential, int64_t wait_ms,
    struct larder_error *ret_error)
{
	enum larder_code code = wait_under_lock(engine, call, wait_ms, ret_error);
	struct larder_error ignored;

	if (code == LARDER_UNAVAILABLE && credential->intent.open && credential->state == STATE_OK)
		(void)settle_doubt(engine, credential, &ignored);
	return code;
}

enum larder_code
refresh_run(struct engine *engine, struct refresh_call *call, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct exchange_end end = { .unsent = false };
	struct credential credential = { 0 };
	struct party party = { 0 };
	struct lock lock = LOCK_INIT;
	struct decision decision = { .order = ORDER_WAIT };
	struct grant_material material = { .is_complete = false };
	enum larder_code code;
	int64_t held_since_ms = 0;

	code = note_start(engine, call, &credential, ret_error);
	while (code == LARDER_OK) {
		if (lock.fd < 0)
			code = exchange_lock_named(engine, call->want->name, call->want->deadline_ms, &credential,
			    &lock, &held_since_ms, ret_error);
		if (code == LARDER_OK)
			code = look(engine, call, &credential, &end, held_since_ms, &party, &decision, ret_error);
		if (code != LARDER_OK || decision.order == ORDER_SERVE)
			break;
		if (decision.order == ORDER_FAIL) {
			code = refresh_fail(engine, &credential, &decision, call, fx->now_s(fx->ctx), ret_error);
		} else if (decision.order == ORDER_WAIT) {
			code = wait_or_doubt(engine, call, &credential, decision.wait_ms, ret_error);
		} else if (grant_needs_material(&credential) && !material.is_complete) {
			/* It may take another credential's exchange: nobody waits for one lock while he holds another. */
			fx->lock_close(fx->ctx, &lock);
			code = load_material(engine, &credential, call->want, &material, ret_error);
		} else {
			http_reply_clear(&end.reply);
			call->repeated += credential.intent.open;
			party.material = &material;
			code = exchange_run(engine, &party, call->want, &credential, &lock, &end, ret_error);
			call->asked++;
		}
	}
	if (code == LARDER_OK)
		call->decided = true;
	else
		code = fall_back(engine, call, code, ret_error);
	fx->lock_close(fx->ctx, &lock);
	http_reply_clear(&end.reply);
	grant_material_clear(&material);
	party_clear(&party);
	wipe(&credential.intent, sizeof credential.intent);
	return code;
}
