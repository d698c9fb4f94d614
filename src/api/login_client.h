/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which client a log-in is for: named, made for it, or found by what the credential is called.
 */
#ifndef API_LOGIN_CLIENT_H
#define API_LOGIN_CLIENT_H

#include "api/handle.h"

struct login_client {
	char name[NAME_SIZE]; /* "": that of the credential, or of the log-in that waits */
	bool made;            /* by this call */
	bool new_secret; /* the secret that was given is not the one it has: the log-in has to show which is right */
};

/*
 * Find the client, or make it. Errors: NOT_FOUND (none, or more than one, which the message names), those of
 * larder_client_add.
 */
enum larder_code login_client_find(struct larder *larder, struct session *session, const struct larder_login *wanted,
    struct login_client *ret, struct larder_error *ret_error);

/*
 * After the log-in, which ended with result: what is the client's that was given for it stays or goes. A client that was
 * made for one that failed goes again, unless the log-in can go on; a new secret is stored if the provider took it.
 * Returns result, or why the secret was not stored.
 */
enum larder_code login_client_settle(struct larder *larder, struct session *session, const struct larder_login *wanted,
    const struct login_client *client, enum larder_code result, struct larder_error *ret_error);

#endif
