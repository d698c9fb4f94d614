/* SPDX-License-Identifier: Apache-2.0 */
/* The lives whose every moment the power may end. */
#ifndef TESTS_POWER_SCENARIO_H
#define TESTS_POWER_SCENARIO_H

#include "power/life.h"

struct scenario {
	const char *name, *provider;
	bool (*run)(struct life *life); /* false: an action failed, life->error says why */
	bool from_start;                /* states before there is a vault count too */
	bool again;                     /* the power may fail once more while the next one recovers */
};

extern const struct scenario scenarios[];
extern const unsigned scenarios_count;

/* Live it from the beginning in root, as life_init wants it; *life has log and truths. Ends the program on errors. */
void scenario_live(const struct scenario *scenario, const char *root, const struct image *base, const char *definitions,
    struct life *life);

/* Make all randomness of the program follow from seed. */
void scenario_seed(uint64_t seed);

#endif
