/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/schedule.h"

#define TOKENS_MAX       64 /* tokens that one revocation sends; the rest stays for the next one */
#define REVOKE_LISTEN_MS 30000

/* Everything of one credential that is still to be revoked, and how it went. */
struct delivery {
	struct {
		enum token_kind kind;
		struct secret token;
	} items[TOKENS_MAX];
	size_t count;
	bool sent[2], confirmed[2], unsupported[2], retry, refused; /* by token_kind */
	int64_t retry_after_s;
	struct revocation *result;
};

static void
delivery_clear(struct delivery *delivery)
{
	size_t i;

	for (i = 0; i < delivery->count; i++)
		secret_free(&delivery->items[i].token);
	delivery->count = 0;
}

static bool
add_token(struct delivery *delivery, enum token_kind kind, const struct secret *token)
{
	size_t i;

	if (secret_is_empty(token) || delivery->count == TOKENS_MAX)
		return true;
	for (i = 0; i < delivery->count; i++) {
		if (secret_equal(&delivery->items[i].token, token))
			return true;
	}
	delivery->items[delivery->count].kind = kind;
	if (!secret_copy(token->data, token->len, &delivery->items[delivery->count].token))
		return false;
	delivery->count++;
	return true;
}

/* Replies that were kept aside may hold live tokens of the same grant. */
static enum larder_code
collect_parked(struct engine *engine, const struct party *party, const struct credential *credential, uint8_t what,
    struct delivery *delivery, struct larder_error *ret_error)
{
	struct parked *parked = NULL;
	struct token_reply reply;
	struct http_reply http;
	enum larder_code code;
	size_t count = 0, i;
	bool ok = true;

	code = parked_list(engine->vault, credential, &parked, &count, ret_error);
	for (i = 0; code == LARDER_OK && ok && i < count; i++) {
		http = (struct http_reply){ .status = 0 };
		if (!reply_decode(parked[i].reply.data, parked[i].reply.len, &http))
			continue;
		reply = (struct token_reply){ .outcome = GRANT_UNKNOWN };
		reply_judge(party->provider, &http, parked[i].sent_at, &reply);
		if ((what & WHAT_REFRESH) != 0)
			ok = add_token(delivery, TOKEN_REFRESH, &reply.refresh_token);
		if (ok && (what & WHAT_ACCESS) != 0)
			ok = add_token(delivery, TOKEN_ACCESS, &reply.access_token);
		token_reply_clear(&reply);
		http_reply_clear(&http);
	}
	parked_list_free(parked, count);
	return code == LARDER_OK && !ok ? error_no_memory(ret_error) : code;
}

/* The refresh tokens first: servers end its access tokens with them (RFC 7009 section 2.1). */
static enum larder_code
collect(struct engine *engine, const struct party *party, const struct credential *credential,
    struct delivery *delivery, struct larder_error *ret_error)
{
	uint8_t what = credential->revoke_what == 0 ? WHAT_ALL : credential->revoke_what;
	struct access *accesses = NULL;
	struct grant grant = { 0 };
	enum larder_code code;
	size_t count = 0, i;
	bool ok = true;

	if ((what & WHAT_REFRESH) != 0) {
		code = grant_load(engine->vault, credential, &grant, ret_error);
		ok = add_token(delivery, TOKEN_REFRESH, &grant.refresh_token) &&
		    add_token(delivery, TOKEN_REFRESH, &grant.previous);
		grant_clear(&grant);
		if (code != LARDER_OK && code != LARDER_NOT_FOUND)
			return code;
	}
	code = collect_parked(engine, party, credential, what, delivery, ret_error);
	if (code != LARDER_OK)
		return code;
	if ((what & WHAT_ACCESS) != 0) {
		code = access_list(engine->vault, credential, &accesses, &count, ret_error);
		for (i = 0; code == LARDER_OK && ok && i < count; i++)
			ok = add_token(delivery, TOKEN_ACCESS, &accesses[i].token);
		access_list_free(accesses, count);
	}
	return code == LARDER_OK && !ok ? error_no_memory(ret_error) : code;
}

