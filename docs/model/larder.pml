/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How Larder rotates one refresh token, as src/engine and src/courier do it; README.md tells what is left out.
 *
 * Workers are commands of the vault side, a courier is one of the network side, Net is the network and the provider,
 * World is time and people. One step of a process is one transaction, or one thing that another process can see. All
 * that may go wrong has a budget, so that the search ends; -D<RULE>=0 takes one rule away. README.md has the
 * table of rules, invariants and sources.
 */

/* The provider's rotation class. */
#define STRICT  1
#define OVERLAP 2
#define UNTIL   3

#ifndef CLASS
#define CLASS STRICT
#endif

/* Bounds: workers on the first host, vaults (the second is a copy), and how often what may happen. */
#ifndef WORKERS
#define WORKERS 3
#endif
#ifndef HOSTS
#define HOSTS 1
#endif
#ifndef COMMANDS
#define COMMANDS 3
#endif
#ifndef REVOKES
#define REVOKES 0
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef ERRORS
#define ERRORS 0
#endif
#ifndef BADSLOTS
#define BADSLOTS 0
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#ifndef CUTS
#define CUTS 0
#endif
#define ALL (WORKERS + HOSTS - 1) /* the last worker is on the second host */
#define COURIERS 2

/* The rules; -D<RULE>=0 takes one away. Those that are 0 here are not built. */
#ifndef LOCK
#define LOCK 1
#endif
#ifndef COURIER_LOCK
#define COURIER_LOCK 1
#endif
#ifndef SETTLE
#define SETTLE 1
#endif
#ifndef SETTLE_CAS
#define SETTLE_CAS 1
#endif
#ifndef ATTEMPT_ID
#define ATTEMPT_ID 1
#endif
#ifndef INTENT
#define INTENT 1
#endif
#ifndef INTENT_CAS
#define INTENT_CAS 1
#endif
#ifndef INTENT_FENCE
#define INTENT_FENCE 1
#endif
#ifndef WINDOW_AGAIN
#define WINDOW_AGAIN 1
#endif
#ifndef WAIT_FOR_GO
#define WAIT_FOR_GO 1
#endif
#ifndef GO_LIMIT
#define GO_LIMIT 1
#endif
#ifndef SEND_ONCE
#define SEND_ONCE 1
#endif
#ifndef SEAL_FIRST
#define SEAL_FIRST 1
#endif
#ifndef COMMIT_FIRST
#define COMMIT_FIRST 1
#endif
#ifndef PARKING
#define PARKING 1
#endif
#ifndef PREVIOUS
#define PREVIOUS 1
#endif
#ifndef QUARANTINE
#define QUARANTINE 1
#endif
#ifndef CLASS_DECIDES
#define CLASS_DECIDES 1
#endif
#ifndef ONCE
#define ONCE 1
#endif
#ifndef LASTING_DOUBT
#define LASTING_DOUBT 1
#endif
#ifndef CLOSED_LIST
#define CLOSED_LIST 1
#endif
#ifndef ANSWERED
#define ANSWERED 1
#endif
#ifndef RELEASE
#define RELEASE 1
#endif
#ifndef AUDIT_FIRST
#define AUDIT_FIRST 1
#endif
#ifndef FENCE
#define FENCE 1
#endif
#ifndef REVOKE_WAITS
#define REVOKE_WAITS 1
#endif
#ifndef RECORD_CHECK
#define RECORD_CHECK 1
#endif
#ifndef REVOKED_AGAIN
#define REVOKED_AGAIN 1
#endif
#ifndef SUSPECTS
#define SUSPECTS 1
#endif
#ifndef SUSPECT_STAYS
#define SUSPECT_STAYS 1
#endif

/* Invariants: an assertion names the one that it is a part of. Hidden variables are no part of a state. */
#ifndef HIDDEN
#define HIDDEN hidden /* empty for breadth first, which Spin does without them only */
#endif
HIDDEN byte I1 = 1, I2 = 1, I3 = 1, I4 = 1, I5 = 1, I6 = 1, I7 = 1, I8 = 1, I9 = 1, R1 = 1, R2 = 1;
#define CHECK(name, condition) assert((condition) || !name)

