/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages for secrets, as the kernel gives them: locked as they are touched, left out of core dumps, zero in a forked
 * child, an unreadable page before and after. Used by arena.c only.
 */
#ifndef BASE_SEGMENT_H
#define BASE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment {
	uint8_t *base; /* NULL: no segment */
	size_t size;   /* whole pages, guards not counted */
};

/*
 * Map size bytes (rounded up to pages). The soft RLIMIT_MEMLOCK is raised to the hard one if that is what it takes.
 * false, with errno, when any of the properties cannot be had: ENOMEM or EPERM mean the limit on locked memory.
 */
bool segment_map(size_t size, struct segment *ret);

/* Give the pages back. What was in them must have been wiped. */
void segment_unmap(struct segment *segment);

#endif
