/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authorization server inside the process: the four classes of rotation, and a ledger of what it saw. Whoever sends
 * a refresh token that was spent loses the whole family of it.
 */
#ifndef TESTS_ENGINE_SERVER_H
#define TESTS_ENGINE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/http.h"
#include "provider/provider.h"

#define SERVER_TOKENS 64
#define SERVER_TEXT   64

struct server_token {
	char text[SERVER_TEXT];
	unsigned family;
	unsigned parent;     /* refresh tokens: index + 1 of the one that was spent for it; 0: a login */
	bool refresh, spent; /* spent: its successor is the only one that counts */
	bool live;
	int64_t spent_at; /* 0: never sent */
};

struct server {
	enum spend_class class;
	int64_t grace_s;
	int64_t expires_in;       /* of access tokens; -1: it does not say */
	bool repeats;             /* the refresh token comes back as it was, instead of no refresh token */
	bool down;                /* nobody gets a connection */
	const char *revoke_error; /* OAuth error of the revocation endpoint, with status 400 or 503 */
	int revoke_status;
	struct server_token tokens[SERVER_TOKENS];
	unsigned count, families;
	/* the ledger */
	unsigned requests, exchanges, replays, revocations;
	char last_scope[SERVER_TEXT]; /* "" when none was sent */
};

/* A person logs in: the refresh token of a new family. */
const char *server_login(struct server *server);

/* One POST to the token endpoint or the revocation endpoint; url tells which. The caller clears *ret. */
void server_answer(struct server *server, const char *url, const char *body, int64_t now, struct http_reply *ret);

/* Whether the server would take this token now. */
bool server_is_live(struct server *server, const char *token);

/* How many live tokens there are. */
unsigned server_live(const struct server *server);

/* A reply with this body. */
void server_reply(struct http_reply *ret, int status, const char *type, const char *body);

#endif
