/* SPDX-License-Identifier: Apache-2.0 */
#include "base/segment.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Locking on fault makes an untouched megabyte free; where the kernel lacks it the pages are locked at once. */
static bool
lock_pages(void *base, size_t size)
{
	if (mlock2(base, size, MLOCK_ONFAULT) == 0)
		return true;
	return (errno == ENOSYS || errno == EINVAL) &&
	    mlock(base, size) == 0; /* glibc says EINVAL for a missing call */
}

static bool
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

static bool
protect(void *base, size_t size)
{
	int reason;

	if (mprotect(base, size, PROT_READ | PROT_WRITE) != 0 || madvise(base, size, MADV_DONTDUMP) != 0 ||
	    madvise(base, size, MADV_WIPEONFORK) != 0)
		return false;
	if (lock_pages(base, size))
		return true;
	reason = errno;
	if (raise_limit() && lock_pages(base, size))
		return true;
	errno = reason;
	return false;
}

bool
segment_map(size_t size, struct segment *ret)
{
	size_t page = page_size();
	uint8_t *map;

	size = (size + page - 1) / page * page;
	map = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return false;
	if (!protect(map + page, size)) {
		int reason = errno;

		(void)munmap(map, size + 2 * page);
		errno = reason;
		return false;
	}
	ret->base = map + page;
	ret->size = size;
	return true;
}

void
segment_unmap(struct segment *segment)
{
	size_t page = page_size();

	if (segment->base == NULL)
		return;
	(void)munmap(segment->base - page, segment->size + 2 * page);
	segment->base = NULL;
	segment->size = 0;
}
