/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protected resource's metadata (RFC 9728): who issues the tokens that it takes, and for which name of it. Pure.
 */
#ifndef OAUTH_PROTECTED_H
#define OAUTH_PROTECTED_H

#include "base/buf.h"
#include "base/error.h"
#include "base/url.h"

#define PROTECTED_SERVERS_MAX 8
#define PROTECTED_SCOPE_SIZE  4096

struct protected_resource {
	char resource[URL_MAX + 1];                       /* its identifier, for the resource parameter (RFC 8707) */
	char servers[PROTECTED_SERVERS_MAX][URL_MAX + 1]; /* issuers, its own order; further ones are passed over */
	size_t servers_count;
	char scope[PROTECTED_SCOPE_SIZE]; /* scopes_supported with spaces between; "" */
};

/*
 * A parameter of the Bearer or DPoP challenge in a WWW-Authenticate value: resource_metadata (RFC 9728 section 5.1), scope
 * (RFC 6750 section 3). Appended to ret. false: it is not there, empty, there twice, or broken.
 */
bool protected_challenge_param(const char *challenge, const char *name, struct buf *ret);

/*
 * Whether a document may speak for url: its resource is url itself, or stands above it on the same origin, so that a
 * token for it goes to the same host in any case. RFC 9728 section 3.3.
 */
bool protected_is_of(const char *resource, const char *url);

/*
 * Read a document about url. Unknown members are passed over, a member twice is refused.
 *
 * allows_loopback  issuers may be http on this machine, because url is
 *
 * Errors: DENIED (of another resource, an issuer that is not https), REJECTED (it wants tokens in another way than in the
 * header), UNAVAILABLE (no such document).
 */
enum larder_code protected_read(const char *url, bool allows_loopback, const void *data, size_t len,
    struct protected_resource *ret, struct larder_error *ret_error);

#endif
