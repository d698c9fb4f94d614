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

/* The rules; -D<RULE>=0 takes one away. */
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
hidden byte I1 = 1, I2 = 1, I3 = 1, I4 = 1, I5 = 1, I6 = 1, I7 = 1, I8 = 1, I9 = 1, R1 = 1, R2 = 1;
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

/* The provider: the newest refresh token, its predecessor as far as the class lets it live, */
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

/* A token that nobody but a dead process or the network had. Called where one of them took something with it. */
#define IN_VAULT(h)   (cur[h] == newest || (parked[h] & BIT(newest)) || (slot_kind[h] == TOKENS && slot_token[h] == newest))
#define IN_COURIER(c) ((courier[c] >= GOT || courier[c] == SENT && net[c] == 2) && net_kind[c] == TOKENS && \
	net_token[c] == newest)
inline note_loss(kind, token)
{
	if
	:: kind == TOKENS && token == newest && !IN_VAULT(0) && !IN_COURIER(0) && !IN_COURIER(1) -> lost = true
	:: else
	fi
}

inline courier_ends(c)
{
	courier[c] = IDLE;
	c_owner[c] = NONE;
	c_lock[c] = false;
	c_attempt[c] = 0;
	if
	:: net[c] != 1 ->
		net[c] = 0;
		net_kind[c] = NOTHING;
		net_token[c] = NONE;
		c_token[c] = NONE;
		c_host[c] = 0;
		c_inside[c] = false
	:: else
	fi
}

inline tell(c, what)
{
	if
	:: c_owner[c] != NONE -> said[c_owner[c]] = what
	:: else
	fi
}

inline seal(c, kind, token)
{
	slot_attempt[c_host[c]] = c_attempt[c];
	slot_kind[c_host[c]] = kind;
	slot_token[c_host[c]] = token
#if CUTS
	;
	if
	:: c_host[c] == 0 -> old_attempt = 0; old_kind = NOTHING; old_token = NONE
	:: else
	fi
#endif
}

inline blank(h)
{
	CHECK(I5, slot_kind[h] != TOKENS || (ever & BIT(slot_token[h])));
#if CUTS
	if
	:: h == 0 -> old_attempt = slot_attempt[0]; old_kind = slot_kind[0]; old_token = slot_token[0]
	:: else
	fi;
#endif
	slot_attempt[h] = 0;
	slot_kind[h] = NOTHING;
	slot_token[h] = NONE
}

/* Everybody who is in a call on this host sees the counters of the credential move. */
inline announce(h, what)
{
	i = 0;
	do
	:: i < ALL ->
		if
		:: in_call[i] && (i >= WORKERS) == h -> news[i] = news[i] | what
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
}

inline park(h, kind, token)
{
	if
	:: kind == TOKENS && PARKING ->
		parked[h] = parked[h] | BIT(token);
		CHECK(R2, state[h] != REVOKED || token != newest);
		ever = ever | BIT(token)
	:: kind == TOKENS && !PARKING -> CHECK(I5, ever & BIT(token))
	:: else
	fi
}

/* settle.c: commit_reply, apply.c: apply_reply. One durable transaction. */
inline commit_reply(h, attempt, kind, token)
{
	if
	:: intent[h] == attempt || !SETTLE_CAS ->
		if
		:: kind == TOKENS ->
			CHECK(I4, cur[h] == NONE || token > cur[h]);
			prev[h] = (PREVIOUS -> cur[h] : NONE);
			cur[h] = token;
			ever = ever | BIT(token);
			if
			:: token == newest -> lost = false
			:: else
			fi;
			access[h] = FRESH;
			intent[h] = 0;
			doubted[h] = false;
			if
			:: RIGHT(h) && (state[h] != SUSPECT || !SUSPECT_STAYS) -> state[h] = OK
			:: state[h] == REVOKED && REVOKED_AGAIN -> state[h] = REVOKING
			:: else
			fi;
			announce(h, MOVED)
		:: kind == ENDED ->
			if
			:: RIGHT(h) -> state[h] = LOGIN
			:: else
			fi;
			intent[h] = 0;
			doubted[h] = false;
			announce(h, MISSED)
		:: kind == FAILED ->
			if
			:: RIGHT(h) && !CLOSED_LIST ->
				state[h] = LOGIN;
				intent[h] = 0;
				doubted[h] = false
			:: doubted[h] && CLASS != UNTIL && CLOSED_LIST && LASTING_DOUBT ->
				if
				:: state[h] == OK -> state[h] = DOUBT
				:: else
				fi
			:: else ->
				if
				:: state[h] == DOUBT -> state[h] = OK
				:: else
				fi;
				intent[h] = 0;
				doubted[h] = false
			fi;
			announce(h, MISSED)
		fi;
		CHECK(R2, state[h] != REVOKED || kind != TOKENS || token != newest);
		CHECK(I6, state[h] != LOGIN || !alive)
	:: else -> park(h, kind, token)
	fi
}

