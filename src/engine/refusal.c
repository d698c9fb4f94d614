/* SPDX-License-Identifier: Apache-2.0 */
/* Why there is no token: the decision, or what the credential remembers, as an error. */
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"
#include "oauth/cause.h"

static enum larder_code
code_of_word(const char *word)
{
	int code;

	for (code = LARDER_INTERNAL; code < LARDER_INTERRUPTED; code++) {
		if (strcmp(word, larder_code_name((enum larder_code)code)) == 0)
			return (enum larder_code)code;
	}
	return LARDER_UNAVAILABLE;
}

/* The credential remembers what its last exchange said; whoever did not ask himself reports that. */
static enum larder_code
fail_as_remembered(const struct credential *credential, int64_t now, struct larder_error *ret_error)
{
	enum larder_code code = code_of_word(credential->last_error);

	if (code == LARDER_IN_DOUBT)
		code = LARDER_UNAVAILABLE; /* asking again is not forbidden, or that would be the reason */
	(void)error_set(ret_error, code, "refresh failed",
	    code == LARDER_NEEDS_LOGIN ? "log in again, or store a new refresh token with 'larder add --replace'"
				       : "try again later",
	    "%s", credential->last_error_text[0] != '\0' ? credential->last_error_text : "the last exchange failed");
	if (ret_error != NULL && larder_code_retryable(code) && credential->retry_at > now)
		ret_error->retry_after_s = credential->retry_at - now;
	return code;
}

/* What to do about the cause that was found when the grant died; "" if it is not known any more. */
static void
advise(const struct engine *engine, const struct credential *credential, struct cause *ret)
{
	struct provider *provider = NULL;
	struct larder_error ignored;

	if (credential->cause[0] == '\0')
		return;
	(void)catalogue_load(engine->catalogue, credential->provider, &provider, &ignored);
	(void)cause_by_id(provider, credential->cause, ret);
	provider_free(provider);
}

static enum larder_code
fail_needs_login(const struct engine *engine, const struct credential *credential, struct larder_error *ret_error)
{
	struct cause cause = {
		.todo = "log in again with 'larder login', or store a new refresh token with 'larder add --replace'"
	};
	char when[32];

	if (credential->state != STATE_NEEDS_LOGIN || credential->last_error_text[0] == '\0')
		return error_set(ret_error, LARDER_NEEDS_LOGIN, "no token",
		    "log in again with 'larder login', or store a new refresh token with 'larder add --replace'",
		    "there is no usable refresh token");
	advise(engine, credential, &cause);
	return error_set(ret_error, LARDER_NEEDS_LOGIN, "no token", cause.todo, "%s (%s)", credential->last_error_text,
	    text_time(when, sizeof when, (long long)credential->last_error_at));
}

/* What was rejected stays rejected while nobody changes anything; all else is worth another try later. */
static enum larder_code
fail_held_back(const struct credential *credential, int64_t rest_s, struct larder_error *ret_error)
{
	enum larder_code code = code_of_word(credential->last_error);

	if (code != LARDER_REJECTED && code != LARDER_DENIED)
		code = LARDER_UNAVAILABLE;
	(void)error_set(ret_error, code, "refresh failed", "try again later, or ask now with --force",
	    "%s; not asking again for %lld s",
	    credential->last_error_text[0] != '\0' ? credential->last_error_text : "the endpoint keeps failing",
	    (long long)rest_s);
	if (ret_error != NULL)
		ret_error->retry_after_s = rest_s;
	return code;
}

enum larder_code
refresh_fail(const struct engine *engine, const struct credential *credential, const struct decision *decision,
    const struct refresh_call *call, int64_t now, struct larder_error *ret_error)
{
	char when[32], hint[160];

	switch (decision->reason) {
	case REASON_OFFLINE:
		return error_set(ret_error, LARDER_UNAVAILABLE, "no token", "leave out --offline",
		    "the cached token has ended and the provider may not be asked");
	case REASON_NEEDS_LOGIN:
		return fail_needs_login(engine, credential, ret_error);
	case REASON_REVOKED:
		return error_set(ret_error, LARDER_NEEDS_LOGIN, "no token",
		    "log in again with 'larder login', or store a new refresh token with 'larder add --replace'",
		    "it %s", credential->state == STATE_REVOKED ? "was revoked" : "is being revoked");
	case REASON_SUSPECT:
		(void)text_format(hint, sizeof hint,
		    "if this copy is the one to go on with, run 'larder refresh %s --accept'", credential->name);
		return error_set(ret_error, LARDER_IN_DOUBT, "no token", hint,
		    "the vault was copied or restored: another copy may have spent this refresh token");
	case REASON_IN_DOUBT:
		(void)text_format(hint, sizeof hint,
		    "to ask all the same run 'larder refresh %s --accept', or log in again", credential->name);
		return error_set(ret_error, LARDER_IN_DOUBT, "no token", hint,
		    "a refresh of %s got no answer, and asking again could end the grant",
		    text_time(when, sizeof when, (long long)intent_asked_at(&credential->intent)));
	case REASON_BACKOFF:
		return fail_held_back(credential, decision->retry_after_s, ret_error);
	case REASON_EARLY:
		(void)error_set(ret_error, LARDER_UNAVAILABLE, "no token",
		    "ask for a shorter --min-ttl, or use --force",
		    "the provider wants more time between two refreshes, and the token at hand does not last that long");
		if (ret_error != NULL)
			ret_error->retry_after_s = decision->retry_after_s;
		return LARDER_UNAVAILABLE;
	case REASON_NONE:
	case REASON_LAST_FAILURE:
		break;
	}
	if (call->failure.code == LARDER_OK)
		return fail_as_remembered(credential, now, ret_error);
	if (ret_error != NULL)
		*ret_error = call->failure;
	return call->failure.code;
}