/* One request, judged. Without a reply the token still exists, so it is tried again later. */
static void
ask_once(struct engine *engine, const struct party *party, struct job *job, enum token_kind kind, bool with_hint,
    int64_t deadline_ms, struct delivery *delivery, struct revoke_verdict *ret)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };
	struct larder_error error;
	struct call *call = NULL;
	enum call_event event;

	*ret = (struct revoke_verdict){ .outcome = REVOKE_RETRY, .retry_after_s = -1 };
	if (fx->call_open(fx->ctx, job, NULL, NULL, &call, &error) != LARDER_OK) {
		(void)text_format(ret->message, sizeof ret->message, "%s", error.why);
		return;
	}
	event = fx->call_wait(fx->ctx, call, deadline_ms, &result);
	fx->call_close(fx->ctx, call);
	if (event == CALL_REPLIED) {
		delivery->result->http_status = result.reply.status;
		revoke_judge(party->provider, kind, with_hint, &result.reply, fx->now_s(fx->ctx), ret);
	} else {
		(void)text_format(ret->message, sizeof ret->message, "%s",
		    event == CALL_FAILED ? result.failure.why : "the provider did not answer");
	}
	http_reply_clear(&result.reply);
}

static void
ask_provider(struct engine *engine, const struct party *party, size_t index, const struct secret *bearer,
    int64_t deadline_ms, struct delivery *delivery, struct revoke_verdict *ret)
{
	enum token_kind kind = delivery->items[index].kind;
	struct larder_error error;
	struct job job;
	enum larder_code code;
	bool with_hint = true;

	for (;;) {
		party_job(engine, party, &job);
		job.kind = JOB_PLAIN;
		job.listen_ms = REVOKE_LISTEN_MS;
		code = revoke_build(party->provider, &party->oauth, kind, &delivery->items[index].token, bearer,
		    with_hint, &job.request, &error);
		if (code == LARDER_OK) {
			ask_once(engine, party, &job, kind, with_hint, deadline_ms, delivery, ret);
		} else {
			*ret = (struct revoke_verdict){ .retry_after_s = -1,
				.outcome = code == LARDER_NOT_FOUND ? REVOKE_UNSUPPORTED : REVOKE_REFUSED };
			(void)text_format(ret->message, sizeof ret->message, "%s", error.why);
		}
		job_clear(&job);
		if (ret->outcome != REVOKE_TRY_NO_HINT || !with_hint)
			return;
		with_hint = false;
	}
}

static void
deliver_all(struct engine *engine, const struct party *party, int64_t deadline_ms, struct delivery *delivery)
{
	const struct secret *bearer = NULL;
	struct revoke_verdict verdict;
	enum token_kind kind;
	size_t i;

	for (i = 0; i < delivery->count && bearer == NULL; i++) {
		if (delivery->items[i].kind == TOKEN_ACCESS)
			bearer = &delivery->items[i].token;
	}
	delivery->confirmed[TOKEN_REFRESH] = delivery->confirmed[TOKEN_ACCESS] = true;
	for (i = 0; i < delivery->count; i++) {
		kind = delivery->items[i].kind;
		ask_provider(engine, party, i, bearer, deadline_ms, delivery, &verdict);
		delivery->sent[kind] = true;
		if (verdict.outcome != REVOKED) {
			delivery->confirmed[kind] = false;
			(void)text_format(
			    delivery->result->message, sizeof delivery->result->message, "%s", verdict.message);
		}
		if (verdict.outcome == REVOKE_UNSUPPORTED)
			delivery->unsupported[kind] = true;
		else if (verdict.outcome == REVOKE_RETRY)
			delivery->retry = true;
		else if (verdict.outcome != REVOKED)
			delivery->refused = true;
		if (verdict.retry_after_s > delivery->retry_after_s)
			delivery->retry_after_s = verdict.retry_after_s;
	}
	delivery->result->refresh_token = delivery->sent[TOKEN_REFRESH] && delivery->confirmed[TOKEN_REFRESH];
	delivery->result->access_token = delivery->sent[TOKEN_ACCESS] && delivery->confirmed[TOKEN_ACCESS];
}

