/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/schedule.h"
#include "engine/tell.h"

/* How the revocation of one credential went. */
struct delivery {
	struct owed owed;
	uint8_t what;                               /* bits: WHAT_REFRESH, WHAT_ACCESS */
	bool even_more;                             /* a person knows that it ends more than this */
	const char *kept;                           /* of the credential: what replies said of the account */
	bool sent[2], confirmed[2], retry, refused; /* by token_kind */
	int64_t retry_after_s;
	struct revocation *result;
};

/* What nobody wants by mistake is left to those who say so. */
static bool
holds_back(const struct provider *provider, const struct delivery *delivery, struct revoke_verdict *ret)
{
	const char *why =
	    provider->revoke.side_effects != NULL ? provider->revoke.side_effects : provider->revoke.cascade;
	/* naming the account for an access token would end the refresh token too */
	bool ends_more = provider->revoke.destructive ||
	    (provider_revokes_account(provider) && (delivery->what & WHAT_REFRESH) == 0);
	bool can_be_told = provider->revoke.style != REVOKE_NONE &&
	    (provider->revoke.accepts_access || provider->revoke.accepts_refresh || provider_revokes_account(provider));

	if (!ends_more || delivery->even_more || !can_be_told)
		return false;
	*ret = (struct revoke_verdict){ .outcome = REVOKE_UNSUPPORTED, .retry_after_s = -1 };
	(void)text_format(ret->message, sizeof ret->message,
	    "revoking there ends more than this credential%s%.80s; 'larder revoke NAME --what all' does it all the same",
	    why == NULL ? "" : ": ", why == NULL ? "" : why);
	return true;
}

static void
deliver_all(struct engine *engine, struct party *party, int64_t deadline_ms, struct delivery *delivery)
{
	bool by_account = provider_revokes_account(party->provider);
	const struct owed_token *token;
	struct telling telling = { .kept = delivery->kept, .deadline_ms = deadline_ms };
	struct revoke_verdict verdict;
	enum token_kind kind;
	size_t i;

	for (i = 0; i < delivery->owed.count && telling.bearer == NULL; i++) {
		if (delivery->owed.items[i].kind == TOKEN_ACCESS)
			telling.bearer = &delivery->owed.items[i].token;
	}
	delivery->confirmed[TOKEN_REFRESH] = delivery->confirmed[TOKEN_ACCESS] = true;
	for (i = 0; i < delivery->owed.count; i++) {
		token = &delivery->owed.items[i];
		kind = tell_kind(party->provider, token);
		/* one request for the account says it for all */
		if ((i == 0 || !by_account) && !holds_back(party->provider, delivery, &verdict))
			tell_provider(engine, party, by_account ? NULL : token, &telling, &verdict);
		delivery->sent[kind] = true;
		if (verdict.outcome != REVOKED) {
			delivery->confirmed[kind] = false;
			(void)text_format(
			    delivery->result->message, sizeof delivery->result->message, "%s", verdict.message);
		}
		if (verdict.outcome == REVOKE_RETRY)
			delivery->retry = true;
		else if (verdict.outcome != REVOKED && verdict.outcome != REVOKE_UNSUPPORTED)
			delivery->refused = true;
		if (verdict.retry_after_s > delivery->retry_after_s)
			delivery->retry_after_s = verdict.retry_after_s;
	}
	delivery->result->http_status = telling.http_status;
	delivery->result->refresh_token = delivery->sent[TOKEN_REFRESH] && delivery->confirmed[TOKEN_REFRESH];
	delivery->result->access_token = delivery->sent[TOKEN_ACCESS] && delivery->confirmed[TOKEN_ACCESS];
}

/*
 * Without its refresh token a grant gives nothing new, and access tokens end by themselves; the other way round the
 * grant lives on, whatever became of its access tokens. Those that never end are another matter.
 */
