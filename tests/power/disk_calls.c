/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The definitions here go before those of the C library, for our own code and for SQLite, linked statically or not:
 * both look in the program first. They call the kernel themselves.
 *
 * Memory maps are not watched: SQLite maps the -shm alone, which is worth nothing after a loss of power anyway.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "power/disk.h"
#include "power/disk_note.h"

#define SEEN __attribute__((visibility("default")))

static struct {
	int64_t unix_s, boot_ms; /* 0: the real clock */
} shown;

void
disk_clock(int64_t unix_s, int64_t boot_ms)
{
	shown.unix_s = unix_s;
	shown.boot_ms = boot_ms;
}

static int
open_it(int dirfd, const char *path, int flags, mode_t mode)
{
	char whole[PATH_MAX];
	bool ours = (flags & (O_CREAT | O_TRUNC)) != 0 && disk_below_root(dirfd, path, whole);
	bool was_there = ours && syscall(SYS_faccessat, AT_FDCWD, whole, F_OK) == 0;
	int fd = (int)syscall(SYS_openat, dirfd, path, flags | O_LARGEFILE, mode);

	if (fd < 0 || !ours)
		return fd;
	if (!was_there)
		disk_note_name(CHANGE_CREATE, whole);
	else if ((flags & O_TRUNC) != 0)
		disk_note_on_fd(CHANGE_SIZE, fd, 0);
	return fd;
}

static mode_t
mode_of(int flags, va_list args)
{
	return (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
}

SEEN int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_it(AT_FDCWD, path, flags, mode);
}

SEEN int
open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_it(AT_FDCWD, path, flags, mode);
}

SEEN int
openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_it(dirfd, path, flags, mode);
}

SEEN int
openat64(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_it(dirfd, path, flags, mode);
}

SEEN ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
	ssize_t put = syscall(SYS_pwrite64, fd, data, len, offset);

	disk_note_write(fd, data, put, offset);
	return put;
}

SEEN ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
	return pwrite(fd, data, len, offset);
}

SEEN ssize_t
write(int fd, const void *data, size_t len)
{
	ssize_t put = syscall(SYS_write, fd, data, len);

	if (disk_is_recording() && put > 0 && disk_number_of_fd(fd) != 0)
		disk_note_write(fd, data, put, lseek(fd, 0, SEEK_CUR) - put);
	return put;
}

SEEN int
ftruncate(int fd, off_t size)
{
	int rc = (int)syscall(SYS_ftruncate, fd, size);

	if (rc == 0)
		disk_note_on_fd(CHANGE_SIZE, fd, size);
	return rc;
}

SEEN int
ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

SEEN int
fsync(int fd)
{
	disk_note_on_fd(CHANGE_SYNC, fd, 0);
	return (int)syscall(SYS_fsync, fd);
}

SEEN int
fdatasync(int fd)
{
	disk_note_on_fd(CHANGE_SYNC, fd, 0);
	return (int)syscall(SYS_fdatasync, fd);
}

SEEN int
mkdirat(int dirfd, const char *path, mode_t mode)
{
	char whole[PATH_MAX];
	int rc = (int)syscall(SYS_mkdirat, dirfd, path, mode);

	if (rc == 0 && disk_below_root(dirfd, path, whole))
		disk_note_name(CHANGE_MKDIR, whole);
	return rc;
}

SEEN int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

SEEN int
unlinkat(int dirfd, const char *path, int flags)
{
	char whole[PATH_MAX];
	int rc = (int)syscall(SYS_unlinkat, dirfd, path, flags);

	if (rc == 0 && disk_below_root(dirfd, path, whole))
		disk_note_name(CHANGE_UNLINK, whole);
	return rc;
}

SEEN int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

SEEN int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

static int
rename_it(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
	char whole_from[PATH_MAX], whole_to[PATH_MAX];
	bool ours = disk_below_root(from_dirfd, from, whole_from) && disk_below_root(to_dirfd, to, whole_to);
	int rc = (int)syscall(SYS_renameat2, from_dirfd, from, to_dirfd, to, flags);
	const char *name, *to_name;
	struct change *change;

	if (rc != 0 || !ours)
		return rc;
	if (disk_parent_of(whole_from, &name) != disk_parent_of(whole_to, &to_name))
		disk_give_up("a file moved to another directory");
	change = disk_note(CHANGE_RENAME, disk_parent_of(whole_to, &to_name));
	memcpy(change->name, name, strlen(name) + 1);
	memcpy(change->to, to_name, strlen(to_name) + 1);
	return rc;
}

SEEN int
rename(const char *from, const char *to)
{
	return rename_it(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SEEN int
renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
	return rename_it(from_dirfd, from, to_dirfd, to, 0);
}

SEEN int
renameat2(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
	return rename_it(from_dirfd, from, to_dirfd, to, flags);
}

/* Who knows a file by its inode must find the same one after a loss of power. */
SEEN int
statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *ret)
{
	int rc = (int)syscall(SYS_statx, dirfd, path, flags, mask, ret);
	struct stat st;

	if (rc != 0 || syscall(SYS_newfstatat, dirfd, path, &st, flags) != 0)
		return rc;
	if (disk_number_of(st.st_dev, st.st_ino) != 0) {
		ret->stx_ino = disk_number_of(st.st_dev, st.st_ino);
		ret->stx_mask &= ~(unsigned)STATX_BTIME;
	}
	return rc;
}

SEEN int
clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (shown.unix_s == 0 || (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME))
		return (int)syscall(SYS_clock_gettime, clock, ret);
	ret->tv_sec = clock == CLOCK_REALTIME ? shown.unix_s : shown.boot_ms / 1000;
	ret->tv_nsec = clock == CLOCK_REALTIME ? 0 : shown.boot_ms % 1000 * 1000000;
	return 0;
}

/* Both are written into audit rows: one run has to be like another. */
SEEN pid_t
getpid(void)
{
	return 42;
}

SEEN pid_t
getppid(void)
{
	return 1;
}
