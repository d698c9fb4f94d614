/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/wording.h"

#include <stdlib.h>
#include <string.h>

#include "provider/keep.h"

#define WORD_CHARS   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define STATUSES_MAX 8

/* The next word at or after *cursor, and its length; NULL at the end. */
static const char *
next_word(const char **cursor, size_t *ret_len)
{
	const char *word = *cursor + strcspn(*cursor, WORD_CHARS);

	*ret_len = strspn(word, WORD_CHARS);
	*cursor = word + *ret_len;
	return *ret_len > 0 ? word : NULL;
}

static bool
word_is(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(word, text, len) == 0;
}

static bool
is_status(const char *word, size_t len)
{
	return len == 3 && word[0] >= '1' && word[0] <= '5' && strspn(word, "0123456789") >= 3;
}

static int
status_of(const char *word)
{
	return (word[0] - '0') * 100 + (word[1] - '0') * 10 + (word[2] - '0');
}

enum auth_method
wording_client_auth(const char *text)
{
	const char *cursor = text, *word;
	size_t len;
	int value;

	if (strncmp(text, "client_id in the form", 21) == 0)
		return AUTH_NONE;
	while ((word = next_word(&cursor, &len)) != NULL) {
		if (word_parse(auth_words, word, len, &value) || word_parse(revoke_auth_words, word, len, &value))
			return (enum auth_method)value;
	}
	return AUTH_SAME;
}

enum pkce_use
wording_pkce(const char *text)
{
	const char *cursor = text;
	size_t len;
	const char *word = next_word(&cursor, &len);

	if (word == NULL)
		return PKCE_UNKNOWN;
	if (word_is(word, len, "supported"))
		return PKCE_SUPPORTED;
	if (word_is(word, len, "required"))
		return strncmp(cursor, " for ", 5) == 0 ? PKCE_SUPPORTED : PKCE_REQUIRED;
	return word_is(word, len, "unsupported") ? PKCE_UNSUPPORTED : PKCE_UNKNOWN;
}

/* "absent: does not expire", "absent: assume 3600", "absent" */
static void
absent_expiry(struct provider *provider, const char *text)
{
	const char *assume = strstr(text, "assume ");

	if (strstr(text, "does not expire") != NULL)
		provider->response.expiry = EXPIRES_NEVER;
	else if (assume != NULL && provider->access_token_ttl_s == TTL_UNKNOWN) {
		long seconds = strtol(assume + 7, NULL, 10);

		if (seconds > 0 && seconds <= INT32_MAX)
			provider->access_token_ttl_s = seconds;
	}
}

bool
wording_expiry(struct provider *provider, const char *text)
{
	const char *cursor = text;
	size_t len;
	const char *word = next_word(&cursor, &len);

	if (word == NULL)
		return true;
	if (word_is(word, len, "never") || strstr(text, "means never") != NULL) {
		provider->response.expiry = EXPIRES_NEVER;
		return true;
	}
	if (word_is(word, len, "absent")) {
		absent_expiry(provider, text);
		return true;
	}
	if (!word_is(word, len, "expires_at") && !word_is(word, len, "expiresAt"))
		return true;
	provider->response.expiry = EXPIRES_AT;
	if (word_is(word, len, "expires_at") || provider->response.expiry_field != NULL)
		return true;
	provider->response.expiry_field = keep_text(provider, word, len);
	return provider->response.expiry_field != NULL;
}

bool
wording_success(struct provider *provider, const char *text)
{
	const char *cursor = text, *word;
	size_t len, value_len;
	bool understood = false;

	while ((word = next_word(&cursor, &len)) != NULL) {
		const char *value = cursor + 1;

		if (is_status(word, len) && provider->revoke.success_count < STATUSES_MAX) {
			provider->revoke.success[provider->revoke.success_count++] = status_of(word);
			understood = true;
			continue;
		}
		value_len = *cursor == ':' ? strspn(value, WORD_CHARS) : 0;
		if (value_len == 0)
			continue;
		cursor = value + value_len;
		understood = true;
		if (provider->revoke.success_field != NULL)
			continue;
		provider->revoke.success_field = keep_text(provider, word, len);
		provider->revoke.success_value = keep_text(provider, value, value_len);
		if (provider->revoke.success_field == NULL || provider->revoke.success_value == NULL)
			return false;
	}
	return understood;
}

/* What a short unknown_token says, before it is taken over. */
struct unknown {
	int statuses[STATUSES_MAX];
	size_t statuses_count;
	const char *codes[STATUSES_MAX];
	size_t codes_len[STATUSES_MAX];
	size_t codes_count;
};

/*
 * Statuses and error codes with "HTTP", "or", "/" and commas between, then perhaps a remark in parentheses. An error
 * code has an underscore; any other word makes it a sentence.
 */
static bool
is_short(const char *text, struct unknown *ret)
{
	const char *end = strchr(text, '('), *cursor = text, *word;
	size_t len;

	if (strpbrk(text, ";.") != NULL && (end == NULL || strpbrk(text, ";.") < end))
		return false;
	while ((word = next_word(&cursor, &len)) != NULL && (end == NULL || word < end)) {
		if (word_is(word, len, "HTTP") || word_is(word, len, "or"))
			continue;
		if (*cursor == ':' && strncmp(cursor, ":false", 6) == 0) {
			cursor += 6;
		} else if (is_status(word, len) && ret->statuses_count < STATUSES_MAX) {
			ret->statuses[ret->statuses_count++] = status_of(word);
		} else if (memchr(word, '_', len) != NULL && ret->codes_count < STATUSES_MAX) {
			ret->codes[ret->codes_count] = word;
			ret->codes_len[ret->codes_count++] = len;
		} else {
			return false;
		}
	}
	return true;
}

bool
wording_unknown_token(struct provider *provider, const char *text)
{
	struct unknown unknown = { .statuses_count = 0 };

	if (!is_short(text, &unknown))
		return true;
	for (size_t i = 0; i < unknown.codes_count; i++) {
		if (!keep_string(provider, &provider->revoke.unknown_errors, unknown.codes[i], unknown.codes_len[i]))
			return false;
	}
	if (unknown.codes_count > 0)
		return true; /* the status alone says less than the code */
	for (size_t i = 0; i < unknown.statuses_count; i++) {
		if (unknown.statuses[i] == 400)
			provider->revoke.unknown_is_success_400 = true;
		else if (provider->revoke.unknown_statuses_count < STATUSES_MAX)
			provider->revoke.unknown_statuses[provider->revoke.unknown_statuses_count++] =
			    unknown.statuses[i];
	}
	return true;
}
