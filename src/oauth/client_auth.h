/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client authentication, RFC 6749 section 2.3: one method per request, never two.
 */
#ifndef OAUTH_CLIENT_AUTH_H
#define OAUTH_CLIENT_AUTH_H

#include "oauth/message.h"

/*
 * Add what a method wants: parameters or the Authorization header. REJECTED: the client has no key, certificate or
 * secret for the method, its secret has expired, or the definition sets an Authorization header besides.
 */
void client_auth_add(struct message *message, const struct oauth_client *client, enum auth_method method);

/* Authorization: Bearer with a token, for revocation endpoints that want one. */
void client_auth_bearer(struct message *message, const struct secret *token);

/* Authorization: SCHEME with the client's secret as it is; scheme NULL: "Client". */
void client_auth_scheme(struct message *message, const struct oauth_client *client, const char *scheme);

#endif
