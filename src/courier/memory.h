/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator that libcurl gets: what it frees or moves is wiped first, since its buffers hold tokens. Not locked in
 * memory: a reply must not be lost because the limit for locked memory is reached, and the process is short-lived. When
 * malloc gives nothing, there is a reserve for one exchange.
 */
#ifndef COURIER_MEMORY_H
#define COURIER_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t len);
void *memory_calloc(size_t count, size_t len);
void *memory_resize(void *block, size_t len); /* always moves, so that nothing stays behind unwiped */
char *memory_copy(const char *text);
void memory_free(void *block); /* accepts NULL */

#endif
