/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The courier as a state machine: the steps of src/courier/exchange.c and keep.c, each at a time of its own, so that
 * anybody may die between two of them.
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

void
courier_enter(struct sim *sim, struct call *call, enum phase phase, int64_t due)
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
	courier_enter(sim, call, PHASE_DEAD, NEVER);
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
	courier_enter(sim, call, PHASE_ORPHAN, call->due);
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
		courier_enter(sim, call, PHASE_SENDING, sim->ms);
	} else if (call->held) {
		courier_enter(sim, call, PHASE_READY, sim->ms + CALL_GO_MS);
		courier_say(sim, call, CALL_READY);
	} else {
		courier_enter(sim, call, PHASE_GIVING_UP, sim->ms);
	}
}

static void
travelled(struct sim *sim, struct call *call)
{
	int64_t back = sim->ms + call->back_ms;

	network_arrive(sim, call);
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
	courier_enter(sim, call, PHASE_LISTENING, back);
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
		courier_enter(sim, call, PHASE_SEALING, sim->ms);
	}
}

/* An answer was kept; the server's own word also says what became of earlier requests. */
void
courier_heard(struct sim *sim, const struct call *call)
{
	struct server_token *token = &sim->server.tokens[call->token];

	if (call->token != TOKENS_MAX && token->unheard > 0)
		token->unheard = call->odd == ODD_NONE ? 0 : token->unheard - 1;
}

static void
sealed(struct sim *sim, struct call *call)
{
	write_slot(sim, call, false);
	if (call->odd == ODD_NONE)
		set_fate(sim, call, FATE_SEALED);
	courier_heard(sim, call);
	courier_enter(sim, call, PHASE_SEALED, sim->ms + (int64_t)draw(sim, 2));
}

static void
try_to_seal(struct sim *sim, struct call *call)
{
	if (sim->ms >= sim->disk_trouble_until) {
		courier_enter(sim, call, PHASE_WRITTEN, sim->ms + (int64_t)draw(sim, 2));
	} else if (++call->tries <= QUICK_TRIES) {
		courier_enter(sim, call, PHASE_SEALING, sim->ms + call->tries * QUICK_WAIT_MS);
	} else {
		call->tries = 0;
		call->failure.stage = CALL_SEAL;
		courier_say(sim, call, CALL_REPLIED);
		courier_enter(sim, call, PHASE_ASKING, sim->ms + SLOW_WAIT_MS);
	}
}

static void
ask(struct sim *sim, struct call *call)
{
	if (call->kept) {
		end(sim, call);
	} else if (sim->ms >= sim->disk_trouble_until) {
		courier_enter(sim, call, PHASE_WRITTEN, sim->ms + (int64_t)draw(sim, 2));
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
		courier_enter(sim, call, PHASE_GIVING_UP, sim->ms + (int64_t)draw(sim, 30));
		break;
	case PHASE_GIVING_UP:
		write_slot(sim, call, true);
		say_failed(sim, call, CALL_NO_GO, "not told to go in time");
		end(sim, call);
		break;
	case PHASE_SENDING:
		network_send(sim, call);
		break;
	case PHASE_TRAVELLING:
		travelled(sim, call);
		break;
	case PHASE_ORPHAN:
		network_arrive(sim, call);
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
