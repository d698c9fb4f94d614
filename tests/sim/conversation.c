/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side of a courier: the effects call_open to call_close, and what fate a new courier gets. */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

#define EXIT_MS 100 /* as engine/call.c: how long to wait for a courier that has nothing more to do */

static int64_t
latency(struct sim *sim)
{
	if (chance(sim, 30))
		return (int64_t)draw(sim, 15000);
	if (chance(sim, 4))
		return CALL_LISTEN_MS + (int64_t)draw(sim, 5000);
	return (int64_t)draw(sim, (uint64_t)sim->knobs.latency_ms);
}

static void
draw_fate(struct sim *sim, struct call *call)
{
	static const enum odd odds[] = { ODD_503, ODD_429, ODD_PROCESSED_503, ODD_HTML, ODD_CLIENT, ODD_PROCESSED_CUT };
	const struct knobs *knobs = &sim->knobs;

	call->connect_ms = latency(sim);
	call->there_ms = latency(sim);
	call->back_ms = latency(sim);
	call->no_connection = chance(sim, knobs->losses);
	call->hangs = chance(sim, knobs->losses / 4);
	if (call->hangs || call->connect_ms > CALL_CONNECT_MS) {
		call->hangs = true;
		call->connect_ms = CALL_CONNECT_MS;
	}
	call->request_lost = chance(sim, knobs->losses);
	call->reply_lost = chance(sim, knobs->losses);
	call->resets = draw(sim, 3) > 0;
	call->odd = ODD_NONE;
	if (chance(sim, knobs->odds)) /* a status of success is all that a revocation says (RFC 7009 section 2.2) */
		call->odd = odds[draw(sim, call->revocation ? 3 : sizeof odds / sizeof odds[0])];
	call->dies_in = PHASE_NONE;
	if (chance(sim, knobs->courier_deaths))
		call->dies_in = PHASE_CONNECTING + (enum phase)draw(sim, PHASE_ASKING - PHASE_CONNECTING + 1);
}

static struct call *
find_room(struct sim *sim)
{
	for (unsigned i = 0; i < COURIERS; i++) {
		if (sim->couriers[i].phase == PHASE_NONE)
			return &sim->couriers[i];
	}
	return NULL;
}

static int
inherit(struct sim *sim, int fd, const struct call *call)
{
	if (fd >= 0 && sim->holds[fd].used)
		sim->holds[fd].owners |= OWNER_COURIER(call->number);
	return fd;
}

static void
fill(struct sim *sim, struct call *call, const struct job *job, const struct spool_slot *slot, const struct lock *lock)
{
	call->conversation = ++sim->conversations;
	call->plain = job->kind == JOB_PLAIN;
	call->revocation = strstr(job->request.url, "/revoke") != NULL;
	call->attempt = job->attempt;
	call->body = strdup(job->request.body.data == NULL ? "" : (const char *)job->request.body.data);
	if (call->body == NULL)
		abort();
	call->token = call->revocation ? TOKENS_MAX : server_carried(&sim->server, call->body);
	call->issued = 0;
	call->lock = call->slot = -1;
	if (!call->plain) {
		call->lock = inherit(sim, lock->fd, call);
		call->slot = inherit(sim, slot->fd, call);
		call->slot_number = slot->number;
	}
}

static enum larder_code
fx_call_open(void *ctx, const struct job *job, const struct spool_slot *slot, const struct lock *lock,
    struct call **ret, struct larder_error *ret_error)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;
	struct call *call;

	if (process->vault.writing)
		violate(sim, "I7", "a courier is started inside a transaction");
	if (!process_point(process) || chance(sim, sim->knobs.losses / 8))
		return error_set(ret_error, LARDER_UNAVAILABLE, "cannot start the courier", NULL, "it was not found");
	call = find_room(sim);
	if (call == NULL)
		return error_set(ret_error, LARDER_UNAVAILABLE, "cannot start the courier", NULL, "too many");
	fill(sim, call, job, slot, lock);
	draw_fate(sim, call);
	call->held = true;
	call->owner = process;
	call->credential = process->op->credential;
	call->phase = PHASE_CONNECTING;
	call->due = sim->ms + call->connect_ms;
	note(sim, EVENT_COURIER, call->number, !call->plain);
	*ret = call;
	(void)process_point(process);
	return LARDER_OK;
}

/* How long to wait from now until the process's clock says deadline_ms. */
static int64_t
left(const struct sim *sim, int64_t deadline_ms)
{
	return deadline_ms - sim_clock_ms(sim);
}

