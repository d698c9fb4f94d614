/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The courier as a state machine: the steps of src/courier/exchange.c and keep.c, each at a time of its own, so that
 * anybody may die between two of them. The network that it talks through is here too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/box.h"
#include "sim/sim.h"

#define IN_FLIGHT_MS  2900 /* how long a dead sender's request may still be on its way: less than the quarantine */
#define QUICK_TRIES   5
#define QUICK_WAIT_MS 100
#define SLOW_TRIES    60
#define SLOW_WAIT_MS  1000

static void
enter(struct sim *sim, struct call *call, enum phase phase, int64_t due)
{
	call->phase = phase;
	call->due = due;
	note(sim, EVENT_PHASE, phase, 0);
}

static void
let_go(struct sim *sim, struct call *call)
{
	hold_drop(sim, call->slot, OWNER_COURIER(call->number));
	hold_drop(sim, call->lock, OWNER_COURIER(call->number));
	call->slot = call->lock = -1;
}

void
courier_clear(struct call *call)
{
	free(call->body);
	http_reply_clear(&call->reply);
	wipe(&call->attempt, sizeof call->attempt);
	*call = (struct call){ .phase = PHASE_NONE, .number = call->number };
}

/* It exits. Its last words can still be read. */
static void
end(struct sim *sim, struct call *call)
{
	let_go(sim, call);
	enter(sim, call, PHASE_DEAD, NEVER);
	if (call->owner != NULL && call->owner->waits_for == call)
		call->owner->wake = sim->ms;
	if (!call->held)
		courier_clear(call);
}

void
courier_say(struct sim *sim, struct call *call, enum call_event event)
{
	if (!call->held || call->queued == sizeof call->queue / sizeof call->queue[0])
		return;
	call->queue[call->queued++] = event;
	if (call->owner->waits_for == call)
		call->owner->wake = sim->ms;
}

static void
say_failed(struct sim *sim, struct call *call, enum call_stage stage, const char *why)
{
	call->failure.stage = stage;
	(void)text_format(call->failure.why, sizeof call->failure.why, "%s", why);
	courier_say(sim, call, CALL_FAILED);
}

static void
set_fate(struct sim *sim, struct call *call, enum fate fate)
{
	if (call->issued == 0 || sim->server.tokens[call->issued - 1].fate == FATE_SEALED)
		return;
	sim->server.tokens[call->issued - 1].fate = fate;
	note(sim, EVENT_FATE, call->issued - 1, fate);
}

void
courier_die(struct sim *sim, struct call *call, enum fate fate)
{
	bool travels = call->phase == PHASE_TRAVELLING;

	note(sim, EVENT_DIES, call->phase, 0);
	count(sim, COUNT_COURIER_DEATHS);
	if (!travels)
		set_fate(sim, call, fate);
	if (!travels || call->request_lost) {
		if (travels && call->token != TOKENS_MAX)
			sim->server.tokens[call->token].carrying--;
		end(sim, call);
		return;
	}
	let_go(sim, call);
	if (call->owner != NULL && call->owner->waits_for == call)
		call->owner->wake = sim->ms;
	call->due = sim->ms + (int64_t)draw(sim, IN_FLIGHT_MS);
	enter(sim, call, PHASE_ORPHAN, call->due);
}

static bool
seal_in_box(const struct call *call, const struct buf *text, struct buf *ret)
{
	struct attempt attempt = { .generation = call->attempt.generation };
	bool ok;

	memcpy(attempt.vault_id, call->attempt.vault_id, sizeof attempt.vault_id);
	memcpy(attempt.record_id, call->attempt.record_id, sizeof attempt.record_id);
	memcpy(attempt.id, call->attempt.id, sizeof attempt.id);
	memcpy(attempt.key, call->attempt.key, sizeof attempt.key);
	memcpy(attempt.vault_public, call->attempt.vault_public, sizeof attempt.vault_public);
	ok = box_seal(&attempt, text->data, text->len, ret);
	wipe(&attempt, sizeof attempt);
	return ok;
}

