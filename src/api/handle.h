/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handle behind struct larder: an unlocked vault, and sessions that calls of different threads borrow from it.
 */
#ifndef API_HANDLE_H
#define API_HANDLE_H

#include <larder/larder.h>
#include <pthread.h>

#include "api/config.h"
#include "api/environment.h"
#include "engine/engine.h"

struct session { /* what one call works with: a store connection of its own */
	struct vault vault;
	struct system_effects system;
	struct engine engine;
	struct session *next;
};

struct larder {
	struct environment environment;
	struct larder_options options; /* borrowed callbacks; paths are in environment */
	struct command_words key_command;
	pthread_mutex_t lock;
	struct session *first; /* never lent to two; sessions are made from it */
	struct session *idle;
	pid_t pid; /* that opened it: a forked child has no keys */
};

/* Borrow a session; give it back on every path. Errors: LOCKED (after fork), those of vault_open_again. */
enum larder_code session_take(struct larder *larder, struct session **ret, struct larder_error *ret_error);
void session_give(struct larder *larder, struct session *session);

/* What may open the vault, wired to the handle's environment; ctx is the handle. */
void handle_unlock(struct larder *larder, struct unlock *ret);

/* Milliseconds that a call may take; 0: the handle's own timeout. */
int64_t handle_timeout(const struct larder *larder, int64_t timeout_ms);

/* clock_ms when a call with this timeout has to end; 0: the handle's own timeout. */
int64_t handle_deadline(const struct larder *larder, int64_t timeout_ms);

/* Let the session know the courier; looked for lazily, because a cached token needs none. Cheap when it is known. */
void handle_find_courier(struct larder *larder, struct session *session);

/* A passphrase for a new slot: from the descriptor, else asked for twice. Errors: LOCKED, USAGE. */
enum larder_code handle_new_passphrase(struct larder *larder, struct secret *ret, struct larder_error *ret_error);

/* This process, for audit rows. */
struct actor actor_self(void);

/* USAGE unless it is a name. what: "credential", "client". */
enum larder_code check_name(const char *name, const char *what, struct larder_error *ret_error);

#endif