/* Nothing was sent: as if the exchange had never begun. A doubt about an earlier one stays. */
inline take_back(h)
{
	if
	:: !doubted[h] || !LASTING_DOUBT ->
		intent[h] = 0;
		doubted[h] = false
	:: else
	fi
}

/* rotation.c: rotation_decide */
#define SERVE 1
#define FAIL  2
#define WAIT  3
#define ASK   4

#define MAY_ASK_AGAIN(h) (!CLASS_DECIDES || CLASS == UNTIL || access[h] == EXPIRED || \
	CLASS == OVERLAP && window != NONE && window == cur[h])

inline fail_or_serve(h)
{
	if
	:: access[h] != EXPIRED -> order = SERVE
	:: else -> order = FAIL
	fi
}

inline decide(w, h)
{
	if
	:: !RIGHT(h) -> order = FAIL
	:: else ->
		if
		:: access[h] == FRESH || ((news[w] & MOVED) && (access[h] != EXPIRED || asked > 0)) -> order = SERVE
		:: else ->
			if
			:: state[h] == SUSPECT || state[h] == LOGIN || news[w] == MISSED && asked == 0 ->
				fail_or_serve(h)
			:: else ->
				if
				:: intent[h] != 0 || state[h] == DOUBT ->
					if
					:: (ORPHAN(0) || ORPHAN(1)) && QUARANTINE ->
						if
						:: access[h] != EXPIRED -> order = SERVE
						:: else -> order = WAIT
						fi
					:: else ->
						if
						:: MAY_ASK_AGAIN(h) && (asked < 2 && again == 0 || !ONCE) -> order = ASK
						:: else -> fail_or_serve(h)
						fi
					fi
				:: else ->
					if
					:: asked > 0 -> fail_or_serve(h)
					:: else -> order = ASK
					fi
				fi
			fi
		fi
	fi
}

/* Steps of a worker. */
#define W_IDLE    0
#define W_LOCK    1
#define W_LOOK    2
#define W_SETTLE  3
#define W_DECIDE  4
#define W_WAITS   5
#define W_CALL    6
#define W_INTENT  7
#define W_GO      8
#define W_HEAR    9
#define W_KEEP    10
#define W_SERVE   11
#define W_OUT     12
#define W_COLLECT 13
#define W_REVOKE  14
#define W_RECORD  15
#define W_RELEASE 16 /* only in a broken variant */

/* The process ends, or its call does: the kernel closes its lock and its wire. */
inline let_go(w, h)
{
	if
	:: holder[h] == w + 1 -> holder[h] = 0
	:: else
	fi
}

inline hang_up(w)
{
	if
	:: call != NONE && courier[call] != IDLE && c_owner[call] == w -> c_owner[call] = NONE
	:: else
	fi;
	call = NONE;
	said[w] = 0;
	said_kind[w] = NOTHING;
	said_token[w] = NONE
}

inline end_call(w, h)
{
	let_go(w, h);
	hang_up(w);
	step = W_IDLE;
	in_call[w] = false;
	news[w] = 0;
	seen = 0;
	kind = NOTHING;
	token = NONE;
	mine = 0;
	asked = 0;
	again = 0;
	order = 0;
	unsent = false;
	judged = 0;
	decided = false;
	revoking = false;
	owed = 0;
	queued = false;
	row = false
}

