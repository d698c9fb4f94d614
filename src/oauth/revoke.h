/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What building and judging a revocation share.
 */
#ifndef OAUTH_REVOKE_H
#define OAUTH_REVOKE_H

#include "oauth/message.h"

/* Whether requests may have a token_type_hint: those to endpoints of the RFC's own style (RFC 7009 section 2.1). */
bool revoke_sends_hint(const struct provider *provider);

/* The template of the URL; NULL: there is none. */
const char *revoke_endpoint(const struct provider *provider);

/* NOT_FOUND with why, and the page for people as hint. */
void revoke_refuse(struct message *message, const char *why, ...) __attribute__((format(printf, 2, 3)));

/* Everything but what is revoked: authentication, further parameters, headers, signature. bearer: see revoke_build. */
void revoke_add_rest(struct message *message, const struct oauth_client *client, enum token_kind kind,
    const struct secret *token, const struct secret *bearer);

/*
 * Add "signature" of the parameters that are there (revoke.signs), and "timestamp" where it is among the names and not
 * there. No names: nothing. REJECTED: the client has no secret.
 */
void revoke_sign(struct message *message, const struct oauth_client *client, const struct strings *names);

/* Write the request and move it to *ret; ends message on all paths. */
enum larder_code revoke_finish(struct message *message, struct http_request *ret);

#endif
