/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deterministic simulation of the real engine.
 *
 * Everything that is real: src/engine, vault, oauth, provider, crypto, wire's coding. Everything that is not: the
 * clock, the disk under the vault (store.c), locks and spool slots (spool.c), couriers and the network (courier.c), the
 * authorization server (server.c), the processes (process.c), and who runs when (schedule.c). All of it, and all
 * randomness, comes from one seed: the same seed plays the same story, event by event.
 *
 *   process 1..5   a coroutine with a vault session of its own; runs commands one after the other. At each call of an
 *                  effect or of the store another one may go on, it may be stopped for a while, or be killed.
 *   courier        a state machine with the real one's steps; it survives its caller, keeps lock and slot, and can die
 *                  at each step.
 *   machine        may lose power (all processes and couriers die; relaxed commits and unsynced blanks may be undone),
 *                  be suspended, get another wall clock, have its monotonic clock frozen, be restored from a copy.
 *
 * A killed process does not vanish from its stack: from that moment on none of its calls has any effect and all of them
 * fail, so that it runs to its end by itself and frees its memory. Nobody else sees anything of that.
 *
 * The server's ledger is the oracle (oracle.c): what it issued and what became of each reply decides whether a loss was
 * anybody's fault. At the end the world calms down and one more command has to get a token.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "engine/engine.h"
#include "sim/events.h"
#include "sim/fiber.h"
#include "sim/server.h"

#define PROCESSES   6 /* the last one comes at the end */
#define COURIERS    24
#define SPOOL_SLOTS 16
#define HOLDS       64
#define CREDENTIALS 2
#define OPS_MAX     8
#define ROWS_MAX    96
#define NEVER       INT64_MAX
#define STEPS_MAX   20000 /* of the scheduler: more is a loop without end */
#define PROVIDER    "local"
#define CLIENT      "app"
#define SCOPE_OTHER "read"

/* --- randomness (random.c): the world's and the engine's are apart, so that one more nonce changes no story --- */

uint64_t rng_next(uint64_t *state);
void noise_seed(uint64_t seed); /* of libsodium and of effects.random */
void noise_install(void);
void noise_fill(void *dst, size_t len);

struct totals {
	uint64_t counts[COUNTS_COUNT];
};

/* --- the disk under the vault (store.c) --- */

struct row {
	unsigned refs;
	uint8_t kind, key_len;
	uint8_t key[STORE_KEY_MAX];
	size_t len; /* SIZE_MAX: removed */
	uint8_t body[];
};

struct image {
	struct row *rows[ROWS_MAX];
	size_t count;
	struct row **log;
	size_t log_len, log_room;
};

struct row *row_new(uint8_t kind, const void *key, size_t key_len, const void *body, size_t len);
void row_free(struct row *row);
bool row_is(const struct row *row, uint8_t kind, const void *key, size_t key_len);
void image_share(const struct image *image, struct image *ret); /* copies references */
void image_apply(struct image *image, struct row *row);         /* both take the row over */
void image_log(struct image *image, struct row *row);
void image_clear(struct image *image);

struct process;
struct sim;
struct store *store_new(struct sim *sim, struct process *process);

/* --- locks and slots (spool.c) --- */

struct hold { /* an open description: a lock, or the claim of a slot */
	bool used, is_slot;
	int64_t what;    /* byte, or number of the slot */
	uint32_t owners; /* bits of processes, then of couriers */
};

struct slot {
	bool exists;
	enum spool_content content;
	uint8_t record_id[16], attempt_id[16];
	uint8_t *payload, *unblanked; /* unblanked: what a blank that was not synced may bring back */
	size_t len, unblanked_len;
};

#define OWNER_PROCESS(number) (UINT32_C(1) << (number))
#define OWNER_COURIER(number) (UINT32_C(1) << (PROCESSES + (number)))

void hold_drop(struct sim *sim, int fd, uint32_t owner); /* one description; fd < 0: none */
void hold_drop_all(struct sim *sim, uint32_t owner);
void slot_write(struct sim *sim, uint32_t number, const uint8_t record_id[static 16],
    const uint8_t attempt_id[static 16], const struct buf *payload);
void slot_forget(struct slot *slot);
void slots_lose_power(struct sim *sim);
void spool_effects(struct effects *ret);

/* --- couriers (courier.c, conversation.c) --- */

