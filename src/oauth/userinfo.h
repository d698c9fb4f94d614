/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose token it is, for providers that send no ID token with it: their userinfo endpoint is asked (OpenID Connect Core
 * section 5.3, or whatever the definition says). Pure.
 */
#ifndef OAUTH_USERINFO_H
#define OAUTH_USERINFO_H

#include "oauth/oauth.h"

/* Build the question. Errors: NOT_FOUND (this client has no such endpoint), else as refresh_build. */
enum larder_code userinfo_build(const struct provider *provider, const struct oauth_client *client,
    const struct secret *access_token, struct http_request *ret, struct larder_error *ret_error);

/* Read the answer; a number stands for its digits. false: it names no account, and *ret is empty. */
bool userinfo_read(const struct provider *provider, const struct http_reply *reply, struct identity *ret);

#endif