/* refresh.c: fall_back. An error while a token that is good lies there would be one of our making. */
inline end_with_error(w, h)
{
	if
	:: RIGHT(h) && access[h] != EXPIRED ->
		let_go(w, h);
		hang_up(w);
		decided = true;
		step = W_SERVE
	:: else -> end_call(w, h)
	fi
}

/* token.c: serve, in one transaction with the audit row. */
inline serve(w, h)
{
	order = 0;
	if
	:: !RIGHT(h) -> order = FAIL
	:: else ->
		decide(w, h);
		if
		:: intent[h] != 0 && access[h] != FRESH -> order = WAIT
		:: else
		fi;
		if
		:: decided && access[h] != EXPIRED -> order = SERVE
		:: else
		fi
	fi;
	decided = false;
	if
	:: order == SERVE ->
		if
		:: RELEASE ->
			CHECK(R1, h != 0 || !asked_to_revoke);
			row = AUDIT_FIRST;
			step = W_OUT
		:: else -> step = W_RELEASE
		fi
	:: order == FAIL -> end_call(w, h)
	:: else -> step = W_LOCK
	fi;
	order = 0
}

proctype Worker(byte w; byte h)
{
	byte step = W_IDLE, seen = 0, kind = NOTHING, token = NONE, mine = 0, asked = 0, again = 0, order = 0, i = 0,
	     call = NONE, owed = 0, judged = 0;
	bool unsent = false, decided = false, revoking = false, queued = false, row = false;

	do
	/* token.c: the hot path, or the beginning of a longer one */
	:: d_step { step == W_IDLE && commands > 0 && (h == 0 || copied) ->
		commands--;
		in_call[w] = true;
		serve(w, h)
	}
	:: d_step { step == W_SERVE -> serve(w, h) }
	:: d_step { step == W_RELEASE ->
		CHECK(R1, h != 0 || !asked_to_revoke);
		row = true;
		step = W_OUT
	}
	:: d_step { step == W_OUT ->
		CHECK(I9, row);
		CHECK(I3, ever & BIT(cur[h]) || !RIGHT(h));
		end_call(w, h)
	}

	/* refresh.c: lock, look, settle, decide */
	:: d_step { step == W_LOCK && LOCK_FREE(h) ->
		holder[h] = w + 1;
		step = W_LOOK
	}
	:: d_step { step == W_LOCK && timeouts > 0 && !LOCK_FREE(h) ->
		timeouts--;
		if
		:: revoking -> end_call(w, h) /* queued */
		:: else -> end_with_error(w, h)
		fi
	}
	:: d_step { step == W_LOOK ->
		seen = intent[h];
		if
		:: seen != 0 && slot_kind[h] != NOTHING && (slot_attempt[h] == seen || !ATTEMPT_ID) && SETTLE ->
			kind = slot_kind[h];
			token = slot_token[h]
		:: else
		fi;
		step = W_SETTLE
	}
	:: d_step { step == W_SETTLE ->
		if
		:: judged != 0 && seen == mine && seen != 0 -> kind = NOTHING /* kept already, and it left a doubt */
		:: judged == 0 && unsent && seen == mine && seen != 0 -> /* our own courier said that nothing was sent */
			kind = NOTHING;
			take_back(h);
			judged = UNSENT;
			announce(h, MISSED)
		:: else ->
			if
			:: kind == UNSENT ->
				if
				:: intent[h] == seen -> take_back(h)
				:: else
				fi
			:: kind == TOKENS || kind == ENDED || kind == FAILED ->
				commit_reply(h, seen, kind, token);
				judged = kind
			:: else
			fi
		fi;
		unsent = false;
		token = NONE;
		step = W_DECIDE
	}
	:: d_step { step == W_DECIDE && kind != NOTHING -> /* death between the commit and this leaves a full slot */
		if
		:: slot_kind[h] != NOTHING -> blank(h)
		:: else
		fi;
		kind = NOTHING
	}
	:: d_step { step == W_DECIDE && kind == NOTHING && revoking -> step = W_COLLECT }
	:: d_step { step == W_DECIDE && kind == NOTHING && !revoking ->
		decide(w, h);
		if
		:: judged > TOKENS && intent[h] != 0 && order != SERVE -> order = FAIL
		:: judged > TOKENS && asked > 0 && order == ASK -> order = FAIL
		:: else
		fi;
		judged = 0;
		seen = intent[h];
		if
		:: order == SERVE ->
			let_go(w, h);
			hang_up(w);
			decided = true;
			step = W_SERVE
		:: order == FAIL ->
			if
			:: intent[h] != 0 && state[h] == OK -> state[h] = DOUBT
			:: else
			fi;
			CHECK(I7, access[h] != FRESH || !RIGHT(h));
			end_call(w, h)
		:: order == WAIT -> step = W_WAITS
		:: order == ASK ->
			token = cur[h];
			step = W_CALL
		fi;
		order = 0
	}
	:: d_step { step == W_WAITS && !ORPHAN(0) && !ORPHAN(1) -> step = W_LOOK } /* 3 s end what was on the way */
	:: d_step { step == W_WAITS && timeouts > 0 -> timeouts--; end_with_error(w, h) }

	/* exchange.c: slot, courier, intent, go */
	:: d_step { step == W_CALL && (courier[0] == IDLE && net[0] == 0 || courier[1] == IDLE && net[1] == 0) ->
		hang_up(w);
		if /* recycle.c */
		:: slot_kind[h] != NOTHING && slot_attempt[h] != intent[h] -> blank(h)
		:: else
		fi;
		if
		:: courier[0] == IDLE && net[0] == 0 -> call = 0
		:: else -> call = 1
		fi;
		attempts++;
		mine = attempts;
		courier[call] = READY;
		c_owner[call] = w;
		c_host[call] = h;
		c_token[call] = token;
		c_attempt[call] = mine;
		c_lock[call] = COURIER_LOCK;
		asked++;
		again = again + (intent[h] != 0);
		step = W_INTENT
	}
	:: d_step { step == W_CALL -> end_with_error(w, h) } /* no connection */
	:: d_step { step == W_INTENT ->
		if
		:: !INTENT -> step = W_GO
		:: INTENT && (cur[h] == token && intent[h] == seen || !INTENT_CAS) && (RIGHT(h) || !INTENT_FENCE) &&
			(intent[h] == 0 || MAY_ASK_AGAIN(h) || !WINDOW_AGAIN) ->
			CHECK(I8, RIGHT(h) && state[h] != LOGIN && access[h] != FRESH);
			CHECK(I8, asked <= 2 && again <= 1);
			if
			:: intent[h] == 0 && CLASS == OVERLAP -> window = token
			:: else
			fi;
			doubted[h] = intent[h] != 0;
			intent[h] = mine;
			if
			:: window == token && CLASS == OVERLAP && courier[call] != IDLE && c_owner[call] == w ->
				c_inside[call] = true
			:: else
			fi;
			step = W_GO
		:: else -> end_with_error(w, h)
		fi;
		seen = 0;
		token = NONE
	}
	:: d_step { step == W_GO ->
		if
		:: courier[call] == READY && c_owner[call] == w ->
			courier[call] = GO;
			let_go(w, h);
			step = W_HEAR
		:: else ->
			unsent = (said[w] == NEVER);
			let_go(w, h);
			hang_up(w);
			step = W_LOCK
		fi
	}
	:: d_step { step == W_HEAR && (said[w] == SEALED || said[w] == NEVER) ->
		unsent = (said[w] == NEVER);
		hang_up(w);
		step = W_LOCK
	}
	:: d_step { step == W_HEAR && said[w] == REPLY ->
		CHECK(I3, COMMIT_FIRST || said_kind[w] != TOKENS || (ever & BIT(said_token[w])));
		step = W_KEEP
	}
	:: d_step { step == W_HEAR && timeouts > 0 -> timeouts--; end_with_error(w, h) }
	/* The spool failed: commit from here, under the lock that the courier holds for us. */
	:: d_step { step == W_KEEP ->
		commit_reply(h, mine, said_kind[w], said_token[w]);
		judged = said_kind[w];
		if
		:: courier[call] == HAND && c_owner[call] == w -> courier_ends(call)
		:: else
		fi;
		hang_up(w);
		step = W_LOCK
	}

	/* revoke.c: the fence; deliver.c: lock, settle, collect, tell, record */
#if REVOKES
	:: d_step { step == W_IDLE && h == 0 && revokes > 0 ->
		revokes--;
		revoking = true;
		asked_to_revoke = true;
		state[h] = (FENCE -> REVOKING : state[h]);
		step = (REVOKE_WAITS -> W_LOCK : W_COLLECT)
	}
	:: d_step { step == W_COLLECT ->
		if
		:: cur[h] != NONE -> owed = parked[h] | BIT(cur[h])
		:: else -> owed = parked[h]
		fi;
		if
		:: prev[h] != NONE -> owed = owed | BIT(prev[h])
		:: else
		fi;
		step = W_REVOKE
	}
	:: d_step { step == W_REVOKE && owed != 0 -> /* a provider that ends the one token it is told of, and no more */
		i = 0;
		do
		:: owed & BIT(i) -> break
		:: else -> i++
		od;
		owed = owed & ~BIT(i);
		if
		:: i == older -> older = NONE
		:: else
		fi;
		if
		:: i == newest -> newest = NONE
		:: else
		fi;
		i = 0;
		if
		:: newest == NONE && older == NONE -> alive = false
		:: else
		fi
	}
	:: d_step { step == W_REVOKE && owed != 0 && losses > 0 -> losses--; queued = true; owed = 0 }
	:: d_step { step == W_REVOKE && owed == 0 -> step = W_RECORD }
	:: d_step { step == W_RECORD ->
		if
		:: !queued ->
			state[h] = REVOKED;
			cur[h] = NONE;
			prev[h] = NONE;
			parked[h] = 0;
			access[h] = EXPIRED;
			CHECK(R2, older == NONE && (newest == NONE || lost))
		:: else
		fi;
		end_call(w, h)
	}
#endif

	/* SIGKILL */
	:: d_step { step != W_IDLE && kills > 0 -> kills--; end_call(w, h) }
	:: step == W_IDLE && commands == 0 && revokes == 0 -> break
	od
}