enum phase {
	PHASE_NONE,
	PHASE_CONNECTING,
	PHASE_READY,     /* waits for go */
	PHASE_GIVING_UP, /* go did not come in time; the note is still to be written */
	PHASE_SENDING,
	PHASE_TRAVELLING, /* the request is on its way */
	PHASE_LISTENING,
	PHASE_SEALING, /* a reply is in hand */
	PHASE_WRITTEN, /* payload written, header not */
	PHASE_SEALED,  /* synced; nobody knows yet */
	PHASE_ASKING,  /* the slot took nothing: handed over, waits for kept and tries on */
	PHASE_DEAD,
	PHASE_ORPHAN, /* dead, but its request still travels */
	PHASES
};

enum odd { ODD_NONE, ODD_503, ODD_429, ODD_HTML, ODD_CLIENT, ODD_PROCESSED_503, ODD_PROCESSED_CUT };

struct call {
	enum phase phase;
	unsigned number, conversation; /* place; running number */
	bool plain, revocation, held, kept;
	struct process *owner; /* while held */
	int64_t due, give_up_at;
	int lock, slot;
	uint32_t slot_number;
	struct job_attempt attempt;
	char *body;
	unsigned token;  /* carried refresh token; TOKENS_MAX */
	unsigned issued; /* index + 1 */
	unsigned credential;
	bool accepts;   /* a person has accepted that the token is spent */
	uint64_t after; /* its caller's last commit before go: the intent's */
	struct http_reply reply;
	bool has_reply;
	unsigned tries;
	enum call_event queue[4];
	struct call_failure failure;
	unsigned queued;
	/* its fate */
	enum phase dies_in;
	bool no_connection, hangs, request_lost, reply_lost, resets;
	enum odd odd;
	int64_t connect_ms, there_ms, back_ms;
};

void courier_step(struct sim *sim, struct call *call);
void courier_enter(struct sim *sim, struct call *call, enum phase phase, int64_t due);
void network_send(struct sim *sim, struct call *call);
void network_arrive(struct sim *sim, struct call *call); /* whoever is left to hear the answer */
void courier_die(struct sim *sim, struct call *call, enum fate fate);
void courier_say(struct sim *sim, struct call *call, enum call_event event);
void courier_heard(struct sim *sim, const struct call *call);
void courier_clear(struct call *call);
void couriers_lose_caller(struct sim *sim, const struct process *process);
void courier_effects(struct effects *ret);

/* --- processes (process.c, ops.c) --- */

enum op_kind {
	OP_TOKEN,
	OP_REFRESH,
	OP_REVOKE,
	OP_LOGOUT,
	OP_DELIVER, /* revocations that are queued */
	OP_REPLACE,
	OP_VERIFY,
	OP_REOPEN,
	OP_KINDS
};

struct op {
	enum op_kind kind;
	unsigned credential;
	int64_t think_ms, timeout_ms, min_ttl_s;
	bool force, offline, accept, explicit_ttl, other_scope;
	unsigned kill_at, stop_at; /* points; 0: never */
	int64_t stop_ms;
};

struct process {
	struct sim *sim;
	unsigned number;
	struct fiber fiber;
	int64_t wake;
	bool dead, calm, waits_for_store;
	int32_t pid;
	struct op ops[OPS_MAX];
	size_t ops_count, at;
	const struct op *op; /* the one that runs; NULL: none */
	unsigned points;
	struct call *waits_for;
	int64_t waits_for_lock; /* byte; 0: none */
	/* of the running op */
	int64_t began_ms, stopped_ms;
	unsigned jumps;
	uint64_t last_commit;                       /* number of its last commit */
	int64_t writes_since_wall, writes_since_ms; /* the beginning of its last transaction */
	unsigned commits, sends;
	struct vault vault;
	struct effects effects;
	struct engine engine;
	bool open;
	enum larder_code code; /* of the last op */
	struct larder_error error;
};

void process_start(struct process *process);
void process_kill(struct process *process);
void process_sleep(struct process *process, int64_t ms);
void process_stop(struct process *process, int64_t ms);
bool process_open(struct process *process);
void process_close(struct process *process);
/* A place where others may go on, and where it may die. false: it is dead. */
bool process_point(struct process *process);
void op_run(struct process *process, const struct op *op);
void op_script(struct sim *sim, struct process *process);

/* --- who runs when (schedule.c) --- */

enum deed_kind {
	DEED_POWER,
	DEED_SUSPEND,
	DEED_WALL,
	DEED_FREEZE,
	DEED_THAW,
	DEED_OUTAGE,
	DEED_OUTAGE_END,
	DEED_DISK,
	DEED_COPY,
	DEED_RESTORE
};

struct deed {
	enum deed_kind kind;
	int64_t due, value;
};

#define DEEDS_MAX 12

