/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/answer.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "oauth/mend.h"

#define INTEGER_MAX 9007199254740991.0 /* above it a double knows no single whole numbers */

bool
answer_is_mute(const struct http_reply *reply)
{
	return (reply->status == 400 || reply->status == 403) && secret_is_empty(&reply->body) && !reply->truncated;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text of a body without white space and a byte order mark around it. */
static const char *
trim(const struct http_reply *reply, size_t *ret_len)
{
	const char *text = (const char *)reply->body.data;
	size_t len = reply->body.len;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	while (len != 0 && is_space(text[len - 1]))
		len--;
	while (len != 0 && is_space(*text)) {
		text++;
		len--;
	}
	*ret_len = len;
	return text;
}

static bool
begins_with(const char *text, size_t len, const char *start)
{
	return len >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

/* Whether a text has one of the names that a form-encoded reply must have. */
static bool
has_pair(const char *text, size_t len)
{
	static const char *const names[] = { "access_token=", "refresh_token=", "error=" };

	while (len != 0) {
		const char *end = memchr(text, '&', len);
		size_t used = end != NULL ? (size_t)(end - text) + 1 : len;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (begins_with(text, len, names[i]))
				return true;
		}
		text += used;
		len -= used;
	}
	return false;
}

bool
answer_is_form(const struct http_reply *reply, const char **ret, size_t *ret_len)
{
	*ret = trim(reply, ret_len);
	if (*ret_len == 0 || strchr("{[<\"", **ret) != NULL)
		return false;
	return has_pair(*ret, *ret_len);
}

static const char no_memory[] = "out of memory";

/* A form as an object of strings, refused when a name repeats. */
static cJSON *
parse_form(const char *text, size_t len, char why[static ANSWER_WHY_MAX])
{
	struct buf name = BUF_INIT_SECRET(HTTP_REPLY_MAX), value = BUF_INIT_SECRET(HTTP_REPLY_MAX);
	cJSON *object = cJSON_CreateObject();
	const char *problem = NULL;
	bool bad = false;
	int pairs = 0;

	while (object != NULL && problem == NULL && form_next(&text, &len, &name, &value, &bad)) {
		if (cJSON_GetObjectItemCaseSensitive(object, buf_str(&name)) != NULL)
			problem = "a name repeats in it";
		else if (++pairs > ANSWER_PAIRS_MAX)
			problem = "it has too many members";
		else if (cJSON_AddStringToObject(object, buf_str(&name), buf_str(&value)) == NULL)
			problem = no_memory;
	}
	if (object == NULL)
		problem = no_memory;
	else if (problem == NULL && bad)
		problem = "it has a broken escape";
	buf_clear(&name);
	buf_clear(&value);
	if (problem == NULL)
		return object;
	json_free(object);
	(void)text_format(why, ANSWER_WHY_MAX, "%s", problem);
	if (problem == no_memory)
		errno = ENOMEM;
	return NULL;
}

/*
 * A success is read strictly, as its members are stored. Of a failure only the error is taken, and a text beside it
 * that is not as it should be must not hide what it says.
 */
static cJSON *
parse_json(int status, const char *text, size_t len, char why[static ANSWER_WHY_MAX])
{
	cJSON *whole = json_parse(text, len, ANSWER_DEPTH_MAX, why, ANSWER_WHY_MAX);
	struct secret mended = SECRET_INIT;

	if (whole == NULL && (status < 200 || status > 299) && mend_strings(text, len, &mended)) {
		whole = json_parse((const char *)mended.data, mended.len, ANSWER_DEPTH_MAX, why, ANSWER_WHY_MAX);
		secret_free(&mended);
	}
	return whole;
}

struct cJSON *
answer_parse(const struct http_reply *reply, char why[static ANSWER_WHY_MAX])
{
	const char *text;
	size_t len;
	cJSON *whole;

	if (reply->encoded) {
		(void)text_format(why, ANSWER_WHY_MAX, "it is compressed, which was not asked for");
		return NULL;
	}
	if (answer_is_form(reply, &text, &len)) {
		if (!reply->truncated)
			return parse_form(text, len, why);
		(void)text_format(why, ANSWER_WHY_MAX, "it was cut off");
		return NULL;
	}
	if (len == 0 || *text != '{') {
		char type[64];

		(void)text_escape(type, sizeof(type), reply->content_type, strlen(reply->content_type));
		(void)text_format(why, ANSWER_WHY_MAX, "%s%s%s", len == 0 ? "it is empty" : "it is no JSON object",
		    len == 0 || type[0] == '\0' ? "" : ", but ", len == 0 ? "" : type);
		return NULL;
	}
	whole = parse_json(reply->status, text, len, why);
	if (whole == NULL && reply->truncated)
		(void)text_format(why, ANSWER_WHY_MAX, "it was cut off");
	return whole;
}

const struct cJSON *
answer_inside(const struct provider *provider, const struct cJSON *whole)
{
	const cJSON *inside = NULL;

	if (provider->response.envelope != NULL)
		inside = json_get(whole, provider->response.envelope);
	return cJSON_IsObject(inside) ? inside : whole;
}

static bool
digits_integer(const char *text, int64_t *ret)
{
	size_t len = strspn(text, "0123456789");
	const char *rest = text + len;
	int64_t value = 0;

	if (len == 0 || len > 18)
		return false;
	if (*rest == '.' && rest[1] != '\0')
		rest += 1 + strspn(rest + 1, "0");
	if (*rest != '\0')
		return false;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (text[i] - '0');
	*ret = value;
	return true;
}

bool
answer_integer(const struct cJSON *item, int64_t *ret)
{
	double value;

	if (cJSON_IsString(item))
		return digits_integer(item->valuestring, ret);
	if (!cJSON_IsNumber(item))
		return false;
	value = item->valuedouble;
	if (!(value >= 0 && value <= INTEGER_MAX) || (double)(int64_t)value != value)
		return false;
	*ret = (int64_t)value;
	return true;
}

/* A string that is not empty, or a number that is not 0. */
static bool
take_code(const cJSON *item, struct answer_error *ret)
{
	int64_t number;

	if (cJSON_IsString(item) && item->valuestring[0] != '\0') {
		if (!text_format(ret->code, sizeof(ret->code), "%s", item->valuestring))
			ret->code[0] = '*'; /* too long for any that is known */
	} else if (cJSON_IsNumber(item) && answer_integer(item, &number) && number != 0) {
		(void)text_format(ret->code, sizeof(ret->code), "%lld", (long long)number);
	} else {
		return false;
	}
	ret->found = true;
	return true;
}

static void
take_description(const cJSON *object, struct answer_error *ret)
{
	static const char *const names[] = { "error_description", "error_message", "description", "message", "msg",
		"errorSummary", "detail" };

	for (size_t i = 0; ret->description[0] == '\0' && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = json_string(object, names[i]);

		if (text != NULL)
			(void)text_escape(ret->description, sizeof(ret->description), text, strlen(text));
	}
}

/* Google, Microsoft and Facebook say more precisely what is wrong. */
static void
take_subtype(const cJSON *object, struct answer_error *ret)
{
	static const char *const names[] = { "error_subtype", "suberror", "error_subcode" };
	int64_t number;

	for (size_t i = 0; ret->subtype[0] == '\0' && i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *item = json_get(object, names[i]);

		if (cJSON_IsString(item))
			(void)text_escape(
			    ret->subtype, sizeof(ret->subtype), item->valuestring, strlen(item->valuestring));
		else if (cJSON_IsNumber(item) && answer_integer(item, &number))
			(void)text_format(ret->subtype, sizeof(ret->subtype), "%lld", (long long)number);
	}
}

/* Strings before numbers: {"code":400,"type":"..."} is told apart by its type. */
static bool
take_object(const cJSON *object, struct answer_error *ret)
{
	static const char *const names[] = { "error", "code", "type", "errorType", "status" };
	bool taken = false;

	for (size_t i = 0; !taken && i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *item = json_get(object, names[i]);

		taken = cJSON_IsString(item) && take_code(item, ret);
	}
	for (size_t i = 0; !taken && i < sizeof(names) / sizeof(names[0]); i++)
		taken = take_code(json_get(object, names[i]), ret);
	if (cJSON_IsObject(object)) {
		ret->found = true;
		take_description(object, ret);
	}
	return ret->found;
}

static bool
take_error(const cJSON *object, struct answer_error *ret)
{
	const cJSON *error = json_get(object, "error");
	const cJSON *errors = json_get(object, "errors");

	if (cJSON_IsArray(errors))
		errors = errors->child;
	if (take_code(error, ret) || (cJSON_IsObject(error) && take_object(error, ret)))
		return true;
	return take_code(errors, ret) || (cJSON_IsObject(errors) && take_object(errors, ret));
}

static bool
take_lesser(const cJSON *object, struct answer_error *ret)
{
	static const char *const names[] = { "errorCode", "error_code", "code", "status" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (take_code(json_get(object, names[i]), ret))
			return true;
	}
	return false;
}

void
answer_find_error(const struct provider *provider, int status, const struct cJSON *whole, struct answer_error *ret)
{
	const cJSON *inside = answer_inside(provider, whole);
	bool is_failure = status < 200 || status > 299 || provider->response.error_at_http_200;

	*ret = (struct answer_error){ .found = false };
	if (!take_error(whole, ret) && !take_error(inside, ret) && is_failure && !take_lesser(whole, ret))
		(void)take_lesser(inside, ret);
	if (!ret->found && !is_failure)
		return;
	take_description(whole, ret);
	take_description(inside, ret);
	take_subtype(whole, ret);
	take_subtype(json_get(whole, "error"), ret);
	take_subtype(inside, ret);
}
