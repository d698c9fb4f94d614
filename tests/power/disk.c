/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The definitions here go before those of the C library, for our own code and for SQLite, linked statically or not:
 * both look in the program first. They call the kernel themselves.
 *
 * Memory maps are not watched: SQLite maps the -shm alone, which is worth nothing after a loss of power anyway.
 */
#include "power/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

static struct {
	char root[PATH_MAX];
	size_t root_len;
	dev_t device;
	ino_t real[DISK_INODES + 1]; /* by our number; 0: none */
	struct disk_log *log;
	int64_t unix_s, boot_ms;
} disk;

static void
give_up(const char *why)
{
	(void)fprintf(stderr, "power: %s\n", why);
	abort();
}

/* --- numbers of inodes --- */

static uint32_t
number_of(dev_t device, ino_t real)
{
	if (device != disk.device)
		return 0;
	for (uint32_t i = DISK_ROOT; i <= DISK_INODES; i++)
		if (disk.real[i] == real)
			return i;
	return 0;
}

static uint32_t
number_of_path(const char *path)
{
	struct stat st;

	return syscall(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? number_of(st.st_dev, st.st_ino)
										      : 0;
}

static uint32_t
number_of_fd(int fd)
{
	struct stat st;

	return syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 ? number_of(st.st_dev, st.st_ino) : 0;
}

void
disk_know(const char *path, uint32_t inode)
{
	struct stat st;

	if (inode == 0 || inode > DISK_INODES || syscall(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		give_up("a file cannot be known");
	disk.real[inode] = st.st_ino;
	disk.device = st.st_dev;
}

void
disk_watch(const char *root)
{
	memset(disk.real, 0, sizeof disk.real);
	disk.log = NULL;
	disk.root_len = strlen(root);
	memcpy(disk.root, root, disk.root_len + 1);
	disk_know(root, DISK_ROOT);
}

/* --- notes --- */

void
disk_record(struct disk_log *log)
{
	disk.log = log;
}

void
disk_log_free(struct disk_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		free(log->changes[i].data);
	free(log->changes);
	memset(log, 0, sizeof *log);
}

void
disk_clock(int64_t unix_s, int64_t boot_ms)
{
	disk.unix_s = unix_s;
	disk.boot_ms = boot_ms;
}

static struct change *
note(enum change_kind kind, uint32_t inode)
{
	struct disk_log *log = disk.log;
	struct change *change;

	if (log->count == log->max) {
		log->max = log->max == 0 ? 1024 : 2 * log->max;
		log->changes = realloc(log->changes, log->max * sizeof *log->changes);
		if (log->changes == NULL)
			give_up("no memory");
	}
	change = &log->changes[log->count++];
	memset(change, 0, sizeof *change);
	change->kind = kind;
	change->inode = inode;
	return change;
}

/* The whole path of name in dirfd; false: not below the watched directory. */
static bool
below_root(int dirfd, const char *name, char ret[static PATH_MAX])
{
	char link[40];
	ssize_t len = 0;

	if (disk.log == NULL)
		return false;
	if (name[0] != '/' && dirfd != AT_FDCWD) {
		(void)snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
		len = syscall(SYS_readlinkat, AT_FDCWD, link, ret, PATH_MAX - 1);
		if (len <= 0)
			return false;
		ret[len++] = '/';
	}
	if ((size_t)len + strlen(name) >= PATH_MAX)
		return false;
	memcpy(ret + len, name, strlen(name) + 1);
	return strncmp(ret, disk.root, disk.root_len) == 0 && ret[disk.root_len] == '/';
}

/* The number of the directory that path is in; *ret_name is its name there. */
static uint32_t
parent_of(const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	*ret_name = slash + 1;
	if (strlen(*ret_name) >= DISK_NAME)
		give_up("a name is too long");
	return number_of_path(parent);
}

static void
note_name(enum change_kind kind, const char *path)
{
	const char *name;
	uint32_t parent = parent_of(path, &name);
	struct change *change = note(kind, parent);

	if (parent == 0)
		give_up("a directory is not known");
	memcpy(change->name, name, strlen(name) + 1);
	if (kind == CHANGE_CREATE || kind == CHANGE_MKDIR) {
		change->child = ++disk.log->inodes;
		disk_know(path, change->child);
	}
}

static void
note_write(int fd, const void *data, ssize_t len, off_t offset)
{
	struct change *change;
	uint32_t inode;

	if (disk.log == NULL || len <= 0)
		return;
	inode = number_of_fd(fd);
	if (inode == 0)
		return;
	change = note(CHANGE_WRITE, inode);
	change->offset = (uint64_t)offset;
	change->len = (size_t)len;
	change->data = malloc((size_t)len);
	if (change->data == NULL)
		give_up("no memory");
	memcpy(change->data, data, (size_t)len);
}

static void
note_on_fd(enum change_kind kind, int fd, off_t size)
{
	uint32_t inode = disk.log == NULL ? 0 : number_of_fd(fd);

	if (inode != 0)
		note(kind, inode)->offset = (uint64_t)size;
}

const char *
change_kind_name(enum change_kind kind)
{
	static const char *const names[CHANGE_KINDS] = { "create", "mkdir", "unlink", "rename", "write", "truncate",
		"sync" };

	return names[kind];
}

/* --- in place of the C library's --- */

static int
open_it(int dirfd, const char *path, int flags, mode_t mode)
{
	char whole[PATH_MAX];
	bool ours = (flags & (O_CREAT | O_TRUNC)) != 0 && below_root(dirfd, path, whole);
	bool was_there = ours && syscall(SYS_faccessat, AT_FDCWD, whole, F_OK) == 0;
	int fd = (int)syscall(SYS_openat, dirfd, path, flags | O_LARGEFILE, mode);

	if (fd < 0 || !ours)
		return fd;
	if (!was_there)
		note_name(CHANGE_CREATE, whole);
	else if ((flags & O_TRUNC) != 0)
		note_on_fd(CHANGE_SIZE, fd, 0);
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

	note_write(fd, data, put, offset);
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

	if (disk.log != NULL && put > 0 && number_of_fd(fd) != 0)
		note_write(fd, data, put, lseek(fd, 0, SEEK_CUR) - put);
	return put;
}

SEEN int
ftruncate(int fd, off_t size)
{
	int rc = (int)syscall(SYS_ftruncate, fd, size);

	if (rc == 0)
		note_on_fd(CHANGE_SIZE, fd, size);
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
	note_on_fd(CHANGE_SYNC, fd, 0);
	return (int)syscall(SYS_fsync, fd);
}

SEEN int
fdatasync(int fd)
{
	note_on_fd(CHANGE_SYNC, fd, 0);
	return (int)syscall(SYS_fdatasync, fd);
}

SEEN int
mkdirat(int dirfd, const char *path, mode_t mode)
{
	char whole[PATH_MAX];
	int rc = (int)syscall(SYS_mkdirat, dirfd, path, mode);

	if (rc == 0 && below_root(dirfd, path, whole))
		note_name(CHANGE_MKDIR, whole);
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

	if (rc == 0 && below_root(dirfd, path, whole))
		note_name(CHANGE_UNLINK, whole);
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
	bool ours = below_root(from_dirfd, from, whole_from) && below_root(to_dirfd, to, whole_to);
	int rc = (int)syscall(SYS_renameat2, from_dirfd, from, to_dirfd, to, flags);
	const char *name, *to_name;
	struct change *change;

	if (rc != 0 || !ours)
		return rc;
	if (parent_of(whole_from, &name) != parent_of(whole_to, &to_name))
		give_up("a file moved to another directory");
	change = note(CHANGE_RENAME, parent_of(whole_to, &to_name));
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
	if (number_of(st.st_dev, st.st_ino) != 0) {
		ret->stx_ino = number_of(st.st_dev, st.st_ino);
		ret->stx_mask &= ~(unsigned)STATX_BTIME;
	}
	return rc;
}

SEEN int
clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (disk.unix_s == 0 || (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME))
		return (int)syscall(SYS_clock_gettime, clock, ret);
	ret->tv_sec = clock == CLOCK_REALTIME ? disk.unix_s : disk.boot_ms / 1000;
	ret->tv_nsec = clock == CLOCK_REALTIME ? 0 : disk.boot_ms % 1000 * 1000000;
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
