/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A life of a vault: the real engine on real files below one directory, with a clock that only moves when somebody
 * waits, couriers that seal with the real courier's code, and an authorization server with a ledger.
 *
 * Beside it runs the truth: what whoever used the vault was told, and what the server knows. After a loss of power the
 * vault is held to it.
 */
#ifndef TESTS_POWER_LIFE_H
#define TESTS_POWER_LIFE_H

#include "engine/engine.h"
#include "engine/server.h"
#include "power/disk.h"

#define LIFE_PATH        160
#define LIFE_CREDENTIALS 2

enum surely { NO, MAYBE, YES };

struct truth_credential {
	enum surely there;  /* added */
	enum surely fenced; /* being revoked: gives no token any more */
	enum surely removed;
	unsigned families[2]; /* of the server: its refresh token is of one of these; 0: none */
	enum surely intent;   /* MAYBE: one may be open; YES: of this generation, and it must be */
	uint64_t intent_generation;
	bool unheard; /* the server has spent the token, and its reply is not reported durable yet */
	bool sealed;  /* it is, and not settled yet */
};

struct truth {
	size_t at;  /* holds from this many changes on */
	int64_t ms; /* of the clock */
	int64_t boot;
	enum surely vault, client, key[2];
	struct truth_credential credentials[LIFE_CREDENTIALS];
	struct server server;
};

enum course {
	GOES_WELL,
	SEALS_AND_DIES, /* the reply is in the slot, but nobody is told */
	LOSES_REPLY,    /* the server has spent the token; the courier dies */
	LOSES_REQUEST,
	NOT_TOLD /* go did not reach it; it leaves a note */
};

struct life {
	char root[LIFE_PATH], vault_path[LIFE_PATH + 16], state[LIFE_PATH + 16], keys[2][LIFE_PATH + 16];
	const char *definitions; /* folder */
	const char *provider;
	bool hold; /* asking again is forbidden */

	struct vault vault, other; /* other: a second session, see life_swap */
	struct catalogue catalogue;
	struct effects effects;
	struct engine engine;
	struct larder_error error; /* of the last action that failed */
	char token[SERVER_TEXT];   /* the last that was handed out */

	int64_t ms, slept_ms, boot;
	enum course course; /* of the next exchange */
	size_t padding;     /* bytes that the server's replies are longer */
	unsigned acting;    /* the credential of the running action */

	struct disk_log log;
	struct truth truth, *truths;
	size_t truths_count, truths_max;
	size_t window_changes; /* between the server's reply and its seal, the last time */
};

/*
 * One life in the directory root, which holds base (borrowed) and has a folder "keys"; the definitions of providers are
 * in a folder elsewhere.
 */
void
life_init(struct life *life, const char *root, const struct image *base, const char *definitions, const char *provider);
void life_free(struct life *life);

/* Remember what is true from here on. */
void life_note(struct life *life);

/* --- what people do; each notes what may be and then what must be --- */
enum larder_code life_create(struct life *life); /* larder init --key-file */
enum larder_code life_open(struct life *life, unsigned key);
void life_close(struct life *life);
/* The other session goes on; it is opened if there is none. */
enum larder_code life_swap(struct life *life);
enum larder_code life_client(struct life *life);
enum larder_code life_add(struct life *life, unsigned which, bool replace);
enum larder_code life_token(struct life *life, unsigned which, bool force);
enum larder_code life_revoke(struct life *life, unsigned which, bool logout);
enum larder_code life_key_add(struct life *life);    /* the second key file */
enum larder_code life_key_remove(struct life *life); /* the first one's slot */

const char *life_name(unsigned which);

#endif
