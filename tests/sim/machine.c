/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the machine as a whole: power, suspend, clocks, network, disk, backups. */
#include "sim/sim.h"

#define BOOT_MS 20000 /* from the loss of power to the first command: longer than any request travels */

static void
end_all(struct sim *sim, enum fate fate)
{
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (sim->processes[i].open || sim->processes[i].op != NULL)
			process_kill(&sim->processes[i]);
	}
	for (unsigned i = 0; i < COURIERS; i++) {
		if (sim->couriers[i].phase != PHASE_NONE && sim->couriers[i].phase < PHASE_DEAD)
			courier_die(sim, &sim->couriers[i], fate);
	}
	sim->actor = PROCESSES + COURIERS;
}

/* Nobody begins anything before then. */
static void
hold_back_until(struct sim *sim, int64_t ms)
{
	sim->up_at = ms;
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (sim->processes[i].wake != NEVER && !sim->processes[i].dead && sim->processes[i].wake < ms)
			sim->processes[i].wake = ms + (int64_t)draw(sim, 50);
	}
}

static void
lose_power(struct sim *sim)
{
	size_t kept = sim->log_durable + draw(sim, sim->disk.log_len - sim->log_durable + 1);

	count(sim, COUNT_POWER_LOSSES);
	note(sim, EVENT_POWER, (int64_t)(sim->disk.log_len - kept), 0);
	end_all(sim, FATE_NO_POWER);
	while (sim->disk.log_len > kept)
		row_free(sim->disk.log[--sim->disk.log_len]);
	sim->log_durable = sim->disk.log_len;
	slots_lose_power(sim);
	sim->boot++;
	hold_back_until(sim, sim->ms + BOOT_MS);
}

/* The machine stands still; what was on its way in the network arrives meanwhile. */
static void
suspend(struct sim *sim, int64_t ms)
{
	struct call *first;

	for (;;) {
		first = NULL;
		for (unsigned i = 0; i < COURIERS; i++) {
			struct call *call = &sim->couriers[i];

			if ((call->phase == PHASE_TRAVELLING || call->phase == PHASE_ORPHAN) &&
			    call->due <= sim->ms + ms && (first == NULL || call->due < first->due))
				first = call;
		}
		if (first == NULL)
			break;
		if (first->due > sim->ms) {
			ms -= first->due - sim->ms;
			sim->ms = first->due;
		}
		courier_step(sim, first);
	}
	sim->ms += ms;
}

static bool
is_quiet(const struct sim *sim)
{
	for (unsigned i = 0; i < COURIERS; i++) {
		if (sim->couriers[i].phase != PHASE_NONE)
			return false;
	}
	for (uint32_t i = 0; i < SPOOL_SLOTS; i++) {
		if (sim->slots[i].content == SPOOL_REPLY)
			return false;
	}
	return sim->writer == NULL;
}

static void
copy_vault(struct sim *sim)
{
	if (sim->has_copy || !is_quiet(sim))
		return;
	image_share(&sim->disk, &sim->copy);
	sim->has_copy = true;
	sim->copy_commits = sim->commits;
	note(sim, EVENT_COPY, (int64_t)sim->commits, 0);
}

/* Somebody ends all that runs and puts a backup in the vault's place. */
static void
restore_vault(struct sim *sim, int64_t tries)
{
	if (!sim->has_copy)
		return;
	if (!is_quiet(sim)) {
		if (tries > 0)
			deed_add(sim, DEED_RESTORE, 500, tries - 1);
		return;
	}
	count(sim, COUNT_RESTORES);
	note(sim, EVENT_RESTORE, (int64_t)(sim->commits - sim->copy_commits), 0);
	end_all(sim, FATE_NOBODY_LEFT);
	for (unsigned i = 0; i < CREDENTIALS; i++) {
		sim->accounts[i].suspect = sim->knobs.class != CLASS_STATIC;
		sim->accounts[i].stale = sim->accounts[i].stale || sim->commits != sim->copy_commits;
		sim->accounts[i].restored = true;
		sim->accounts[i].generation = 0;
	}
	image_clear(&sim->disk);
	sim->disk = sim->copy;
	sim->has_copy = false;
	sim->log_durable = sim->disk.log_len;
	for (unsigned i = 0; i < SPOOL_SLOTS; i++)
		slot_forget(&sim->slots[i]);
	sim->place = !sim->place;
	hold_back_until(sim, sim->ms + 1000);
}

void
deed_add(struct sim *sim, enum deed_kind kind, int64_t in_ms, int64_t value)
{
	if (sim->deeds_count < DEEDS_MAX)
		sim->deeds[sim->deeds_count++] = (struct deed){ kind, sim->ms + in_ms, value };
}

void
deed_do(struct sim *sim, const struct deed *deed)
{
	if (sim->calm && deed->kind != DEED_THAW && deed->kind != DEED_OUTAGE_END)
		return;
	switch (deed->kind) {
	case DEED_POWER:
		lose_power(sim);
		break;
	case DEED_SUSPEND:
		note(sim, EVENT_SUSPEND, deed->value, 0);
		sim->jumps++;
		suspend(sim, deed->value);
		break;
	case DEED_WALL:
		note(sim, EVENT_WALL, deed->value, 0);
		sim->wall_s += deed->value;
		break;
	case DEED_FREEZE:
		note(sim, EVENT_FREEZE, 1, 0);
		sim->jumps++;
		sim->frozen_at = sim->ms;
		deed_add(sim, DEED_THAW, deed->value, 0);
		break;
	case DEED_THAW:
		note(sim, EVENT_FREEZE, 0, 0);
		sim->jumps++;
		sim->frozen_ms += sim->ms - sim->frozen_at;
		sim->frozen_at = -1;
		break;
	case DEED_OUTAGE:
		note(sim, EVENT_OUTAGE, 1, 0);
		sim->outages++;
		deed_add(sim, DEED_OUTAGE_END, deed->value, 0);
		break;
	case DEED_OUTAGE_END:
		note(sim, EVENT_OUTAGE, 0, 0);
		sim->outages--;
		break;
	case DEED_DISK:
		note(sim, EVENT_DISK, deed->value, 0);
		sim->disk_trouble_until = sim->ms + deed->value;
		break;
	case DEED_COPY:
		copy_vault(sim);
		break;
	case DEED_RESTORE:
		restore_vault(sim, deed->value);
		break;
	}
}
