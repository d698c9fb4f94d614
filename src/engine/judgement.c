/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/judgement.h"

#include <string.h>

#include "base/text.h"
#include "engine/schedule.h"

/* "invalid_grant (the token was revoked), HTTP 400" */
static void
say(const struct token_reply *reply, char *dst, size_t dst_size)
{
	if (reply->error[0] == '\0')
		(void)text_format(dst, dst_size, "HTTP %d%s%s", reply->http_status,
		    reply->description[0] != '\0' ? ", " : "", reply->description);
	else if (reply->description[0] == '\0')
		(void)text_format(dst, dst_size, "%s, HTTP %d", reply->error, reply->http_status);
	else
		(void)text_format(
		    dst, dst_size, "%s (%s), HTTP %d", reply->error, reply->description, reply->http_status);
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
form_tokens(const struct token_reply *reply, struct judgement *ret)
{
	if (reply->outcome == GRANT_TOKENS && reply->usable)
		return;
	(void)error_set(&ret->error, LARDER_UNAVAILABLE, "refresh failed",
	    "see 'larder provider show' for what it should send",
	    "the provider sent no usable access token: %s; its refresh token is stored",
	    reply->complaint[0] != '\0' ? reply->complaint : "it is missing");
}

static void
form_ended(
    const struct credential *credential, const struct token_reply *reply, bool was_doubted, struct judgement *ret)
{
	char said[400], when[32];

	say(reply, said, sizeof said);
	if (was_doubted)
		(void)error_set(&ret->error, LARDER_NEEDS_LOGIN, "refresh failed",
		    "log in again, then store the new refresh token with 'larder add --replace'",
		    "%s: a refresh was interrupted at %s and the provider had already replaced the token", said,
		    text_time(when, sizeof when,
			(long long)(credential->intent.doubted_at != 0 ? credential->intent.doubted_at
								       : credential->intent.opened_at)));
	else
		(void)error_set(&ret->error, LARDER_NEEDS_LOGIN, "refresh failed",
		    "log in again, then store the new refresh token with 'larder add --replace'",
		    "%s: the refresh token has ended, was revoked or was used elsewhere", said);
}

void
judgement_form(const struct provider *provider, const struct credential *credential, const struct http_reply *http,
    const struct token_reply *reply, bool was_doubted, int64_t now, struct judgement *ret)
{
	char said[400];

	*ret = (struct judgement){
		.error = { .code = LARDER_OK, .retry_after_s = -1 },
		.doubt = is_doubtful(provider, http, reply),
		.retry_after_s = reply->retry_after_s,
	};
	say(reply, said, sizeof said);
	switch (reply->outcome) {
	case GRANT_TOKENS:
		form_tokens(reply, ret);
		break;
	case GRANT_ENDED:
		form_ended(credential, reply, was_doubted, ret);
		break;
	case GRANT_DENIED:
		(void)error_set(
		    &ret->error, LARDER_DENIED, "refresh failed", "ask who administers the account", "%s", said);
		break;
	case GRANT_REJECTED:
		(void)error_set(&ret->error, LARDER_REJECTED, "refresh failed",
		    "check the client's id, secret and authentication method with 'larder client show'", "%s", said);
		break;
	case GRANT_TEMPORARY:
		(void)error_set(&ret->error, LARDER_UNAVAILABLE, "refresh failed", "try again later", "%s", said);
		ret->endpoint_failed = true;
		break;
	case GRANT_UNKNOWN:
		(void)error_set(&ret->error, LARDER_UNAVAILABLE, "refresh failed",
		    ret->doubt ? "the answer is kept; see 'larder show'" : "try again later", "%s%s%s", said,
		    reply->complaint[0] != '\0' ? ": " : "", reply->complaint);
		ret->endpoint_failed = true;
		break;
	}
	if (ret->error.code != LARDER_OK && larder_code_retryable(ret->error.code))
		ret->error.retry_after_s = backoff_until(now, credential->failures + 1, ret->retry_after_s) - now;
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
