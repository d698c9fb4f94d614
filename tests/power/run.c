/* SPDX-License-Identifier: Apache-2.0 */
#include "power/run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "power/chance.h"
#include "power/report.h"
#include "power/state.h"
#include "power/world.h"

#define WORKERS    2
#define SEEN_SIZE  ((size_t)1 << 20)
#define SECOND_MAX 40 /* states of one recovery */

struct worker {
	char current[160]; /* what it is judging, for the case that it dies of it */
};

struct shared { /* between the processes */
	struct report report;
	_Atomic size_t next[64]; /* moment, by scenario */
	_Atomic uint64_t seen[SEEN_SIZE];
	struct worker workers[WORKERS];
};

struct work {
	const struct plan *plan;
	struct shared *shared;
	struct worker *self;
	struct place place;
	const struct scenario *scenario;
	struct life life;
	struct moment *moments;
	size_t moments_count;
};

/* --- directories --- */

static char base[64];

static void
remove_base(void)
{
	char command[sizeof base + 16];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", base);
	if (base[0] != '\0' && system(command) != 0)
		(void)fprintf(stderr, "power: %s is left\n", base);
}

static void
make_base(void)
{
	char path[sizeof base + 8];
	struct stat st;

	(void)snprintf(base, sizeof base, "%s/larder-power-XXXXXX", stat("/dev/shm", &st) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(base) == NULL)
		exit(2);
	(void)snprintf(path, sizeof path, "%s/defs", base);
	if (mkdir(path, 0700) != 0)
		exit(2);
	world_define(path);
}

static void
make_place(struct place *place, unsigned number)
{
	memset(place, 0, sizeof *place);
	(void)snprintf(place->definitions, sizeof place->definitions, "%s/defs", base);
	(void)snprintf(place->root, sizeof place->root, "%s/%u", base, number);
	if (mkdir(place->root, 0700) != 0)
		exit(2);
	image_begin(&place->base);
}

/* --- judging --- */

/* Whether nobody has judged this image under this truth yet. */
static bool
is_new(struct shared *shared, uint64_t hash, size_t scenario, size_t truth)
{
	struct chance chance = { .state = hash ^ (scenario << 48) ^ (truth << 32) };
	uint64_t key = chance_next(&chance) | 1, old;

	for (size_t i = key % SEEN_SIZE;; i = (i + 1) % SEEN_SIZE) {
		old = 0;
		if (atomic_compare_exchange_strong(&shared->seen[i], &old, key))
			return true;
		if (old == key)
			return false;
	}
}

static size_t
scenario_number(const struct work *work)
{
	return (size_t)(work->scenario - scenarios);
}

static void
judge_second(struct work *work, const struct life *again, const char *first)
{
	struct moment *moments = NULL;
	size_t count = moments_of(again, true, &moments), stride = count / SECOND_MAX + 1;
	struct verdict verdict;

	for (size_t i = 0; i < count; i += stride) {
		unsigned variant = (unsigned)(i / stride % 12);

		(void)snprintf(work->self->current, sizeof work->self->current, "%s %zu %u", first, i, variant);
		verdict = state_judge_second(&work->place, work->scenario, again, &moments[i], variant);
		report_count(&work->shared->report, &verdict, true, work->plan->program, work->self->current);
	}
	free(moments);
}

static void
judge_first(struct work *work, size_t moment, unsigned variant, bool twice)
{
	struct verdict verdict;
	struct life again;
	char first[100];

	(void)snprintf(first, sizeof first, "%s %zu %u", work->scenario->name, moment, variant);
	(void)snprintf(work->self->current, sizeof work->self->current, "%s", first);
	verdict = state_judge(&work->place, work->scenario, &work->life, &work->moments[moment], variant, NULL);
	report_count(&work->shared->report, &verdict, false, work->plan->program, first);
	if (!twice || verdict.failed || verdict.window || verdict.finding > FOUND_NO_VAULT)
		return;
	verdict = state_judge(&work->place, work->scenario, &work->life, &work->moments[moment], variant, &again);
	if (!verdict.failed)
		judge_second(work, &again, first);
	life_free(&again);
}