proctype Courier(byte c)
{
	byte kind = NOTHING, token = NONE;

end:	do
	:: d_step { courier[c] == READY && !WAIT_FOR_GO -> courier[c] = GO }
	/* The vault side is gone, or 10 s are over: a note, and the end. */
	:: d_step { courier[c] == READY && (c_owner[c] == NONE || timeouts > 0) && GO_LIMIT ->
		if
		:: c_owner[c] != NONE -> timeouts--
		:: else
		fi;
		seal(c, UNSENT, NONE);
		tell(c, NEVER);
		courier_ends(c)
	}
	:: d_step { courier[c] == GO ->
		CHECK(I2, !(net[1 - c] == 1 && c_token[1 - c] == c_token[c]));
		net[c] = 1;
		courier[c] = SENT
	}
	:: d_step { courier[c] == GO && losses > 0 -> /* the connection is gone before a byte was sent */
		losses--;
		tell(c, NEVER);
		courier_ends(c)
	}
	:: d_step { courier[c] == SENT && net[c] == 2 -> courier[c] = GOT; net[c] = 0 }
	:: d_step { courier[c] == SENT && net[c] == 0 -> /* reset, or 90 s are over */
		if
		:: SEND_ONCE ->
			tell(c, SEALED);
			courier_ends(c)
		:: else -> net[c] = 1
		fi
	}
	:: d_step { courier[c] == GOT && !SEAL_FIRST -> tell(c, SEALED); c_lock[c] = false; courier[c] = LATE }
	:: d_step { courier[c] == LATE -> seal(c, net_kind[c], net_token[c]); courier_ends(c) }
	:: d_step { courier[c] == GOT && SEAL_FIRST || courier[c] == HAND ->
		seal(c, net_kind[c], net_token[c]);
		if
		:: courier[c] == GOT -> tell(c, SEALED)
		:: else
		fi;
		courier_ends(c)
	}
	:: d_step { courier[c] == GOT && badslots > 0 ->
		badslots--;
		if
		:: c_owner[c] != NONE ->
			said_kind[c_owner[c]] = net_kind[c];
			said_token[c_owner[c]] = net_token[c]
		:: else
		fi;
		tell(c, REPLY);
		courier[c] = HAND
	}
	:: d_step { courier[c] != IDLE && kills > 0 ->
		kills--;
		if
		:: courier[c] != HAND -> tell(c, SEALED)
		:: else
		fi;
		if
		:: net[c] != 1 -> kind = net_kind[c]; token = net_token[c]
		:: else
		fi;
		courier_ends(c);
		note_loss(kind, token);
		kind = NOTHING;
		token = NONE
	}
	od
}

