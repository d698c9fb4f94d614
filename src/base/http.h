/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request to send and the one reply that came: plain values that oauth builds and judges, wire carries and
 * the courier performs. Nothing here opens a socket.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/url.h"

#define HTTP_HEADERS_MAX    16
#define HTTP_REPLY_MAX      ((size_t)256 << 10) /* bytes of a reply's body that are kept */
#define HTTP_BODY_MAX       ((size_t)256 << 10) /* bytes of a request's body */
#define HTTP_HEAD_MAX       ((size_t)32 << 10)  /* bytes of a reply's head */
#define HTTP_HEAD_LINES_MAX 100

struct http_header {
	char name[64];
	struct secret value; /* may be an Authorization header, so always in locked memory */
};

struct http_request {
	char method[16]; /* GET, POST, DELETE ... */
	char url[URL_MAX + 1];
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t headers_count;
	struct secret body; /* empty: no body is sent */
};

struct http_reply {
	int status;
	char content_type[128]; /* as sent, "" if none */
	char retry_after[64];   /* as sent */
	char date[64];          /* as sent */
	char challenge[4096];   /* Bearer and DPoP challenges of WWW-Authenticate, see courier/challenge.h */
	char dpop_nonce[1025];  /* DPoP-Nonce (RFC 9449 section 8), as sent; "" for one that is longer */
	char location[256];     /* origin of a redirect's target only, for the message */
	bool encoded;           /* a Content-Encoding other than identity was named: the body is not to be read */
	bool truncated;         /* the body was longer than HTTP_REPLY_MAX, or ended early */
	struct secret body;
};

/* Whether a request may have this method: upper-case letters, digits and '-' (RFC 9110 section 9.1), up to 15 of them. */
bool http_method_is_valid(const char *method);

/* Append a header; the value is copied to locked memory. false: memory (errno is set), too many, or a control byte in it. */
bool http_request_add_header(struct http_request *request, const char *name, const char *value, size_t value_len);

/* Wipe and release what they hold; accept zeroed structs. */
void http_request_clear(struct http_request *request);
void http_reply_clear(struct http_reply *reply);

/*
 * Seconds to wait by a Retry-After value: a number, or an HTTP date relative to now (Unix seconds). Clamped to
 * 1..3600. -1 when empty or not understood (RFC 9110 section 10.2.3).
 */
int64_t http_retry_after(const char *value, int64_t now);

/* An IMF-fixdate, RFC 850 or asctime date as Unix seconds; -1 if it is none (RFC 9110 section 5.6.7). */
int64_t http_date(const char *value);

#endif
