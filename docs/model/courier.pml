/* SPDX-License-Identifier: Apache-2.0 */
/* The network side: courier/exchange.c and keep.c. */

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
