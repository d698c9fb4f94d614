/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the records and the slot: settle.c, apply.c, the decisions of rotation.c. */

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

inline bring_back(h)
{
	if
	:: state[h] == REVOKED && REVOKED_AGAIN -> state[h] = REVOKING
	:: else
	fi
}

inline park(h, kind, token)
{
	if
	:: kind == TOKENS && PARKING ->
		parked[h] = parked[h] | BIT(token);
		ever = ever | BIT(token)
	:: kind == TOKENS && !PARKING -> CHECK(I5, ever & BIT(token))
	:: else
	fi;
	bring_back(h);
	CHECK(R2, state[h] != REVOKED || kind != TOKENS || token != newest)
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
			:: else
			fi;
			bring_back(h);
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
		CHECK(I6, state[h] != LOGIN || !alive || asked_to_revoke)
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

#define IN_OVERLAP(h)    (CLASS == OVERLAP && window != NONE && window == cur[h])
#define MAY_ASK_AGAIN(h) (!CLASS_DECIDES || CLASS == UNTIL || access[h] == EXPIRED || IN_OVERLAP(h))

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
						:: access[h] != EXPIRED && !(IN_OVERLAP(h) && asked < 2 && again == 0) -> order = SERVE
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
