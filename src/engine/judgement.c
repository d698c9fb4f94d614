/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/judgement.h"

#include <string.h>

#include "base/text.h"
#include "engine/lifetime.h"
#include "engine/schedule.h"
#include "oauth/answer.h"
#include "oauth/grants.h"

#define NONCE_ANSWER_S 120 /* a nonce that is wanted within this time of another one is not answered: S143 */

/* "invalid_grant (the token was revoked), HTTP 400"; a long description leaves room for what follows. */
static void
say(const struct token_reply *reply, char *dst, size_t dst_size)
{
	char description[96];

	(void)text_escape(description, sizeof description, reply->description, strlen(reply->description));
	if (reply->error[0] == '\0')
		(void)text_format(
		    dst, dst_size, "HTTP %d%s%s", reply->http_status, description[0] != '\0' ? ", " : "", description);
	else if (description[0] == '\0')
		(void)text_format(dst, dst_size, "%s, HTTP %d", reply->error, reply->http_status);
	else
		(void)text_format(dst, dst_size, "%s (%s), HTTP %d", reply->error, description, reply->http_status);
}

/*
 * A whole reply that is an error of the server leaves the grant alone. A success whose body cannot be read may hold
 * the successor of a token that is spent now; so may anything where the definition says that asking again is forbidden.
 */
static bool
is_doubtful(const struct provider *provider, const struct http_reply *http, const struct token_reply *reply)
{
	if (reply->outcome != GRANT_UNKNOWN)
		return false;
	if (provider->rotation.on_unknown == UNKNOWN_HOLD || http->truncated)
		return true;
	if (http->status < 200 || http->status > 299 || secret_is_empty(&http->body))
		return false;
	return strstr(http->content_type, "html") == NULL && http->body.data[0] != '<';
}

static void
form_tokens(const struct token_reply *reply, bool spends, struct judgement *ret)
{
	if (reply->outcome == GRANT_TOKENS && reply->usable)
		return;
	(void)error_set(&ret->error, LARDER_UNAVAILABLE, "refresh failed",
	    "see 'larder provider show' for what it should send", "the provider sent no usable access token: %s%s",
	    reply->complaint[0] != '\0' ? reply->complaint : "it is missing",
	    spends ? "; its refresh token is stored" : "");
}

/* What the provider said, and what that probably means. */
static void
form_refused(const struct exchanged *exchanged, enum larder_code code, const char *hint, struct judgement *ret)
{
	const struct intent *intent = &exchanged->credential->intent;
	const struct cause *cause = &ret->cause;
	char said[240], when[32];

	say(exchanged->reply, said, sizeof said);
	if (cause->id[0] == '\0')
		(void)error_set(&ret->error, code, "refresh failed", hint, "%s", said);
	else if (strcmp(cause->id, "interrupted") == 0)
		(void)error_set(&ret->error, code, "refresh failed", cause->todo,
		    "%s: a refresh was interrupted at %s and the provider had already replaced the token", said,
		    text_time(when, sizeof when,
			(long long)(intent->doubted_at != 0 ? intent->doubted_at : intent->opened_at)));
	else
		(void)error_set(&ret->error, code, "refresh failed", cause->todo, "%s: %s %s", said,
		    cause->confidence == CONFIDENCE_LOW ? "possibly" : "likely", cause->say);
}

static void
find_cause(const struct exchanged *exchanged, int64_t now, struct judgement *ret)
{
	struct refusal refusal;

	ret->refused = true;
	lifetime_of_refused(
	    exchanged->credential, exchanged->reply, exchanged->was_doubted, exchanged->secret_end_at, now, &refusal);
	(void)cause_find(exchanged->provider, &refusal, &ret->cause);
}

/* A scope or a resource is what the caller asks for; all else is the client's. */
static const char *
advice_for_rejected(const struct token_reply *reply)
{
	if (strcmp(reply->error, "invalid_scope") == 0)
		return "ask for scopes that were granted, see 'larder show', or log in again for more";
	if (strcmp(reply->error, "invalid_target") == 0)
		return "ask for a resource that the provider knows, or for none";
	if (strcmp(reply->error, "invalid_dpop_proof") == 0)
		return "check this machine's clock; log in again if it is right";
	if (strcmp(reply->error, "use_dpop_nonce") == 0)
		return "add the client with --dpop if it has none, else try again later";
	return "check the client's id, secret and authentication method with 'larder client show'";
}

/* Nothing has ended where nothing was spent: the next assertion may be better (RFC 7521 section 4.1.1). */
static const char *
advice_for_grant(enum grant_type type)
{
	switch (type) {
	case GRANT_TYPE_JWT_BEARER:
		return "check this machine's clock, the key, and whom the assertion names: issuer, subject, audience";
	case GRANT_TYPE_TOKEN_EXCHANGE:
		return "check that the subject token has not ended and is for this provider";
	case GRANT_TYPE_CLIENT_CREDENTIALS:
	case GRANT_TYPE_REFRESH_TOKEN:
		break;
	}
	return "check at the provider whether this client may ask for tokens of its own";
}

/* The token was not even looked at, or is as good as before, for whoever asks for something else. */
static bool
is_of_wish(const struct exchanged *exchanged)
{
	static const char *const errors[] = { "invalid_scope", "invalid_target", "invalid_request" };
	const struct intent *intent = &exchanged->credential->intent;

	if (exchanged->reply->outcome != GRANT_REJECTED || (intent->scope[0] == '\0' && intent->resource[0] == '\0'))
		return false;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(exchanged->reply->error, errors[i]) == 0)
			return true;
	}
	return false;
}

