/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tell.h"

#include "base/text.h"

#define REVOKE_LISTEN_MS 30000

enum token_kind
tell_kind(const struct provider *provider, const struct owed_token *token)
{
	/* what is spent for the next token may be an access token itself */
	return provider->refresh.spends_access_token ? TOKEN_ACCESS : token->kind;
}

/* Without a reply the token still exists, so it is tried again later: false, and the verdict says so. */
static bool
send_job(struct engine *engine, struct job *job, struct telling *telling, struct http_reply *ret_reply,
    struct revoke_verdict *ret)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };
	struct larder_error error;
	struct call *call = NULL;
	enum call_event event;

	*ret = (struct revoke_verdict){ .outcome = REVOKE_RETRY, .retry_after_s = -1 };
	if (fx->call_open(fx->ctx, job, NULL, NULL, &call, &error) != LARDER_OK) {
		(void)text_format(ret->message, sizeof ret->message, "%s", error.why);
		return false;
	}
	event = fx->call_wait(fx->ctx, call, telling->deadline_ms, &result);
	fx->call_close(fx->ctx, call);
	if (event == CALL_REPLIED) {
		telling->http_status = result.reply.status;
		*ret_reply = result.reply;
		return true;
	}
	(void)text_format(ret->message, sizeof ret->message, "%s",
	    event == CALL_FAILED ? result.failure.why : "the provider did not answer");
	http_reply_clear(&result.reply);
	return false;
}

/* A request that cannot be built. */
static void
judge_failure(enum larder_code code, const struct larder_error *error, struct revoke_verdict *ret)
{
	*ret = (struct revoke_verdict){ .retry_after_s = -1,
		.outcome = code == LARDER_NOT_FOUND ? REVOKE_UNSUPPORTED
		    : code == LARDER_INTERNAL       ? REVOKE_RETRY
						    : REVOKE_REFUSED };
	(void)text_format(ret->message, sizeof ret->message, "%s", error->why);
}

static enum larder_code
prepare(struct engine *engine, const struct party *party, struct job *job, struct larder_error *ret_error)
{
	enum larder_code code = party_job(engine, party, job, ret_error);

	job->kind = JOB_PLAIN;
	job->listen_ms = REVOKE_LISTEN_MS;
	return code;
}

/* false: there is none, and the verdict says why. */
static bool
get_nonce(struct engine *engine, const struct party *party, struct telling *telling,
    char ret_nonce[static EXTRA_VALUE_SIZE], struct revoke_verdict *ret)
{
	const struct effects *fx = engine->effects;
	struct http_reply reply = { .status = 0 };
	struct larder_error error;
	struct job job;
	enum larder_code code = prepare(engine, party, &job, &error);

	ret_nonce[0] = '\0';
	if (code == LARDER_OK)
		code = revoke_nonce_build(party->provider, &party->oauth, &job.request, &error);
	if (code != LARDER_OK)
		judge_failure(code, &error, ret);
	else if (send_job(engine, &job, telling, &reply, ret))
		revoke_nonce_judge(party->provider, &reply, fx->now_s(fx->ctx), ret_nonce, ret);
	http_reply_clear(&reply);
	job_clear(&job);
	return ret_nonce[0] != '\0';
}

static void
ask_once(struct engine *engine, const struct party *party, const struct owed_token *token, const char *nonce,
    bool with_hint, struct telling *telling, struct revoke_verdict *ret)
{
	const struct effects *fx = engine->effects;
	enum token_kind kind = token == NULL ? TOKEN_REFRESH : tell_kind(party->provider, token);
	struct http_reply reply = { .status = 0 };
	struct larder_error error;
	struct job job;
	enum larder_code code = prepare(engine, party, &job, &error);

	if (code == LARDER_OK && token == NULL)
		code = revoke_account_build(
		    party->provider, &party->oauth, telling->kept, telling->bearer, nonce, &job.request, &error);
	else if (code == LARDER_OK)
		code = revoke_build(party->provider, &party->oauth, kind, &token->token, telling->bearer, with_hint,
		    &job.request, &error);
	if (code != LARDER_OK)
		judge_failure(code, &error, ret);
	else if (send_job(engine, &job, telling, &reply, ret))
		revoke_judge(party->provider, kind, with_hint, &reply, fx->now_s(fx->ctx), ret);
	http_reply_clear(&reply);
	job_clear(&job);
}

/* A client that was refused shows its other secret; then both again by its own method, if it was asked for another. */
static bool
shows_other_proof(struct party *party)
{
	if (party_show_other_secret(party))
		return true;
	if (!revoke_has_own_method(party->provider, &party->oauth))
		return false;
	party->oauth.revokes_by_own = true;
	party_show_first_secret(party);
	return true;
}

void
tell_provider(struct engine *engine, struct party *party, const struct owed_token *token, struct telling *telling,
    struct revoke_verdict *ret)
{
	bool with_hint = token != NULL, wants_nonce = token == NULL && party->provider->revoke.nonce.url != NULL;
	char nonce[EXTRA_VALUE_SIZE] = "";

	for (;;) {
		if (!wants_nonce || get_nonce(engine, party, telling, nonce, ret))
			ask_once(engine, party, token, nonce, with_hint, telling, ret);
		if (ret->of_client && shows_other_proof(party))
			continue;
		if (ret->outcome != REVOKE_TRY_NO_HINT || !with_hint)
			return;
		with_hint = false;
	}
}
