/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"
#include "oauth/answer.h"
#include "oauth/expiry.h"
#include "oauth/salvage.h"
#include "oauth/verdict.h"

/* One reply while it is judged. */
struct judging {
	const struct provider *provider;
	const struct cJSON *whole;  /* everything */
	const struct cJSON *inside; /* without the envelope */
	const struct cJSON *tokens; /* the object that holds the tokens; NULL if none does */
	int64_t sent_at;
	struct token_reply *ret;
};

/* The first complaint stays: they come in the order of their weight. */
static void
complain(struct token_reply *ret, const char *what, const char *problem)
{
	if (ret->complaint[0] == '\0')
		(void)text_format(ret->complaint, sizeof(ret->complaint), "%s%s", what, problem);
}

static bool
is_filled(const cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring[0] != '\0';
}

static bool
has_token(const cJSON *object)
{
	return is_filled(json_get(object, "access_token")) || is_filled(json_get(object, "refresh_token"));
}

/* The first place of the definition's list where a token is; without a list, the top. */
static const struct cJSON *
find_tokens(const struct judging *judging)
{
	const struct strings *sets = &judging->provider->response.token_sets;

	for (size_t i = 0; i < sets->count; i++) {
		const char *path = sets->items[i];
		const cJSON *set = strcmp(path, ".") == 0 ? judging->inside : json_get(judging->inside, path);

		if (has_token(set))
			return set;
	}
	if (has_token(judging->inside))
		return judging->inside;
	return has_token(judging->whole) ? judging->whole : NULL;
}

/* NULL when it is a token, else what is wrong with it. */
static const char *
token_problem(const cJSON *item)
{
	if (!cJSON_IsString(item))
		return " is not a string";
	if (strlen(item->valuestring) > TOKEN_MAX)
		return " is longer than 64 KiB";
	if (!text_is_token(item->valuestring, strlen(item->valuestring)))
		return " has characters that no token may have";
	return NULL;
}

static bool
is_missing(const cJSON *item)
{
	return item == NULL || cJSON_IsNull(item) || (cJSON_IsString(item) && item->valuestring[0] == '\0');
}

/* Missing, null and empty mean: the old one stays (RFC 6749 section 6). */
static void
judge_refresh_token(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const cJSON *item = json_get(judging->tokens, "refresh_token");
	const char *problem;

	if (is_missing(item))
		item = json_get(judging->inside, "refresh_token");
	if (is_missing(item))
		item = json_get(judging->whole, "refresh_token");
	if (is_missing(item))
		return;
	problem = token_problem(item);
	if (problem == NULL && !secret_copy(item->valuestring, strlen(item->valuestring), &ret->refresh_token))
		problem = " does not fit into locked memory";
	if (problem == NULL)
		ret->refresh_token_came = true;
	else
		complain(ret, "refresh_token", problem);
}

static void
judge_access_token(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const cJSON *item = json_get(judging->tokens, "access_token");
	const char *problem;

	if (is_missing(item)) {
		complain(ret, "access_token", " is missing");
		return;
	}
	problem = token_problem(item);
	if (problem == NULL && !secret_copy(item->valuestring, strlen(item->valuestring), &ret->access_token))
		problem = " does not fit into locked memory";
	if (problem != NULL)
		complain(ret, "access_token", problem);
}

/* Where an access token is what is spent, the new one is what is spent next. */
static void
carry_over(struct judging *judging)
{
	struct token_reply *ret = judging->ret;

	if (!judging->provider->refresh.spends_access_token || ret->refresh_token_came ||
	    secret_is_empty(&ret->access_token))
		return;
	ret->refresh_token_came = secret_copy(ret->access_token.data, ret->access_token.len, &ret->refresh_token);
}

static bool
is_bearer(const struct provider *provider, const char *type)
{
	if (text_equal_nocase(type, "bearer"))
		return true;
	for (size_t i = 0; i < provider->response.token_types.count; i++) {
		if (text_equal_nocase(type, provider->response.token_types.items[i]))
			return true;
	}
	return false;
}

/*
 * Servers are known that send no token_type; what they give are bearer tokens. A type that is there and unknown is a
 * token that nobody here knows how to use (RFC 6749 section 7.1).
 */
static bool
judge_token_type(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const cJSON *item = json_get(judging->tokens, "token_type");

	if (is_missing(item)) {
		if (!judging->provider->response.token_type_optional)
			complain(ret, "token_type", " is missing, taken as Bearer");
		return true;
	}
	if (!cJSON_IsString(item)) {
		complain(ret, "token_type", " is not a string");
		return false;
	}
	(void)text_escape(ret->token_type, sizeof(ret->token_type), item->valuestring, strlen(item->valuestring));
	if (is_bearer(judging->provider, item->valuestring))
		return true;
	if (ret->complaint[0] == '\0')
		(void)text_format(ret->complaint, sizeof(ret->complaint),
		    "token_type '%s' is not one that is understood", ret->token_type);
	return false;
}