/* Some pay no heed to the scope of a refresh: whoever asked for less has to hear of it. */
static bool
is_wider(const struct exchanged *exchanged)
{
	const struct token_reply *reply = exchanged->reply;
	const char *asked = exchanged->credential->intent.scope;

	return reply->outcome == GRANT_TOKENS && reply->scope_came && asked[0] != '\0' &&
	    !scope_is_subset(reply->scope, asked);
}

void
judgement_form(const struct exchanged *exchanged, int64_t now, struct judgement *ret)
{
	const struct token_reply *reply = exchanged->reply;
	bool spends = exchanged->credential->grant_type == GRANT_TYPE_REFRESH_TOKEN;
	char said[240];

	*ret = (struct judgement){
		.error = { .code = LARDER_OK, .retry_after_s = -1 },
		.doubt = spends && is_doubtful(exchanged->provider, exchanged->http, reply),
		.note = exchanged->dropped ? GRANTS_DROPPED_NOTE : "",
		.retry_after_s = reply->retry_after_s,
	};
	ret->of_wish = is_of_wish(exchanged);
	ret->other_nonce = reply->wants_nonce && exchanged->credential->dpop_jkt[0] != '\0' &&
	    (exchanged->credential->nonce_asked_at == 0 ||
		now - exchanged->credential->nonce_asked_at > NONCE_ANSWER_S);
	if (exchanged->is_bearer)
		ret->note = "the provider gave a Bearer token, which is not bound to the key";
	if (is_wider(exchanged))
		ret->note = "the provider granted more than the scope that was asked for";
	say(reply, said, sizeof said);
	if ((reply->outcome == GRANT_ENDED && spends) || reply->outcome == GRANT_DENIED ||
	    reply->outcome == GRANT_REJECTED)
		find_cause(exchanged, now, ret);
	switch (reply->outcome) {
	case GRANT_TOKENS:
		form_tokens(reply, spends, ret);
		break;
	case GRANT_ENDED:
		if (spends)
			form_refused(exchanged, LARDER_NEEDS_LOGIN,
			    "log in again with 'larder login', or store a new refresh token with 'larder add --replace'",
			    ret);
		else
			(void)error_set(&ret->error, LARDER_REJECTED, "no token",
			    advice_for_grant(exchanged->credential->grant_type), "%s", said);
		break;
	case GRANT_DENIED:
		form_refused(exchanged, LARDER_DENIED, "ask who administers the account", ret);
		break;
	case GRANT_REJECTED:
		form_refused(exchanged, LARDER_REJECTED,
		    !spends && strcmp(reply->error, "invalid_request") == 0
			? advice_for_grant(exchanged->credential->grant_type)
			: advice_for_rejected(reply),
		    ret);
		break;
	case GRANT_TEMPORARY:
		(void)error_set(&ret->error, LARDER_UNAVAILABLE, "refresh failed",
		    reply->mute ? ANSWER_MUTE_ADVICE : "try again later", "%s", said);
		ret->endpoint_failed = !reply->mute; /* what may be one client's is no trouble of all others */
		break;
	case GRANT_UNKNOWN:
		(void)error_set(&ret->error, LARDER_UNAVAILABLE, "refresh failed",
		    ret->doubt ? "the answer is kept; see 'larder show'" : "try again later", "%s%s%s", said,
		    reply->complaint[0] != '\0' ? ": " : "", reply->complaint);
		ret->endpoint_failed = true;
		break;
	}
	if (ret->error.code != LARDER_OK && larder_code_retryable(ret->error.code))
		ret->error.retry_after_s =
		    backoff_until(now, exchanged->credential->failures + 1, ret->retry_after_s) - now;
}

void
judgement_of_failure(
    const struct credential *credential, const struct larder_error *failure, int64_t now, struct judgement *ret)
{
	*ret = (struct judgement){
		.error = *failure,
		.endpoint_failed = failure->code == LARDER_UNAVAILABLE,
		.retry_after_s = -1,
	};
	if (larder_code_retryable(failure->code))
		ret->error.retry_after_s = backoff_until(now, credential->failures + 1, -1) - now;
}

void
judgement_remember(struct credential *credential, const struct judgement *judgement, int64_t now)
{
	const struct larder_error *error = &judgement->error;

	if (judgement->of_wish || judgement->other_secret || judgement->other_nonce)
		return;
	if (error->code == LARDER_OK || judgement->refused)
		(void)text_format(credential->cause, sizeof credential->cause, "%s", judgement->cause.id);
	if (error->code == LARDER_OK) {
		credential->failures = 0;
		credential->retry_at = 0;
		credential->last_error[0] = '\0';
		credential->last_error_text[0] = '\0';
		credential->last_error_at = TIME_UNKNOWN;
		return;
	}
	if (credential->failures < UINT32_MAX)
		credential->failures++;
	credential->retry_at = backoff_until(now, credential->failures, judgement->retry_after_s);
	credential->next_refresh_at = credential->retry_at;
	(void)text_format(credential->last_error, sizeof credential->last_error, "%s", larder_code_name(error->code));
	(void)text_format(credential->last_error_text, sizeof credential->last_error_text, "%s", error->why);
	credential->last_error_at = now;
}
