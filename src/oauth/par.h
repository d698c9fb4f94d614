/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushed authorization requests (RFC 9126): what would stand in a URL for anybody to read or change is sent to the
 * server first, by the authenticated client, and the URL has no more than a reference to it. Pure.
 */
#ifndef OAUTH_PAR_H
#define OAUTH_PAR_H

#include "oauth/authorize.h"

#define REQUEST_URI_MAX ((size_t)4096)

struct pushed {
	char request_uri[REQUEST_URI_MAX + 1]; /* for one use */
	int64_t expires_at;                    /* Unix seconds */
};

/* Whether this client can push at this provider: the endpoint is there. */
bool par_is_possible(const struct provider *provider, const struct oauth_client *client);

/* Build the request (section 2.1), authenticated as at the token endpoint. Errors: NOT_FOUND, else as refresh_build. */
enum larder_code par_build(const struct provider *provider, const struct oauth_client *client,
    const struct authorize *authorize, struct http_request *ret, struct larder_error *ret_error);

/*
 * Read the answer (section 2.2). Errors: REJECTED (the provider refuses client or request), DENIED (it refuses this
 * person or policy forbids it), UNAVAILABLE (429, 5xx, anything that is no such answer).
 */
enum larder_code par_read(const struct provider *provider, const struct http_reply *reply, int64_t sent_at,
    struct pushed *ret, struct larder_error *ret_error);

/* Append the URL for the person (section 4): client_id and request_uri, and nothing else. */
enum larder_code par_url(const struct provider *provider, const struct oauth_client *client,
    const struct pushed *pushed, struct buf *ret, struct larder_error *ret_error);

#endif
