/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena's blocks are allocations too. Linked with --wrap=arena_alloc and --wrap=arena_free, so that every call from
 * another file than the arena's own comes here.
 */
#include <stddef.h>

#include "memory.h"

void *__real_arena_alloc(size_t len);
void __real_arena_free(void *block);
void *__wrap_arena_alloc(size_t len);
void __wrap_arena_free(void *block);

void *
__wrap_arena_alloc(size_t len)
{
	void *block = memory_fails() ? NULL : __real_arena_alloc(len);

	if (block != NULL)
		memory_changes(1);
	return block;
}

void
__wrap_arena_free(void *block)
{
	if (block != NULL)
		memory_changes(-1);
	__real_arena_free(block);
}
