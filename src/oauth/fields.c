/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/fields.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/expiry.h"

void
fields_complain(struct token_reply *ret, const char *what, const char *problem)
{
	if (ret->complaint[0] == '\0')
		(void)text_format(ret->complaint, sizeof(ret->complaint), "%s%s", what, problem);
}

/* NULL when it is a token, else what is wrong with it. A refresh token with a space is one: it is sent in a body only. */
static const char *
token_problem(const cJSON *item, bool (*is_valid)(const char *data, size_t len))
{
	if (!cJSON_IsString(item))
		return " is not a string";
	if (strlen(item->valuestring) > TOKEN_MAX)
		return " is longer than 64 KiB";
	if (!is_valid(item->valuestring, strlen(item->valuestring)))
		return " has characters that no token may have";
	return NULL;
}

static bool
is_missing(const cJSON *item)
{
	return item == NULL || cJSON_IsNull(item) || (cJSON_IsString(item) && item->valuestring[0] == '\0');
}

const cJSON *
fields_find(const cJSON *object, const char *name, const char *usual)
{
	const cJSON *item = json_get(object, name);

	return is_missing(item) ? json_get(object, usual) : item;
}

void
fields_judge_refresh_token(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const char *name = judging->provider->response.refresh_token_field;
	const cJSON *item = fields_find(judging->tokens, name, "refresh_token");
	const char *problem;

	if (is_missing(item))
		item = fields_find(judging->inside, name, "refresh_token");
	if (is_missing(item))
		item = fields_find(judging->whole, name, "refresh_token");
	if (is_missing(item))
		return;
	problem = token_problem(item, text_is_vschars);
	if (problem == NULL && !secret_copy(item->valuestring, strlen(item->valuestring), &ret->refresh_token)) {
		problem = " does not fit into locked memory";
		ret->starved = true;
	}
	if (problem == NULL)
		ret->refresh_token_came = true;
	else
		fields_complain(ret, "refresh_token", problem);
	ret->refresh_token_refused = problem != NULL;
}

static void
judge_access_token(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const cJSON *item =
	    fields_find(judging->tokens, judging->provider->response.access_token_field, "access_token");
	const char *problem;

	if (is_missing(item)) {
		fields_complain(ret, "access_token", " is missing");
		return;
	}
	problem = token_problem(item, text_is_token);
	if (problem == NULL && !secret_copy(item->valuestring, strlen(item->valuestring), &ret->access_token)) {
		problem = " does not fit into locked memory";
		ret->starved = true;
	}
	if (problem != NULL)
		fields_complain(ret, "access_token", problem);
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
	ret->starved |= !ret->refresh_token_came;
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
			fields_complain(ret, "token_type", " is missing, taken as Bearer");
		return true;
	}
	if (!cJSON_IsString(item)) {
		fields_complain(ret, "token_type", " is not a string");
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

/* Append the tokens of one string, parted by spaces or the definition's separator of replies. */
static void
append_scope(const struct provider *provider, const char *text, struct buf *scope)
{
	char stops[sizeof(provider->response.scope_separator) + 1];

	(void)text_format(stops, sizeof(stops), " %s", provider->response.scope_separator);
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
	const cJSON *item = fields_find(judging->tokens, judging->provider->response.scope_field, "scope");
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
		fields_complain(ret, "scope", scope.failed ? " is too long" : " cannot be read");
	else if (scope.len != 0)
		ret->scope_came = text_format(ret->scope, sizeof(ret->scope), "%s", buf_str(&scope));
	ret->starved |= scope.starved;
	buf_clear(&scope);
}

/* RFC 8693 section 2.2.1: what it is that came as access_token. */
static void
take_issued_type(struct judging *judging)
{
	const char *text = json_string(judging->tokens, "issued_token_type");
	struct token_reply *ret = judging->ret;

	if (text != NULL)
		(void)text_escape(ret->issued_token_type, sizeof(ret->issued_token_type), text, strlen(text));
}

static void
judge_id_token(struct judging *judging)
{
	const char *text = json_string(judging->tokens, "id_token");

	if (text != NULL && strlen(text) <= TOKEN_MAX)
		(void)identity_read(text, strlen(text), &judging->ret->identity);
}

void
fields_judge(struct judging *judging)
{
	struct token_reply *ret = judging->ret;
	const char *problem;
	bool understood;

	fields_judge_refresh_token(judging);
	judge_access_token(judging);
	carry_over(judging);
	understood = judge_token_type(judging);
	ret->usable = understood && !secret_is_empty(&ret->access_token);
	problem = expiry_judge(judging->provider, judging->tokens, judging->sent_at, ret);
	if (problem != NULL)
		fields_complain(ret, problem, "");
	expiry_of_refresh_token(judging->provider, judging->tokens, judging->sent_at, ret);
	judge_scope(judging);
	judge_id_token(judging);
	take_issued_type(judging);
	extra_take(judging, ret->extra);
	if (ret->refresh_token_came || !secret_is_empty(&ret->access_token))
		ret->outcome = GRANT_TOKENS;
}
