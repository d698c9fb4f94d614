/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "oauth/answer.h"
#include "oauth/dpop.h"
#include "oauth/fields.h"
#include "oauth/salvage.h"
#include "oauth/verdict.h"

static bool
is_filled(const cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring[0] != '\0';
}

static bool
has_token(const struct provider *provider, const cJSON *object)
{
	return is_filled(fields_find(object, provider->response.access_token_field, "access_token")) ||
	    is_filled(fields_find(object, provider->response.refresh_token_field, "refresh_token"));
}

/* The first place of the definition's list where a token is; without a list, the top. */
static const struct cJSON *
find_tokens(const struct judging *judging)
{
	const struct strings *sets = &judging->provider->response.token_sets;

	for (size_t i = 0; i < sets->count; i++) {
		const char *path = sets->items[i];
		const cJSON *set = strcmp(path, ".") == 0 ? judging->inside : json_get(judging->inside, path);

		if (has_token(judging->provider, set))
			return set;
	}
	if (has_token(judging->provider, judging->inside))
		return judging->inside;
	return has_token(judging->provider, judging->whole) ? judging->whole : NULL;
}

/* Whether a definition says that a success of HTTP is none of OAuth. */
static bool
says_failure(const struct judging *judging, const struct answer_error *error)
{
	const struct provider *provider = judging->provider;
	bool ok = true;

	if (provider->response.ok_field != NULL &&
	    (json_bool(judging->whole, provider->response.ok_field, &ok) ||
		json_bool(judging->inside, provider->response.ok_field, &ok)) &&
	    !ok)
		return true;
	return provider->response.error_at_http_200 && error->found &&
	    (json_get(judging->whole, "error") != NULL || json_get(judging->inside, "error") != NULL);
}

/* Where every error has the same code, what it says for people is all that tells a dead grant from a wrong request. */
static bool
says_dead(const struct provider *provider, const char *description)
{
	for (size_t i = 0; i < provider->response.dead_texts.count; i++) {
		if (strstr(description, provider->response.dead_texts.items[i]) != NULL)
			return true;
	}
	return false;
}

static void
judge_error(struct judging *judging, const struct answer_error *error)
{
	struct token_reply *ret = judging->ret;

	ret->outcome = verdict(judging->provider, ret->http_status, error->code);
	if (ret->outcome == GRANT_REJECTED && says_dead(judging->provider, error->description))
		ret->outcome = GRANT_ENDED;
	(void)text_escape(ret->error, sizeof(ret->error), error->code, strlen(error->code));
	(void)text_format(ret->error_subtype, sizeof(ret->error_subtype), "%s", error->subtype);
	(void)text_format(ret->description, sizeof(ret->description), "%s", error->description);
	if (ret->outcome == GRANT_DENIED && ret->description[0] == '\0' && strcmp(error->code, "access_denied") != 0)
		(void)text_format(ret->description, sizeof(ret->description), "the provider wants a person to log in");
}

/* Tokens, and a definition by which the same reply is a failure: nobody can tell, but a token is not thrown away. */
static void
judge_contradiction(struct judging *judging)
{
	fields_judge_refresh_token(judging);
	judging->ret->outcome = GRANT_UNKNOWN;
	fields_complain(judging->ret, "tokens came together with an error", "");
}

static bool
salvage(const struct http_reply *reply, struct token_reply *ret)
{
	bool found;

	errno = 0;
	found = salvage_refresh_token(reply, &ret->refresh_token);
	ret->starved |= !found && error_is_memory();
	return found;
}

/* A success without tokens where the definition has them: what can be recognised elsewhere is kept. */
static void
judge_strange(struct judging *judging, const struct http_reply *reply, const struct answer_error *error)
{
	struct token_reply *ret = judging->ret;

	judge_error(judging, error);
	if (error->found)
		return;
	ret->refresh_token_came = salvage(reply, ret);
	fields_complain(ret,
	    ret->refresh_token_came ? "the reply has no token where the definition looks; a refresh token was found"
				    : "the reply has no token",
	    "");
}

static void
judge_success(struct judging *judging, const struct http_reply *reply)
{
	struct answer_error error;

	answer_find_error(judging->provider, judging->ret->http_status, judging->whole, &error);
	judging->tokens = find_tokens(judging);
	if (judging->tokens == NULL) {
		judge_strange(judging, reply, &error);
	} else if (says_failure(judging, &error)) {
		judge_error(judging, &error);
		judge_contradiction(judging);
	} else {
		fields_judge(judging);
	}
}

/* What there is to say about a reply without an OAuth error. */
static void
describe(const struct http_reply *reply, const char *why, struct token_reply *ret)
{
	char target[200];

	if (ret->description[0] != '\0' || ret->error[0] != '\0')
		return;
	if (reply->status >= 300 && reply->status <= 399)
		(void)text_format(ret->description, sizeof(ret->description),
		    "it redirects to %s, which a token endpoint must not do",
		    text_escape(target, sizeof(target), reply->location, strlen(reply->location)));
	else
		(void)text_format(ret->description, sizeof(ret->description), "not an OAuth reply%s%s",
		    why[0] == '\0' ? "" : ": ", why);
}

static void
judge_unreadable(const struct http_reply *reply, const char *why, struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	bool is_success = reply->status >= 200 && reply->status <= 299;

	ret->outcome = verdict(judging->provider, reply->status, "");
	if (is_success && salvage(reply, ret)) {
		ret->refresh_token_came = true;
		fields_complain(ret, "the reply is damaged; its refresh token could be read", "");
	}
	describe(reply, why, ret);
}

void
reply_judge(const struct provider *provider, const struct http_reply *reply, int64_t sent_at, struct token_reply *ret)
{
	char why[ANSWER_WHY_MAX] = "";
	struct judging judging = { .provider = provider, .sent_at = sent_at, .ret = ret };
	struct cJSON *whole;
	bool starved;
	int64_t server_now = http_date(reply->date);

	errno = 0;
	whole = answer_parse(reply, why);
	starved = whole == NULL && error_is_memory();
	judging.whole = whole;
	judging.inside = answer_inside(provider, whole);

	*ret = (struct token_reply){
		.outcome = GRANT_UNKNOWN,
		.expires_at = TIME_UNKNOWN,
		.expires_in_s = TIME_UNKNOWN,
		.refresh_expires_at = TIME_UNKNOWN,
		.refresh_idle_end_at = TIME_UNKNOWN,
		.refresh_absolute_end_at = TIME_UNKNOWN,
		.http_status = reply->status,
		.starved = starved,
		.mute = answer_is_mute(reply),
		.retry_after_s = http_retry_after(reply->retry_after, server_now < 0 ? sent_at : server_now),
	};
	if (whole == NULL) {
		judge_unreadable(reply, why, &judging);
	} else if (reply->status >= 200 && reply->status <= 299) {
		judge_success(&judging, reply);
	} else {
		struct answer_error error;

		answer_find_error(provider, reply->status, whole, &error);
		judge_error(&judging, &error);
		describe(reply, why, ret);
		ret->wants_nonce = ret->outcome == GRANT_REJECTED && strcmp(error.code, "use_dpop_nonce") == 0 &&
		    dpop_nonce_is_valid(reply->dpop_nonce);
	}
	json_free(whole);
}

void
token_reply_clear(struct token_reply *reply)
{
	if (reply == NULL)
		return;
	secret_free(&reply->access_token);
	secret_free(&reply->refresh_token);
	*reply = (struct token_reply){ .outcome = GRANT_UNKNOWN };
}
