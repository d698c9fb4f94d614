/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to be linked before the C library: its allocator, of which any call can be made to fail. What fails is said
 * in the environment, and what happened is kept in a file that is mapped, so that a sandbox changes nothing:
 *
 *   LARDER_MEMORY=FROM:UNTIL   the first and the last of the allocations (from 1) that fail; "0:0": none
 *   LARDER_MEMORY_LOG=FILE     a file of sizeof(struct memory_log) bytes; without it nothing is counted and nothing fails
 *
 * Allocations are malloc and its kin (with what the C library allocates for its own functions), mmap, mlock and, in
 * programs that are linked with wrap.c, blocks of the locked arena. They fail with ENOMEM.
 */
#ifndef SHIM_MEMORY_H
#define SHIM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory_log {
	uint64_t count;  /* allocations asked for */
	uint64_t failed; /* of them, those that we made fail */
	int64_t blocks;  /* not freed yet, the arena's included */
	int64_t maps;    /* not unmapped yet */
};

/* For a program that tests itself: from now on count from 1 and fail as said; from 0: count and fail nothing. */
void memory_plan(uint64_t from, uint64_t until);

/* What was counted since then; blocks and maps are those of the whole process. */
struct memory_log memory_counted(void);

/* Counts one allocation; true if it has to fail, errno is set then. */
bool memory_fails(void);
void memory_failing(void);

/* A block was had, or given back. */
void memory_changes(int by);

#endif
