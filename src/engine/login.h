/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting in: from a client to a credential, by a person's consent. One struct login is one attempt; what it holds is
 * unguessable, used once and wiped. The person's side (browser, terminal) is the caller's.
 *
 *   login.c         beginning and ending
 *   login_code.c    by a code: the URL for a browser, the listener, what the browser brings back
 *   login_device.c  by a device code, which outlives the program that showed it
 *   login_store.c   what came is checked and stored
 */
#ifndef ENGINE_LOGIN_H
#define ENGINE_LOGIN_H

#include "engine/prove.h"
#include "oauth/authorize.h"
#include "oauth/device.h"
#include "oauth/identity.h"

#define LOGIN_TEXT_SIZE 44 /* 32 random bytes as base64url, and a NUL */
#define REDIRECT_SIZE   256

struct login_want {
	const char *name; /* of the credential, new or to be renewed */
	const char
	    *client;       /* NULL: that of the credential or of the log-in that waits; one of them then has to exist */
	const char *scope; /* "" */
	const char *resource;        /* absolute URIs with spaces between; "" */
	const char *account;         /* expected or to be noted; NULL */
	const struct secret *secret; /* of the client, for this attempt in place of the stored one; NULL */
	int64_t exchange_ms;         /* that the provider may take for one answer; 0: CALL_LISTEN_MS */
};

struct login {
	struct login_want want; /* borrowed */
	struct party party;
	struct lock lock; /* one attempt per name at a time, over all processes */
	char client[NAME_SIZE];
	char scope[SCOPE_SIZE];
	char resource[RESOURCE_SIZE];
	bool renews; /* the credential exists */
	char state[LOGIN_TEXT_SIZE];
	char nonce[LOGIN_TEXT_SIZE]; /* "" where no ID token is asked for */
	struct secret verifier;
	struct dpop_key dpop; /* that the tokens are to be bound to; empty */
	char dpop_jkt[BASE64URL_32];
	bool is_bearer;      /* what came is bound to no key all the same */
	bool nonce_answered; /* a proof with the server's nonce was sent already */
	char redirect_uri[REDIRECT_SIZE];
	char redirect_before[REDIRECT_SIZE]; /* of the log-in that the credential came of; "" */
	int64_t url_expires_at;              /* of a pushed request; TIME_UNKNOWN */
	char asked_url[URL_MAX + 1];         /* of the last request with a proof, whose nonces are that server's */
	struct call *listener;
	struct device_grant device;
	bool waits;                      /* device: begun before, and still good: login_device goes on with it */
	int64_t ask_at_ms;               /* device: not before (clock_ms) */
	char subject[256], account[256]; /* who it was, when it is done */
};

/*
 * Begin: load client and definition, take the name. The scopes of a renewal are those that it had and those that are
 * wanted. Errors: NOT_FOUND (client), UNAVAILABLE (somebody is logging in to that name), those of the vault. Ended by
 * login_end on all paths.
 */
enum larder_code
login_begin(struct engine *engine, const struct login_want *want, struct login *ret, struct larder_error *ret_error);
void login_end(struct engine *engine, struct login *login);

/* Whether this client has such an endpoint. */
bool login_can_device(const struct login *login);
bool login_can_browse(const struct login *login);

/* --- by a code --- */

/*
 * The URL for the person, with a new state and verifier; where the provider takes pushed requests, the request goes
 * there first (RFC 9126). Errors as authorize_url, par_read; UNAVAILABLE.
 */
enum larder_code login_url(struct engine *engine, struct login *login, const char *redirect_uri, int64_t deadline_ms,
    struct buf *ret_url, struct larder_error *ret_error);

/*
 * The query that came back: check it, exchange the code, store what came. A code is used once, whatever happens.
 * Errors: those of redirect_read; UNAVAILABLE, REJECTED, DENIED (another account than before); EXISTS; the vault's.
 */
enum larder_code login_redirected(struct engine *engine, struct login *login, const char *query, size_t len,
    int64_t deadline_ms, struct larder_error *ret_error);

#define LOGIN_PORT_ANY 65536

/*
 * Open the listener and give the redirect URI; login_url comes next.
 *
 * port          0: the one that the definition names, or any; LOGIN_PORT_ANY: any that is free
 * redirect_uri  to be this one: http, to a loopback host; NULL: made of the definition
 * Errors: UNAVAILABLE (the port), USAGE (another machine; or the provider takes no such redirect).
 */
enum larder_code login_listen(struct engine *engine, struct login *login, unsigned port, const char *redirect_uri,
    char ret_redirect_uri[static REDIRECT_SIZE], int64_t timeout_ms, struct larder_error *ret_error);

/* Wait for the browser, then as login_redirected; what is no answer to this attempt is passed over. */
enum larder_code
login_hear(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error);

/* The redirect URI of a log-in where nobody listens: as it was before, or as the definition has it. */
void login_paste_uri(const struct login *login, unsigned port, char ret[static REDIRECT_SIZE]);

/* --- by a device code --- */

/*
 * Ask for codes, or go on with those that wait; login->device is then what to show. They are kept in the vault until the
 * log-in is over, so that it can go on when this process is gone.
 */
enum larder_code
login_device(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error);

/*
 * Wait until the person has decided, or until deadline_ms; then *ret_done is false, and it may be called again. Errors
 * as login_redirected; DENIED also when the code has expired.
 */
enum larder_code login_device_wait(
    struct engine *engine, struct login *login, int64_t deadline_ms, bool *ret_done, struct larder_error *ret_error);

/* Until when the provider may answer a question that is asked now (clock_ms). */
int64_t login_exchange_deadline(const struct engine *engine, const struct login *login);

/* --- for the files of logging in --- */

/*
 * Whether a reply refuses the client and it has another secret, which is now in the place of the first: then the reply is
 * cleared, and the request is to be built and sent once more.
 */
bool login_tries_other_secret(struct login *login, struct http_reply *reply);

/* Add a proof to a token request, if the tokens are to be bound to a key. Errors as prove_with. */
enum larder_code
login_prove(struct engine *engine, struct login *login, struct http_request *request, struct larder_error *ret_error);

/*
 * Whether a token request is to be sent once more: as login_tries_other_secret, or with the nonce that the server wants
 * in a proof, once. The nonce is remembered in any case.
 */
bool login_tries_again(struct engine *engine, struct login *login, struct http_reply *reply);

/* reply_judge, and what its token type means here. */
void login_judge(struct login *login, const struct http_reply *http, int64_t sent_at, struct token_reply *ret);

/* Send one request and get its reply. Takes the request. UNAVAILABLE. */
enum larder_code login_ask(struct engine *engine, struct login *login, struct http_request *request,
    int64_t deadline_ms, struct http_reply *ret, struct larder_error *ret_error);

/*
 * Store the tokens of a reply, if it has them and they are of the right account: that of the ID token, or that which the
 * userinfo endpoint names. Nothing is changed otherwise. Errors as login_redirected.
 */
enum larder_code login_store(struct engine *engine, struct login *login, struct token_reply *reply, int64_t deadline_ms,
    struct larder_error *ret_error);

/* What a reply without tokens says. */
enum larder_code login_refuse(const struct token_reply *reply, struct larder_error *ret_error);

#endif
