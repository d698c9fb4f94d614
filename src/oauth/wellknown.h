/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where metadata stands that is known by the URL of what it describes (RFC 8615). Pure.
 */
#ifndef OAUTH_WELLKNOWN_H
#define OAUTH_WELLKNOWN_H

#include "base/error.h"
#include "base/url.h"

#define WELLKNOWN_URLS_MAX 3

struct wellknown_urls {
	char urls[WELLKNOWN_URLS_MAX][URL_MAX + 1]; /* to be tried in this order */
	size_t count;
};

/*
 * Whether text may be an issuer, or (is_resource) a protected resource: https, or http to a loopback host, which the
 * person who typed it takes upon herself; no fragment; an issuer has no query either. RFC 8414 section 2, RFC 9728
 * section 1.2. Errors: USAGE.
 */
enum larder_code wellknown_check(const char *text, bool is_resource, struct url *ret, struct larder_error *ret_error);

/*
 * The URLs of an issuer's metadata: RFC 8414 section 3.1 (between host and path), then OpenID Connect Discovery's, put
 * between as well if there is a path, and appended. An issuer that is too long for one has fewer.
 */
void wellknown_issuer(const char *issuer, struct wellknown_urls *ret);

/* Those of a protected resource: for its whole URL and, if it has a path, for its host alone. RFC 9728 section 3.1. */
void wellknown_resource(const char *resource, struct wellknown_urls *ret);

/*
 * The issuer or resource that a URL of metadata is about, for people who have only that one at hand; any other URL as it
 * is. false: too long.
 */
bool wellknown_about(const char *text, char *dst, size_t dst_size);

/* "https://host:port" of a URL as it is written, and the same for all resources of it. false: too long. */
bool wellknown_origin(const char *text, char *dst, size_t dst_size);

#endif
