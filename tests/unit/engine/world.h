/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for the real engine: a real vault with its locks and its spool in a directory of its own, a clock that
 * only moves when somebody waits, couriers that follow a script, and the server of server.h.
 */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include "engine/engine.h"
#include "engine/server.h"
#include "engine/tests.h"

#define WORLD_COURIERS 128
#define PROVIDER       "local"
#define CREDENTIAL     "work"
#define TIMEOUT_MS     90000

/* How a conversation with a courier goes. */
enum course {
	GOES_WELL,
	NOT_STARTED,      /* no courier can be started */
	NOT_CONNECTED,    /* it says that the provider cannot be reached */
	HANGS_CONNECTING, /* it says nothing until the deadline */
	DIES_EARLY,       /* before it was ready */
	NOT_TOLD,         /* it was ready, but go did not reach it, and it dies */
	NOTES_UNSENT,     /* the same, and it leaves a note */
	GIVES_UP,         /* it was told to go, and says that nothing was sent */
	IS_REFUSED,       /* told to go, the server refuses the certificate before it reads, which is said and noted */
	REFUSED_AND_DIES, /* the same, and nobody hears it */
	DIES_SENDING,     /* told to go, and the request was lost on its way */
	RESET_SENDING,    /* the same, and it says that no reply came */
	DIES_LISTENING,   /* the server has processed the request, the reply is lost */
	SEALS_AND_DIES,   /* the reply is in the slot, but nobody is told */
	CANNOT_SEAL,      /* the slot takes nothing, so the reply is handed over; a second later the slot works */
};

/* A reply that takes the place of the server's. */
struct canned {
	int status;
	const char *type, *body, *retry_after;
	bool truncated, processed; /* processed: the server has spent the token all the same */
};

struct fate {
	enum course course;
	int64_t takes_ms; /* from go to the reply */
	const struct canned *canned;
};

struct world {
	char root[64], vault_path[128], key_path[128], folder[128];
	struct vault vault;
	struct catalogue catalogue;
	struct effects effects;
	struct engine engine;
	struct server server;

	int64_t ms, start_s, boot; /* the clock; what now_s was at ms 0; number of the boot */
	bool at_rest;              /* waiting fails the test: nothing should be waited for */
	/* each runs once: when somebody sleeps, connects, listens, when a reply has been sealed */
	void (*meanwhile)(struct world *world), (*connecting)(struct world *world), (*listening)(struct world *world);
	void (*sealed)(struct world *world);

	struct call *couriers[WORLD_COURIERS];
	struct fate fates[WORLD_COURIERS];
	unsigned fates_count, fates_used, started;
	unsigned replays_allowed; /* checked at the end */

	/* of the last token_get */
	struct token_want want; /* for the next one; then it is as usual again */
	int64_t timeout_ms;
	struct larder_error error;
	char token[SERVER_TEXT];
	bool refreshed;
	uint64_t generation;
};

/* Setups: a vault with a credential CREDENTIAL whose provider is of this class, and a server that does so. */
int strict_world(void **state);
int static_world(void **state);
int until_used_world(void **state);
int overlap_world(void **state); /* 30 s */
int hold_world(void **state);    /* strict, and asking again is forbidden */
/* Teardown: the vault is whole, no lock and no courier is left, no replay was seen but those allowed. */
int world_end(void **state);

#define IN(setup, name) cmocka_unit_test_setup_teardown(name, setup, world_end)

/* How the next conversations go, in this order; after that all go well. */
void world_next(struct world *world, enum course course);
void world_next_takes(struct world *world, enum course course, int64_t takes_ms);
void world_next_says(struct world *world, const struct canned *canned);

void world_pass(struct world *world, int64_t seconds);

/* Write the definition anew: members is what follows endpoints, "" or ",\"...\":...". */
void world_define(struct world *world, const char *origin, bool with_revocation, const char *members);
enum larder_code world_add(struct world *world, const char *name, const char *token, bool replace);
/* Close and open, as the next process does. */
void world_reopen(struct world *world);
/* Run a command of the shell in the root directory. */
void world_run(const struct world *world, const char *command);

void want_as_usual(struct world *world);
/* Get a token as *want says (then it is as usual again). What is handed out must be what the vault has. */
enum larder_code world_get(struct world *world);
enum larder_code world_get_by(struct world *world, struct engine *engine);
void assert_token(struct world *world, const char *token, bool refreshed);
void assert_no_token(struct world *world, enum larder_code code, const char *says);

struct credential world_credential(struct world *world);
enum credential_state world_state(struct world *world);
/* Store another refresh token as the next generation, without a word to anybody, as another host could. */
void world_overtake(struct world *world, const char *token);
/* The stored refresh token, "" if there is none; previous: its predecessor. */
void world_refresh_token(struct world *world, bool previous, char ret[static SERVER_TEXT]);
void assert_refresh_token(struct world *world, const char *token, const char *previous);
size_t world_parked(struct world *world);
unsigned world_audited(struct world *world, enum audit_op op);
/* Replies that lie in the spool. */
unsigned world_spooled(struct world *world);
/* The store's n-th commit from now on fails, or all from the n-th on; lasting: what was to be committed is there. */
void world_fail_commit(struct world *world, unsigned nth, bool all_from_there, bool lasting);

/* courier.c */
void courier_effects(struct effects *ret);
void couriers_work(struct world *world); /* up to now */
void couriers_end(struct world *world);
unsigned couriers_alive(const struct world *world);

/* flaky.c: takes the store over */
struct store *flaky_new(struct store *real, unsigned nth, bool all_from_there, bool lasting);

#define assert_ok(call) \
	do { \
		enum larder_code code_ = (call); \
		if (code_ != LARDER_OK) \
			print_error("%s: %s\n", #call, larder_code_name(code_)); \
		assert_int_equal(code_, LARDER_OK); \
	} while (0)

#endif