static enum revocation_result
conclude(const struct delivery *delivery)
{
	if (delivery->retry)
		return REVOCATION_QUEUED;
	if (delivery->refused)
		return REVOCATION_FAILED;
	if (delivery->count == 0)
		return REVOCATION_REVOKED;
	return delivery->result->refresh_token || delivery->result->access_token ? REVOCATION_REVOKED
										 : REVOCATION_UNSUPPORTED;
}

/* Whatever the provider has confirmed, or forgot with the grant, is of no use any more: it goes. */
static enum larder_code
erase_tokens(struct engine *engine, const struct party *party, const struct credential *credential,
    struct larder_error *ret_error)
{
	struct grant grant = { 0 };
	const struct grant empty = { 0 };
	enum larder_code code;

	code = grant_load(engine->vault, credential, &grant, ret_error);
	if (code == LARDER_OK && party->provider != NULL) {
		struct larder_error ignored;

		if (!secret_is_empty(&grant.refresh_token))
			(void)fingerprint_release(engine->vault, party->client.client_id, credential->token_endpoint,
			    &grant.refresh_token, &ignored);
		if (!secret_is_empty(&grant.previous))
			(void)fingerprint_release(engine->vault, party->client.client_id, credential->token_endpoint,
			    &grant.previous, &ignored);
	}
	grant_clear(&grant);
	if (code == LARDER_OK)
		code = grant_store(engine->vault, credential, &empty, ret_error);
	if (code == LARDER_NOT_FOUND)
		code = LARDER_OK;
	if (code == LARDER_OK)
		code = access_remove_all(engine->vault, credential, ret_error);
	if (code == LARDER_OK)
		code = parked_remove_all(engine->vault, credential, ret_error);
	return code;
}

static enum larder_code
record_end(struct engine *engine, const struct party *party, const char *name, bool local_only,
    const struct delivery *delivery, struct larder_error *ret_error)
{
	struct audit_event event = { .op = AUDIT_REVOKE_END };
	struct larder_error ignored;
	struct revocation *result = delivery->result;
	struct credential credential = { 0 };
	bool over = result->result == REVOCATION_REVOKED || result->result == REVOCATION_UNSUPPORTED;
	enum larder_code code;
	int64_t now = engine->effects->now_s(engine->effects->ctx);

	code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = credential_load(engine->vault, name, &credential, ret_error);
	if (code != LARDER_OK)
		goto out;
	/* With --what access the refresh token was not sent: it is kept, so that it can still be revoked. */
	if ((result->result == REVOCATION_REVOKED && credential.revoke_what != WHAT_ACCESS) ||
	    credential.remove_when_revoked)
		code = over || local_only ? erase_tokens(engine, party, &credential, ret_error) : LARDER_OK;
	else if (result->result == REVOCATION_REVOKED)
		code = access_remove_all(engine->vault, &credential, ret_error);
	if (code != LARDER_OK)
		goto out;
	if (over) {
		credential.state = STATE_REVOKED;
		credential.revoke_what = 0;
		credential.failures = 0;
		credential.access_expires_at = TIME_UNKNOWN;
		credential.last_error[0] = credential.last_error_text[0] = '\0';
	} else {
		credential.failures++;
		credential.retry_at = backoff_until(now, credential.failures, delivery->retry_after_s);
		(void)text_format(credential.last_error, sizeof credential.last_error, "%s",
		    larder_code_name(result->result == REVOCATION_FAILED ? LARDER_REJECTED : LARDER_UNAVAILABLE));
		(void)text_format(credential.last_error_text, sizeof credential.last_error_text, "%s", result->message);
		credential.last_error_at = now;
	}
	result->removed = credential.remove_when_revoked && (over || local_only);
	code = result->removed ? credential_remove(engine->vault, name, ret_error)
			       : credential_store(engine->vault, &credential, ret_error);
	event.at = now;
	event.generation = credential.generation;
	(void)text_format(event.name, sizeof event.name, "%s", name);
	(void)text_format(event.result, sizeof event.result, "%s",
	    over                                      ? "ok"
		: result->result == REVOCATION_FAILED ? "failed"
						      : "queued");
	(void)text_format(event.detail, sizeof event.detail, "%s%s", result->removed ? "removed; " : "",
	    local_only ? "the provider was not told" : result->message);
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
	if (code == LARDER_OK && over)
		(void)vault_scrub(
		    engine->vault, &ignored); /* the tokens are dead; old ciphertext need not stay either */
out:
	vault_rollback(engine->vault);
	wipe(&credential.intent, sizeof credential.intent);
	return code;
}

