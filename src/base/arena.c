/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks out of locked segments.
 *
 * A segment is a row of blocks without gaps; each begins with its own size and that of the block before it, so that
 * neighbours find each other and free ones are joined at once. Free blocks hang in lists by size. The row ends with a
 * block of no content that is never free.
 *
 *   (1) Free memory is zero, apart from block heads and list links: wiped by arena_free, zero from the kernel before.
 *       So a new block needs no clearing, and joined heads are wiped too.
 *   (2) Two free blocks never touch.
 *   (3) A child sees zeros where its parent had blocks. A live segment whose first head is zero therefore says that
 *       this process is a forked child: the segments it inherited are put aside, their blocks are no longer freed, and
 *       new ones are mapped (locks are not inherited either).
 *   (4) A head that is neither used nor free is a defect that may have mixed secrets up: the process ends.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/segment.h"

#define ALIGN         ((size_t)16)
#define SEGMENTS_MAX  64
#define SEGMENT_FIRST ((size_t)256 << 10) /* all that one command needs */
#define SEGMENT_NEXT  ((size_t)1 << 20)   /* doubled with each one after it */
#define CLASSES       24                  /* free lists: sizes from 2^n to 2^(n+1) - 1, counted in ALIGN */
#define PROBES        16                  /* blocks of the right class that are tried before a larger class is */

enum state { WIPED = 0, USED = 0x75736564, FREE = 0x66726565 };

struct head {
	uint32_t size;     /* bytes of the block, this head included */
	uint32_t previous; /* the same of the block before; 0: first */
	uint32_t state;
	uint32_t segment; /* index into segments */
};

struct free_block {
	struct head head;
	struct free_block *next, *before;
};

#define BLOCK_MIN (sizeof(struct free_block))

_Static_assert(sizeof(struct head) == ALIGN, "what follows a head is aligned");
_Static_assert(SECRET_ARENA_MAX < UINT32_MAX, "sizes fit a head");

static struct {
	pthread_mutex_t mutex;
	bool prepared; /* fork handlers are in place */
	struct segment segments[SEGMENTS_MAX];
	bool inherited[SEGMENTS_MAX]; /* of a parent: never used, never freed */
	struct free_block *lists[CLASSES];
	size_t used, mapped;
} arena = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void
before_fork(void)
{
	(void)pthread_mutex_lock(&arena.mutex);
}

static void
after_fork(void)
{
	(void)pthread_mutex_unlock(&arena.mutex);
}

static struct head *
head_at(void *place)
{
	return place;
}

static struct head *
head_of(void *block)
{
	return head_at((uint8_t *)block - sizeof(struct head));
}

static struct head *
after(struct head *head)
{
	return head_at((uint8_t *)head + head->size);
}

static struct head *
before(struct head *head)
{
	return head->previous == 0 ? NULL : head_at((uint8_t *)head - head->previous);
}

static size_t
class_of(size_t size)
{
	size_t class = (size_t)(63 - __builtin_clzll(size / ALIGN));

	return class < CLASSES ? class : CLASSES - 1;
}

static void
list_add(struct head *head)
{
	struct free_block **first = &arena.lists[class_of(head->size)];
	struct free_block *block = (struct free_block *)head;

	head->state = FREE;
	block->before = NULL;
	block->next = *first;
	if (*first != NULL)
		(*first)->before = block;
	*first = block;
}

static void
list_remove(struct head *head)
{
	struct free_block *block = (struct free_block *)head;

	if (block->before != NULL)
		block->before->next = block->next;
	else
		arena.lists[class_of(head->size)] = block->next;
	if (block->next != NULL)
		block->next->before = block->before;
	block->next = NULL;
	block->before = NULL;
}

/* Invariant (3). */
static void
notice_fork(void)
{
	size_t i;

	for (i = 0; i < SEGMENTS_MAX; i++) {
		if (arena.segments[i].base == NULL || arena.inherited[i])
			continue;
		if (head_at(arena.segments[i].base)->state != WIPED)
			return;
		break;
	}
	for (; i < SEGMENTS_MAX; i++)
		arena.inherited[i] = arena.segments[i].base != NULL;
	for (i = 0; i < CLASSES; i++)
		arena.lists[i] = NULL;
	arena.used = 0;
	arena.mapped = 0;
}

static void
enter(void)
{
	(void)pthread_mutex_lock(&arena.mutex);
	notice_fork();
}

static void
leave(void)
{
	(void)pthread_mutex_unlock(&arena.mutex);
}

static size_t
find_segment(const void *place)
{
	size_t i;

	for (i = 0; i < SEGMENTS_MAX; i++) {
		const struct segment *segment = &arena.segments[i];

		if (segment->base != NULL && (uintptr_t)place - (uintptr_t)segment->base < segment->size)
			return i;
	}
	return SEGMENTS_MAX;
}

/* A large segment is better than several small ones, but where the limit is near one that is just enough will do. */
static bool
map_some(size_t wanted, size_t need, struct segment *ret)
{
	for (; wanted > need; wanted /= 2) {
		if (arena.mapped + wanted <= SECRET_ARENA_MAX && segment_map(wanted, ret))
			return true;
	}
	if (arena.mapped + need <= SECRET_ARENA_MAX)
		return segment_map(need, ret);
	errno = ENOMEM;
	return false;
}

