/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Before each block: how long it is, so that all of it can be wiped. */
struct head {
	alignas(max_align_t) size_t len;
};

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
	free(head);
}
