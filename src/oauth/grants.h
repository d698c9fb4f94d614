/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests for access tokens that need no person and spend nothing: client credentials (RFC 6749 section 4.4) and token
 * exchange (RFC 8693); the signed assertion has jwt_bearer.h. Pure.
 */
#ifndef OAUTH_GRANTS_H
#define OAUTH_GRANTS_H

#include "oauth/message.h"

#define TOKEN_TYPE_URN "urn:ietf:params:oauth:token-type:" /* RFC 8693 section 3 */

/* Append the URL of these requests: the token endpoint, also where refreshes have one of their own. */
enum larder_code grants_endpoint(const struct provider *provider, const struct oauth_client *client, struct buf *ret,
    struct larder_error *ret_error);

/* Set the URL of such a request. A definition without the endpoint is NOT_FOUND. */
void grants_url(struct message *message);

/*
 * Ask as the client itself (section 4.4.2).
 *
 * scope, resource  as for refresh_build
 * audience         a parameter of its own that some servers want instead of resource; "" for none
 *
 * Errors: REJECTED for a client that cannot authenticate, else as refresh_build.
 */
enum larder_code
client_credentials_build(const struct provider *provider, const struct oauth_client *client, const char *scope,
    const char *resource, const char *audience, struct http_request *ret, struct larder_error *ret_error);

struct token_exchange {
	const struct secret *subject_token;
	const char *subject_token_type;   /* URIs of section 3, as all types here */
	const struct secret *actor_token; /* empty: none */
	const char *actor_token_type;
	const char *requested_token_type; /* "": the server's choice */
	const char *audience;             /* "": none */
};

/* Ask for a token in exchange for others (RFC 8693 section 2.1). Errors: USAGE for a missing type, as refresh_build. */
enum larder_code token_exchange_build(const struct provider *provider, const struct oauth_client *client,
    const struct token_exchange *exchange, const char *scope, const char *resource, struct http_request *ret,
    struct larder_error *ret_error);

/*
 * Append the URI of a token type: one is taken as it is, a word such as "jwt" or "access_token" is the RFC's.
 * false: neither, or too long.
 */
bool token_type_uri(const char *text, char *dst, size_t dst_size);

#define GRANTS_DROPPED_NOTE "a refresh token came and was not kept: it is not for this grant"

/*
 * What came for a request that can be repeated at will. A refresh token is not for such a client (RFC 6749 section
 * 4.4.3): it is dropped, and *ret_dropped says so. One that came alone leaves no token. What a token exchange issued has
 * to be usable as an access token (RFC 8693 section 2.2.1).
 */
void grants_judge(struct token_reply *reply, bool *ret_dropped);

#endif
