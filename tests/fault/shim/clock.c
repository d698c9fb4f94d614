/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks that the rig moves: preloaded, it adds what the file LARDER_CLOCKS says to every clock that the program reads.
 * The file may be written at any moment; the kernel's own timers (poll, nanosleep) go on as they are, as they do when
 * the wall clock is set or the machine slept.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000LL

struct clocks {               /* the file; clock.py writes it */
	int64_t wall_ns;      /* added to the time of day */
	int64_t boot_ns;      /* to CLOCK_BOOTTIME: a machine that slept */
	int64_t monotonic_ns; /* to CLOCK_MONOTONIC */
	int64_t frozen_ns;    /* not 0: what the two show instead, however long one waits */
};

static const volatile struct clocks *clocks;

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("LARDER_CLOCKS");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof *clocks, PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map != MAP_FAILED)
		clocks = map;
}

static int64_t
move(clockid_t id, int64_t ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return ns + clocks->wall_ns;
	case CLOCK_BOOTTIME:
		return clocks->frozen_ns != 0 ? clocks->frozen_ns : ns + clocks->boot_ns;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
		return clocks->frozen_ns != 0 ? clocks->frozen_ns : ns + clocks->monotonic_ns;
	default:
		return ns;
	}
}

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	int64_t ns;

	if (syscall(SYS_clock_gettime, id, ret) != 0)
		return -1;
	if (clocks != NULL) {
		ns = move(id, ret->tv_sec * SECOND_NS + ret->tv_nsec);
		*ret = (struct timespec){ ns / SECOND_NS, ns % SECOND_NS };
	}
	return 0;
}

int
gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	*ret = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t
time(time_t *ret)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}