static enum call_event
take_event(struct call *call, struct call_result *ret)
{
	enum call_event event = call->queue[0];

	call->queued--;
	memmove(call->queue, call->queue + 1, call->queued * sizeof call->queue[0]);
	if (event == CALL_FAILED || event == CALL_REPLIED)
		ret->failure = call->failure;
	if (event == CALL_REPLIED) {
		ret->reply = call->reply;
		if (!secret_copy(call->reply.body.data, call->reply.body.len, &ret->reply.body))
			abort();
	}
	return event;
}

static enum call_event
fx_call_wait(void *ctx, struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;
	enum call_event event = CALL_TIMEOUT;

	if (process->vault.writing)
		violate(sim, "I7", "the network is waited for inside a transaction");
	if (!process_point(process))
		return CALL_GONE;
	while (call->queued == 0 && call->phase != PHASE_DEAD && call->phase != PHASE_ORPHAN &&
	    left(sim, deadline_ms) > 0) {
		process->waits_for = call;
		process_sleep(process, left(sim, deadline_ms));
		process->waits_for = NULL;
		if (process->dead)
			return CALL_GONE;
	}
	if (call->queued > 0)
		event = take_event(call, ret);
	else if (call->phase == PHASE_DEAD || call->phase == PHASE_ORPHAN)
		event = CALL_GONE;
	note(sim, EVENT_HEARS, call->number, event);
	/* where a long pause matters most: the courier gives up, or tries the slot again, meanwhile */
	if (event == CALL_READY && chance(sim, sim->knobs.stops / 3))
		process_stop(process, CALL_GO_MS - 1000 + (int64_t)draw(sim, 2000));
	if (event == CALL_REPLIED && chance(sim, sim->knobs.stops))
		process_stop(process, (int64_t)draw(sim, 120000));
	return process->dead ? CALL_GONE : event;
}

static bool
fx_call_go(void *ctx, struct call *call)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;
	bool writes;

	if (!process_point(process))
		return false;
	writes = call->phase == PHASE_READY || call->phase == PHASE_GIVING_UP; /* too late, but nobody knows */
	note(sim, EVENT_GO, call->number, call->phase == PHASE_READY);
	process->sends++;
	call->accepts = process->op->accept;
	call->after = process->last_commit;
	if (call->phase == PHASE_READY) {
		call->phase = PHASE_SENDING;
		call->due = sim->ms + (int64_t)draw(sim, 2);
	}
	return process_point(process) && writes;
}

static void
fx_call_kept(void *ctx, struct call *call)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;

	if (!process_point(process))
		return;
	note(sim, EVENT_KEPT, call->number, 0);
	/* if it has given up before, others may have asked again by now: what comes so late is parked */
	if (call->issued != 0 && call->odd == ODD_NONE && call->phase == PHASE_ASKING)
		sim->server.tokens[call->issued - 1].fate = FATE_SEALED;
	courier_heard(sim, call);
	call->kept = true;
	if (call->phase == PHASE_ASKING)
		call->due = sim->ms;
}

/* The other end of the wire is closed, by hand or by death. */
static void
hang_up(struct sim *sim, struct call *call)
{
	call->held = false;
	call->owner = NULL;
	if (call->phase == PHASE_DEAD)
		courier_clear(call);
	else if (call->phase == PHASE_READY)
		call->due = sim->ms;
}

static void
fx_call_close(void *ctx, struct call *call)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;
	unsigned conversation;
	int64_t until;

	if (call == NULL || process->dead)
		return;
	note(sim, EVENT_HANGS_UP, call->number, 0);
	conversation = call->conversation;
	hang_up(sim, call);
	for (until = sim->ms + EXIT_MS;
	     call->conversation == conversation && call->phase < PHASE_SENDING && sim->ms < until && !process->dead;)
		process_sleep(process, 10);
}

void
couriers_lose_caller(struct sim *sim, const struct process *process)
{
	for (unsigned i = 0; i < COURIERS; i++) {
		if (sim->couriers[i].owner == process)
			hang_up(sim, &sim->couriers[i]);
	}
}

void
courier_effects(struct effects *ret)
{
	ret->call_open = fx_call_open;
	ret->call_wait = fx_call_wait;
	ret->call_go = fx_call_go;
	ret->call_kept = fx_call_kept;
	ret->call_close = fx_call_close;
}
