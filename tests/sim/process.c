/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated process: its life, its vault session, its clock, and the places where it may be interrupted. */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"
#include "vault/header.h"
#include "vault/session.h"

#define REBORN_MS 2000
#define POLL_MS   700

void
process_kill(struct process *process)
{
	struct sim *sim = process->sim;

	if (process->dead)
		return;
	process->dead = true;
	if (sim->writer == process) {
		sim->writer = NULL;
		for (unsigned i = 0; i < PROCESSES; i++) {
			if (sim->processes[i].waits_for_store)
				sim->processes[i].wake = sim->ms;
		}
	}
	hold_drop_all(sim, OWNER_PROCESS(process->number));
	couriers_lose_caller(sim, process);
	process->wake = sim->ms;
}

void
process_sleep(struct process *process, int64_t ms)
{
	if (process->dead || process->calm)
		return;
	process->wake = process->sim->ms + (ms > 0 ? ms : 0);
	schedule(process->sim, process);
}

/* As with Ctrl-Z, or a machine that has other things to do. */
void
process_stop(struct process *process, int64_t ms)
{
	note(process->sim, EVENT_STOPPED, ms, 0);
	process->stopped_ms += ms;
	process_sleep(process, ms);
}

bool
process_point(struct process *process)
{
	struct sim *sim = process->sim;

	if (process->dead || process->calm)
		return !process->dead;
	process->points++;
	if (process->op != NULL && process->points == process->op->kill_at && !sim->calm) {
		note(sim, EVENT_KILLED, process->points, 0);
		count(sim, COUNT_KILLS);
		process_kill(process);
	} else if (process->op != NULL && process->points == process->op->stop_at && !sim->calm) {
		process_stop(process, process->op->stop_ms);
	} else if (--sim->until_switch <= 0) {
		sim->until_switch = 1 + (int)draw(sim, sim->knobs.switch_every);
		process_sleep(process, draw(sim, 8) == 0);
	}
	return !process->dead;
}

/* --- effects --- */

static int64_t
fx_now_s(void *ctx)
{
	return sim_now_s(((const struct process *)ctx)->sim);
}

/* In a dead process all deadlines have passed, so that nothing is waited for. */
static int64_t
fx_clock_ms(void *ctx)
{
	const struct process *process = ctx;

	return process->dead ? NEVER / 2 : sim_clock_ms(process->sim);
}

static void
fx_sleep_ms(void *ctx, int64_t ms)
{
	struct process *process = ctx;

	if (process->vault.writing && !process->dead)
		violate(process->sim, "I7", "somebody sleeps inside a transaction");
	if (process->waits_for_lock != 0 && ms < POLL_MS)
		ms = POLL_MS; /* or until it is let go: the tries in between would all be in vain */
	process_sleep(process, ms);
	process->waits_for_lock = 0;
}

static void
fx_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	noise_fill(dst, len);
}

static void
fx_boot_id(void *ctx, uint8_t ret[static 16])
{
	memset(ret, 0, 16);
	ret[0] = (uint8_t)((const struct process *)ctx)->sim->boot;
}

/* --- a session, as vault_open makes it after the key has been found --- */

static enum larder_code
look_whose(struct process *process, struct larder_error *ret_error)
{
	struct vault *vault = &process->vault;
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	struct lock_identity identity;
	struct header header;
	uint8_t id[VAULT_ID_BYTES];
	enum larder_code code;

	code = header_read(vault->store, &body, id, ret_error);
	if (code == LARDER_OK)
		code = header_decode(vault, &body, &header, ret_error);
	if (code == LARDER_OK)
		code = lock_identify(vault->dir.fd, &identity, ret_error);
	if (code == LARDER_OK)
		vault->copied = identity.inode != header.identity.inode || identity.born_ns != header.identity.born_ns;
	buf_clear(&body);
	if (code == LARDER_OK && vault->copied) {
		code = vault_adopt_copy(vault, ret_error);
		note(process->sim, EVENT_COPIED, code, 0);
	}
	return code;
}

bool
process_open(struct process *process)
{
	const struct actor actor = { .uid = 1000, .pid = process->pid, .exe = "/usr/bin/larder", .parent = "/bin/sh" };
	struct sim *sim = process->sim;

	if (process->open)
		return true;
	process->vault = (struct vault){ .dir = { .fd = -1 } };
	if (session_init(&process->vault, actor, &process->error) != LARDER_OK)
		abort();
	process->vault.dir.fd = world_dirfd(sim->place);
	process->vault.keys = keys_share(world_keys());
	process->vault.store = store_new(sim, process);
	process->effects = (struct effects){
		.ctx = process,
		.now_s = fx_now_s,
		.clock_ms = fx_clock_ms,
		.sleep_ms = fx_sleep_ms,
		.random = fx_random,
		.boot_id = fx_boot_id,
	};
	spool_effects(&process->effects);
	courier_effects(&process->effects);
	process->engine = (struct engine){ .vault = &process->vault, .effects = &process->effects };
	process->open = true;
	if (process->calm)
		return true;
	process->code = look_whose(process, &process->error);
	if (process->code == LARDER_OK)
		return true;
	process_close(process);
	return false;
}

void
process_close(struct process *process)
{
	if (!process->open)
		return;
	process->vault.dir.fd = -1; /* the world's */
	vault_close(&process->vault);
	process->open = false;
}

/* After its death: what is left is memory. A while later somebody runs the rest of the commands. */
static void
reborn(struct process *process)
{
	struct sim *sim = process->sim;
	int64_t until;

	process_close(process);
	process->dead = false;
	process->pid = ++sim->next_pid;
	until = sim->ms + (int64_t)draw(sim, REBORN_MS);
	process_sleep(process, (until > sim->up_at ? until : sim->up_at + (int64_t)draw(sim, 50)) - sim->ms);
}

static void
run_ops(struct process *process)
{
	const struct op *op;

	while (process->at < process->ops_count) {
		op = &process->ops[process->at++];
		process_sleep(process, op->think_ms);
		if (!process->dead) {
			process->op = op;
			process->points = 0;
			op_run(process, op);
			process->op = NULL;
		}
		while (process->dead)
			reborn(process);
	}
	process_close(process);
}

static void
process_main(void *arg)
{
	struct process *process = arg;

	process->sim->actor = process->number;
	note(process->sim, EVENT_START, process->pid, 0);
	if (process->number == PROCESSES - 1)
		final_run(process);
	else
		run_ops(process);
	process->wake = NEVER;
	for (;;)
		schedule(process->sim, process);
}

void
process_start(struct process *process)
{
	process->at = 0;
	process->wake = process->sim->ms;
	fiber_start(&process->fiber, process_main, process);
}
