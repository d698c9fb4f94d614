/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, as numbers: mixed into the story's hash, printed when somebody wants to read it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sim/sim.h"

static const struct {
	const char *text, *a, *b;
} events[] = {
#define X(name, text, a, b) { text, a, b },
	EVENTS(X)
#undef X
};

static void
mix(struct sim *sim, uint64_t value)
{
	sim->hash = (sim->hash ^ value) * UINT64_C(0x100000001b3);
	sim->hash ^= sim->hash >> 29;
}

static void
print_actor(const struct sim *sim)
{
	if (sim->actor < PROCESSES)
		printf("process %-2u ", sim->actor + 1);
	else if (sim->actor < PROCESSES + COURIERS)
		printf("courier %-2u ", sim->actor - PROCESSES);
	else
		printf("machine    ");
}

void
note(struct sim *sim, enum event event, int64_t a, int64_t b)
{
	mix(sim, (uint64_t)sim->ms);
	mix(sim, sim->actor << 16 | event);
	mix(sim, (uint64_t)a);
	mix(sim, (uint64_t)b);
	if (!sim->tracing)
		return;
	printf("%9lld.%03lld  ", (long long)(sim->ms / 1000), (long long)(sim->ms % 1000));
	print_actor(sim);
	printf("%s", events[event].text);
	if (events[event].a != NULL)
		printf("  %s %lld", events[event].a, (long long)a);
	if (events[event].b != NULL)
		printf("  %s %lld", events[event].b, (long long)b);
	putchar('\n');
}

void
count(struct sim *sim, enum count what)
{
	sim->totals.counts[what]++;
}

void
violate(struct sim *sim, const char *invariant, const char *format, ...)
{
	char why[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof why, format, args);
	va_end(args);
	if (sim->tracing)
		printf("*** %s: %s\n", invariant, why);
	if (sim->failed)
		return;
	sim->failed = true;
	(void)snprintf(sim->failure, sizeof sim->failure, "%s: %s", invariant, why);
}

uint64_t
draw(struct sim *sim, uint64_t below)
{
	return below == 0 ? 0 : rng_next(&sim->rng) % below;
}

bool
chance(struct sim *sim, unsigned parts_of_1000)
{
	return !sim->calm && parts_of_1000 != 0 && draw(sim, 1000) < parts_of_1000;
}

int64_t
sim_now_s(const struct sim *sim)
{
	return sim->start_s + sim->wall_s + sim->ms / 1000;
}

/* A frozen clock stands still and goes on from there later. */
int64_t
sim_clock_ms(const struct sim *sim)
{
	int64_t ms = sim->frozen_at >= 0 ? sim->frozen_at : sim->ms;

	return ms - sim->frozen_ms;
}