static bool
add_segment(size_t block_size)
{
	size_t wanted = arena.mapped == 0 ? SEGMENT_FIRST : SEGMENT_NEXT;
	size_t index = 0;
	struct segment *segment;
	struct head *head;

	while (index < SEGMENTS_MAX && arena.segments[index].base != NULL)
		index++;
	if (index == SEGMENTS_MAX) {
		errno = ENOMEM;
		return false;
	}
	if (!arena.prepared) {
		if (pthread_atfork(before_fork, after_fork, after_fork) != 0)
			return false;
		arena.prepared = true;
	}
	while (wanted < arena.mapped)
		wanted *= 2;
	segment = &arena.segments[index];
	if (!map_some(wanted, block_size + sizeof(struct head), segment))
		return false;
	arena.inherited[index] = false;
	arena.mapped += segment->size;
	head = head_at(segment->base);
	head->size = (uint32_t)(segment->size - sizeof(struct head));
	head->segment = (uint32_t)index;
	*after(head) = (struct head){ .size = sizeof(struct head), .previous = head->size, .state = USED };
	list_add(head);
	return true;
}

static struct head *
find_free(size_t size)
{
	size_t class = class_of(size), probes = 0;
	struct free_block *block;

	for (block = arena.lists[class]; block != NULL; block = block->next) {
		if (block->head.size >= size)
			return &block->head;
		if (++probes == PROBES)
			break;
	}
	while (++class < CLASSES) {
		if (arena.lists[class] != NULL)
			return &arena.lists[class]->head;
	}
	/* the probes may have stopped short of a block that fits */
	for (; block != NULL; block = block->next) {
		if (block->head.size >= size)
			return &block->head;
	}
	return NULL;
}

/* Take size bytes from the front of a free block; the rest, if it is worth it, is free again. */
static void
take(struct head *head, size_t size)
{
	size_t rest = head->size - size;

	list_remove(head);
	head->state = USED;
	if (rest < BLOCK_MIN)
		return;
	head->size = (uint32_t)size;
	*after(head) = (struct head){ .size = (uint32_t)rest, .previous = (uint32_t)size, .segment = head->segment };
	after(after(head))->previous = (uint32_t)rest;
	list_add(after(head));
}

void *
arena_alloc(size_t len)
{
	struct head *head;
	int before_us = errno;
	size_t size;

	if (len > SECRET_ARENA_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	size = sizeof(struct head) + (len + ALIGN - 1) / ALIGN * ALIGN;
	if (size < BLOCK_MIN)
		size = BLOCK_MIN;
	enter();
	head = find_free(size);
	if (head == NULL && add_segment(size))
		head = find_free(size);
	if (head != NULL) {
		take(head, size);
		arena.used += head->size;
		errno = before_us; /* a smaller segment may have done where a larger one was refused */
	}
	leave();
	return head != NULL ? head + 1 : NULL;
}

static struct head *
join(struct head *head, struct head *next)
{
	head->size += next->size;
	after(head)->previous = head->size;
	wipe(next, sizeof(*next));
	return head;
}

/*
 * An empty segment is given back, as locked memory is scarce; but not the first one, nor while it is the only empty
 * one besides: a loop that needs it again and again should not map it again and again.
 */
static void
give_back(struct head *head)
{
	struct segment *segment = &arena.segments[head->segment];
	size_t i;

	for (i = 0; i < SEGMENTS_MAX; i++) {
		const struct segment *other = &arena.segments[i];

		if (other->base == NULL || arena.inherited[i] || other == segment || other->size <= SEGMENT_FIRST)
			continue;
		if (head_at(other->base)->state == FREE &&
		    head_at(other->base)->size == other->size - sizeof(struct head))
			break;
	}
	if (i == SEGMENTS_MAX || segment->size <= SEGMENT_FIRST)
		return;
	list_remove(head);
	arena.mapped -= segment->size;
	segment_unmap(segment);
}

static void
release(struct head *head)
{
	struct head *near;

	wipe(head + 1, head->size - sizeof(*head));
	arena.used -= head->size;
	near = after(head);
	if (near->state == FREE) {
		list_remove(near);
		head = join(head, near);
	}
	near = before(head);
	if (near != NULL && near->state == FREE) {
		list_remove(near);
		head = join(near, head);
	}
	list_add(head);
	if (head->previous == 0 && head->size == arena.segments[head->segment].size - sizeof(*head))
		give_back(head);
}

void
arena_free(void *block)
{
	size_t index;

	if (block == NULL)
		return;
	enter();
	index = find_segment(block);
	if (index == SEGMENTS_MAX)
		abort();
	if (!arena.inherited[index]) {
		if (head_of(block)->state != USED || head_of(block)->segment != index)
			abort();
		release(head_of(block));
	}
	leave();
}

bool
arena_owns(const void *block)
{
	bool owns;

	enter();
	owns = block != NULL && find_segment(block) != SEGMENTS_MAX;
	leave();
	return owns;
}

void
arena_usage(size_t *ret_used, size_t *ret_mapped)
{
	enter();
	*ret_used = arena.used;
	*ret_mapped = arena.mapped;
	leave();
}
