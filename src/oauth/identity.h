/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose account it is, as the ID token says that comes with the tokens. It came over TLS from the token endpoint itself,
 * which stands for its signature (OpenID Connect Core section 3.1.3.7, item 6); nothing is authorised by it. Pure.
 */
#ifndef OAUTH_IDENTITY_H
#define OAUTH_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#define IDENTITY_SIZE 256

struct identity {
	char subject[IDENTITY_SIZE]; /* sub: never given to somebody else; "" unknown */
	char account[IDENTITY_SIZE]; /* email, preferred_username or name, escaped; "" unknown */
};

/* Read an ID token (RFC 7519 section 3). false: it is none; *ret is then empty. */
bool identity_read(const char *id_token, size_t len, struct identity *ret);

#endif