/* The provider ends the whole grant when a token is spent that works no more. */
inline provider(c)
{
	net_kind[c] = TOKENS;
	if
	:: !alive -> net_kind[c] = ENDED
	:: else ->
		if
		:: c_token[c] == newest ->
			older = (CLASS == STRICT -> NONE : newest)
		:: c_token[c] == older
		:: c_token[c] != newest && c_token[c] != older && asked_to_revoke -> net_kind[c] = ENDED
		:: else ->
			/* What we do must never end a grant that somebody of us could go on with, nor a valid access token. */
			CHECK(I1, lost && CLASS != UNTIL && access[0] == EXPIRED);
			alive = false;
			newest = NONE;
			older = NONE;
			net_kind[c] = ENDED
		fi
	fi;
	if
	:: net_kind[c] == TOKENS ->
		minted++;
		newest = minted;
		net_token[c] = minted;
		lost = false
	:: else
	fi;
	c_inside[c] = false;
	net[c] = 2;
	if
	:: courier[c] == IDLE -> /* nobody listens any more */
		kind = net_kind[c];
		token = net_token[c];
		courier_ends(c);
		note_loss(kind, token);
		kind = NOTHING;
		token = NONE
	:: else
	fi
}

proctype Net(byte c)
{
	byte kind = NOTHING, token = NONE;

end:	do
	:: d_step { net[c] == 1 -> provider(c) }
	:: d_step { net[c] == 1 && courier[c] != IDLE && errors > 0 -> errors--; net_kind[c] = FAILED; net[c] = 2 }
	:: d_step { net[c] == 1 && courier[c] != IDLE && losses > 0 -> losses--; net[c] = 0 }
	:: d_step { ORPHAN(c) -> net[c] = 0; courier_ends(c) }
	:: d_step { net[c] == 2 && losses > 0 ->
		losses--;
		net[c] = 0;
		note_loss(net_kind[c], net_token[c])
	}
	od
}

