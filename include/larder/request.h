/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of an API: the token is added, refreshed when the API says that it is stale, and seen by nobody.
 */
#ifndef LARDER_REQUEST_H
#define LARDER_REQUEST_H

#include <larder/token.h>

#ifdef __cplusplus
extern "C" {
#endif

struct larder_header { /* one line of a request's head; borrowed pointers */
	const char *name, *value;
};

struct larder_request {       /* zero it; borrowed pointers */
	const char *name;     /* credential */
	const char *scope;    /* of the token, as in struct larder_token_query; NULL */
	const char *resource; /* NULL */
	const char *method;   /* upper-case letters, digits, '-'; NULL: GET, or POST with a body */
	const char *url;      /* https; http for loopback hosts of a provider that says insecure_loopback */
	const struct larder_header *headers; /* not Authorization, nor those that frame the request */
	size_t headers_count;
	int body_fd; /* a regular file, sent from its beginning; used if has_body is 1; not closed */
	int has_body;
	int64_t timeout_ms; /* for a token, and then for a silent API; 0: the handle's */

	/*
	 * Hear the reply: the status and the lines of its head once, then its body piece by piece, in the calling
	 * thread, the token itself in it as stars. 0 goes on; anything else ends the call with DENIED. Either may be NULL.
	 */
	int (*head)(void *ctx, int status, const char *lines, size_t len);
	int (*data)(void *ctx, const void *data, size_t len);
	void *ctx;
};

/*
 * Send a request with a credential's access token as Authorization (RFC 6750 section 2.1).
 *
 * ret_status  of the reply, also one of an error such as 404; set on LARDER_OK
 *
 * The host has to be one of the credential's: that of its token endpoint, those of the provider's definition
 * (api_hosts), those of larder_allow. Redirects are not followed. A 401 with a Bearer challenge is not heard: the token
 * is refreshed, once for all who ask, and the request repeated once.
 * Blocks as long as the reply moves; timeout_ms without a byte (10 minutes at most) end it. Any thread, any process.
 *
 * Errors: USAGE (method, URL, header), DENIED (host; a listener that gave up), UNAVAILABLE (no reply, or not all of it), and
 * those of larder_token_get.
 */
LARDER_API enum larder_code larder_request_send(
    struct larder *larder, const struct larder_request *request, int *ret_status, struct larder_error *ret_error);

/*
 * Allow a credential's access tokens for one more host, or with allow 0 not any more: "api.example.org",
 * "*.example.org", "api.example.org:8443". Errors: USAGE, NOT_FOUND, STORAGE, DAMAGED.
 */
LARDER_API enum larder_code
larder_allow(struct larder *larder, const char *name, const char *host, int allow, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
