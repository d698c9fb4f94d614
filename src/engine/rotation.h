/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do next about one credential: the pure heart of the promise that no rotated refresh token is lost.
 *
 *   IDLE --lock, settle--> HELD --connect--> READY --intent--> SPENT --sealed--> settled --commit--> IDLE
 *                           |                  |                 |
 *                           |                  '--fails: nothing was sent, free to retry
 *                           |                                    '--no reply--> IN DOUBT --class decides--> HELD, or wait
 *                           '--somebody else was faster: serve
 *
 * (1) At most one exchange per credential is between HELD and settled.              [store/lock.h, exchange.c]
 * (2) Nothing is sent before the intent is durable and a slot for the reply is there. [exchange.c: open_intent]
 * (3) A reply is durable in the spool before anybody hears of it.                   [courier]
 * (4) A reply enters the vault in one place only, and before anything of it is used. [settle.c]
 * (5) A refresh token is overwritten only by its successor, which keeps it until it has been used once itself.
 * (6) After an intent without a reply, the sender is dead and the quarantine is over before anything is decided.
 * (7) Whether a token that may be spent is sent again is decided here alone, from the rotation class:
 *
 *       class        ask again                         else
 *       static       always
 *       until-used   always: the successor was never used
 *       overlap      before intent + grace - 2 s       as strict
 *                    (waits for (6) with a valid
 *                    cached token too, if it has time)
 *       strict       when no valid access token is     serve the cached token
 *                    left (nothing to lose): once
 *                    per call; never with on_unknown
 *                    = hold, unless a person accepts
 *
 * (8) Nothing is deleted on an error: only the closed list of errors ends a grant (oauth/verdict.c).
 * (9) A credential that is being revoked gives no token, whatever is cached or arrives.
 */
#ifndef ENGINE_ROTATION_H
#define ENGINE_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "provider/provider.h"
#include "vault/types.h"

#define QUARANTINE_MS      3000 /* after the sender's death, for what it had in flight */
#define GRACE_MARGIN_S     2    /* overlap: stop asking this long before the window ends */
#define SENDER_LIFE_MS     (CALL_CONNECT_MS + CALL_GO_MS + CALL_LISTEN_MS) /* no courier lives longer */
#define CALL_CONNECT_MS    10000
#define CALL_GO_MS         10000
#define CALL_LISTEN_MS     90000
#define BACKOFF_PATIENCE_S 3    /* a shorter rest of a backoff is waited for instead of reported */
#define HOLD_MAX_S         3600 /* no Retry-After (base/http.h), backoff or breaker holds requests back for longer */

struct situation { /* all that the decision depends on */
	enum credential_state state;
	enum spend_class class;
	enum on_unknown on_unknown;
	int64_t grace_s; /* TTL_UNKNOWN */
	bool has_refresh_token;
	bool intent_open;      /* and settled: there was no reply for it */
	int64_t intent_at;     /* Unix seconds */
	int64_t quarantine_ms; /* still to wait before the sender is surely silent */
	bool cached_valid;     /* the cached token is valid now */
	bool others_valid;     /* so is one for another scope or resource: an end of the grant would take it */
	bool cached_enough;    /* and for as long as was asked, and force does not forbid it */
	bool fallback_allowed; /* a valid cached token may be given although it is not enough */
	bool answered;         /* an exchange ended with tokens since the call began */
	bool failed_meanwhile; /* one ended without since the call began, by somebody else */
	unsigned asked;        /* how often this call has sent the refresh token already */
	unsigned repeated;     /* how often of these it might have been spent before */
	bool force, offline;
	bool accept; /* a person accepts that a doubtful token is spent */
	int64_t now;
	int64_t held_until;  /* backoff, breaker: not before; 0 */
	int64_t early_until; /* the provider wants no refresh before, as long as the cached token is valid; 0 */
};

enum order {
	ORDER_SERVE, /* the cached token is the answer */
	ORDER_ASK,   /* exchange the refresh token now */
	ORDER_WAIT,  /* decide again after wait_ms */
	ORDER_FAIL   /* with the reason */
};

enum reason {
	REASON_NONE,
	REASON_OFFLINE,     /* UNAVAILABLE */
	REASON_NEEDS_LOGIN, /* NEEDS_LOGIN */
	REASON_REVOKED,     /* NEEDS_LOGIN */
	REASON_SUSPECT,     /* IN_DOUBT: a person has to accept */
	REASON_IN_DOUBT,    /* IN_DOUBT: asking again is forbidden */
	REASON_BACKOFF,     /* UNAVAILABLE, with the time */
	REASON_EARLY,       /* the same, by the provider's minimum interval */
	REASON_LAST_FAILURE /* as the exchange that just failed */
};

struct decision {
	enum order order;
	enum reason reason;
	int64_t wait_ms;       /* ORDER_WAIT */
	int64_t retry_after_s; /* ORDER_FAIL with BACKOFF */
};

/* Decide. Pure. */
struct decision rotation_decide(const struct situation *situation);

/* Whether a refresh token of this class that may be spent may be sent again (rule 7), leaving aside what is cached. */
bool rotation_may_ask_again(const struct situation *situation);

/*
 * Milliseconds of quarantine left: the lock was free at held_since_ms, so the sender is dead since then at the latest;
 * an intent of an earlier boot, or older than any courier lives, needs none.
 */
int64_t rotation_quarantine(
    const struct intent *intent, const uint8_t boot_id[static 16], int64_t held_since_ms, int64_t clock_ms);

#endif
