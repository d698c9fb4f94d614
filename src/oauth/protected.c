/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/protected.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"

#define DEPTH_MAX 16

static const char *const what = "cannot use the resource's metadata";

static bool
is_token_char(char c)
{
	return c != '\0' &&
	    strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c) != NULL;
}

static const char *
skip_space(const char *at)
{
	return at + strspn(at, " \t");
}

/* A token or a quoted string (RFC 9110 section 5.6); NULL: neither. value may be NULL. */
static const char *
read_value(const char *at, struct buf *value)
{
	if (*at != '"') {
		const char *start = at;

		while (is_token_char(*at))
			at++;
		if (value != NULL)
			(void)buf_append(value, start, (size_t)(at - start));
		return at > start ? at : NULL;
	}
	for (at++; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		if (*at == '\0')
			return NULL;
		if (value != NULL)
			(void)buf_append_byte(value, (uint8_t)*at);
	}
	return at + 1;
}

static bool
word_is(const char *start, const char *end, const char *word)
{
	return strlen(word) == (size_t)(end - start) && strncasecmp(start, word, strlen(word)) == 0;
}

/* Challenges stand one after the other with commas between, and so do the parameters of each (RFC 9110 section 11.6.1). */
bool
protected_challenge_param(const char *challenge, const char *name, struct buf *ret)
{
	struct buf value = BUF_INIT(URL_MAX);
	bool ours = false, found = false, good = true;
	const char *at = challenge;

	while (good && *(at += strspn(at, " \t,")) != '\0') {
		const char *word = at, *end;

		while (is_token_char(*at))
			at++;
		end = at;
		good = end > word;
		at = skip_space(at);
		if (*at != '=') { /* a scheme; what has no parameters but one long word (token68) has none of these */
			ours = word_is(word, end, "Bearer") || word_is(word, end, "DPoP");
			continue;
		}
		if (ours && word_is(word, end, name)) {
			good = good && !found;
			at = read_value(skip_space(at + 1), &value);
			found = true;
		} else {
			at = read_value(skip_space(at + 1), NULL);
		}
		good = good && at != NULL;
	}
	good = good && found && value.len > 0 && !value.failed && strlen(buf_str(&value)) == value.len &&
	    buf_append(ret, value.data, value.len);
	buf_clear(&value);
	return good;
}

bool
protected_is_of(const char *resource, const char *url)
{
	struct url mine, asked;
	char why[128];
	size_t len;

	if (!url_parse(resource, &mine, why, sizeof(why)) || !url_parse(url, &asked, why, sizeof(why)) ||
	    !url_same_origin(&mine, &asked))
		return false;
	if (strcmp(mine.path, asked.path) == 0)
		return true;
	if (strchr(mine.path, '?') != NULL)
		return false;
	len = strlen(mine.path);
	if (len > 0 && mine.path[len - 1] == '/')
		len--;
	return strncmp(mine.path, asked.path, len) == 0 && strchr("/?", asked.path[len]) != NULL;
}

static enum larder_code
refuse(struct larder_error *ret_error, enum larder_code code, const char *hint, const char *member, const char *problem)
{
	return error_set(ret_error, code, what, hint, "%s: %s", member, problem);
}

static enum larder_code
take_servers(
    const cJSON *document, bool allows_loopback, struct protected_resource *ret, struct larder_error *ret_error)
{
	static const char member[] = "authorization_servers";
	const cJSON *list = json_get(document, member), *item;
	char why[128];
	struct url url;

	if (list == NULL || cJSON_IsNull(list))
		return LARDER_OK;
	if (!cJSON_IsArray(list))
		return refuse(ret_error, LARDER_UNAVAILABLE, NULL, member, "not a list");
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item))
			return refuse(ret_error, LARDER_UNAVAILABLE, NULL, member, "not a list of texts");
		if (!url_parse(item->valuestring, &url, why, sizeof(why)))
			return refuse(ret_error, LARDER_DENIED, NULL, member, why);
		if (strcmp(url.scheme, "https") != 0 && !(allows_loopback && url_is_loopback(&url)))
			return refuse(ret_error, LARDER_DENIED, NULL, member, "one is not https");
		if (ret->servers_count < PROTECTED_SERVERS_MAX &&
		    text_format(ret->servers[ret->servers_count], sizeof(ret->servers[0]), "%s", item->valuestring))
			ret->servers_count++;
	}
	return LARDER_OK;
}

/* Scopes that cannot be sent are passed over, and so are those for which there is no room. */
static void
take_scope(const cJSON *document, struct protected_resource *ret)
{
	const cJSON *list = json_get(document, "scopes_supported"), *item;
	size_t used = 0;

	if (!cJSON_IsArray(list))
		return;
	cJSON_ArrayForEach(item, list)
	{
		size_t len = cJSON_IsString(item) ? strlen(item->valuestring) : 0;

		if (len == 0 || !text_is_token(item->valuestring, len) || used + len + 2 > sizeof(ret->scope))
			continue;
		(void)text_format(
		    ret->scope + used, sizeof(ret->scope) - used, "%s%s", used == 0 ? "" : " ", item->valuestring);
		used += strlen(ret->scope + used);
	}
}

/* Larder sends tokens in the header, and nowhere else (RFC 6750 section 2). */
static bool
takes_header(const cJSON *document)
{
	const cJSON *list = json_get(document, "bearer_methods_supported"), *item;

	if (!cJSON_IsArray(list))
		return true;
	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, "header") == 0)
			return true;
	}
	return false;
}

static enum larder_code
take_resource(const cJSON *document, const char *url, struct protected_resource *ret, struct larder_error *ret_error)
{
	const char *resource = json_string(document, "resource");
	char safe[160];

	if (resource == NULL)
		return refuse(ret_error, LARDER_UNAVAILABLE, NULL, "resource", "missing, or not a text");
	if (!protected_is_of(resource, url))
		return error_set(ret_error, LARDER_DENIED, what, "if that is the resource you mean, give its URL",
		    "it is of %s, not of what was asked", text_escape(safe, sizeof(safe), resource, strlen(resource)));
	(void)text_format(ret->resource, sizeof(ret->resource), "%s", resource);
	return LARDER_OK;
}

enum larder_code
protected_read(const char *url, bool allows_loopback, const void *data, size_t len, struct protected_resource *ret,
    struct larder_error *ret_error)
{
	struct protected_resource found = { .servers_count = 0 };
	enum larder_code code;
	char why[128] = "";
	cJSON *document = json_parse(data, len, DEPTH_MAX, why, sizeof(why));

	if (document == NULL && errno == ENOMEM)
		return error_no_memory(ret_error);
	if (document == NULL || !cJSON_IsObject(document)) {
		json_free(document);
		return error_set(
		    ret_error, LARDER_UNAVAILABLE, what, NULL, "%s", document == NULL ? why : "it is no JSON object");
	}
	code = take_resource(document, url, &found, ret_error);
	if (code == LARDER_OK && !takes_header(document))
		code = refuse(ret_error, LARDER_REJECTED, NULL, "bearer_methods_supported",
		    "it does not take tokens in the header");
	if (code == LARDER_OK)
		code = take_servers(document, allows_loopback, &found, ret_error);
	if (code == LARDER_OK) {
		take_scope(document, &found);
		*ret = found;
	}
	json_free(document);
	return code;
}
