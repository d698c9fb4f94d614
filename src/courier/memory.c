/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/memory.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define RESERVE ((size_t)1 << 20) /* touched only when it is needed */

/* Before each block: how long it is, so that all of it can be wiped. */
struct head {
	alignas(max_align_t) size_t len;
};

/*
 * What libcurl needs for an exchange, and some more, for the time when malloc gives nothing: a reply that has arrived
 * must not be lost for want of a few bytes to read it with. Not given back: the process is short-lived.
 */
static alignas(max_align_t) uint8_t reserve[RESERVE];
static atomic_size_t reserve_used;

static void *
take_reserve(size_t len)
{
	size_t size = (len + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	size_t at = len > RESERVE ? RESERVE : atomic_fetch_add(&reserve_used, size);

	if (at > RESERVE || size > RESERVE - at)
		return NULL;
	return reserve + at;
}

static bool
is_reserve(const void *place)
{
	return (uintptr_t)place - (uintptr_t)reserve < RESERVE;
}

static struct head *
head_of(void *block)
{
	return (struct head *)block - 1;
}

void *
memory_alloc(size_t len)
{
	struct head *head;

	if (len > SIZE_MAX - sizeof(*head))
		return NULL;
	head = malloc(sizeof(*head) + len);
	if (head == NULL)
		head = take_reserve(sizeof(*head) + len);
	if (head == NULL)
		return NULL;
	head->len = len;
	return head + 1;
}

void *
memory_calloc(size_t count, size_t len)
{
	void *block;

	if (len != 0 && count > SIZE_MAX / len)
		return NULL;
	block = memory_alloc(count * len);
	if (block != NULL)
		memset(block, 0, count * len);
	return block;
}

void *
memory_resize(void *block, size_t len)
{
	void *moved = memory_alloc(len);

	if (moved == NULL || block == NULL)
		return moved;
	memcpy(moved, block, head_of(block)->len < len ? head_of(block)->len : len);
	memory_free(block);
	return moved;
}

char *
memory_copy(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = memory_alloc(len);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

void
memory_free(void *block)
{
	struct head *head;

	if (block == NULL)
		return;
	head = head_of(block);
	wipe(head, sizeof(*head) + head->len);
	if (!is_reserve(head))
		free(head);
}
