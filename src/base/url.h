/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict subset of URLs that an OAuth endpoint may be, and form coding (RFC 3986, WHATWG form coding as RFC 6749
 * appendix B wants it). Pure.
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define URL_MAX 2048 /* bytes of an endpoint URL */

struct url {
	char scheme[8];   /* lower case: "https" or "http" */
	char host[256];   /* lower case, without brackets for IPv6 */
	uint16_t port;    /* the scheme's default when none is given */
	bool ipv6;        /* host is an IPv6 literal */
	const char *path; /* into the input: from the first '/' on, query included; "" if none */
};

/*
 * Parse an absolute http or https URL. Refused, with a reason in why: other schemes, user information, a fragment, an
 * empty host, a host with bytes outside [A-Za-z0-9.-] or an IPv6 literal, IPv4 in other forms than four decimal
 * numbers, port 0 or over 65535, white space, controls, backslashes, quotes, angle brackets and braces (a forgotten
 * variable), non-ASCII, more than URL_MAX bytes. ret->path points into text; it begins with '?' if there is no '/'.
 */
bool url_parse(const char *text, struct url *ret, char *why, size_t why_size);

/* 127.0.0.0/8, ::1 or localhost, by the parsed host. */
bool url_is_loopback(const struct url *url);

/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);

/* "https://host:port" (port left out when it is the default). */
const char *url_origin(char *dst, size_t dst_size, const struct url *url);

/*
 * Append name=value to a form body, with '&' before it unless the body is empty. Bytes other than [A-Za-z0-9*-._] are
 * percent-encoded, space becomes '+'. An empty value appends nothing (RFC 6749 section 3.2: as if omitted).
 */
bool form_append(struct buf *body, const char *name, const char *value, size_t value_len);

/* Append the form coding of value alone (for HTTP Basic, RFC 6749 section 2.3.1). */
bool form_encode(struct buf *dst, const char *value, size_t value_len);

/*
 * Walk a form-encoded text: decodes the next pair into name and value (secret buffers are fine), returns false at the
 * end, and with *ret_bad set where a percent escape is broken, a NUL is decoded or a buffer is too small.
 */
bool form_next(const char **cursor, size_t *left, struct buf *name, struct buf *value, bool *ret_bad);

#endif
