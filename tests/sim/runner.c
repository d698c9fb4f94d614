/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/runner.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX   64
#define SHOWN_MAX  20
#define LISTED_MAX 1024

static const char *const words[] = {
#define X(name, text) text,
	COUNTS(X)
#undef X
};

struct worker {
	uint64_t seed; /* being played */
	uint64_t played, failed;
	struct totals totals;
};

struct board { /* shared with the workers */
	atomic_uint_fast64_t next;
	atomic_bool stop;
	atomic_uint shown;
	uint64_t listed[LISTED_MAX];
	size_t listed_count;
	struct worker workers[JOBS_MAX];
};

static struct sim story;

static void
show_failure(const struct run *run, struct board *board, uint64_t seed, const char *why)
{
	if (atomic_fetch_add(&board->shown, 1) >= SHOWN_MAX)
		return;
	printf("%s seed %llu: %s\n    replay: %s --seed %llu --trace\n", run->until_failure ? "found," : "FAILED,",
	    (unsigned long long)seed, why, run->program, (unsigned long long)seed);
	(void)fflush(stdout);
}

static void
work(const struct run *run, struct board *board, struct worker *worker)
{
	uint64_t total = board->listed_count + run->count, index;

	world_init();
	while (!atomic_load(&board->stop) && (index = atomic_fetch_add(&board->next, 1)) < total) {
		worker->seed =
		    index < board->listed_count ? board->listed[index] : run->from + index - board->listed_count;
		sim_play(&story, worker->seed, false);
		worker->played++;
		for (size_t i = 0; i < COUNTS_COUNT; i++)
			worker->totals.counts[i] += story.totals.counts[i];
		if (!story.failed)
			continue;
		worker->failed++;
		show_failure(run, board, worker->seed, story.failure);
		if (run->until_failure)
			atomic_store(&board->stop, true);
	}
}

static void
read_list(const struct run *run, struct board *board)
{
	FILE *file = run->list == NULL ? NULL : fopen(run->list, "r");
	char line[256];

	if (run->list != NULL && file == NULL) {
		perror(run->list);
		exit(2);
	}
	while (file != NULL && board->listed_count < LISTED_MAX && fgets(line, sizeof line, file) != NULL) {
		if (line[0] >= '0' && line[0] <= '9')
			board->listed[board->listed_count++] = strtoull(line, NULL, 0);
	}
	if (file != NULL)
		(void)fclose(file);
}

/* Whether every worker ended as it should; one that crashed has found something too. */
static void
reap(const struct run *run, struct board *board, const pid_t *pids, unsigned jobs)
{
	char why[80];
	int status;

	for (unsigned i = 0; i < jobs; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
			continue;
		board->workers[i].failed++;
		(void)snprintf(why, sizeof why, "the program ended with %s %d",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		show_failure(run, board, board->workers[i].seed, why);
	}
}

static uint64_t
summarize(const struct board *board, struct totals *ret, uint64_t *ret_failed)
{
	uint64_t played = 0;

	*ret_failed = 0;
	for (unsigned i = 0; i < JOBS_MAX; i++) {
		played += board->workers[i].played;
		*ret_failed += board->workers[i].failed;
		for (size_t j = 0; j < COUNTS_COUNT; j++)
			ret->counts[j] += board->workers[i].totals.counts[j];
	}
	return played;
}

static double
seconds_since(const struct timespec *began)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

static void
print_summary(const struct totals *totals, uint64_t played, uint64_t failed, double seconds)
{
	struct rusage usage = { 0 };
	double cpu;

	(void)getrusage(RUSAGE_CHILDREN, &usage);
	cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	for (size_t i = 0; i < COUNTS_COUNT; i++)
		printf("%12llu  %s\n", (unsigned long long)totals->counts[i], words[i]);
	printf("%12llu  seeds in %.1f s, %.2f ms of processor each; %llu failed\n", (unsigned long long)played, seconds,
	    played == 0 ? 0.0 : cpu * 1000 / (double)played, (unsigned long long)failed);
}

static void
figure(FILE *file, const char *what, uint64_t value, const char *goal)
{
	fprintf(file, "%s\t%llu\t%s\n", what, (unsigned long long)value, goal);
}

/* For docs/reliability.md. */
static void
save_figures(const struct totals *totals, uint64_t played, uint64_t failed, double seconds)
{
	static const enum count shown[] = { COUNT_CALLS, COUNT_EXCHANGES, COUNT_KILLS, COUNT_COURIER_DEATHS,
		COUNT_POWER_LOSSES, COUNT_RESTORES, COUNT_FAILED_COMMITS, COUNT_LOST_REPLY, COUNT_LOST_COURIER,
		COUNT_LOST_MANGLED, COUNT_LOST_POWER, COUNT_LOST_DISK };
	const char *folder = getenv("LARDER_FIGURES");
	char path[4096];
	FILE *file;

	if (folder == NULL)
		return;
	(void)snprintf(path, sizeof path, "%s/sim.tsv", folder);
	file = fopen(path, "w");
	if (file == NULL) {
		perror(path);
		return;
	}
	fprintf(file, "# Deterministic simulation of the engine\n");
	figure(file, "seeds", played, "at least 200000");
	figure(file, "seeds that broke an invariant", failed, "0");
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
		figure(file, words[shown[i]], totals->counts[shown[i]], "");
	fprintf(file, "time\t%.0f s\tat most 600 s\n", seconds);
	(void)fclose(file);
}

static bool
is_complete(const struct totals *totals)
{
	bool complete = true;

	for (size_t i = 0; i < COUNT_SLOTS_LEFT; i++) {
		if (totals->counts[i] > 0)
			continue;
		printf("never met: %s\n", words[i]);
		complete = false;
	}
	return complete;
}

int
runner_run(const struct run *run)
{
	unsigned jobs = run->jobs < 1 ? 1 : run->jobs > JOBS_MAX ? JOBS_MAX : run->jobs;
	struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct totals totals = { 0 };
	struct timespec began;
	pid_t pids[JOBS_MAX];
	uint64_t played, failed;

	if (board == MAP_FAILED)
		abort();
	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	read_list(run, board);
	(void)fflush(stdout);
	for (unsigned i = 0; i < jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			abort();
		if (pids[i] == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(run, board, &board->workers[i]);
			(void)fflush(stdout);
			_exit(0);
		}
	}
	reap(run, board, pids, jobs);
	played = summarize(board, &totals, &failed);
	if (run->until_failure) {
		printf("%llu seeds played, %llu failed\n", (unsigned long long)played, (unsigned long long)failed);
		return failed == 0;
	}
	print_summary(&totals, played, failed, seconds_since(&began));
	save_figures(&totals, played, failed, seconds_since(&began));
	return failed != 0 || (run->complete && !is_complete(&totals));
}
