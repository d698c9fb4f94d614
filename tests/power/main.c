/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power fails, at every change that the engine makes on the disk, and what was not synced is kept, lost or torn.
 *
 *   power [--variants N] [--second N] [--part N] [--only SCENARIO] [--must-fail]
 *   power --replay SCENARIO MOMENT VARIANT [MOMENT VARIANT]
 *
 * --variants  disks per moment; --second  one state in N is crashed again while it recovers; --part  only one state
 * in N. --must-fail: succeed if something is found, as with a build that lacks a rule.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "power/run.h"

static const char *
value_of(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc) {
		(void)fprintf(stderr, "power: %s wants a value\n", argv[*i]);
		exit(2);
	}
	return argv[++*i];
}

static unsigned
number_of(int argc, char **argv, int *i)
{
	return (unsigned)strtoul(value_of(argc, argv, i), NULL, 10);
}

int
main(int argc, char **argv)
{
	struct plan plan = { .program = argv[0], .variants = 8, .second = 200, .part = 1 };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--variants") == 0) {
			plan.variants = number_of(argc, argv, &i);
		} else if (strcmp(argv[i], "--second") == 0) {
			plan.second = number_of(argc, argv, &i);
		} else if (strcmp(argv[i], "--part") == 0) {
			plan.part = number_of(argc, argv, &i);
		} else if (strcmp(argv[i], "--only") == 0) {
			plan.only = value_of(argc, argv, &i);
		} else if (strcmp(argv[i], "--must-fail") == 0) {
			plan.must_fail = true;
		} else if (strcmp(argv[i], "--replay") == 0) {
			plan.only = value_of(argc, argv, &i);
			for (; plan.replay_count < 4 && i + 1 < argc; plan.replay_count++)
				plan.replay[plan.replay_count] = number_of(argc, argv, &i);
		} else {
			(void)fprintf(stderr, "power: what is %s?\n", argv[i]);
			return 2;
		}
	}
	return plan.replay_count > 0 ? run_replay(&plan) : run_all(&plan);
}