/* Where people can do it by hand when the provider has no endpoint for programs. */
static void
point_to_page(const struct party *party, struct revocation *result)
{
	if (result->result != REVOCATION_UNSUPPORTED)
		return;
	(void)text_format(result->url, sizeof result->url, "%s",
	    party->provider->revoke.page == NULL ? "" : party->provider->revoke.page);
	if (result->message[0] == '\0')
		(void)text_format(result->message, sizeof result->message, "the provider has no revocation endpoint");
}

enum larder_code
revoke_deliver(struct engine *engine, const char *name, bool local_only, int64_t deadline_ms, struct revocation *ret,
    struct larder_error *ret_error)
{
	struct delivery delivery = { .retry_after_s = -1, .result = ret };
	struct credential credential = { 0 };
	struct larder_error judgement, error;
	struct party party = { 0 };
	struct lock lock = LOCK_INIT;
	enum larder_code code;
	int64_t held_since_ms;
	bool judged;

	*ret = (struct revocation){ .result = REVOCATION_QUEUED };
	code = credential_load(engine->vault, name, &credential, ret_error);
	if (code != LARDER_OK)
		return error_name(ret_error, code, name);
	/* An exchange in flight ends first: what it brings is revoked too. */
	code = exchange_lock(engine, &credential, deadline_ms, &lock, &held_since_ms, &error);
	if (code == LARDER_UNAVAILABLE) {
		(void)text_format(ret->message, sizeof ret->message, "a refresh is still under way");
		return LARDER_OK;
	}
	if (code == LARDER_OK)
		code = credential_load(engine->vault, name, &credential, &error);
	if (code != LARDER_OK)
		goto out;
	code = settle(engine, &credential, NULL, &judged, &judgement, &error);
	if (code == LARDER_OK && !local_only)
		code = party_load(engine, &credential, &party, &error);
	if (code == LARDER_OK && !local_only)
		code = collect(engine, &party, &credential, &delivery, &error);
	if (code != LARDER_OK && code != LARDER_STORAGE && code != LARDER_DAMAGED) {
		/* Client or definition are gone or broken: the credential stays fenced, a person has to look. */
		ret->result = REVOCATION_FAILED;
		(void)text_format(ret->message, sizeof ret->message, "%s", error.why);
		code = record_end(engine, &party, name, local_only, &delivery, &error);
		goto out;
	}
	if (code != LARDER_OK)
		goto out;
	if (local_only) {
		ret->result = REVOCATION_REVOKED;
		(void)text_format(ret->message, sizeof ret->message, "removed here; the provider was not told");
	} else {
		deliver_all(engine, &party, deadline_ms, &delivery);
		ret->result = conclude(&delivery);
		point_to_page(&party, ret);
	}
	code = record_end(engine, &party, name, local_only, &delivery, &error);
out:
	engine->effects->lock_close(engine->effects->ctx, &lock);
	delivery_clear(&delivery);
	party_clear(&party);
	wipe(&credential.intent, sizeof credential.intent);
	if (code != LARDER_OK && ret_error != NULL)
		*ret_error = error;
	return error_name(ret_error, code, name);
}
