/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/url.h"

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '*' || c == '-' ||
	    c == '.' || c == '_';
}

bool
form_encode(struct buf *dst, const char *value, size_t value_len)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i, need = 0;
	uint8_t *out;

	for (i = 0; i < value_len; i++)
		need += is_plain(value[i]) || value[i] == ' ' ? 1 : 3;
	out = buf_reserve(dst, need);
	if (out == NULL)
		return false;
	for (i = 0; i < value_len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (is_plain(value[i])) {
			*out++ = c;
		} else if (c == ' ') {
			*out++ = '+';
		} else {
			*out++ = '%';
			*out++ = (uint8_t)digits[c >> 4];
			*out++ = (uint8_t)digits[c & 15];
		}
	}
	buf_grew(dst, need);
	return true;
}

bool
form_append(struct buf *body, const char *name, const char *value, size_t value_len)
{
	if (value_len == 0)
		return !body->failed;
	if (body->len != 0 && !buf_append_byte(body, '&'))
		return false;
	return form_encode(body, name, strlen(name)) && buf_append_byte(body, '=') &&
	    form_encode(body, value, value_len);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The length that text has when it is decoded; false where an escape is broken. */
static bool
decoded_len(const char *text, size_t len, size_t *ret)
{
	size_t i, count = 0;

	for (i = 0; i < len; i++, count++) {
		if (text[i] != '%')
			continue;
		if (len - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
			return false;
		i += 2;
	}
	*ret = count;
	return true;
}

static bool
decode(const char *text, size_t len, struct buf *ret)
{
	size_t i, count;
	uint8_t *out;

	if (!decoded_len(text, len, &count))
		return false;
	out = buf_reserve(ret, count);
	if (out == NULL)
		return false;
	for (i = 0; i < len; i++, out++) {
		*out = text[i] == '+' ? ' ' : (uint8_t)text[i];
		if (text[i] == '%') {
			*out = (uint8_t)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
			i += 2;
		}
		if (*out == 0)
			return false;
	}
	buf_grew(ret, count);
	return true;
}

bool
form_next(const char **cursor, size_t *left, struct buf *name, struct buf *value, bool *ret_bad)
{
	const char *pair, *end, *equals;
	size_t len;

	*ret_bad = false;
	buf_reset(name);
	buf_reset(value);
	while (*left != 0 && **cursor == '&') {
		(*cursor)++;
		(*left)--;
	}
	if (*left == 0)
		return false;
	pair = *cursor;
	end = memchr(pair, '&', *left);
	len = end != NULL ? (size_t)(end - pair) : *left;
	*cursor += len;
	*left -= len;
	equals = memchr(pair, '=', len);
	if (equals == NULL)
		equals = pair + len;
	if (decode(pair, (size_t)(equals - pair), name) &&
	    (equals == pair + len || decode(equals + 1, (size_t)(pair + len - equals - 1), value)))
		return true;
	*ret_bad = true;
	return false;
}