static enum revocation_result
conclude(const struct party *party, const struct delivery *delivery)
{
	/* or that are what the grant goes on with */
	bool never_end =
	    party->provider->response.expiry == EXPIRES_NEVER || party->provider->refresh.spends_access_token;

	if (delivery->retry)
		return REVOCATION_QUEUED;
	if (delivery->refused)
		return REVOCATION_FAILED;
	if (delivery->sent[TOKEN_REFRESH])
		return delivery->confirmed[TOKEN_REFRESH] ? REVOCATION_REVOKED : REVOCATION_UNSUPPORTED;
	if (delivery->sent[TOKEN_ACCESS] && !delivery->confirmed[TOKEN_ACCESS])
		return delivery->what == WHAT_ACCESS || never_end ? REVOCATION_UNSUPPORTED : REVOCATION_REVOKED;
	return REVOCATION_REVOKED;
}

/*
 * What is of no use any more. A token that was not sent, or cannot be revoked while its grant lives, stays: no token is
 * given out of it, and a later revocation can still send it.
 */
static uint8_t
to_erase(const struct party *party, const struct delivery *delivery, bool removing)
{
	uint8_t erase = 0;

	if (removing)
		return WHAT_ALL;
	if (delivery->result->result == REVOCATION_REVOKED) {
		erase = delivery->what;
		if (party->provider != NULL && (delivery->what & WHAT_REFRESH) != 0 &&
		    (party->provider->revoke.cascades || provider_revokes_account(party->provider)))
			erase = WHAT_ALL;
	} else if (delivery->result->result == REVOCATION_UNSUPPORTED && delivery->result->access_token) {
		erase = WHAT_ACCESS;
	}
	return erase;
}

/* What a grant without a refresh token asks with is no token: it stays, as the client does, for another log-in. */
static enum larder_code
erase_grant(struct engine *engine, const struct party *party, const struct credential *credential,
    struct larder_error *ret_error)
{
	struct grant grant = { 0 };
	struct larder_error ignored;
	enum larder_code code;