#define INSIDE(c) (c_inside[c] && c_token[c] == older)

proctype World()
{
end:	do
	:: d_step { access[0] != EXPIRED -> access[0]-- }
	/* Less than 2 s pass between the intent and the request's arrival: the margin is for that. */
	:: d_step { CLASS == OVERLAP && window != NONE -> window = NONE }
	:: d_step { CLASS == OVERLAP && older != NONE && window != older && !INSIDE(0) && !INSIDE(1) -> older = NONE }
#if HOSTS > 1
	:: d_step { access[1] != EXPIRED -> access[1]-- }
	:: d_step { !copied ->
		copied = true;
		state[1] = state[0];
		cur[1] = cur[0];
		prev[1] = prev[0];
		parked[1] = parked[0];
		access[1] = access[0];
		intent[1] = intent[0];
		doubted[1] = doubted[0];
		slot_attempt[1] = slot_attempt[0];
		slot_kind[1] = slot_kind[0];
		slot_token[1] = slot_token[0];
		if
		:: !SUSPECTS
		:: SUSPECTS && (state[1] == OK || state[1] == DOUBT || state[1] == LOGIN) -> state[1] = SUSPECT
		:: else
		fi
	}
#endif
#if CUTS
	/* The power goes when everybody has been killed: what was not synced may be as it was. */
	:: d_step { cuts > 0 && courier[0] == IDLE && courier[1] == IDLE && !in_call[0] && !in_call[ALL - 1] &&
		slot_kind[0] == NOTHING && old_kind != NOTHING ->
		cuts--;
		slot_attempt[0] = old_attempt;
		slot_kind[0] = old_kind;
		slot_token[0] = old_token
	}
#endif
	od
}

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
