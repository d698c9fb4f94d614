/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log-in to a URL: what it is, who gives tokens for it, and a client there.
 */
#ifndef API_LOGIN_URL_H
#define API_LOGIN_URL_H

#include "api/handle.h"

struct login_place {          /* what a URL turned out to be; the log-in borrows from it */
	char name[NAME_SIZE]; /* of the credential: the host */
	char client[NAME_SIZE];
	struct larder_discovery found;
};

bool login_is_url(const char *name);

/*
 * Discover (or know already) what wanted->name is, and fill in what the log-in then is: name, provider, resource, scope
 * where none were wanted; and where neither a client nor a client id is, the only client of that provider, or one that
 * registers itself. *ret has to live as long as *wanted. Errors as larder_discover, larder_client_register; NOT_FOUND where
 * a client has to be registered by hand.
 */
enum larder_code login_at_url(
    struct larder *larder, struct larder_login *wanted, struct login_place *ret, struct larder_error *ret_error);

/*
 * Let the tokens of a log-in to a resource go to that resource's host, which is what they were asked for; url is what was
 * typed. An issuer's tokens are for whoever its definition names. Errors as larder_allow.
 */
enum larder_code login_allow_place(
    struct larder *larder, const struct login_place *place, const char *url, struct larder_error *ret_error);

#endif