/* The reply, or the note that nothing was sent, into the slot. */
static void
write_slot(struct sim *sim, struct call *call, bool unsent)
{
	const struct call_failure failure = { .stage = CALL_NO_GO };
	struct buf text = BUF_INIT_SECRET(1 << 20), sealed = BUF_INIT(1 << 20);

	if (!(unsent ? failure_encode(&failure, &text) : reply_encode(&call->reply, &text)) ||
	    !seal_in_box(call, &text, &sealed))
		abort();
	slot_write(sim, call->slot_number, call->attempt.record_id, call->attempt.id, &sealed);
	buf_clear(&text);
	buf_clear(&sealed);
}

static void
connected(struct sim *sim, struct call *call)
{
	if (call->hangs || call->no_connection || sim->outages > 0) {
		say_failed(sim, call, CALL_CONNECT, "connection refused");
		end(sim, call);
	} else if (call->plain) {
		enter(sim, call, PHASE_SENDING, sim->ms);
	} else if (call->held) {
		enter(sim, call, PHASE_READY, sim->ms + CALL_GO_MS);
		courier_say(sim, call, CALL_READY);
	} else {
		enter(sim, call, PHASE_GIVING_UP, sim->ms);
	}
}

static void
send_request(struct sim *sim, struct call *call)
{
	struct server_token *token = &sim->server.tokens[call->token];

	if (call->token != TOKENS_MAX) {
		note(sim, EVENT_SENDS, call->token, token->unheard);
		oracle_sends(sim, call);
		token->carrying++;
		token->unheard++;
	}
	call->give_up_at = sim->ms + CALL_LISTEN_MS;
	if (call->there_ms >= CALL_LISTEN_MS) {
		call->there_ms = CALL_LISTEN_MS;
		call->request_lost = true;
	}
	enter(sim, call, PHASE_TRAVELLING, sim->ms + call->there_ms);
}

static void
replace_reply(struct call *call)
{
	static const char page[] = "<html><body>Please sign in to the network</body></html>";
	static const char client[] = "{\"error\":\"invalid_client\"}";
	struct http_reply *reply = &call->reply;

	if (call->odd == ODD_PROCESSED_CUT) {
		reply->body.len /= 2;
		reply->body.data[reply->body.len] = '\0';
		reply->truncated = true;
		return;
	}
	http_reply_clear(reply);
	switch (call->odd) {
	case ODD_503:
	case ODD_PROCESSED_503:
		server_reply(reply, 503, "text/html", page);
		break;
	case ODD_429:
		server_reply(reply, 429, "application/json", "{}");
		(void)text_format(reply->retry_after, sizeof reply->retry_after, "2");
		break;
	case ODD_HTML:
		server_reply(reply, 200, "text/html", page);
		break;
	case ODD_CLIENT:
	default:
		server_reply(reply, 401, "application/json", client);
		break;
	}
}

/* The request reaches the server, whoever is left to hear the answer. */
static void
arrive(struct sim *sim, struct call *call)
{
	bool processed = call->odd == ODD_NONE || call->odd == ODD_PROCESSED_503 || call->odd == ODD_PROCESSED_CUT;
	struct server *server = &sim->server;
	unsigned issued = 0, replay = 0;

	if (call->token != TOKENS_MAX)
		server->tokens[call->token].carrying--;
	if (call->request_lost)
		return;
	if (processed) {
		server_answer(server, call->revocation, call->body, sim->ms, &call->reply, &issued, &replay);
		if (call->revocation)
			note(sim, EVENT_REVOKES, 0, 0);
		else
			note(sim, EVENT_ARRIVES, call->token, issued == 0 ? -1 : (int64_t)issued - 1);
	}
	if (replay != 0)
		oracle_replay(sim, replay - 1);
	if (issued != 0 && server->tokens[issued - 1].fate == FATE_TRAVELS)
		call->issued = issued;
	if (call->odd != ODD_NONE)
		replace_reply(call);
	call->has_reply = true;
}

