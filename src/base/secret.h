/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in locked memory: one arena of segments that are mlock'ed (page by page as they are touched), left out of
 * core dumps, zero in a forked child, between guard pages. It fails closed: what cannot be locked is not handed out.
 * Everything is wiped when it is freed, block by block, slack included.
 *
 * All functions may be called from any thread.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* len bytes; data[len] is always a readable NUL that len does not count. An empty secret has data NULL and len 0. */
struct secret {
	uint8_t *data;
	size_t len;
};

#define SECRET_INIT \
	{ \
		NULL, 0 \
	}
#define SECRET_ARENA_MAX ((size_t)64 << 20) /* bytes over all segments; more is refused */

/* Allocate len zero bytes. false: no memory could be locked (errno says why); *ret is then empty. */
bool secret_new(size_t len, struct secret *ret);

/* Copy data. false as above. An empty input gives an empty secret and true. */
bool secret_copy(const void *data, size_t len, struct secret *ret);

/* Wipe and release; accepts empty and already freed. Leaves it empty. */
void secret_free(struct secret *secret);

/* Constant time in the content; lengths are not secret. */
bool secret_equal(const struct secret *a, const struct secret *b);

static inline bool
secret_is_empty(const struct secret *secret)
{
	return secret->len == 0;
}

/*
 * Raw locked blocks, for libraries that want malloc and free (cJSON). arena_free wipes. NULL when nothing can be locked.
 * arena_owns tells a block of the arena from one of malloc.
 */
void *arena_alloc(size_t len);
void arena_free(void *block);
bool arena_owns(const void *block);

/* Bytes handed out and bytes of mapped segments, for tests and doctor. */
void arena_usage(size_t *ret_used, size_t *ret_mapped);

/*
 * For programs (not the library): no core dump, no ptrace by the same user. Call first in main.
 */
void process_harden(void);

/* sodium_memzero under a shorter name; never optimised away. */
void wipe(void *data, size_t len);

#endif
