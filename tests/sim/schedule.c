/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs when: whoever's time has come is ready, one of the ready is drawn, and only when nobody is ready the clock
 * moves on to the next one's time.
 */
#include "sim/sim.h"

/* Processes, then couriers, then deeds. */
#define ENTITIES (PROCESSES + COURIERS + DEEDS_MAX)

static int64_t
due_of(const struct sim *sim, size_t entity)
{
	if (entity < PROCESSES)
		return sim->processes[entity].wake;
	if (entity < PROCESSES + COURIERS)
		return sim->couriers[entity - PROCESSES].phase == PHASE_NONE ? NEVER
									     : sim->couriers[entity - PROCESSES].due;
	return entity - PROCESSES - COURIERS < sim->deeds_count ? sim->deeds[entity - PROCESSES - COURIERS].due : NEVER;
}

/* false: nobody will ever be ready. */
static bool
pick(struct sim *sim, size_t *ret)
{
	size_t ready[ENTITIES], count = 0, entities = PROCESSES + COURIERS + sim->deeds_count;
	int64_t first = NEVER, due;

	for (size_t i = 0; i < entities; i++) {
		due = due_of(sim, i);
		if (due <= sim->ms)
			ready[count++] = i;
		else if (due < first)
			first = due;
	}
	if (count == 0 && first == NEVER)
		return false;
	if (count == 0) {
		sim->ms = first;
		for (size_t i = 0; i < entities; i++) {
			if (due_of(sim, i) <= sim->ms)
				ready[count++] = i;
		}
	}
	*ret = ready[count == 1 ? 0 : draw(sim, count)];
	return true;
}

static void
switch_to(struct sim *sim, struct process *self, struct process *other)
{
	struct fiber *from = self == NULL ? &sim->main : &self->fiber;
	struct fiber *to = other == NULL ? &sim->main : &other->fiber;

	if (from != to)
		fiber_switch(from, to);
	sim->actor = self == NULL ? 0 : self->number;
}

static void
do_deed(struct sim *sim, size_t index)
{
	struct deed deed = sim->deeds[index];

	sim->deeds[index] = sim->deeds[--sim->deeds_count];
	sim->actor = PROCESSES + COURIERS;
	deed_do(sim, &deed);
}

void
schedule(struct sim *sim, struct process *self)
{
	struct process *other;
	size_t picked;

	for (;;) {
		if (++sim->steps > STEPS_MAX)
			violate(sim, "I7", "the story does not come to an end");
		if (sim->steps > STEPS_MAX || !pick(sim, &picked)) {
			switch_to(sim, self, NULL);
			return;
		}
		if (picked >= PROCESSES + COURIERS) {
			do_deed(sim, picked - PROCESSES - COURIERS);
		} else if (picked >= PROCESSES) {
			courier_step(sim, &sim->couriers[picked - PROCESSES]);
		} else {
			other = &sim->processes[picked];
			other->wake = NEVER;
			switch_to(sim, self, other);
			return;
		}
	}
}
