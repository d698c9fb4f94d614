/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorization server: token families of the four classes of rotation, and the ledger of what it issued and what
 * became of it, which is the oracle. It lives in true time; the callers' wall clock may be wrong.
 */
#ifndef TESTS_SIM_SERVER_H
#define TESTS_SIM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/http.h"
#include "provider/provider.h"

#define TOKENS_MAX   512
#define FAMILIES_MAX 64
#define TOKEN_TEXT   24

enum fate { /* what became of a reply with tokens, as far as anybody but the server can know */
	FATE_TRAVELS,
	FATE_SEALED,      /* durable in the spool, or committed by the vault side: from here on it must not be lost */
	FATE_LOST_REPLY,  /* by the network */
	FATE_NOBODY_LEFT, /* its courier was dead when it came, or died with it */
	FATE_MANGLED,     /* it reached the courier as something else: cut off, replaced by a gateway's page */
	FATE_NO_POWER,    /* the machine went down before the reply was synced */
	FATE_NO_DISK,     /* the spool took nothing for over a minute, and nobody was left to take it */
	FATES
};

struct server_token {
	bool refresh;
	bool live, spent;
	unsigned family;
	unsigned parent;   /* of a refresh token: index + 1 of the one that was spent for it; 0: a login */
	unsigned sibling;  /* of an access token: index + 1 of the refresh token that came with it; 0: none */
	unsigned carrying; /* requests on their way that carry it */
	unsigned unheard;  /* requests that were sent, and of which no reply was kept */
	enum fate fate;
	int64_t first_sent_ms; /* of those that are unheard */
	int64_t spent_ms;      /* 0: never */
	int64_t expires_ms;    /* INT64_MAX: no end */
};

enum family_end { LIVES, ENDED_BY_REPLAY, ENDED_BY_REVOCATION };

struct server {
	enum spend_class class;
	int64_t grace_ms;
	int64_t expires_in; /* of access tokens, seconds; -1: it does not say */
	bool repeats;       /* static: the refresh token comes back as it was */
	bool narrow;        /* a revocation ends the token that it names, not the family */
	struct server_token tokens[TOKENS_MAX];
	enum family_end families[FAMILIES_MAX]; /* from 1 */
	enum fate lost_by[FAMILIES_MAX];        /* of those that a replay ended: what had become of the successor */
	unsigned count, families_count;
	unsigned requests, exchanges, replays, revocations;
};

/* A person logs in: the refresh token of a new family. */
unsigned server_login(struct server *server);

void server_text(const struct server *server, unsigned token, char ret[static TOKEN_TEXT]);

/* Index of a token by its text; TOKENS_MAX: none of ours. */
unsigned server_find(const struct server *server, const void *text, size_t len);

/* What the server would take as a refresh token now. */
bool server_takes(const struct server *server, unsigned token, int64_t now_ms);

/* The refresh token that a POST's body carries; TOKENS_MAX: none. */
unsigned server_carried(const struct server *server, const char *body);

/*
 * One POST to the token endpoint or the revocation endpoint. *ret_issued: index + 1 of the new refresh token, or of the
 * one that was used where none is new; 0: none. *ret_replay: index + 1 of a token that was spent already.
 */
void server_answer(struct server *server, bool revocation, const char *body, int64_t now_ms, struct http_reply *ret,
    unsigned *ret_issued, unsigned *ret_replay);

void server_reply(struct http_reply *ret, int status, const char *type, const char *body);

/* Whether a token is its descendant, or itself. */
bool server_descends(const struct server *server, unsigned token, unsigned ancestor);

#endif