	code = grant_load(engine->vault, credential, &grant, ret_error);
	if (code == LARDER_OK && party->provider != NULL) {
		if (!secret_is_empty(&grant.refresh_token))
			(void)fingerprint_release(engine->vault, party->client.client_id, credential->token_endpoint,
			    &grant.refresh_token, &ignored);
		if (!secret_is_empty(&grant.previous))
			(void)fingerprint_release(engine->vault, party->client.client_id, credential->token_endpoint,
			    &grant.previous, &ignored);
	}
	secret_free(&grant.refresh_token);
	secret_free(&grant.previous);
	grant.previous_generation = 0;
	if (code == LARDER_OK)
		code = grant_store(engine->vault, credential, &grant, ret_error);
	grant_clear(&grant);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

/* Kept replies may hold tokens of both kinds, so they go last. */
static enum larder_code
erase_tokens(struct engine *engine, const struct party *party, const struct credential *credential, uint8_t what,
    struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	if ((what & WHAT_REFRESH) != 0)
		code = erase_grant(engine, party, credential, ret_error);
	if (code == LARDER_OK && (what & WHAT_ACCESS) != 0)
		code = access_remove_all(engine->vault, credential, ret_error);
	if (code == LARDER_OK && what == WHAT_ALL)
		code = parked_remove_all(engine->vault, credential, ret_error);
	return code;
}

/*
 * A reply that the spool did not take is committed without the lock, perhaps while the provider was being told: what it
 * brought is revoked next time.
 */
static enum larder_code
check_nothing_new(struct engine *engine, const struct party *party, const struct credential *credential,
    const struct delivery *delivery, struct larder_error *ret_error)
{
	struct owed now = { .count = 0 };
	enum larder_code code = owed_collect(engine, party, credential, delivery->what, &now, ret_error);

	if (code == LARDER_OK && !owed_covers(&delivery->owed, &now)) {
		delivery->result->result = REVOCATION_QUEUED;
		(void)text_format(
		    delivery->result->message, sizeof delivery->result->message, "another token came meanwhile");
	}
	owed_clear(&now);
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
	enum larder_code code;
	int64_t now = engine->effects->now_s(engine->effects->ctx);
	bool over;

	code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = credential_load(engine->vault, name, &credential, ret_error);
	if (code == LARDER_OK && result->result == REVOCATION_REVOKED && !local_only)
		code = check_nothing_new(engine, party, &credential, delivery, ret_error);
	if (code != LARDER_OK)
		goto out;
	over = result->result == REVOCATION_REVOKED || result->result == REVOCATION_UNSUPPORTED;
	result->removed = credential.remove_when_revoked && (over || local_only);
	code = erase_tokens(engine, party, &credential, to_erase(party, delivery, result->removed), ret_error);
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

/* A success by facts that nobody has checked is told as such. */
static void
tell_doubt(const struct party *party, struct revocation *result)
{
	if (result->result == REVOCATION_REVOKED && result->message[0] == '\0' &&
	    party->provider->revocation_confidence == CONFIDENCE_LOW)
		(void)text_format(result->message, sizeof result->message,
		    "what is known of revoking at this provider is of low confidence; see there whether the access is gone");
}

/*
 * Our own backoff does not hold back whoever says it again; what the provider asked for (Retry-After) does. A time that
 * is further away than any of them means that the clock went back.
 */
static bool
is_asked_to_wait(const struct credential *credential, int64_t now, struct revocation *ret)
{
	int64_t rest = credential->retry_at - now;

	if (rest <= 0 || rest > HOLD_MAX_S ||
	    credential->retry_at <= backoff_until(credential->last_error_at, credential->failures, -1))
		return false;
	(void)text_format(ret->message, sizeof ret->message, "the provider does not want to be asked again for %lld s",
	    (long long)rest);
	return true;
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
	code = exchange_lock_named(engine, name, deadline_ms, &credential, &lock, &held_since_ms, &error);
	if (code == LARDER_UNAVAILABLE) {
		(void)text_format(ret->message, sizeof ret->message, "a refresh is still under way");
		return LARDER_OK;
	}
	if (code != LARDER_OK)
		goto out;
	/* It ended meanwhile, and another credential has the name: that one nobody wants to revoke. */
	if (credential.state != STATE_REVOKING && credential.state != STATE_REVOKED) {
		ret->result = REVOCATION_REVOKED;
		goto out;
	}
	if (!local_only && is_asked_to_wait(&credential, engine->effects->now_s(engine->effects->ctx), ret))
		goto out;
	code = settle(engine, &credential, NULL, &judged, &judgement, &error);
	delivery.what = (credential.revoke_what & WHAT_ALL) == 0 ? WHAT_ALL : credential.revoke_what & WHAT_ALL;
	delivery.even_more = (credential.revoke_what & WHAT_MORE) != 0;
	delivery.kept = credential.extra;
	if (code == LARDER_OK && !local_only)
		code = party_load(engine, &credential, &party, &error);
	if (code == LARDER_OK && !local_only)
		code = owed_collect(engine, &party, &credential, delivery.what, &delivery.owed, &error);
	if (code != LARDER_OK && code != LARDER_INTERNAL && code != LARDER_STORAGE && code != LARDER_DAMAGED &&
	    code != LARDER_UNAVAILABLE) {
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
		ret->result = conclude(&party, &delivery);
		point_to_page(&party, ret);
		tell_doubt(&party, ret);
	}
	code = record_end(engine, &party, name, local_only, &delivery, &error);
out:
	engine->effects->lock_close(engine->effects->ctx, &lock);
	owed_clear(&delivery.owed);
	party_clear(&party);
	wipe(&credential.intent, sizeof credential.intent);
	if (code != LARDER_OK && ret_error != NULL)
		*ret_error = error;
	return error_name(ret_error, code, name);
}
