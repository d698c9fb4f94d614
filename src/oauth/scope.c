/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "oauth/oauth.h"

#define TOKENS_MAX (SCOPE_MAX / 2 + 1) /* of one letter each */

struct scope_token {
	const char *text;
	size_t len;
};

static bool
is_scope_char(unsigned char c)
{
	return c == 0x21 || (c >= 0x23 && c <= 0x5b) || (c >= 0x5d && c <= 0x7e);
}

bool
scope_is_valid(const char *scope)
{
	bool any = false;

	if (scope == NULL)
		return false;
	for (; *scope != '\0'; scope++) {
		if (*scope == ' ')
			continue;
		if (!is_scope_char((unsigned char)*scope))
			return false;
		any = true;
	}
	return any;
}

/* The next token; *cursor moves behind it. false at the end. */
static bool
next_token(const char **cursor, struct scope_token *ret)
{
	*cursor += strspn(*cursor, " ");
	ret->text = *cursor;
	ret->len = strcspn(*cursor, " ");
	*cursor += ret->len;
	return ret->len != 0;
}

static int
compare(const void *a, const void *b)
{
	const struct scope_token *left = a, *right = b;
	size_t shorter = left->len < right->len ? left->len : right->len;
	int order = memcmp(left->text, right->text, shorter);

	if (order != 0 || left->len == right->len)
		return order;
	return left->len < right->len ? -1 : 1;
}

static bool
write_tokens(const struct scope_token *tokens, size_t count, char *dst, size_t dst_size)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare(&tokens[i - 1], &tokens[i]) == 0)
			continue;
		if (len + (len != 0 ? 1 : 0) + tokens[i].len >= dst_size)
			return false;
		if (len != 0)
			dst[len++] = ' ';
		memcpy(dst + len, tokens[i].text, tokens[i].len);
		len += tokens[i].len;
	}
	dst[len] = '\0';
	return true;
}

bool
scope_canonical(const char *scope, char *dst, size_t dst_size)
{
	struct scope_token tokens[TOKENS_MAX];
	size_t count = 0;

	if (dst_size == 0 || scope == NULL || strnlen(scope, SCOPE_MAX + 1) > SCOPE_MAX)
		return false;
	if (scope[strspn(scope, " ")] != '\0' && !scope_is_valid(scope))
		return false;
	while (count < TOKENS_MAX && next_token(&scope, &tokens[count]))
		count++;
	if (count != 0)
		qsort(tokens, count, sizeof(tokens[0]), compare);
	return write_tokens(tokens, count, dst, dst_size);
}

static bool
has_token(const char *scope, const struct scope_token *wanted)
{
	struct scope_token token;

	while (next_token(&scope, &token)) {
		if (compare(&token, wanted) == 0)
			return true;
	}
	return false;
}

bool
scope_is_subset(const char *part, const char *whole)
{
	struct scope_token token;

	while (next_token(&part, &token)) {
		if (!has_token(whole, &token))
			return false;
	}
	return true;
}

bool
scope_equal(const char *a, const char *b)
{
	return scope_is_subset(a, b) && scope_is_subset(b, a);
}
