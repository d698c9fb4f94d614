/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/salvage.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "oauth/answer.h"
#include "oauth/oauth.h"

#include <cjson/cJSON.h>

static const char wanted[] = "refresh_token";

struct span { /* the inside of a string, as it stands in the text */
	const char *text;
	size_t len;
};

static const char *
skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* From behind an opening quote to behind the closing one; NULL if there is none. */
static const char *
read_string(const char *at, const char *end, struct span *ret)
{
	ret->text = at;
	while (at < end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	if (at >= end)
		return NULL;
	ret->len = (size_t)(at - ret->text);
	return at + 1;
}

/* Unescape as JSON does, by having it read as JSON; only a token is accepted. */
static bool
decode(const struct span *span, struct secret *ret)
{
	char why[64];
	cJSON *json;
	struct buf text = BUF_INIT_SECRET(HTTP_REPLY_MAX);
	const char *value = NULL;
	bool ok = false;

	(void)buf_append_str(&text, "{\"v\":\"");
	(void)buf_append(&text, span->text, span->len);
	(void)buf_append_str(&text, "\"}");
	json = text.failed ? NULL : json_parse(buf_str(&text), text.len, 1, why, sizeof(why));
	value = json_string(json, "v");
	if (value != NULL && value[0] != '\0' && strlen(value) <= TOKEN_MAX && text_is_token(value, strlen(value)))
		ok = secret_copy(value, strlen(value), ret);
	json_free(json);
	buf_clear(&text);
	return ok;
}

/*
 * Remember a candidate. false: it differs from one before, so that nobody knows which is right. What cannot be a
 * token counts as a different one.
 */
static bool
consider(struct secret *candidate, struct secret *found)
{
	bool same = !secret_is_empty(candidate) && (secret_is_empty(found) || secret_equal(candidate, found));

	if (same && secret_is_empty(found))
		*found = *candidate;
	else
		secret_free(candidate);
	return same;
}

static bool
is_wanted(const struct span *name)
{
	struct secret plain = SECRET_INIT;
	bool same = decode(name, &plain) && plain.len == sizeof(wanted) - 1 &&
	    memcmp(plain.data, wanted, sizeof(wanted) - 1) == 0;

	secret_free(&plain);
	return same;
}

/* Whether the byte before or after a string is one that JSON has there. */
static bool
is_one_of(const char *at, const char *end, const char *bytes)
{
	return at < end && *at != '\0' && strchr(bytes, *at) != NULL;
}

static bool
salvage_json(const char *at, const char *end, struct secret *found)
{
	char before = '\0'; /* the last byte outside of strings that is no white space */

	while (at < end) {
		struct span name, value;
		struct secret candidate = SECRET_INIT;
		char last = before;
		const char *next;

		if (*at != '"') {
			if (skip_space(at, end) == at)
				before = *at;
			at++;
			continue;
		}
		at = read_string(at + 1, end, &name);
		if (at == NULL)
			return true;
		before = '"';
		next = skip_space(at, end);
		if ((last != '{' && last != ',') || !is_one_of(next, end, ":") || !is_wanted(&name))
			continue;
		next = skip_space(next + 1, end);
		if (!is_one_of(next, end, "\""))
			continue;
		at = read_string(next + 1, end, &value);
		if (at == NULL)
			return true;
		next = skip_space(at, end);
		if (value.len == 0 || (next < end && !is_one_of(next, end, ",}")))
			continue;
		(void)decode(&value, &candidate);
		if (!consider(&candidate, found))
			return false;
	}
	return true;
}

/* Pair by pair, so that a broken one elsewhere does no harm; the last pair may be cut off. */
static bool
salvage_form(const char *text, size_t len, bool truncated, struct secret *found)
{
	struct buf name = BUF_INIT_SECRET(HTTP_REPLY_MAX), value = BUF_INIT_SECRET(HTTP_REPLY_MAX);
	bool ok = true;

	while (ok && len != 0) {
		const char *end = memchr(text, '&', len);
		size_t pair_len = end != NULL ? (size_t)(end - text) : len;
		size_t left = pair_len;
		const char *cursor = text;
		struct secret candidate = SECRET_INIT;
		bool bad = false;

		if (end == NULL && truncated)
			break;
		if (form_next(&cursor, &left, &name, &value, &bad) && strcmp(buf_str(&name), wanted) == 0 &&
		    value.len != 0) {
			if (value.len <= TOKEN_MAX && text_is_token(buf_str(&value), value.len))
				(void)secret_copy(value.data, value.len, &candidate);
			ok = consider(&candidate, found);
		}
		text += pair_len + (end != NULL ? 1 : 0);
		len -= pair_len + (end != NULL ? 1 : 0);
	}
	buf_clear(&name);
	buf_clear(&value);
	return ok;
}

bool
salvage_refresh_token(const struct http_reply *reply, struct secret *ret)
{
	struct secret found = SECRET_INIT;
	const char *text;
	size_t len;
	bool unique;

	if (reply->encoded || secret_is_empty(&reply->body))
		return false;
	if (answer_is_form(reply, &text, &len))
		unique = salvage_form(text, len, reply->truncated, &found);
	else if (len != 0 && (*text == '{' || *text == '['))
		unique = salvage_json(text, text + len, &found);
	else
		return false; /* a page or a text that only quotes a reply */
	if (!unique || secret_is_empty(&found)) {
		secret_free(&found);
		return false;
	}
	*ret = found;
	return true;
}
