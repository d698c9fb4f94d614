/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in without a person: what a client asks with when nobody has to consent. It is stored, so that each later token
 * is asked for in the same way.
 */
#ifndef LARDER_LOGIN_GRANT_H
#define LARDER_LOGIN_GRANT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero it; borrowed pointers. What is NULL or 0 is as before where the log-in renews a credential of the same flow. */
struct larder_login_grant {
	/*
	 * JWT bearer: a private key (PEM, DER, or the JSON of a service account), and what the assertions say. Without a
	 * key, assertions that somebody else makes: their file is token_file.
	 */
	const void *key;
	size_t key_len;
	const char *key_alg;  /* RS256, PS256, ES256, EdDSA; NULL: what suits the key */
	const char *key_id;   /* kid; NULL: that of the service account, or none */
	const char *issuer;   /* NULL: that of the service account, or the client id */
	const char *subject;  /* in whose name; NULL: the issuer */
	const char *claims;   /* further ones: a JSON object */
	int64_t life_s;       /* of an assertion; 0: 300 */
	const char *audience; /* whom assertions are for; with the other flows a parameter of that name */

	/* Token exchange: the subject token is the access token of a credential of this vault, or today's content of a file. */
	const char *token_credential;
	const char *token_file; /* absolute path */
	const char *token_type; /* URI, or a word such as "jwt"; NULL: access_token for a credential, jwt for a file */
	const char *actor_credential;
	const char *actor_file;
	const char *actor_type;
	const char *requested_type;
};

#ifdef __cplusplus
}
#endif
#endif
