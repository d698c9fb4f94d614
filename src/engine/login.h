/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting in: from a client to a credential, by a person's consent. One struct login is one attempt; what it holds is
 * unguessable, used once and wiped. The person's side (browser, terminal) is the caller's.
 */
#ifndef ENGINE_LOGIN_H
#define ENGINE_LOGIN_H

#include "engine/engine.h"
#include "oauth/authorize.h"
#include "oauth/device.h"

#define LOGIN_TEXT_SIZE 44 /* 32 random bytes as base64url, and a NUL */
#define REDIRECT_SIZE   256

struct login_want {
	const char *name;     /* of the credential, new or to be renewed */
	const char *client;   /* NULL: that of the credential, which then has to exist */
	const char *scope;    /* "" */
	const char *resource; /* absolute URIs with spaces between; "" */
	const char *account;  /* expected or to be noted; NULL */
};

struct login {
	struct login_want want; /* borrowed */
	struct party party;
	struct lock lock; /* one attempt per name at a time, over all processes */
	char client[NAME_SIZE];
	char scope[SCOPE_SIZE];
	bool renews; /* the credential exists */
	char state[LOGIN_TEXT_SIZE];
	struct secret verifier;
	char redirect_uri[REDIRECT_SIZE];
	struct call *listener;
	struct device_grant device;
	int64_t ask_at_ms;               /* device: not before (clock_ms) */
	char subject[256], account[256]; /* who it was, when it is done */
};

/*
 * Begin: load client and definition, take the name. Errors: NOT_FOUND (client), UNAVAILABLE (somebody is logging in to
 * that name), those of the vault. Ended by login_end on all paths.
 */
enum larder_code
login_begin(struct engine *engine, const struct login_want *want, struct login *ret, struct larder_error *ret_error);
void login_end(struct engine *engine, struct login *login);

/* The URL for the person, with a new state and verifier. Errors as authorize_url. */
enum larder_code login_url(struct engine *engine, struct login *login, const char *redirect_uri, struct buf *ret_url,
    struct larder_error *ret_error);

/*
 * The query that came back: check it, exchange the code, store what came. A code is used once, whatever happens.
 * Errors: those of redirect_read; UNAVAILABLE, REJECTED, DENIED (another account than before); EXISTS; the vault's.
 */
enum larder_code login_redirected(struct engine *engine, struct login *login, const char *query, size_t len,
    int64_t deadline_ms, struct larder_error *ret_error);

/*
 * Open the listener on port (0: any) and give the redirect URI; login_url comes next. Errors: UNAVAILABLE (the port).
 */
enum larder_code login_listen(struct engine *engine, struct login *login, unsigned port,
    char ret_redirect_uri[static REDIRECT_SIZE], int64_t timeout_ms, struct larder_error *ret_error);

/* Wait for the browser, then as login_redirected; what is no answer to this attempt is passed over. */
enum larder_code
login_hear(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error);

/* Ask for codes; login->device is then what to show. */
enum larder_code
login_device(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error);

/*
 * Wait until the person has decided, or until deadline_ms; then *ret_done is false, and it may be called again. Errors
 * as login_redirected; DENIED also when the code has expired.
 */
enum larder_code login_device_wait(
    struct engine *engine, struct login *login, int64_t deadline_ms, bool *ret_done, struct larder_error *ret_error);

#endif
