/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define DEPTH_LIMIT  64 /* callers may ask for less */
#define NAMES_INLINE 64 /* names that are remembered without taking memory */

struct scan {
	const char *start, *at, *end;
	const char *problem; /* the first one */
	uint64_t *names;     /* hashes of the names of all open objects, outermost first */
	size_t names_count, names_cap;
	uint64_t names_inline[NAMES_INLINE];
	unsigned depth;
	bool is_object[DEPTH_LIMIT];
	size_t names_before[DEPTH_LIMIT]; /* names_count when the object began */
};

static bool
refuse(struct scan *scan, const char *problem)
{
	if (scan->problem == NULL)
		scan->problem = problem;
	return false;
}

/* The next byte, '\0' at the end: a NUL is nowhere allowed. */
static char
peek(const struct scan *scan)
{
	return (char)(scan->at < scan->end ? *scan->at : '\0');
}

static bool
eat(struct scan *scan, char c)
{
	if (peek(scan) != c)
		return false;
	scan->at++;
	return true;
}

static void
skip_space(struct scan *scan)
{
	char c;

	while ((c = peek(scan)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		scan->at++;
}

static size_t
skip_digits(struct scan *scan)
{
	const char *from = scan->at;

	while (peek(scan) >= '0' && peek(scan) <= '9')
		scan->at++;
	return (size_t)(scan->at - from);
}

static bool
scan_number(struct scan *scan)
{
	const char *from = scan->at;

	(void)eat(scan, '-');
	if (!eat(scan, '0') && skip_digits(scan) == 0)
		return refuse(scan, "a value was expected");
	if (eat(scan, '.') && skip_digits(scan) == 0)
		return refuse(scan, "a digit was expected");
	if (eat(scan, 'e') || eat(scan, 'E')) {
		if (!eat(scan, '+'))
			(void)eat(scan, '-');
		if (skip_digits(scan) == 0)
			return refuse(scan, "a digit was expected");
	}
	if (scan->at - from > JSON_NUMBER_MAX)
		return refuse(scan, "the number is too long");
	return true;
}

static bool
scan_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
		return refuse(scan, "a value was expected");
	scan->at += len;
	return true;
}

/* FNV-1a: two names with one hash by chance are one in 2^64; by intent they only get their own document refused. */
static void
hash_byte(uint64_t *hash, uint32_t byte)
{
	*hash = (*hash ^ byte) * 0x100000001b3U;
}

/* The bytes of the character in UTF-8, so that an escaped name has the hash of the plain one. */
static void
hash_code_point(uint64_t *hash, uint32_t c)
{
	if (c < 0x80) {
		hash_byte(hash, c);
		return;
	}
	if (c < 0x800) {
		hash_byte(hash, 0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			hash_byte(hash, 0xe0 | c >> 12);
		} else {
			hash_byte(hash, 0xf0 | c >> 18);
			hash_byte(hash, 0x80 | (c >> 12 & 0x3f));
		}
		hash_byte(hash, 0x80 | (c >> 6 & 0x3f));
	}
	hash_byte(hash, 0x80 | (c & 0x3f));
}

static bool
scan_hex4(struct scan *scan, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint32_t value = 0;
	int i;

	for (i = 0; i < 4; i++) {
		char c = peek(scan);
		const char *digit = c != '\0' ? strchr(digits, c) : NULL;

		if (digit == NULL)
			return refuse(scan, "four hexadecimal digits were expected");
		value = value << 4 | (uint32_t)((digit - digits) & 15);
		scan->at++;
	}
	*ret = value;
	return true;
}

static bool
scan_unicode_escape(struct scan *scan, uint64_t *hash)
{
	uint32_t c = 0, low = 0;

	if (!scan_hex4(scan, &c))
		return false;
	if (c == 0)
		return refuse(scan, "\\u0000 is not accepted");
	if (c >= 0xd800 && c <= 0xdfff) {
		if (c >= 0xdc00 || !eat(scan, '\\') || !eat(scan, 'u'))
			return refuse(scan, "half of a surrogate pair");
		if (!scan_hex4(scan, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return refuse(scan, "half of a surrogate pair");
		c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
	}
	hash_code_point(hash, c);
	return true;
}

static bool
scan_escape(struct scan *scan, uint64_t *hash)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	char c = peek(scan);

	if (c == 'u') {
		scan->at++;
		return scan_unicode_escape(scan, hash);
	}
	letter = c != '\0' ? strchr(letters, c) : NULL;
	if (letter == NULL)
		return refuse(scan, "an unknown escape");
	hash_byte(hash, (uint32_t)meanings[letter - letters]);
	scan->at++;
	return true;
}

static bool
scan_string(struct scan *scan, uint64_t *ret_hash)
{
	uint64_t hash = 0xcbf29ce484222325U;

	if (!eat(scan, '"'))
		return refuse(scan, "a string was expected");
	while (!eat(scan, '"')) {
		uint32_t c = 0;
		size_t used = text_utf8_next(scan->at, (size_t)(scan->end - scan->at), &c);

		if (used == 0)
			return refuse(scan, scan->at == scan->end ? "the string does not end" : "invalid UTF-8");
		if (c < 0x20)
			return refuse(scan, "a control character in a string");
		scan->at += used;
		if (c != '\\')
			hash_code_point(&hash, c);
		else if (!scan_escape(scan, &hash))
			return false;
	}
	*ret_hash = hash;
	return true;
}

static bool
remember_name(struct scan *scan, uint64_t hash)
{
	if (scan->names_count == scan->names_cap) {
		size_t cap = scan->names_cap * 2;
		uint64_t *names = malloc(cap * sizeof(*names));

		if (names == NULL)
			return refuse(scan, "out of memory");
		memcpy(names, scan->names, scan->names_count * sizeof(*names));
		if (scan->names != scan->names_inline)
			free(scan->names);
		scan->names = names;
		scan->names_cap = cap;
	}
	scan->names[scan->names_count++] = hash;
	return true;
}

static bool
scan_name(struct scan *scan)
{
	uint64_t hash = 0;

	skip_space(scan);
	if (!scan_string(scan, &hash))
		return false;
	skip_space(scan);
	if (!eat(scan, ':'))
		return refuse(scan, "a colon was expected");
	return remember_name(scan, hash);
}

static int
compare_hashes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Forgets the names of the innermost object, once it is known that no two are the same. */
static bool
close_object(struct scan *scan)
{
	uint64_t *names = scan->names + scan->names_before[scan->depth - 1];
	size_t count = (size_t)(scan->names + scan->names_count - names);
	size_t i;

	qsort(names, count, sizeof(*names), compare_hashes);
	for (i = 1; i < count; i++) {
		if (names[i] == names[i - 1])
			return refuse(scan, "the object that ends here has two members of one name");
	}
	scan->names_count -= count;
	return true;
}

/* Past '{' or '['. *ret_closed: it was empty, and so is a whole value already. */
static bool
open_container(struct scan *scan, unsigned depth_max, bool *ret_closed)
{
	bool is_object = *scan->at++ == '{';

	if (scan->depth >= depth_max || scan->depth >= DEPTH_LIMIT)
		return refuse(scan, "nested too deeply");
	skip_space(scan);
	*ret_closed = eat(scan, is_object ? '}' : ']');
	if (*ret_closed)
		return true;
	scan->is_object[scan->depth] = is_object;
	scan->names_before[scan->depth] = scan->names_count;
	scan->depth++;
	return !is_object || scan_name(scan);
}

/* After a value: close what ends here, or go on to the next member. *ret_more: another value follows. */
static bool
after_value(struct scan *scan, bool *ret_more)
{
	for (; scan->depth != 0; scan->depth--) {
		bool is_object = scan->is_object[scan->depth - 1];

		skip_space(scan);
		if (eat(scan, ',')) {
			*ret_more = true;
			return !is_object || scan_name(scan);
		}
		if (!eat(scan, is_object ? '}' : ']'))
			return refuse(scan, "a comma or the end of the object or array was expected");
		if (is_object && !close_object(scan))
			return false;
	}
	*ret_more = false;
	return true;
}

static bool
scan_scalar(struct scan *scan)
{
	uint64_t ignored;

	switch (peek(scan)) {
	case '"':
		return scan_string(scan, &ignored);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	default:
		return scan_number(scan);
	}
}

static bool
scan_document(struct scan *scan, unsigned depth_max)
{
	bool more = true;

	while (more) {
		bool whole = true;

		skip_space(scan);
		if (peek(scan) == '{' || peek(scan) == '[') {
			if (!open_container(scan, depth_max, &whole))
				return false;
		} else if (!scan_scalar(scan)) {
			return false;
		}
		if (whole && !after_value(scan, &more))
			return false;
	}
	skip_space(scan);
	return scan->at == scan->end || refuse(scan, "bytes after the end of the value");
}

static size_t
line_of(const struct scan *scan)
{
	size_t line = 1;
	const char *at;

	for (at = scan->start; at < scan->at; at++)
		line += *at == '\n';
	return line;
}

bool
json_scan(const char *data, size_t len, unsigned depth_max, char *why, size_t why_size)
{
	struct scan scan = { .start = data, .at = data, .end = data + len, .names_cap = NAMES_INLINE };
	bool good;

	scan.names = scan.names_inline;
	if (len > JSON_BYTES_MAX) {
		(void)text_format(why, why_size, "longer than %zu bytes", JSON_BYTES_MAX);
		return false;
	}
	good = scan_document(&scan, depth_max);
	if (!good)
		(void)text_format(why, why_size, "%s at byte %zu, line %zu", scan.problem, (size_t)(scan.at - data) + 1,
		    line_of(&scan));
	if (scan.names != scan.names_inline)
		free(scan.names);
	return good;
}
