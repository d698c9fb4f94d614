/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions as a grant: a signed JWT that says who asks for whom is exchanged for an access token (RFC 7521 section
 * 4.1, RFC 7523 sections 2.1 and 3). Pure: time and randomness come in, the signer belongs to the caller.
 */
#ifndef OAUTH_JWT_BEARER_H
#define OAUTH_JWT_BEARER_H

#include "oauth/jwt.h"
#include "oauth/oauth.h"

#define ASSERTION_LIFE_S     300  /* unless the terms say another */
#define ASSERTION_LIFE_MAX_S 3600 /* what servers are known to take at most */
#define ASSERTION_ID_BYTES   16

struct assertion {
	const char *issuer;             /* "": the client id */
	const char *subject;            /* "": the issuer, or none where the definition allows that */
	const char *audience;           /* "": as the definition says */
	const char *claims;             /* further ones, a JSON object; "" */
	const char *scope;              /* a claim where the definition says so */
	int64_t now, life_s;            /* life_s 0: ASSERTION_LIFE_S */
	uint8_t id[ASSERTION_ID_BYTES]; /* random, for jti: one for each assertion */
};

/*
 * Append a signed assertion to ret (a secret buffer). Errors: USAGE (further claims that are no JSON object or repeat a
 * claim; no audience), those of the signer.
 */
enum larder_code
assertion_make(const struct provider *provider, const struct oauth_client *client, const struct assertion *assertion,
    const struct jwt_signer *signer, struct buf *ret, struct larder_error *ret_error);

/* Whether text can be further claims: a JSON object without those that assertion_make sets. Errors: USAGE. */
enum larder_code assertion_check_claims(const char *text, struct larder_error *ret_error);

/* Ask for a token with an assertion (RFC 7523 section 2.1). Errors: USAGE for an empty one, else as refresh_build. */
enum larder_code
jwt_bearer_build(const struct provider *provider, const struct oauth_client *client, const struct secret *assertion,
    const char *scope, const char *resource, struct http_request *ret, struct larder_error *ret_error);

/*
 * A key file of a service account: JSON with private_key (PEM), private_key_id, client_email and token_uri, as Google
 * gives them. Texts that are missing are "".
 */
struct service_account {
	struct secret private_key;
	char key_id[256];
	char issuer[1025];
	char audience[2049];
};

/* Read one. NOT_FOUND: it is no JSON, but perhaps a bare key. USAGE: JSON without a private key. */
enum larder_code
service_account_read(const struct secret *file, struct service_account *ret, struct larder_error *ret_error);
void service_account_clear(struct service_account *account);

#endif
