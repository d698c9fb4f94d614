/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of story a seed tells: most knobs are off in most of them, so that each trouble is also met alone. */
#include "sim/sim.h"

static unsigned
sometimes(struct sim *sim, unsigned percent, unsigned parts_of_1000)
{
	return draw(sim, 100) < percent ? parts_of_1000 : 0;
}

void
knobs_draw(struct sim *sim)
{
	static const enum spend_class classes[] = { CLASS_STRICT, CLASS_STRICT, CLASS_UNTIL_USED, CLASS_OVERLAP,
		CLASS_STATIC };
	static const int64_t lives[] = { 3600, 3600, 300, 60, 20, 2, -1 };
	static const int64_t latencies[] = { 5, 100, 300, 2000 };
	static const unsigned switches[] = { 1, 3, 12, 60 };
	struct knobs *knobs = &sim->knobs;

	knobs->class = classes[draw(sim, 5)];
	knobs->on_unknown = knobs->class == CLASS_STRICT && draw(sim, 6) == 0 ? UNKNOWN_HOLD : UNKNOWN_ASK;
	knobs->grace_s = draw(sim, 2) == 0 ? 30 : 5 + (int64_t)draw(sim, 100);
	knobs->expires_in = lives[draw(sim, 7)];
	knobs->latency_ms = latencies[draw(sim, 4)];
	knobs->switch_every = switches[draw(sim, 4)];
	knobs->processes = 1 + (unsigned)draw(sim, PROCESSES - 1);
	knobs->ops_max = knobs->processes < 3 ? OPS_MAX : 4;
	knobs->kills = sometimes(sim, 50, 300);
	knobs->courier_deaths = sometimes(sim, 50, 300);
	knobs->losses = sometimes(sim, 50, 120);
	knobs->odds = sometimes(sim, 40, 200);
	knobs->failed_commits = sometimes(sim, 25, 60);
	knobs->failed_reads = sometimes(sim, 10, 4);
	knobs->stops = sometimes(sim, 25, 200);
	knobs->impatience = sometimes(sim, 30, 400);
	knobs->repeats = draw(sim, 2) == 0;
	knobs->narrow = draw(sim, 4) == 0;
	knobs->revokes = draw(sim, 3) == 0;
}

static void
plan(struct sim *sim, enum deed_kind kind, int64_t span_ms, int64_t value)
{
	deed_add(sim, kind, (int64_t)draw(sim, (uint64_t)span_ms), value);
}

static int64_t
draw_wall(struct sim *sim)
{
	static const int64_t spans[] = { 2, 60, 4000, 86400, 630720000 };
	int64_t jump = (int64_t)draw(sim, (uint64_t)spans[draw(sim, 5)]) + 1;

	return draw(sim, 2) == 0 ? jump : -jump;
}

void
deeds_plan(struct sim *sim)
{
	int64_t span_ms = draw(sim, 2) == 0 ? 3000 : 120000;

	if (draw(sim, 5) == 0)
		plan(sim, DEED_POWER, span_ms, 0);
	if (draw(sim, 20) == 0)
		plan(sim, DEED_POWER, span_ms, 0);
	if (draw(sim, 8) == 0)
		plan(sim, DEED_SUSPEND, span_ms, 1000 + (int64_t)draw(sim, draw(sim, 2) == 0 ? 30000 : 8000000));
	for (unsigned i = draw(sim, 6) == 0 ? 1 + (unsigned)draw(sim, 3) : 0; i > 0; i--) {
		sim->knobs.wall = true;
		plan(sim, DEED_WALL, span_ms, draw_wall(sim));
	}
	if (draw(sim, 12) == 0)
		plan(sim, DEED_FREEZE, span_ms, 1 + (int64_t)draw(sim, 60000));
	if (draw(sim, 8) == 0)
		plan(sim, DEED_OUTAGE, span_ms, 1 + (int64_t)draw(sim, 100000));
	if (draw(sim, 8) == 0)
		plan(sim, DEED_DISK, span_ms / 4, (int64_t)draw(sim, draw(sim, 2) == 0 ? 8000 : 120000));
	if (draw(sim, 8) == 0) {
		plan(sim, DEED_COPY, span_ms / 4, 0);
		plan(sim, DEED_RESTORE, span_ms, 40);
	}
}
