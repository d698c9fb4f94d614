/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through the states, with two processes, and tells what was found. */
#ifndef TESTS_POWER_RUN_H
#define TESTS_POWER_RUN_H

#include <stdbool.h>

struct plan {
	const char *program, *only;
	unsigned variants, second, part;
	bool must_fail;
	unsigned replay[4], replay_count;
};

/* Both give the exit status of the program. */
int run_all(const struct plan *plan);
int run_replay(const struct plan *plan);

#endif
