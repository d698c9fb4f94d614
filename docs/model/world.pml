/* SPDX-License-Identifier: Apache-2.0 */
/* The network, the provider, time, and a copy of the vault. */

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
