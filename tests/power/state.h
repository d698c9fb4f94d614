/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state that a loss of power may leave: which moment of which life, and what had reached the disk. The moments of a
 * life are its changes, in the order in which they were made, and where the truth changed between two of them, each
 * truth is a moment of its own.
 */
#ifndef TESTS_POWER_STATE_H
#define TESTS_POWER_STATE_H

#include "power/image.h"
#include "power/oracle.h"
#include "power/scenario.h"

struct moment {
	size_t changes; /* so many were made */
	size_t truth;   /* index of what held */
};

/* All moments of a life, from the first one on that counts; the caller frees *ret. */
size_t moments_of(const struct life *life, bool from_start, struct moment **ret);

struct place { /* where states are made and judged */
	char root[LIFE_PATH], definitions[LIFE_PATH];
	struct image base, image, second; /* base: what was there before the life */
};

/* Judge one state. again: record what the recovery does to the disk into it (its log needs place->image); NULL: no. */
struct verdict state_judge(struct place *place, const struct scenario *scenario, const struct life *life,
    const struct moment *moment, unsigned variant, struct life *again);

/* And a state of that recovery, when the power failed once more. */
struct verdict state_judge_second(struct place *place, const struct scenario *scenario, const struct life *again,
    const struct moment *moment, unsigned variant);

#endif
