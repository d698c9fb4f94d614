/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registering a client by itself (RFC 7591) and taking it back (RFC 7592). Pure: requests to build, replies to judge.
 */
#ifndef OAUTH_REGISTRATION_H
#define OAUTH_REGISTRATION_H

#include "base/error.h"
#include "base/http.h"
#include "provider/provider.h"

#define REGISTRATION_ID_SIZE 1024

struct registration_want {
	const char *client_name;  /* what people are shown when they are asked */
	const char *redirect_uri; /* on the loopback interface */
	const char *scope;        /* with spaces between; "" for none in particular */
};

struct registration { /* what the server made of it, which may differ from what was asked (RFC 7591 section 3.2.1) */
	char client_id[REGISTRATION_ID_SIZE];
	struct secret client_secret;      /* empty: a public client */
	int64_t secret_expires_at;        /* Unix seconds; 0: never */
	enum auth_method auth;            /* AUTH_UNSET: it does not say */
	char management_uri[URL_MAX + 1]; /* registration_client_uri; "" unless it is usable */
	struct secret management_token;   /* registration_access_token */
};

/* How such a client is to prove itself: "none" where that will do, since a native application keeps no secret that is of
 * use to others (RFC 8252 section 8.4); else the first method with a secret. AUTH_UNSET: nothing that Larder can do. */
enum auth_method registration_auth(const struct provider *provider);

/* Errors: NOT_FOUND (the provider has no registration endpoint), REJECTED (no method that can be registered). */
enum larder_code registration_build(const struct provider *provider, const struct registration_want *want,
    struct http_request *ret, struct larder_error *ret_error);

/*
 * Judge the reply. Errors: REJECTED (refused, with the server's reason), UNAVAILABLE (no answer that it could be). *ret is
 * cleared by the caller with registration_clear after success.
 */
enum larder_code registration_read(const struct provider *provider, const struct http_reply *reply,
    struct registration *ret, struct larder_error *ret_error);
void registration_clear(struct registration *registration);

/* DELETE (RFC 7592 section 2.3). false: no memory. */
bool registration_delete_build(const char *management_uri, const struct secret *token, struct http_request *ret);

#endif