/* Let the others go on until process may: it is picked with its time come. NULL: until nobody has anything to do. */
void schedule(struct sim *sim, struct process *process);

void deed_do(struct sim *sim, const struct deed *deed);
void deed_add(struct sim *sim, enum deed_kind kind, int64_t in_ms, int64_t value);
void deeds_plan(struct sim *sim);

/* --- one story --- */

struct knobs { /* drawn once per seed; parts are of 1000 */
	enum spend_class class;
	enum on_unknown on_unknown;
	int64_t grace_s, expires_in, latency_ms;
	unsigned switch_every;
	unsigned processes, ops_max;
	unsigned kills, courier_deaths, losses, odds, failed_commits, failed_reads, stops, impatience;
	bool repeats, narrow, revokes, wall;
};

struct family {         /* what a credential stands for, as the commands that ended well say */
	unsigned token; /* the login's */
	unsigned family;
	uint64_t since; /* commit */
};

struct account {                      /* one credential, as the world knows it */
	bool used;                    /* by any command */
	struct family acked;          /* the newest login that is known to be stored */
	unsigned maybe[FAMILIES_MAX]; /* logins whose command did not end well: stored or not */
	size_t maybe_count;
	unsigned replacing; /* commands that are at it, or died of it */
	uint64_t fence;     /* commit of the last revocation that is known to have begun; 0 */
	bool fence_maybe, replaced_maybe, removed_maybe;
	bool restored, suspect;       /* suspect: and nobody has accepted it */
	bool stale;                   /* restored from before an exchange, and accepted since */
	uint64_t generation, seen_at; /* the highest that was handed out, by which commit */
	enum larder_code final;       /* of the last command for it */
};

struct sim {
	uint64_t seed, rng, hash;
	bool tracing, failed;
	char failure[512];
	unsigned actor; /* whose events these are, for the trace */
	struct totals totals;
	struct knobs knobs;
	/* the machine */
	int64_t ms, start_s, wall_s;  /* true time; wall clock at 0; how wrong it is by now */
	int64_t frozen_at, frozen_ms; /* -1: runs; how far the monotonic clock is behind */
	int64_t up_at;                /* nothing begins before: it boots */
	unsigned boot, outages;
	bool calm;
	int64_t disk_trouble_until;
	uint64_t steps;
	int until_switch;
	struct deed deeds[DEEDS_MAX];
	size_t deeds_count;
	/* the disk */
	struct image disk;
	size_t log_durable;
	uint64_t commits, copy_commits;
	struct process *writer;
	struct slot slots[SPOOL_SLOTS];
	struct hold holds[HOLDS];
	struct image copy;
	bool has_copy;
	unsigned place; /* which of two directories the vault is in: another lock file means a copied vault */
	/* the rest */
	struct process processes[PROCESSES], oracle;
	struct fiber main;
	struct call couriers[COURIERS];
	unsigned conversations;
	struct server server;
	unsigned credential_of_family[FAMILIES_MAX];
	bool revoked[FAMILIES_MAX]; /* families that somebody has begun to revoke, as the command said */
	unsigned jumps;             /* of the machine's own time: suspends and freezes */
	struct account accounts[CREDENTIALS];
	int32_t next_pid;
};

uint64_t draw(struct sim *sim, uint64_t below);       /* 0: 0 */
bool chance(struct sim *sim, unsigned parts_of_1000); /* never once it is calm */
int64_t sim_now_s(const struct sim *sim);
int64_t sim_clock_ms(const struct sim *sim);
const char *credential_name(unsigned credential);

void note(struct sim *sim, enum event event, int64_t a, int64_t b);
void count(struct sim *sim, enum count what);
void violate(struct sim *sim, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* world.c: the vault that every seed begins with, made once; plays one seed. */
void world_places(void);
void world_remove(void);
void world_init(void);
struct vault_keys *world_keys(void);
int world_dirfd(unsigned place);
void knobs_draw(struct sim *sim);
void sim_play(struct sim *sim, uint64_t seed, bool tracing);

/* oracle.c: I1 to I10 (facts in docs/architecture.md) */
void oracle_sends(struct sim *sim, struct call *call);
void oracle_replay(struct sim *sim, unsigned token);
void oracle_got(struct process *process, const struct token_got *got);
void oracle_op(struct process *process, const struct op *op);
bool oracle_open(struct sim *sim);
enum larder_code oracle_verify(struct vault *vault, struct larder_error *ret_error);
void oracle_end(struct sim *sim);
void final_run(struct process *process);

/* hooks.c: the simulation that the wrapped functions of the engine report to */
extern struct sim *sim_now;

#endif
