/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in: a person allows a client something, and a credential comes of it.
 */
#ifndef LARDER_LOGIN_H
#define LARDER_LOGIN_H

#include <larder/credential.h>

#ifdef __cplusplus
extern "C" {
#endif

enum larder_login_flow {
	LARDER_LOGIN_AUTO = 0, /* the browser if there is one, else a device code, else paste */
	LARDER_LOGIN_BROWSER,  /* authorization code, PKCE, redirect to this machine (RFC 6749 section 4.1, RFC 8252) */
	LARDER_LOGIN_DEVICE,   /* a code that is typed in elsewhere (RFC 8628) */
	LARDER_LOGIN_PASTE     /* as browser, but the person brings back the URL that the browser ended at */
};

struct larder_login_code { /* what to show; borrowed texts, safe for a terminal */
	const char *user_code;
	const char *uri;
	const char *complete_uri; /* with the code in it; "" */
	int64_t expires_at;       /* Unix seconds */
};

struct larder_login {         /* zero it; borrowed pointers */
	const char *name;     /* of the credential: a new one, or one that is renewed */
	const char *client;   /* NULL: that of the credential */
	const char *scope;    /* space-separated; NULL: as before, or the provider's default */
	const char *resource; /* absolute URIs, space-separated (RFC 8707); NULL */
	const char *account;  /* who it has to be; NULL: whoever logs in */
	enum larder_login_flow flow;
	unsigned port;            /* of the redirect; 0: any that is free */
	const char *redirect_uri; /* PASTE: as registered at the provider; NULL: http://127.0.0.1:PORT/callback */
	int64_t timeout_ms;       /* for the person; 0: 5 minutes, or as long as the code lives */

	/*
	 * The person's side; each is called in the calling thread and returns 0, or anything else to give up (DENIED).
	 * show_url: open this URL. show_code: type this in. ask_url: read the URL that the browser ended at into answer.
	 */
	int (*show_url)(void *ctx, const char *url);
	int (*show_code)(void *ctx, const struct larder_login_code *code);
	int (*ask_url)(void *ctx, char *answer, size_t size);
	void *ctx;
};

/*
 * Log in. On success the credential is stored, generation 1, or + 1 if it existed; the old grant stays until then.
 * Blocks until the person has decided or the time is over. One attempt per name at a time.
 *
 * Errors: USAGE, NOT_FOUND (client; the provider has no such flow), DENIED (refused, wrong account, not in time),
 * REJECTED (the provider refuses the client), UNAVAILABLE, EXISTS (that refresh token is stored already), STORAGE,
 * DAMAGED.
 */
LARDER_API enum larder_code
larder_login(struct larder *larder, const struct larder_login *login, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