/* Append the tokens of one string, parted by spaces or the definition's own separator. */
static void
append_scope(const struct provider *provider, const char *text, struct buf *scope)
{
	char stops[sizeof(provider->scope_separator) + 1];

	(void)text_format(stops, sizeof(stops), " %s", provider->scope_separator);
	while (*(text += strspn(text, stops)) != '\0') {
		size_t len = strcspn(text, stops);

		if (scope->len != 0)
			(void)buf_append_byte(scope, ' ');
		(void)buf_append(scope, text, len);
		text += len;
	}
}

static void
judge_scope(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const cJSON *item = json_get(judging->tokens, "scope");
	struct buf scope = BUF_INIT(SCOPE_MAX);
	const cJSON *one;
	bool readable = is_missing(item) || cJSON_IsString(item) || cJSON_IsArray(item);

	if (cJSON_IsString(item))
		append_scope(judging->provider, item->valuestring, &scope);
	if (cJSON_IsArray(item)) {
		cJSON_ArrayForEach(one, item)
		{
			if (cJSON_IsString(one))
				append_scope(judging->provider, one->valuestring, &scope);
			else
				readable = false;
		}
	}
	if (!readable || scope.failed || (scope.len != 0 && !scope_is_valid(buf_str(&scope))))
		complain(ret, "scope", scope.failed ? " is too long" : " cannot be read");
	else if (scope.len != 0)
		ret->scope_came = text_format(ret->scope, sizeof(ret->scope), "%s", buf_str(&scope));
	buf_clear(&scope);
}

static void
judge_tokens(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const char *problem;
	bool understood;

	judge_refresh_token(judging);
	judge_access_token(judging);
	carry_over(judging);
	understood = judge_token_type(judging);
	ret->usable = understood && !secret_is_empty(&ret->access_token);
	problem = expiry_judge(judging->provider, judging->tokens, judging->sent_at, ret);
	if (problem != NULL)
		complain(ret, problem, "");
	ret->refresh_expires_at = expiry_of_refresh_token(judging->tokens, judging->sent_at);
	judge_scope(judging);
	if (ret->refresh_token_came || !secret_is_empty(&ret->access_token))
		ret->outcome = GRANT_TOKENS;
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

static void
judge_error(struct judging *judging, const struct answer_error *error)
{
	struct token_reply *ret = judging->ret;

	ret->outcome = verdict(judging->provider, ret->http_status, error->code);
	(void)text_escape(ret->error, sizeof(ret->error), error->code, strlen(error->code));
	(void)text_format(ret->description, sizeof(ret->description), "%s", error->description);
}

/* Tokens, and a definition by which the same reply is a failure: nobody can tell, but a token is not thrown away. */
static void
judge_contradiction(struct judging *judging)
{
	judge_refresh_token(judging);
	judging->ret->outcome = GRANT_UNKNOWN;
	complain(judging->ret, "tokens came together with an error", "");
}

static void
judge_success(struct judging *judging)
{
	struct answer_error error;

	answer_find_error(judging->provider, judging->whole, &error);
	judging->tokens = find_tokens(judging);
	if (judging->tokens == NULL) {
		judge_error(judging, &error);
		if (judging->ret->outcome == GRANT_UNKNOWN)
			complain(judging->ret, "the reply has no token", "");
	} else if (says_failure(judging, &error)) {
		judge_error(judging, &error);
		judge_contradiction(judging);
	} else {
		judge_tokens(judging);
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
	if (is_success && salvage_refresh_token(reply, &ret->refresh_token)) {
		ret->refresh_token_came = true;
		complain(ret, "the reply is damaged; its refresh token could be read", "");
	}
	describe(reply, why, ret);
}

void
reply_judge(const struct provider *provider, const struct http_reply *reply, int64_t sent_at, struct token_reply *ret)
{
	char why[ANSWER_WHY_MAX] = "";
	struct cJSON *whole = answer_parse(reply, why);
	struct judging judging = { .provider = provider,
		.whole = whole,
		.inside = answer_inside(provider, whole),
		.sent_at = sent_at,
		.ret = ret };
	int64_t server_now = http_date(reply->date);

	*ret = (struct token_reply){
		.outcome = GRANT_UNKNOWN,
		.expires_at = TIME_UNKNOWN,
		.expires_in_s = TIME_UNKNOWN,
		.refresh_expires_at = TIME_UNKNOWN,
		.http_status = reply->status,
		.retry_after_s = http_retry_after(reply->retry_after, server_now < 0 ? sent_at : server_now),
	};
	if (whole == NULL) {
		judge_unreadable(reply, why, &judging);
	} else if (reply->status >= 200 && reply->status <= 299) {
		judge_success(&judging);
	} else {
		struct answer_error error;

		answer_find_error(provider, whole, &error);
		judge_error(&judging, &error);
		describe(reply, why, ret);
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