#define NONE   15 /* no token; no attempt is 0 */
#define BIT(t) (1 << (t))

/* States of a credential, kinds of replies, cached access tokens. */
#define OK       0
#define DOUBT    1
#define LOGIN    2
#define SUSPECT  3
#define REVOKING 4
#define REVOKED  5

#define NOTHING 0
#define TOKENS  1
#define ENDED   2
#define FAILED  3 /* a whole reply that is an error of the server: the token was not spent */
#define UNSENT  4 /* the courier's note that it was never told to go */

#define EXPIRED 0
#define SHORT   1 /* valid, but for less than was asked */
#define FRESH   2

/* What may still happen. */
byte commands = COMMANDS, revokes = REVOKES, kills = KILLS, losses = LOSSES, errors = ERRORS, badslots = BADSLOTS,
    timeouts = TIMEOUTS, cuts = CUTS;

/* The provider: the newest refresh token, and its predecessor as long as the class lets it live. */
byte minted = 0, newest = 0, older = NONE;
bool alive = true;

/* Ghosts: what was ever durable in the vault; whether the newest token is lost and nobody of us is to blame. */
byte ever = 1;
bool lost = false, asked_to_revoke = false;

/* The vaults: durable. */
byte state[HOSTS] = OK, cur[HOSTS] = 0, prev[HOSTS] = NONE, parked[HOSTS] = 0, access[HOSTS] = SHORT;
byte intent[HOSTS] = 0; /* the open attempt */
bool doubted[HOSTS] = false;
byte attempts = 0;
byte window = NONE; /* the token that may be asked again while its grace surely lasts */

/* The spool: one slot. A blanked one is not synced, so that its old reply may be back after a power cut. */
byte slot_attempt[HOSTS] = 0, slot_kind[HOSTS] = NOTHING, slot_token[HOSTS] = NONE;
#if CUTS
byte old_attempt = 0, old_kind = NOTHING, old_token = NONE;
#endif

/* Host 1 is a copy of host 0's vault, made at any time. */
bool copied = false;

/* Lock: 1 + the worker that holds it, and every courier that inherited it. */
byte holder[HOSTS] = 0;

#define IDLE  0
#define READY 1 /* connected, waits for go */
#define GO    2
#define SENT  3
#define GOT   4 /* has the reply */
#define HAND  5 /* could not write it to the slot, has handed it over, goes on trying */
#define LATE  6 /* only in a broken variant: has told, and has yet to write */

byte courier[COURIERS] = IDLE, c_owner[COURIERS] = NONE, c_host[COURIERS] = 0, c_token[COURIERS] = NONE,
    c_attempt[COURIERS] = 0;
bool c_lock[COURIERS] = false, c_inside[COURIERS] = false; /* inside: intended while the window was open */

/* On the way: 1 request, 2 reply. A dead sender's request may be on the way still. */
byte net[COURIERS] = 0, net_kind[COURIERS] = NOTHING, net_token[COURIERS] = NONE;

/* What a worker hears from its courier, and what happened since its call began. */
#define SEALED  1 /* or gone, or failed after it was sent: look what is there */
#define NEVER   2 /* failed, nothing was sent */
#define REPLY   3
byte said[ALL] = 0, said_kind[ALL] = NOTHING, said_token[ALL] = NONE;
#define MOVED   1
#define MISSED  2
bool in_call[ALL] = false;
byte news[ALL] = 0;

#define HELD_BY(c, h) (c_lock[c] && c_host[c] == h)
#define LOCK_FREE(h)  (holder[h] == 0 && !HELD_BY(0, h) && !HELD_BY(1, h) || !LOCK)
#define ORPHAN(c)    (courier[c] == IDLE && net[c] == 1)
#define RIGHT(h)     (state[h] != REVOKING && state[h] != REVOKED)

#include "vault.pml"
#include "worker.pml"
#include "courier.pml"
#include "world.pml"

init
{
	atomic {
		byte n = 0;
		do
		:: n < WORKERS -> run Worker(n, 0); n++
		:: else -> break
		od;
#if HOSTS > 1
		run Worker(WORKERS, 1);
#endif
		run Courier(0);
		run Courier(1);
		run Net(0);
		run Net(1);
		run World()
	}
}
