/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose account it is, as the ID token says that comes with the tokens. It came over TLS from the token endpoint itself,
 * which stands for its signature (OpenID Connect Core section 3.1.3.7, item 6); nothing is authorised by it. Its claims
 * are checked all the same: a token that was made for another client or another log-in is not believed. Pure.
 */
#ifndef OAUTH_IDENTITY_H
#define OAUTH_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_SIZE 256

struct identity {
	char subject[IDENTITY_SIZE]; /* sub: never given to somebody else; "" unknown */
	char account[IDENTITY_SIZE]; /* email, preferred_username or name, escaped; "" unknown */

	/* of an ID token only; escaped, so that what is odd equals nothing */
	bool is_id_token;
	char issuer[IDENTITY_SIZE], audience[4 * IDENTITY_SIZE]; /* each of aud with a newline after it */
	char party[IDENTITY_SIZE];                               /* azp; "" */
	char nonce[IDENTITY_SIZE];
	int64_t issued_at, expires_at; /* Unix seconds; -1: not there */
};

struct cJSON;

/* The claims of a JWT as it says, whoever signed it (RFC 7519 section 3); NULL: it is none. The caller frees with json_free. */
struct cJSON *identity_claims(const char *token, size_t len);

struct identity_terms {       /* what an ID token has to say; NULL: it is not compared */
	const char *issuer;   /* with or without "https://", as Google writes it */
	bool is_issuer_alias; /* it may name the same by another path: its host is compared */
	const char *client_id;
	const char *subject; /* of the credential */
	const char *nonce;   /* that was sent for it */
	int64_t now;         /* Unix seconds; 0: its age does not matter */
};

/* Read an ID token (RFC 7519 section 3). false: it is none; *ret is then empty. */
bool identity_read(const char *id_token, size_t len, struct identity *ret);

/*
 * Why an ID token is not to be believed, as static text ("its ID token is of another client"); NULL: it holds. OpenID
 * Connect Core sections 3.1.3.7 (iss, aud, azp, exp, iat, nonce) and 12.2 (sub).
 */
const char *identity_objection(const struct identity *identity, const struct identity_terms *terms);

#endif