static void
travelled(struct sim *sim, struct call *call)
{
	int64_t back = sim->ms + call->back_ms;

	arrive(sim, call);
	if (call->request_lost || call->reply_lost) {
		set_fate(sim, call, FATE_LOST_REPLY);
		call->has_reply = false;
		back = call->resets ? back : call->give_up_at;
	} else if (call->odd != ODD_NONE) {
		set_fate(sim, call, FATE_MANGLED);
	}
	if (back > call->give_up_at) {
		set_fate(sim, call, FATE_LOST_REPLY);
		call->has_reply = false;
		back = call->give_up_at;
	}
	enter(sim, call, PHASE_LISTENING, back);
}

static void
heard(struct sim *sim, struct call *call)
{
	if (!call->has_reply) {
		say_failed(sim, call, CALL_SENT, "no reply came");
		end(sim, call);
	} else if (call->plain) {
		courier_say(sim, call, CALL_REPLIED);
		end(sim, call);
	} else {
		enter(sim, call, PHASE_SEALING, sim->ms);
	}
}

/* An answer was kept; the server's own word also says what became of earlier requests. */
void
courier_heard(struct sim *sim, const struct call *call)
{
	struct server_token *token = &sim->server.tokens[call->token];

	if (call->token != TOKENS_MAX)
		token->unheard = call->odd == ODD_NONE ? 0 : token->unheard - 1;
}

static void
sealed(struct sim *sim, struct call *call)
{
	write_slot(sim, call, false);
	if (call->odd == ODD_NONE)
		set_fate(sim, call, FATE_SEALED);
	courier_heard(sim, call);
	enter(sim, call, PHASE_SEALED, sim->ms + (int64_t)draw(sim, 2));
}

static void
try_to_seal(struct sim *sim, struct call *call)
{
	if (sim->ms >= sim->disk_trouble_until) {
		enter(sim, call, PHASE_WRITTEN, sim->ms + (int64_t)draw(sim, 2));
	} else if (++call->tries <= QUICK_TRIES) {
		enter(sim, call, PHASE_SEALING, sim->ms + call->tries * QUICK_WAIT_MS);
	} else {
		call->tries = 0;
		call->failure.stage = CALL_SEAL;
		courier_say(sim, call, CALL_REPLIED);
		enter(sim, call, PHASE_ASKING, sim->ms + SLOW_WAIT_MS);
	}
}

static void
ask(struct sim *sim, struct call *call)
{
	if (call->kept) {
		end(sim, call);
	} else if (sim->ms >= sim->disk_trouble_until) {
		enter(sim, call, PHASE_WRITTEN, sim->ms + (int64_t)draw(sim, 2));
	} else if (++call->tries == SLOW_TRIES) {
		set_fate(sim, call, FATE_NO_DISK);
		end(sim, call);
	} else {
		call->due = sim->ms + SLOW_WAIT_MS;
	}
}

void
courier_step(struct sim *sim, struct call *call)
{
	sim->actor = PROCESSES + call->number;
	if (call->dies_in == call->phase && !sim->calm) {
		courier_die(sim, call, FATE_NOBODY_LEFT);
		return;
	}
	switch (call->phase) {
	case PHASE_CONNECTING:
		connected(sim, call);
		break;
	case PHASE_READY:
		enter(sim, call, PHASE_GIVING_UP, sim->ms + (int64_t)draw(sim, 30));
		break;
	case PHASE_GIVING_UP:
		write_slot(sim, call, true);
		say_failed(sim, call, CALL_NO_GO, "not told to go in time");
		end(sim, call);
		break;
	case PHASE_SENDING:
		send_request(sim, call);
		break;
	case PHASE_TRAVELLING:
		travelled(sim, call);
		break;
	case PHASE_ORPHAN:
		arrive(sim, call);
		set_fate(sim, call, FATE_NOBODY_LEFT);
		end(sim, call);
		break;
	case PHASE_LISTENING:
		heard(sim, call);
		break;
	case PHASE_SEALING:
		try_to_seal(sim, call);
		break;
	case PHASE_WRITTEN:
		sealed(sim, call);
		break;
	case PHASE_SEALED:
		let_go(sim, call);
		courier_say(sim, call, CALL_SEALED);
		end(sim, call);
		break;
	case PHASE_ASKING:
		ask(sim, call);
		break;
	case PHASE_NONE:
	case PHASE_DEAD:
	case PHASES:
		call->due = NEVER;
		break;
	}
}
