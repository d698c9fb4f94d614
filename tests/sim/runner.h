/* SPDX-License-Identifier: Apache-2.0 */
/* Many stories, shared by several worker processes. */
#ifndef TESTS_SIM_RUNNER_H
#define TESTS_SIM_RUNNER_H

#include "sim/sim.h"

struct run {
	uint64_t from, count;
	unsigned jobs;
	const char *program, *list; /* list: a file of seeds that are played first; NULL */
	bool until_failure, complete;
};

/* Exit status: 0 all well (or, with until_failure, one failed). */
int runner_run(const struct run *run);

#endif
