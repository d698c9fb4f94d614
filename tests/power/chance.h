/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that look random and are the same each time (splitmix64). */
#ifndef TESTS_POWER_CHANCE_H
#define TESTS_POWER_CHANCE_H

#include <stdint.h>

struct chance {
	uint64_t state;
};

static inline uint64_t
chance_next(struct chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

/* 0 to limit - 1; limit > 0 */
static inline uint32_t
chance_below(struct chance *chance, uint32_t limit)
{
	return (uint32_t)((chance_next(chance) >> 32) * limit >> 32);
}

#endif
