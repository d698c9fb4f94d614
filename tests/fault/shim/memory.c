/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own names for its allocator: what this file replaces. */
void *__libc_malloc(size_t len);
void *__libc_calloc(size_t count, size_t len);
void *__libc_realloc(void *block, size_t len);
void *__libc_memalign(size_t align, size_t len);
void __libc_free(void *block);

static struct memory_log own;                /* of a program that tests itself */
static struct memory_log *volatile counters; /* NULL: nothing is counted */
static volatile uint64_t first, last;

__attribute__((constructor)) static void
begin(void)
{
	const char *text = getenv("LARDER_MEMORY"), *path = getenv("LARDER_MEMORY_LOG");
	unsigned long from = 0, until = 0;
	void *place;
	int fd;

	if (path == NULL || text == NULL || sscanf(text, "%lu:%lu", &from, &until) != 2)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	place = mmap(NULL, sizeof(struct memory_log), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (place == MAP_FAILED)
		return;
	first = from;
	last = until;
	counters = place;
}

void
memory_plan(uint64_t from, uint64_t until)
{
	own.count = 0;
	own.failed = 0;
	first = from;
	last = until;
	counters = &own;
}

struct memory_log
memory_counted(void)
{
	return own;
}

/* A place for a debugger to stop at: what lies above is the allocation that fails. */
__attribute__((noinline)) void
memory_failing(void)
{
	__atomic_add_fetch(&counters->failed, 1, __ATOMIC_SEQ_CST);
	errno = ENOMEM;
}

bool
memory_fails(void)
{
	uint64_t number;

	if (counters == NULL)
		return false;
	number = __atomic_add_fetch(&counters->count, 1, __ATOMIC_SEQ_CST);
	if (first == 0 || number < first || number > last)
		return false;
	memory_failing();
	return true;
}

void
memory_changes(int by)
{
	if (counters != NULL)
		__atomic_add_fetch(&counters->blocks, by, __ATOMIC_SEQ_CST);
}

static void *
counted(void *block)
{
	if (block != NULL)
		memory_changes(1);
	return block;
}

void *
malloc(size_t len)
{
	return memory_fails() ? NULL : counted(__libc_malloc(len));
}

void *
calloc(size_t count, size_t len)
{
	return memory_fails() ? NULL : counted(__libc_calloc(count, len));
}

void *
realloc(void *block, size_t len)
{
	void *moved = memory_fails() ? NULL : __libc_realloc(block, len);

	if (block == NULL && moved != NULL)
		memory_changes(1);
	return moved;
}

void *
reallocarray(void *block, size_t count, size_t len)
{
	size_t all;

	if (__builtin_mul_overflow(count, len, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, all);
}

void *
memalign(size_t align, size_t len)
{
	return memory_fails() ? NULL : counted(__libc_memalign(align, len));
}

void *
aligned_alloc(size_t align, size_t len)
{
	return memalign(align, len);
}

int
posix_memalign(void **ret, size_t align, size_t len)
{
	void *block = memalign(align, len);

	if (block == NULL)
		return ENOMEM;
	*ret = block;
	return 0;
}

void
free(void *block)
{
	if (block != NULL)
		memory_changes(-1);
	__libc_free(block);
}

void *
mmap(void *place, size_t len, int prot, int flags, int fd, off_t at)
{
	long result = memory_fails() ? -1 : syscall(SYS_mmap, place, len, prot, flags, fd, at);

	if (result == -1)
		return MAP_FAILED;
	if (counters != NULL)
		__atomic_add_fetch(&counters->maps, 1, __ATOMIC_SEQ_CST);
	return (void *)(uintptr_t)result; /* NOLINT: the kernel's word */
}

void *
mmap64(void *place, size_t len, int prot, int flags, int fd, off64_t at)
{
	return mmap(place, len, prot, flags, fd, at);
}

int
munmap(void *place, size_t len)
{
	int result = (int)syscall(SYS_munmap, place, len);

	if (result == 0 && counters != NULL)
		__atomic_add_fetch(&counters->maps, -1, __ATOMIC_SEQ_CST);
	return result;
}

int
mlock(const void *place, size_t len)
{
	return memory_fails() ? -1 : (int)syscall(SYS_mlock, place, len);
}

int
mlock2(const void *place, size_t len, unsigned flags)
{
	return memory_fails() ? -1 : (int)syscall(SYS_mlock2, place, len, flags);
}
