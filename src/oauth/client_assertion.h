/* SPDX-License-Identifier: Apache-2.0 */
/* The JWT with which a client proves itself: RFC 7521 section 4.2, RFC 7523 sections 2.2 and 3. */
#ifndef OAUTH_CLIENT_ASSERTION_H
#define OAUTH_CLIENT_ASSERTION_H

#include "oauth/message.h"

#define CLIENT_ASSERTION_LIFE_S 300

/*
 * Sign one, new for this request, and add it: as client_assertion with its type and client_id, or with AUTH_SIGNED_POST
 * in place of the secret. The first failure sticks to the message: REJECTED without a key, USAGE for the definition's
 * templates, the signer's.
 */
void client_assertion_add(struct message *message, const struct oauth_client *client, enum auth_method method);

#endif
