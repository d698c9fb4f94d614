/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/schedule.h"

enum outcome { HANDED_OUT, NEEDS_EXCHANGE };

static void
fill_got(
    const struct credential *credential, struct access *access, const struct refresh_call *call, struct token_got *ret)
{
	ret->access = *access;
	*access = (struct access){ .expires_at = TIME_UNKNOWN };
	(void)text_format(ret->name, sizeof ret->name, "%s", credential->name);
	(void)text_format(ret->provider, sizeof ret->provider, "%s", credential->provider);
	(void)text_format(ret->account, sizeof ret->account, "%s", credential->account);
	(void)text_format(ret->extra, sizeof ret->extra, "%s", credential->extra);
	(void)text_format(
	    ret->scope, sizeof ret->scope, "%s", ret->access.scope[0] != '\0' ? ret->access.scope : credential->scope);
	ret->refreshed = call->started && call->done;
	ret->generation = credential->generation;
}

/* The audit row is written in the transaction that read the token: what was revoked before is not handed out. */
static enum larder_code
release(struct engine *engine, const struct credential *credential, struct larder_error *ret_error)
{
	struct audit_event event = { .at = engine->effects->now_s(engine->effects->ctx),
		.op = AUDIT_RELEASE,
		.generation = credential->generation };
	enum larder_code code;

	(void)text_format(event.name, sizeof event.name, "%s", credential->name);
	(void)text_format(event.result, sizeof event.result, "ok");
	code = audit_append(engine->vault, &event, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
	return code;
}

/*
 * Read and decide in one transaction. It is the whole work for a cached token that is good; else *call keeps what
 * the credential looked like when this call began.
 */
static enum larder_code
serve(struct engine *engine, struct refresh_call *call, struct token_got *ret, enum outcome *ret_outcome,
    struct larder_error *ret_error)
{
	const struct token_want *want = call->want;
	struct credential credential = { 0 };
	struct access access = { .expires_at = TIME_UNKNOWN };
	struct situation situation;
	struct decision decision;
	enum larder_code code;
	int64_t now;

	code = vault_begin(engine->vault, STORE_RELAXED, ret_error);
	if (code != LARDER_OK)
		return code;
	now = engine->effects->now_s(engine->effects->ctx); /* the wait for other writers may have taken seconds */
	code = credential_load(engine->vault, want->name, &credential, ret_error);
	if (code != LARDER_OK)
		goto out;
	code = refresh_access_load(engine, &credential, want, &access, ret_error);
	if (code != LARDER_OK && code != LARDER_NOT_FOUND)
		goto out;
	refresh_start(call, &credential);
	situation_fill(&credential, &access, call, now, &situation);
	decision = rotation_decide(&situation);
	/*
	 * An open intent may belong to an exchange that is under way, or its reply may be in the spool: only under the
	 * lock can more be said than that the cached token is good. What was said there stands.
	 */
	if (situation.intent_open && !situation.cached_enough && !want->offline && decision.reason != REASON_REVOKED &&
	    !(call->decided && decision.order == ORDER_SERVE))
		decision.order = ORDER_WAIT;
	if (call->decided && situation.cached_valid && decision.reason != REASON_REVOKED)
		decision.order = ORDER_SERVE;
	call->decided = false;
	code = LARDER_OK;
	*ret_outcome = NEEDS_EXCHANGE;
	if (decision.order == ORDER_SERVE) {
		code = release(engine, &credential, ret_error);
		if (code == LARDER_OK) {
			fill_got(&credential, &access, call, ret);
			*ret_outcome = HANDED_OUT;
		}
	} else if (decision.order == ORDER_FAIL) {
		code = refresh_fail(engine, &credential, &decision, call, now, ret_error);
	}
out:
	vault_rollback(engine->vault);
	access_clear(&access);
	return code;
}

enum larder_code
token_get(struct engine *engine, const struct token_want *want, struct token_got *ret, struct larder_error *ret_error)
{
	struct refresh_call call = { .want = want };
	enum outcome outcome = NEEDS_EXCHANGE;
	enum larder_code code;

	for (;;) {
		code = serve(engine, &call, ret, &outcome, ret_error);
		if (code != LARDER_OK || outcome == HANDED_OUT)
			return error_name(ret_error, code, want->name);
		code = refresh_run(engine, &call, ret_error);
		if (code != LARDER_OK)
			return error_name(ret_error, code, want->name);
	}
}
