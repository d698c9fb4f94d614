/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time whole processes, interleaved, so that whatever else the machine does hits all of them alike.
 *
 *	bench_laps LAPS LABEL PROGRAM [ARG...] [-- LABEL PROGRAM [ARG...]]...
 *
 * Prints per program: label, median, tenth and ninetieth percentile in milliseconds, ratio of its median to the first one's.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 8
#define WARM_UP      10

extern char **environ;

struct program {
	const char *label;
	char **argv;
	double *ms;
};

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
run(char **argv, const posix_spawn_file_actions_t *actions)
{
	struct timespec begin, end;
	int status;
	pid_t pid;

	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	if (posix_spawn(&pid, argv[0], actions, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid) {
		(void)fprintf(stderr, "cannot run %s\n", argv[0]);
		exit(1);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		(void)fprintf(stderr, "%s failed with status %d\n", argv[0], status);
		exit(1);
	}
	return (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
}

/* Split at "--" into programs. */
static size_t
parse(char **argv, size_t laps, struct program programs[static PROGRAMS_MAX])
{
	size_t count = 0;

	while (*argv != NULL && argv[1] != NULL && count < PROGRAMS_MAX) {
		programs[count].label = argv[0];
		programs[count].argv = argv + 1;
		programs[count].ms = calloc(laps, sizeof(double));
		if (programs[count].ms == NULL)
			exit(1);
		count++;
		while (*argv != NULL && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv != NULL)
			*argv++ = NULL;
	}
	return count;
}

int
main(int argc, char **argv)
{
	struct program programs[PROGRAMS_MAX];
	posix_spawn_file_actions_t actions;
	size_t laps, count, lap, i;
	double first;

	laps = argc > 3 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
	if (laps == 0) {
		(void)fprintf(stderr, "usage: bench_laps LAPS LABEL PROGRAM [ARG...] [-- LABEL PROGRAM [ARG...]]...\n");
		return 2;
	}
	count = parse(argv + 2, laps, programs);
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0)
		return 1;
	for (lap = 0; lap < laps + WARM_UP; lap++) {
		for (i = 0; i < count; i++) {
			double ms = run(programs[i].argv, &actions);

			if (lap >= WARM_UP)
				programs[i].ms[lap - WARM_UP] = ms;
		}
	}
	for (i = 0; i < count; i++)
		qsort(programs[i].ms, laps, sizeof(double), compare);
	first = programs[0].ms[laps / 2];
	(void)printf("%-34s %9s %9s %9s %7s\n", "program", "p50 ms", "p10 ms", "p90 ms", "ratio");
	for (i = 0; i < count; i++)
		(void)printf("%-34s %9.3f %9.3f %9.3f %7.3f\n", programs[i].label, programs[i].ms[laps / 2],
		    programs[i].ms[laps / 10], programs[i].ms[laps * 9 / 10], programs[i].ms[laps / 2] / first);
	(void)posix_spawn_file_actions_destroy(&actions);
	return 0;
}
