/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in: a person allows a client something, and a credential comes of it.
 */
#ifndef LARDER_LOGIN_H
#define LARDER_LOGIN_H

#include <larder/credential.h>
#include <larder/login_grant.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LARDER_PORT_ANY 65536 /* no port has this number */

enum larder_login_flow {
	LARDER_LOGIN_AUTO = 0, /* what waits; else the browser if there is one, a device code, paste */
	LARDER_LOGIN_BROWSER,  /* authorization code, PKCE, redirect to this machine (RFC 6749 section 4.1, RFC 8252) */
	LARDER_LOGIN_DEVICE,   /* a code that is typed in elsewhere (RFC 8628) */
	LARDER_LOGIN_PASTE,    /* as browser, but the person brings back the URL that the browser ended at */
	/* without a person; each later token is asked for anew in the same way */
	LARDER_LOGIN_CLIENT_CREDENTIALS, /* as the client itself (RFC 6749 section 4.4) */
	LARDER_LOGIN_JWT_BEARER,         /* with a signed assertion (RFC 7523) */
	LARDER_LOGIN_TOKEN_EXCHANGE      /* in exchange for another token (RFC 8693) */
};

struct larder_login_code { /* what to show; borrowed texts, safe for a terminal */
	const char *user_code;
	const char *uri;
	const char *complete_uri; /* with the code in it; "" */
	int64_t expires_at;       /* Unix seconds */
	const char *provider;     /* its name, for people: who asks for what has to be told (RFC 8628 section 5.4) */
	const char *client_id;
	const char *scope; /* "" */
	int resumed;       /* the log-in was begun before, and goes on */
};

struct larder_login {     /* zero it; borrowed pointers */
	const char *name; /* of the credential: a new one, or one that is renewed; also a provider's id, or a URL */

	/*
	 * Who asks. client: one that is registered. provider and client_id: a new one, made for this log-in and named as
	 * the credential, which stays only if the log-in succeeds or can go on. provider alone: the only client of it.
	 * None of them: that of the credential; else, if the name is a provider's id, the only client of that one. Where
	 * the name is a URL (of an authorization server, or of something that it protects): the server's metadata are
	 * read, a client is registered if there is none, and the credential is named as the URL's host.
	 */
	const char *client;
	const char *provider;
	const char *client_id;
	const void *secret; /* of a new client, NULL: public; a known one's is replaced if the provider takes it */
	size_t secret_len;

	const char *scope;    /* space-separated; a renewal has its old ones too; NULL: as before, or the default */
	const char *resource; /* absolute URIs, space-separated (RFC 8707); NULL */
	const char *account;  /* who it has to be; NULL: whoever logs in */
	enum larder_login_flow flow;
	const struct larder_login_grant *grant; /* for the flows without a person; NULL: nothing more to say */
	int has_browser;                        /* AUTO: show_url can open a browser here, or tell somebody who will */
	int has_terminal;                       /* AUTO: ask_url can ask a person */
	unsigned port;                          /* of the redirect; 0: the definition's, or any; LARDER_PORT_ANY */
	const char *redirect_uri;               /* as registered at the provider; NULL: made from the definition */
	int64_t timeout_ms;                     /* for the person; 0: 5 minutes, or as long as the code lives */

	/*
	 * The person's side; each is called in the calling thread and returns 0, or anything else to give up (DENIED).
	 * show_url: open this URL, which is good for life_s seconds (-1: for any time). show_code: type this in.
	 * ask_url: read the URL that the browser ended at into answer.
	 */
	int (*show_url)(void *ctx, const char *url, int64_t life_s);
	int (*show_code)(void *ctx, const struct larder_login_code *code);
	int (*ask_url)(void *ctx, char *answer, size_t size);
	void *ctx;
};

/*
 * Log in. On success the credential is stored, generation 1, or + 1 if it existed; the old grant stays until then. The
 * old refresh token is not revoked: at many providers that would end the new one as well.
 *
 * ret_name  the name of the credential, LARDER_NAME_MAX + 1 bytes; may be NULL
 *
 * Blocks until the person has decided or the time is over. One attempt per name at a time. A device log-in whose time is
 * over, or whose process has died, goes on at the next call for the same name while its code lives.
 *
 * Errors: USAGE (also AUTO where nothing is possible), NOT_FOUND (client, provider; the provider has no such flow),
 * DENIED (refused, wrong account), REJECTED (the provider refuses the client), UNAVAILABLE (also: not in time; a log-in
 * to this name is under way), EXISTS (that refresh token is stored already), STORAGE, DAMAGED.
 */
LARDER_API enum larder_code
larder_login(struct larder *larder, const struct larder_login *login, char *ret_name, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