static void
judge_moment(struct work *work, size_t moment)
{
	struct chance chance = { .state = scenario_number(work) << 32 ^ moment };

	for (unsigned variant = 0; variant < work->plan->variants; variant++) {
		struct variant chosen = variant_make(variant);
		bool in_part = chance_below(&chance, work->plan->part) == 0;
		bool twice =
		    work->scenario->again && work->plan->second > 0 && chance_below(&chance, work->plan->second) == 0;

		if (!in_part)
			continue;
		image_build(&work->life.log, work->moments[moment].changes, &chosen, &work->place.image);
		if (is_new(work->shared, image_hash(&work->place.image), scenario_number(work),
			work->moments[moment].truth))
			judge_first(work, moment, variant, twice);
	}
}

static void
live(struct work *work, const struct scenario *scenario)
{
	work->scenario = scenario;
	scenario_live(scenario, work->place.root, &work->place.base, work->place.definitions, &work->life);
	work->moments_count = moments_of(&work->life, scenario->from_start, &work->moments);
}

static void
leave(struct work *work)
{
	free(work->moments);
	life_free(&work->life);
}

static bool
is_wanted(const struct plan *plan, const struct scenario *scenario)
{
	return plan->only == NULL || strcmp(plan->only, scenario->name) == 0;
}

static void
work_through(const struct plan *plan, struct shared *shared, unsigned number)
{
	struct work work = { .plan = plan, .shared = shared, .self = &shared->workers[number] };
	size_t moment;

	make_place(&work.place, number);
	for (unsigned i = 0; i < scenarios_count; i++) {
		if (!is_wanted(plan, &scenarios[i]))
			continue;
		live(&work, &scenarios[i]);
		if (number == 0)
			report_life(&shared->report, work.moments_count, work.life.window_changes);
		while ((moment = atomic_fetch_add(&shared->next[i], 1)) < work.moments_count)
			judge_moment(&work, moment);
		leave(&work);
	}
	image_free(&work.place.image);
	image_free(&work.place.second);
}

int
run_all(const struct plan *plan)
{
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t workers[WORKERS];
	bool died = false;
	int status;

	if (shared == MAP_FAILED)
		return 2;
	report_begin(&shared->report);
	make_base();
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		if (workers[i] == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody counts any more */
			work_through(plan, shared, i);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		if (waitpid(workers[i], &status, 0) != workers[i] || status == 0)
			continue;
		died = true;
		(void)printf(
		    "died (status %d) of: %s --replay %s\n", status, plan->program, shared->workers[i].current);
	}
	remove_base();
	return report_end(&shared->report, plan->must_fail, died);
}

int
run_replay(const struct plan *plan)
{
	struct work work = { .plan = plan };
	struct verdict verdict;
	struct moment *moments = NULL;
	struct life again;
	char text[200];

	make_base();
	make_place(&work.place, 0);
	for (unsigned i = 0; i < scenarios_count; i++)
		if (is_wanted(plan, &scenarios[i]))
			work.scenario = &scenarios[i];
	if (work.scenario == NULL || plan->replay_count % 2 != 0) {
		(void)fprintf(stderr, "power: no such state\n");
		return 2;
	}
	live(&work, work.scenario);
	if (plan->replay[0] >= work.moments_count)
		return 2;
	report_moment(&work.life, &work.moments[plan->replay[0]], plan->replay[1]);
	if (plan->replay_count == 2) {
		verdict = state_judge(
		    &work.place, work.scenario, &work.life, &work.moments[plan->replay[0]], plan->replay[1], NULL);
	} else {
		(void)state_judge(
		    &work.place, work.scenario, &work.life, &work.moments[plan->replay[0]], plan->replay[1], &again);
		if (plan->replay[2] >= moments_of(&again, true, &moments))
			return 2;
		report_moment(&again, &moments[plan->replay[2]], plan->replay[3]);
		verdict =
		    state_judge_second(&work.place, work.scenario, &again, &moments[plan->replay[2]], plan->replay[3]);
		free(moments);
		life_free(&again);
	}
	report_verdict(&verdict, text, sizeof text);
	(void)printf("%s\n", text);
	if (verdict.failed)
		(void)printf(
		    "%s\nthe state, after what was tried on it, is left in %s\n", verdict.why, work.place.root);
	else
		remove_base();
	leave(&work);
	return verdict.failed;
}
