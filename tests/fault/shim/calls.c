/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls themselves. Names of one thing (open and open64) count as one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim.h"

/* A function that fails with -1: its counted name, the descriptor it is about, its types, its parameters. */
#define WRAP(name, call, fd, type, params, args) \
	type name params \
	{ \
		static type(*next) params; \
		enum shim_how how; \
		type result; \
\
		if (next == NULL) \
			next = (type(*) params)(uintptr_t)shim_next(#name); \
		how = shim_meet(call, fd); \
		if (how == SHIM_BEFORE) \
			return (type)shim_fail(); \
		result = next args; \
		return how == SHIM_AFTER && result != (type)-1 ? (type)shim_fail() : result; \
	}

/* One that transfers len bytes, and may do so in part. */
#define WRAP_BYTES(name, call, fd, params, args) \
	ssize_t name params \
	{ \
		static ssize_t(*next) params; \
		enum shim_how how; \
		ssize_t result; \
\
		if (next == NULL) \
			next = (ssize_t(*) params)(uintptr_t)shim_next(#name); \
		how = shim_meet(call, fd); \
		if (how == SHIM_BEFORE) \
			return shim_fail(); \
		len = shim_cut(how, len); \
		result = next args; \
		return how == SHIM_AFTER && result >= 0 ? shim_fail() : result; \
	}

/* One whose result is a pointer: NULL, or MAP_FAILED. */
#define WRAP_POINTER(name, call, fd, type, bad, params, args) \
	type name params \
	{ \
		static type(*next) params; \
\
		if (next == NULL) \
			next = (type(*) params)(uintptr_t)shim_next(#name); \
		if (shim_meet(call, fd) == SHIM_BEFORE) { \
			(void)shim_fail(); \
			return bad; \
		} \
		return next args; \
	}

/* open and its kin: the mode is there only where a file may be made. */
#define WRAP_OPEN(name, call, params, last, args) \
	int name params \
	{ \
		static int(*next) params; \
		enum shim_how how; \
		mode_t mode = 0; \
		va_list more; \
		int fd; \
\
		if (next == NULL) \
			next = (int(*) params)(uintptr_t)shim_next(#name); \
		if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) { \
			va_start(more, last); \
			mode = va_arg(more, mode_t); \
			va_end(more); \
		} \
		how = shim_meet((flags & O_CREAT) != 0 ? "create" : call, -1); \
		if (how == SHIM_BEFORE) \
			return shim_fail(); \
		fd = next args; \
		if (how == SHIM_AFTER && fd >= 0) { \
			(void)close(fd); \
			return shim_fail(); \
		} \
		return fd; \
	}

WRAP_OPEN(open, "open", (const char *path, int flags, ...), flags, (path, flags, mode))
WRAP_OPEN(open64, "open", (const char *path, int flags, ...), flags, (path, flags, mode))
WRAP_OPEN(openat, "openat", (int dirfd, const char *path, int flags, ...), flags, (dirfd, path, flags, mode))

int __open_2(const char *path, int flags);
WRAP(__open_2, "open", -1, int, (const char *path, int flags), (path, flags))
WRAP_POINTER(opendir, "opendir", -1, DIR *, NULL, (const char *path), (path))
WRAP_POINTER(fdopendir, "opendir", fd, DIR *, NULL, (int fd), (fd))
WRAP_POINTER(readdir, "readdir", -1, struct dirent *, NULL, (DIR * dir), (dir))
WRAP_POINTER(fopen, "fopen", -1, FILE *, NULL, (const char *path, const char *mode), (path, mode))
WRAP_POINTER(fopen64, "fopen", -1, FILE *, NULL, (const char *path, const char *mode), (path, mode))

WRAP_BYTES(read, "read", fd, (int fd, void *data, size_t len), (fd, data, len))
WRAP_BYTES(pread, "pread", fd, (int fd, void *data, size_t len, off_t at), (fd, data, len, at))
WRAP_BYTES(pread64, "pread", fd, (int fd, void *data, size_t len, off_t at), (fd, data, len, at))
WRAP_BYTES(write, "write", fd, (int fd, const void *data, size_t len), (fd, data, len))
WRAP_BYTES(pwrite, "pwrite", fd, (int fd, const void *data, size_t len, off_t at), (fd, data, len, at))
WRAP_BYTES(pwrite64, "pwrite", fd, (int fd, const void *data, size_t len, off_t at), (fd, data, len, at))
WRAP(writev, "writev", fd, ssize_t, (int fd, const struct iovec *parts, int count), (fd, parts, count))

WRAP(close, "close", fd, int, (int fd), (fd))
WRAP(fsync, "fsync", fd, int, (int fd), (fd))
WRAP(fdatasync, "fdatasync", fd, int, (int fd), (fd))
WRAP(ftruncate, "ftruncate", fd, int, (int fd, off_t len), (fd, len))
WRAP(ftruncate64, "ftruncate", fd, int, (int fd, off_t len), (fd, len))
WRAP(fstat, "fstat", fd, int, (int fd, struct stat *status), (fd, status))
WRAP(fstat64, "fstat", fd, int, (int fd, struct stat64 *status), (fd, status))
WRAP(stat, "stat", -1, int, (const char *path, struct stat *status), (path, status))
WRAP(stat64, "stat", -1, int, (const char *path, struct stat64 *status), (path, status))
WRAP(lstat, "stat", -1, int, (const char *path, struct stat *status), (path, status))
WRAP(lstat64, "stat", -1, int, (const char *path, struct stat64 *status), (path, status))
WRAP(fstatat, "fstatat", -1, int, (int dirfd, const char *path, struct stat *status, int flags),
    (dirfd, path, status, flags))
WRAP(statx, "statx", -1, int, (int dirfd, const char *path, int flags, unsigned mask, struct statx *status),
    (dirfd, path, flags, mask, status))
WRAP(access, "access", -1, int, (const char *path, int mode), (path, mode))
WRAP(fchmod, "fchmod", fd, int, (int fd, mode_t mode), (fd, mode))
WRAP(fchmodat, "fchmod", -1, int, (int dirfd, const char *path, mode_t mode, int flags), (dirfd, path, mode, flags))
WRAP(mkdir, "mkdir", -1, int, (const char *path, mode_t mode), (path, mode))
WRAP(mkdirat, "mkdir", -1, int, (int dirfd, const char *path, mode_t mode), (dirfd, path, mode))
WRAP(rmdir, "rmdir", -1, int, (const char *path), (path))
WRAP(rename, "rename", -1, int, (const char *from, const char *to), (from, to))
WRAP(unlink, "unlink", -1, int, (const char *path), (path))
WRAP(unlinkat, "unlink", -1, int, (int dirfd, const char *path, int flags), (dirfd, path, flags))
WRAP(readlink, "readlink", -1, ssize_t, (const char *path, char *link, size_t size), (path, link, size))
WRAP_POINTER(realpath, "realpath", -1, char *, NULL, (const char *path, char *real), (path, real))
WRAP_POINTER(getcwd, "getcwd", -1, char *, NULL, (char *path, size_t size), (path, size))

WRAP_POINTER(mmap, "mmap", fd, void *, MAP_FAILED, (void *place, size_t len, int prot, int flags, int fd, off_t at),
    (place, len, prot, flags, fd, at))
WRAP_POINTER(mmap64, "mmap", fd, void *, MAP_FAILED, (void *place, size_t len, int prot, int flags, int fd, off_t at),
    (place, len, prot, flags, fd, at))
WRAP(mprotect, "mprotect", -1, int, (void *place, size_t len, int prot), (place, len, prot))
WRAP(madvise, "madvise", -1, int, (void *place, size_t len, int advice), (place, len, advice))
WRAP(mlock, "mlock", -1, int, (const void *place, size_t len), (place, len))
WRAP(mlock2, "mlock", -1, int, (const void *place, size_t len, unsigned flags), (place, len, flags))

WRAP(poll, "poll", -1, int, (struct pollfd * fds, nfds_t count, int ms), (fds, count, ms))
WRAP(socketpair, "socketpair", -1, int, (int domain, int type, int protocol, int pair[2]),
    (domain, type, protocol, pair))
WRAP(socket, "socket", -1, int, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(connect, "connect", fd, int, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
WRAP(bind, "bind", fd, int, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
WRAP(getsockname, "getsockname", fd, int, (int fd, struct sockaddr *name, socklen_t *len), (fd, name, len))
WRAP(getpeername, "getpeername", fd, int, (int fd, struct sockaddr *name, socklen_t *len), (fd, name, len))
WRAP(getsockopt, "getsockopt", fd, int, (int fd, int level, int name, void *value, socklen_t *len),
    (fd, level, name, value, len))
WRAP(setsockopt, "setsockopt", fd, int, (int fd, int level, int name, const void *value, socklen_t len),
    (fd, level, name, value, len))
WRAP_BYTES(send, "send", fd, (int fd, const void *data, size_t len, int flags), (fd, data, len, flags))
WRAP_BYTES(recv, "recv", fd, (int fd, void *data, size_t len, int flags), (fd, data, len, flags))
WRAP_BYTES(recvfrom, "recv", fd,
    (int fd, void *data, size_t len, int flags, struct sockaddr *from, socklen_t *from_len),
    (fd, data, len, flags, from, from_len))
WRAP(sendmsg, "sendmsg", fd, ssize_t, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
WRAP(recvmsg, "recvmsg", fd, ssize_t, (int fd, struct msghdr *message, int flags), (fd, message, flags))
WRAP(waitpid, "waitpid", -1, pid_t, (pid_t pid, int *status, int options), (pid, status, options))
WRAP(dup2, "dup2", from, int, (int from, int to), (from, to))
WRAP(close_range, "close_range", -1, int, (unsigned first, unsigned last, int flags), (first, last, flags))

/* The third argument is a number or a pointer: both fit. */
#define WRAP_CONTROL(name) \
	int name(int fd, int command, ...) \
	{ \
		static int (*next)(int, int, ...); \
		va_list more; \
		void *argument; \
\
		va_start(more, command); \
		argument = va_arg(more, void *); \
		va_end(more); \
		if (next == NULL) \
			next = (int (*)(int, int, ...))(uintptr_t)shim_next(#name); \
		if (shim_meet("fcntl", fd) == SHIM_BEFORE) \
			return shim_fail(); \
		return next(fd, command, argument); \
	}
WRAP_CONTROL(fcntl)
WRAP_CONTROL(fcntl64)

/* These give the error itself. */
int
posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	int (*next)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],
	    char *const[]);

	next = (int (*)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
	    char *const[], char *const[]))(uintptr_t)shim_next("posix_spawn");
	if (shim_meet("posix_spawn", -1) == SHIM_BEFORE) {
		(void)shim_fail();
		return errno;
	}
	return next(pid, path, actions, attr, argv, envp);
}

int
fstatfs(int fd, struct statfs *status)
{
	int (*next)(int, struct statfs *) = (int (*)(int, struct statfs *))(uintptr_t)shim_next("fstatfs");
	int result;

	if (shim_meet("fstatfs", fd) == SHIM_BEFORE)
		return shim_fail();
	result = next(fd, status);
	if (result == 0 && shim_magic() != 0)
		status->f_type = (__fsword_t)shim_magic();
	return result;
}
