/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <larder/error.h>

#define YEAR_MAX_UNIX_S 253402300799LL /* the last second of the year 9999 */

static bool
is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t
text_utf8_next(const char *src, size_t len, uint32_t *ret_code_point)
{
	static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first;
	uint32_t code_point;
	size_t need, i;

	if (len == 0)
		return 0;
	first = (unsigned char)src[0];
	if (first < 0x80) {
		*ret_code_point = first;
		return 1;
	}
	if (first < 0xc2 || first > 0xf4)
		return 0;
	need = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (len < need)
		return 0;
	code_point = first & (0x7fU >> need);
	for (i = 1; i < need; i++) {
		if (!is_continuation(src[i]))
			return 0;
		code_point = code_point << 6 | ((unsigned char)src[i] & 0x3f);
	}
	if (code_point < smallest[need] || code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
		return 0;
	*ret_code_point = code_point;
	return need;
}

bool
text_is_unsafe(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },        /* C0 */
		{ 0x7f, 0x9f },        /* DEL, C1 */
		{ 0xad, 0xad },        /* soft hyphen */
		{ 0x61c, 0x61c },      /* Arabic letter mark */
		{ 0x180e, 0x180e },    /* Mongolian vowel separator */
		{ 0x200b, 0x200f },    /* zero width, direction marks */
		{ 0x2028, 0x202e },    /* line, paragraph, embeddings and overrides */
		{ 0x2060, 0x206f },    /* invisible operators, isolates */
		{ 0xe000, 0xf8ff },    /* private use */
		{ 0xfdd0, 0xfdef },    /* no characters */
		{ 0xfeff, 0xfeff },    /* byte order mark */
		{ 0xfff9, 0xfffb },    /* interlinear annotation */
		{ 0xe0000, 0x10ffff }, /* tags, private use */
	};
	size_t i;

	if ((c & 0xfffe) == 0xfffe)
		return true;
	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

/* One character, or one invalid byte, as it may be shown. Returns the bytes of src that it stands for. */
static size_t
escape_one(const char *src, size_t len, char piece[static 16])
{
	uint32_t code_point = 0;
	size_t used = text_utf8_next(src, len, &code_point);

	if (used == 0) {
		(void)snprintf(piece, 16, "\\x%02x", (unsigned char)src[0]);
		return 1;
	}
	if (!text_is_unsafe(code_point)) {
		memcpy(piece, src, used);
		piece[used] = '\0';
	} else if (code_point < 0x80) {
		(void)snprintf(piece, 16, "\\x%02x", (unsigned)code_point);
	} else {
		(void)snprintf(piece, 16, "\\u{%x}", (unsigned)code_point);
	}
	return used;
}

const char *
text_escape(char *dst, size_t dst_size, const char *src, size_t src_len)
{
	size_t len = 0; /* written */
	size_t cut = 0; /* the last border after which there is room for the dots */
	char piece[16];

	if (dst_size == 0)
		return dst;
	while (src_len != 0) {
		size_t used = escape_one(src, src_len, piece);
		size_t piece_len = strlen(piece);

		if (len + piece_len >= dst_size) {
			(void)snprintf(dst + cut, dst_size - cut, "...");
			return dst;
		}
		memcpy(dst + len, piece, piece_len);
		len += piece_len;
		if (len + sizeof("...") <= dst_size)
			cut = len;
		src += used;
		src_len -= used;
	}
	dst[len] = '\0';
	return dst;
}

static bool
is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
text_is_name(const char *name)
{
	size_t len;

	if (name == NULL || !is_alphanumeric(name[0]))
		return false;
	for (len = 1; name[len] != '\0'; len++) {
		if (len == LARDER_NAME_MAX || (!is_alphanumeric(name[len]) && strchr("._@:+-", name[len]) == NULL))
			return false;
	}
	return true;
}

bool
text_is_utf8(const char *data, size_t len)
{
	while (len != 0) {
		uint32_t code_point = 0;
		size_t used = text_utf8_next(data, len, &code_point);

		if (used == 0 || code_point == 0)
			return false;
		data += used;
		len -= used;
	}
	return true;
}

bool
text_is_vschars(const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] < 0x20 || data[i] > 0x7e)
			return false;
	}
	return true;
}

bool
text_is_token(const char *data, size_t len)
{
	return text_is_vschars(data, len) && (len == 0 || memchr(data, ' ', len) == NULL);
}

bool
text_vformat(char *dst, size_t dst_size, const char *format, va_list args)
{
	size_t end;
	int len;

	if (dst_size == 0)
		return false;
	len = vsnprintf(dst, dst_size, format, args);
	if (len < 0) {
		dst[0] = '\0';
		return false;
	}
	if ((size_t)len < dst_size)
		return true;
	/* drop the last character if it was cut through */
	for (end = dst_size - 1; end > 0 && is_continuation(dst[end - 1]); end--)
		;
	if (end > 0 && ((unsigned char)dst[end - 1] & 0xc0) == 0xc0) {
		uint32_t code_point;

		if (text_utf8_next(dst + end - 1, dst_size - end, &code_point) == 0)
			dst[end - 1] = '\0';
	}
	return false;
}

bool
text_format(char *dst, size_t dst_size, const char *format, ...)
{
	va_list args;
	bool whole;

	va_start(args, format);
	whole = text_vformat(dst, dst_size, format, args);
	va_end(args);
	return whole;
}

char *
text_copy(const char *src)
{
	return strdup(src);
}

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool
text_equal_nocase(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

void
text_hex(char *dst, size_t dst_size, const unsigned char *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (dst_size == 0)
		return;
	for (i = 0; i < len && 2 * i + 2 < dst_size; i++) {
		dst[2 * i] = digits[src[i] >> 4];
		dst[2 * i + 1] = digits[src[i] & 15];
	}
	dst[2 * i] = '\0';
}

/* The civil date of a day counted from 1970-01-01, in years that begin with March so that leap days come last. */
static void
civil_date(long long days, long long *ret_year, long long *ret_month, long long *ret_day)
{
	long long since = days + 719468; /* from 0000-03-01 */
	long long era = since / 146097;
	long long day_of_era = since % 146097;
	long long year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	long long day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
	long long month = (5 * day_of_year + 2) / 153;

	*ret_day = day_of_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = era * 400 + year + (*ret_month <= 2 ? 1 : 0);
}

const char *
text_time(char *dst, size_t dst_size, long long unix_s)
{
	long long year, month, day, second;

	if (unix_s < 0 || unix_s > YEAR_MAX_UNIX_S) {
		(void)text_format(dst, dst_size, "unknown");
		return dst;
	}
	civil_date(unix_s / 86400, &year, &month, &day);
	second = unix_s % 86400;
	(void)text_format(dst, dst_size, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ", year, month, day, second / 3600,
	    second / 60 % 60, second % 60);
	return dst;
}
