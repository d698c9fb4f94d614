/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one escaper between text of others and a terminal, a log line or an error message, and the grammar of names.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Write text of any origin to dst as printable UTF-8: C0, C1, DEL, bidi controls, line and paragraph separators,
 * private-use and invalid bytes become \xNN or \u{N}; a long text is cut at a character border and ends with "...".
 * Always NUL-terminated when dst_size > 0. Returns dst.
 */
const char *text_escape(char *dst, size_t dst_size, const char *src, size_t src_len);

/* Whether name is 1 to 64 of [A-Za-z0-9._@:+-] starting with a letter or digit. NULL: false. */
bool text_is_name(const char *name);

/*
 * The length, 1 to 4, of the character that src begins with, and its code point. 0 when len is 0 or the bytes are not
 * strictly valid UTF-8 (surrogates, overlong forms and a cut-off end are not).
 */
size_t text_utf8_next(const char *src, size_t len, uint32_t *ret_code_point);

/* Whether a code point could change how a terminal shows or treats what is around it; text_escape's question. */
bool text_is_unsafe(uint32_t code_point);

/* Whether bytes are strictly valid UTF-8 (no surrogates, no overlong forms, no NUL). */
bool text_is_utf8(const char *data, size_t len);

/* Whether all bytes are VSCHAR, %x20-7E: what a refresh token consists of (RFC 6749 appendix A.17). */
bool text_is_vschars(const char *data, size_t len);

/* The same without space, %x21-7E: what can be sent in a header as one word, as a bearer token is. */
bool text_is_token(const char *data, size_t len);

/* snprintf that cuts at a UTF-8 border. Returns false if it had to cut. */
bool text_format(char *dst, size_t dst_size, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool text_vformat(char *dst, size_t dst_size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/* A copy that the caller frees, NULL only when memory is out; for text that is no secret. */
char *text_copy(const char *src);

/* ASCII only, no locale. */
bool text_equal_nocase(const char *a, const char *b);

/* Lower-case hexadecimal, NUL-terminated; dst_size >= 2 * len + 1. */
void text_hex(char *dst, size_t dst_size, const unsigned char *src, size_t len);

/* "2026-11-22T19:20:00Z"; "unknown" for a negative time. dst_size >= 24. */
const char *text_time(char *dst, size_t dst_size, long long unix_s);

#endif
