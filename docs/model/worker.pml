/* SPDX-License-Identifier: Apache-2.0 */
/* A command of the vault side: token.c, refresh.c, exchange.c, revoke.c, deliver.c. */

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

#define TO_REVOKE(h) (parked[h] | (cur[h] != NONE -> BIT(cur[h]) : 0) | (prev[h] != NONE -> BIT(prev[h]) : 0))

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
	told = 0;
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
		:: intent[h] != 0 && access[h] != FRESH && !((news[w] & MOVED) && asked > 0 && ANSWERED) -> order = WAIT
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
	     call = NONE, owed = 0, told = 0, judged = 0;
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
		told = TO_REVOKE(h);
		owed = told;
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
		:: !queued && (told == TO_REVOKE(h) || !RECORD_CHECK) ->
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
