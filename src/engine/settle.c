/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "engine/apply.h"
#include "engine/engine.h"
#include "engine/judgement.h"
#include "engine/prove.h"
#include "oauth/grants.h"

/*
 * The one way in for replies. Whoever holds the lock settles: the caller that sent as a rule, and after a crash whoever
 * comes next, by the same code. The order never changes: judge, commit in one durable transaction, then blank the slot.
 */

enum find {
	FOUND_NOTHING,
	FOUND_REPLY,
	FOUND_UNSENT /* the courier was never told to go, or the server has read nothing, and it says so */
};

static enum find
open_found(const struct secret *text, struct http_reply *ret)
{
	const struct buf body = { .data = text->data, .len = text->len };
	struct call_failure failure;

	if (reply_decode(text->data, text->len, ret))
		return FOUND_REPLY;
	return failure_decode(&body, &failure) && failure.stage == CALL_NO_GO ? FOUND_UNSENT : FOUND_NOTHING;
}

/* What the spool has of the open intent. *slot stays claimed until the caller has committed. */
static enum larder_code
find_reply(struct engine *engine, const struct credential *credential, struct spool_slot *slot, struct http_reply *ret,
    size_t *ret_len, enum find *ret_found, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	const struct intent *intent = &credential->intent;
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	struct secret secret_key = SECRET_INIT, text = SECRET_INIT;
	struct attempt attempt = { .generation = intent->generation };
	uint8_t record_id[16], attempt_id[16];
	enum spool_content content;
	enum larder_code code;

	*ret_found = FOUND_NOTHING;
	code = fx->slot_open(fx->ctx, intent->slot, slot, ret_error);
	if (code == LARDER_NOT_FOUND || code == LARDER_UNAVAILABLE)
		return LARDER_OK; /* a slot that somebody else uses by now held nothing of ours */
	if (code != LARDER_OK)
		return code;
	errno = 0;
	content = fx->slot_read(fx->ctx, slot, record_id, attempt_id, &payload);
	if (content == SPOOL_FAILED) {
		code = errno == ENOMEM
		    ? error_no_memory(ret_error)
		    : error_set(ret_error, LARDER_STORAGE, "refresh failed", "check the disk, then try again",
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
	errno = 0;
	vault_box_keys(engine->vault, attempt.vault_public, &secret_key);
	if (!secret_is_empty(&secret_key) && box_open(&attempt, secret_key.data, payload.data, payload.len, &text))
		*ret_found = open_found(&text, ret);
	/* Taken for absent, it would be asked for again, with a token that is spent. */
	if (*ret_found == FOUND_NOTHING && error_is_memory())
		code = error_no_memory(ret_error);
	*ret_len = payload.len;
out:
	if (*ret_found == FOUND_NOTHING)
		fx->slot_close(fx->ctx, slot);
	wipe(&attempt, sizeof attempt);
	secret_free(&secret_key);
	secret_free(&text);
	buf_clear(&payload);
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

/* A transaction, and the credential as it is now: somebody else may have changed it since it was read. */
static enum larder_code
begin_anew(
    struct engine *engine, const struct credential *credential, struct credential *ret, struct larder_error *ret_error)
{
	enum larder_code code = vault_begin(engine->vault, STORE_DURABLE, ret_error);

	return code == LARDER_OK ? credential_load(engine->vault, credential->name, ret, ret_error) : code;
}

/*
 * Two secrets during a rotation (never both in one request): the one that the provider refuses changes places with the
 * other, which the next exchange shows. A refusal of the client spends nothing (RFC 6749 section 5.2), so that one may
 * follow at once; when both are refused it counts as any other failure. When the new one works the old one is forgotten.
 */
static enum larder_code
note_secret(struct engine *engine, const struct party *party, const struct credential *credential,
    const struct token_reply *reply, struct judgement *judgement, struct larder_error *ret_error)
{
	struct client client = { .name = "" };
	struct secret refused;
	bool is_refused = reply->outcome == GRANT_REJECTED && strcmp(reply->error, "invalid_client") == 0;
	enum larder_code code;

	if (secret_is_empty(&party->client.other_secret) || (!is_refused && reply->outcome != GRANT_TOKENS))
		return LARDER_OK;
	code = client_load(engine->vault, party->client.name, &client, ret_error);
	/* another exchange has found it out already, or a person has set a new one */
	if (code != LARDER_OK || !secret_equal(&client.secret, &party->client.secret))
		goto out;
	if (is_refused) {
		refused = client.secret;
		client.secret = client.other_secret;
		client.other_secret = refused;
		client.secret_is_old = !client.secret_is_old;
		client.secret_refused = !client.secret_refused;
		judgement->other_secret = client.secret_refused && credential->intent.doubted_at == 0;
	} else {
		client.secret_refused = false;
		if (!client.secret_is_old)
			secret_free(&client.other_secret);
	}
	code = client_store(engine->vault, &client, ret_error);
out:
	client_clear(&client);
	return code;
}

static enum larder_code
commit_reply(struct engine *engine, const struct party *party, struct credential *credential,
    const struct http_reply *http, size_t reply_len, struct larder_error *ret_judgement, struct larder_error *ret_error)
{
	struct credential fresh = { 0 };
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };
	struct judgement judgement;
	bool unknown = false, dropped = false, is_bearer = false, was_doubted;
	enum larder_code code;
	uint8_t attempt_id[16];
	uint64_t attempts = 0;
	int64_t now = engine->effects->now_s(engine->effects->ctx);

	memcpy(attempt_id, credential->intent.attempt_id, sizeof attempt_id);
	reply_judge(party->provider, http, credential->intent.opened_at, &reply);
	if (reply.starved) {
		code = error_no_memory(ret_error);
		goto out;
	}
	if (credential->grant_type != GRANT_TYPE_REFRESH_TOKEN)
		grants_judge(&reply, &dropped);
	if (credential->dpop_jkt[0] != '\0')
		dpop_judge(party->provider, &reply, &is_bearer);
	if (credential->subject_of_id_token)
		(void)party_believes(party, credential, NULL, 0, &reply);
	code = begin_anew(engine, credential, &fresh, ret_error);
	if (code != LARDER_OK)
		goto out;
	if (!is_attempt(&fresh.intent, attempt_id)) {
		/* Handed over by a courier that could seal it after all, or was not waited for: the next may be asking. */
		code = apply_park(engine, credential, http, now, "another exchange has taken its place", ret_error);
		if (code == LARDER_OK && fresh.state == STATE_REVOKED) {
			apply_revoke_again(&fresh);
			code = credential_store(engine->vault, &fresh, ret_error);
		}
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
	judgement_form(&(struct exchanged){ .provider = party->provider,
			   .credential = &fresh,
			   .http = http,
			   .reply = &reply,
			   .was_doubted = was_doubted,
			   .secret_end_at = party->client.secret_expires_at,
			   .is_bearer = is_bearer,
			   .dropped = dropped },
	    now, &judgement);
	if (reply_len > fresh.reply_len_max)
		fresh.reply_len_max = (uint32_t)reply_len;
	code = note_secret(engine, party, &fresh, &reply, &judgement, ret_error);
	if (code == LARDER_OK && fresh.dpop_jkt[0] != '\0')
		code = prove_note(engine, fresh.token_endpoint, NONCE_OF_AUTHORIZATION, http, ret_error);
	if (code == LARDER_OK)
		code = apply_reply(engine, party, &fresh, http, &reply, &judgement, now, ret_error);
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

/* As if the exchange had never begun. A doubt about an earlier one stays, and with it the intent. */
static enum larder_code
take_back_unsent(struct engine *engine, struct credential *credential, struct larder_error *ret_error)
{
	struct judgement judgement = { .error.code = LARDER_UNAVAILABLE };
	struct credential fresh = { 0 };
	enum larder_code code;

	(void)text_format(
	    judgement.error.why, sizeof judgement.error.why, "the provider read nothing: who asked has ended");
	code = begin_anew(engine, credential, &fresh, ret_error);
	if (code != LARDER_OK || !is_attempt(&fresh.intent, credential->intent.attempt_id) ||
	    fresh.intent.doubted_at != 0)
		goto out;
	apply_close_intent(&fresh);
	code = credential_store(engine->vault, &fresh, ret_error);
	if (code == LARDER_OK)
		code = apply_audit(engine, &fresh, &judgement, engine->effects->now_s(engine->effects->ctx), ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
	if (code == LARDER_OK)
		*credential = fresh;
out:
	vault_rollback(engine->vault);
	wipe(&fresh.intent, sizeof fresh.intent);
	return code;
}

static enum larder_code
fail_unsent(struct engine *engine, struct credential *credential, const struct exchange_end *end, bool *ret_judged,
    struct larder_error *ret_judgement, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	enum larder_code code;

	if (end->refused[0] != '\0')
		(void)party_refused(credential->client, end->refused, "refresh failed", ret_judgement);
	else
		(void)error_set(ret_judgement, LARDER_UNAVAILABLE, "refresh failed", "try again",
		    "the connection was given up before anything was sent");
	code = settle_failure(engine, credential, true, ret_judgement, ret_error);
	*ret_judged = code == LARDER_OK;
	if (code == LARDER_OK && larder_code_retryable(ret_judgement->code))
		ret_judgement->retry_after_s = credential->retry_at - fx->now_s(fx->ctx);
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
	enum find found = FOUND_NOTHING;
	enum larder_code code;
	size_t len = 0;
	bool ours;

	*ret_judged = false;
	if (!credential->intent.open)
		return LARDER_OK;
	ours = end != NULL && memcmp(end->attempt_id, credential->intent.attempt_id, sizeof end->attempt_id) == 0;
	if (ours && end->judged)
		return LARDER_OK; /* and left a doubt */
	if (ours && end->unsent)
		return fail_unsent(engine, credential, end, ret_judged, ret_judgement, ret_error);
	if (ours && end->has_reply) {
		http = &end->reply;
		len = http->body.len;
	} else {
		code = find_reply(engine, credential, &slot, &found_reply, &len, &found, ret_error);
		if (code != LARDER_OK || found == FOUND_NOTHING)
			return code;
	}
	if (found == FOUND_UNSENT) {
		code = ours ? fail_unsent(engine, credential, end, ret_judged, ret_judgement, ret_error)
			    : take_back_unsent(engine, credential, ret_error);
		goto out;
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
out:
	if (code == LARDER_OK && found != FOUND_NOTHING)
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

	code = begin_anew(engine, credential, &fresh, ret_error);
	if (code != LARDER_OK)
		goto out;
	judgement_of_failure(&fresh, failure, now, &judgement);
	fresh.attempts++;
	judgement_remember(&fresh, &judgement, now);
	/* Earlier attempts with an unknown outcome stay what they are: this failure says nothing about them. */
	if (unsent && fresh.intent.doubted_at == 0)
		apply_close_intent(&fresh);
	code = apply_to_endpoint(engine, &fresh, &judgement, now, ret_error);
	if (code == LARDER_OK)
		code = credential_store(engine->vault, &fresh, ret_error);
	if (code == LARDER_OK)
		code = apply_audit(engine, &fresh, &judgement, now, ret_error);
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

	code = begin_anew(engine, credential, &fresh, ret_error);
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
