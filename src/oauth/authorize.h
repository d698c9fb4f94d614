/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorization code grant as messages: the URL that a person opens (RFC 6749 section 4.1.1, RFC 7636, RFC 8707),
 * what the browser brings back (section 4.1.2, RFC 9207), and the exchange of the code. Pure; random values and the
 * hash of the verifier come in.
 */
#ifndef OAUTH_AUTHORIZE_H
#define OAUTH_AUTHORIZE_H

#include "oauth/oauth.h"

#define AUTHORIZE_URL_MAX ((size_t)16 << 10)

struct authorize {
	const char *redirect_uri;
	const char *state; /* unguessable, for this one attempt */
	const char
	    *code_challenge;  /* S256 of the verifier (RFC 7636 section 4.2); "" where the provider refuses PKCE */
	const char *nonce;    /* to find again in the ID token (OpenID Connect Core section 3.1.2.1); "" */
	const char *scope;    /* with spaces; "": none. Those that a refresh token wants are added */
	const char *resource; /* absolute URIs with spaces between; "" */
	const char *dpop_jkt; /* thumbprint of the key that the code is bound to (RFC 9449 section 10); NULL, "" */
};

/*
 * Append the URL to ret. Errors: NOT_FOUND (the provider has no authorization endpoint), USAGE as refresh_build.
 */
enum larder_code authorize_url(const struct provider *provider, const struct oauth_client *client,
    const struct authorize *authorize, struct buf *ret, struct larder_error *ret_error);

/*
 * Add the parameters of an authorization request to a message, wherever it goes. client_id is one of them unless the
 * message has it already.
 */
struct message;
void authorize_params(struct message *message, const struct oauth_client *client, const struct authorize *authorize);

/* Whether a query is an answer to the attempt with this state at all. */
bool redirect_is_ours(const char *query, size_t len, const char *state);

/* Whether it names an issuer. One that always does and then does not is somebody else's (RFC 9207 section 2.4). */
bool redirect_names_issuer(const char *query, size_t len);

/*
 * Read the query of the redirect. state is compared before anything else is looked at; a repeated parameter is refused.
 *
 * issuer  of the provider, to compare with iss (RFC 9207 section 2.4); NULL: unknown
 * OK: *ret is the code. Errors: DENIED: not an answer to this attempt, or the person or the provider said no;
 * REJECTED: the provider rejects the configuration; UNAVAILABLE: it asks to try later.
 */
enum larder_code redirect_read(const char *query, size_t len, const char *state, const char *issuer,
    struct secret *ret_code, struct larder_error *ret_error);

/* The exchange of a code for tokens (RFC 6749 section 4.1.3). verifier may be empty. Errors as refresh_build. */
enum larder_code code_build(const struct provider *provider, const struct oauth_client *client,
    const struct secret *code, const char *redirect_uri, const struct secret *verifier, const char *resource,
    struct http_request *ret, struct larder_error *ret_error);

#endif
