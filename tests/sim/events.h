/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a trace, and what is counted over all stories. */
#ifndef TESTS_SIM_EVENTS_H
#define TESTS_SIM_EVENTS_H

/* What happened, with the names of its two numbers; printed by trace.c. */
#define EVENTS(X) \
	X(START, "starts", "pid", NULL) \
	X(OP, "command", "kind", "credential") \
	X(OP_END, "  ends", "code", "generation") \
	X(GOT, "  token", "at", "refreshed") \
	X(KILLED, "killed", "at point", NULL) \
	X(STOPPED, "stopped", "ms", NULL) \
	X(COPIED, "opens a copied vault", "code", NULL) \
	X(LOCK, "lock", "credential", "fd") \
	X(LOCK_BUSY, "lock is taken", "credential", NULL) \
	X(CLOSE, "lets go", "fd", "the last") \
	X(CLAIM, "claims slot", "slot", NULL) \
	X(READ_SLOT, "reads slot", "slot", "content") \
	X(BLANK, "blanks slot", "slot", NULL) \
	X(COMMIT, "commit", "number", "durable") \
	X(COMMIT_FAILED, "commit fails", "number", "is there") \
	X(BUSY, "the store is busy", NULL, NULL) \
	X(DECIDED, "decides", "order", "reason") \
	X(SETTLED, "settles", "judged", "code") \
	X(COURIER, "starts courier", "courier", "exchange") \
	X(GO, "go", "courier", "heard") \
	X(KEPT, "kept", "courier", NULL) \
	X(HANGS_UP, "hangs up", "courier", NULL) \
	X(HEARS, "hears", "courier", "event") \
	X(PHASE, "phase", "phase", NULL) \
	X(SENDS, "sends", "token", "so often unheard") \
	X(ARRIVES, "request arrives", "token", "issued") \
	X(REPLAY, "REPLAY", "token", "successor's fate") \
	X(REVOKES, "revocation arrives", NULL, NULL) \
	X(FATE, "reply's fate", "token", "fate") \
	X(DIES, "dies", "phase", NULL) \
	X(LOGIN, "a person logs in", "token", "family") \
	X(POWER, "POWER LOSS", "log rows lost", NULL) \
	X(SUSPEND, "SUSPEND", "ms", NULL) \
	X(WALL, "WALL CLOCK", "seconds", NULL) \
	X(FREEZE, "CLOCK FROZEN", "on", NULL) \
	X(OUTAGE, "OUTAGE", "on", NULL) \
	X(DISK, "SPOOL TROUBLE", "ms", NULL) \
	X(COPY, "COPY MADE", "commits", NULL) \
	X(RESTORE, "RESTORED", "commits since", NULL) \
	X(CALM, "-- calm from here on --", NULL, NULL) \
	X(FOUND, "at the end", "credential", "state") \
	X(HAS, "the vault has", "token", "taken")

enum event {
#define X(name, text, a, b) EVENT_##name,
	EVENTS(X)
#undef X
	    EVENTS_COUNT
};

/* Branches, causes and totals that the summary shows; their words are in coverage.c. */
#define COUNTS(X) \
	X(CALLS, "calls") \
	X(TOKENS, "calls that got a token") \
	X(EXCHANGES, "exchanges at the server") \
	X(REQUESTS, "requests at the token endpoint") \
	X(KILLS, "callers killed") \
	X(COURIER_DEATHS, "couriers killed") \
	X(POWER_LOSSES, "power losses") \
	X(RESTORES, "restored vaults") \
	X(COMMITS, "commits") \
	X(FAILED_COMMITS, "failed commits") \
	X(REPLAYS, "replays seen by the server") \
	X(LOST_REPLY, "strict loss: the network lost the reply") \
	X(LOST_COURIER, "strict loss: the courier died before it had sealed") \
	X(LOST_MANGLED, "strict loss: the reply came mangled") \
	X(LOST_POWER, "strict loss: no power before the sync") \
	X(LOST_DISK, "strict loss: the spool took nothing for a minute") \
	X(LOST_RESTORE, "lost with a restored vault that a person accepted") \
	X(SERVE, "decide: serve, good for as long as asked") \
	X(SERVE_ANSWER, "decide: serve what the exchange brought") \
	X(SERVE_FALLBACK, "decide: serve a shorter token instead of an error") \
	X(ASK, "decide: ask") \
	X(ASK_AGAIN_STATIC, "decide: ask again, static") \
	X(ASK_AGAIN_UNTIL_USED, "decide: ask again, until-used") \
	X(ASK_AGAIN_OVERLAP, "decide: ask again within the window") \
	X(ASK_AGAIN_STRICT, "decide: ask again, nothing left to lose") \
	X(ASK_AGAIN_ACCEPT, "decide: ask again, a person accepts") \
	X(WAIT_QUARANTINE, "decide: wait for the quarantine") \
	X(WAIT_BACKOFF, "decide: wait for a short backoff") \
	X(FAIL_OFFLINE, "decide: fail, offline") \
	X(FAIL_NEEDS_LOGIN, "decide: fail, needs login") \
	X(FAIL_REVOKED, "decide: fail, revoked") \
	X(FAIL_SUSPECT, "decide: fail, suspect") \
	X(FAIL_IN_DOUBT, "decide: fail, in doubt") \
	X(FAIL_BACKOFF, "decide: fail, backoff") \
	X(FAIL_LAST, "decide: fail, as the last exchange") \
	X(SETTLE_IDLE, "settle: no intent") \
	X(SETTLE_NOTHING, "settle: no reply yet") \
	X(SETTLE_TOKENS, "settle: tokens from the spool") \
	X(SETTLE_HANDED_OVER, "settle: a reply that could not be sealed") \
	X(SETTLE_UNSENT, "settle: nothing was sent, as the courier says") \
	X(SETTLE_NOTED, "settle: nothing was sent, as a note says") \
	X(SETTLE_ENDED, "settle: the grant has ended") \
	X(SETTLE_FAILED, "settle: an error of the server") \
	X(SETTLE_DOUBT, "settle: the reply leaves a doubt") \
	X(PARKED, "settle: a reply is parked") \
	X(SETTLE_STORAGE, "settle: the vault took nothing") \
	X(SLOTS_LEFT, "replies left in the spool at the end")

enum count {
#define X(name, text) COUNT_##name,
	COUNTS(X)
#undef X
	    COUNTS_COUNT
};

#endif
