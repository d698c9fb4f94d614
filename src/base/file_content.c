/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "base/text.h"

#define SHOW_MAX   160 /* bytes of a path in a message */
#define READ_CHUNK ((size_t)4096)

enum outcome { WHOLE, TOO_LONG, NO_MEMORY, FAILED };

static enum outcome
read_rest(int fd, struct buf *ret)
{
	ssize_t got = 1;

	while (got > 0 || (got < 0 && errno == EINTR)) {
		size_t room = ret->max - ret->len < READ_CHUNK ? ret->max - ret->len : READ_CHUNK;
		uint8_t *dst = buf_reserve(ret, room);
		char over;

		if (dst == NULL)
			return NO_MEMORY;
		/* when it is full, one byte more tells a file that just fits from one that does not */
		got = room != 0 ? read(fd, dst, room) : read(fd, &over, 1);
		if (got > 0 && room == 0)
			return TOO_LONG;
		if (got > 0)
			buf_grew(ret, (size_t)got);
	}
	return got == 0 ? WHOLE : FAILED;
}

static enum larder_code
cannot_read(const char *path, const char *reason, struct larder_error *ret_error)
{
	char shown[SHOW_MAX];

	return error_set(ret_error, LARDER_USAGE, "cannot read the file", NULL, "%s %s",
	    text_escape(shown, sizeof(shown), path, strlen(path)), reason);
}

static enum larder_code
cannot_read_errno(const char *path, int reason, struct larder_error *ret_error)
{
	char shown[SHOW_MAX];
	bool absent = reason == ENOENT || reason == ENOTDIR;

	return error_set_errno(ret_error, absent ? LARDER_NOT_FOUND : LARDER_USAGE, reason, "cannot read the file",
	    NULL, "%s", text_escape(shown, sizeof(shown), path, strlen(path)));
}

static enum larder_code
read_regular(int fd, const char *path, struct buf *ret, struct larder_error *ret_error)
{
	struct stat info;
	char reason[64];

	if (fstat(fd, &info) != 0)
		return cannot_read_errno(path, errno, ret_error);
	if (!S_ISREG(info.st_mode))
		return cannot_read(path, "is no regular file", ret_error);
	switch (read_rest(fd, ret)) {
	case WHOLE:
		return LARDER_OK;
	case TOO_LONG:
		(void)text_format(reason, sizeof(reason), "is longer than %zu bytes", ret->max);
		return cannot_read(path, reason, ret_error);
	case NO_MEMORY:
		return error_no_memory(ret_error);
	default:
		return cannot_read_errno(path, errno, ret_error);
	}
}

enum larder_code
file_read(const char *path, struct buf *ret, struct larder_error *ret_error)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum larder_code code;

	if (fd < 0)
		return cannot_read_errno(path, errno, ret_error);
	code = read_regular(fd, path, ret, ret_error);
	(void)close(fd);
	return code;
}

/* A name beside path that nobody else uses. */
static bool
temporary_name(const char *path, char dst[static PATH_MAX])
{
	unsigned char random[8];
	char hex[2 * sizeof(random) + 1];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	text_hex(hex, sizeof(hex), random, sizeof(random));
	if (text_format(dst, PATH_MAX, "%s.%s.tmp", path, hex))
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* A directory that may be changed but not read cannot be opened for a sync; then its whole file system is synced. */
static bool
sync_dir(const char *parent, const char *path)
{
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool whole = fd < 0 && errno == EACCES, good;

	if (whole)
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = (whole ? syncfs(fd) : fsync(fd)) == 0;
	(void)close(fd);
	return good;
}

bool
file_sync_parent(const char *path)
{
	char parent[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return false;
	}
	(void)text_format(parent, sizeof(parent), "%.*s", len == 0 ? 1 : (int)len, len == 0 ? "." : path);
	return sync_dir(parent, path);
}

/* errno says why when it fails. */
static bool
write_new(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good;
	int reason;

	if (fd < 0)
		return false;
	good = io_write_all(fd, data, len, -1) == IO_OK && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	reason = errno;
	(void)close(fd);
	if (!good)
		(void)unlink(path);
	errno = reason;
	return good;
}

static bool
move_over(const char *temporary, const char *path)
{
	int reason;

	if (rename(temporary, path) == 0)
		return file_sync_parent(path);
	reason = errno;
	(void)unlink(temporary);
	errno = reason;
	return false;
}

enum larder_code
file_replace(const char *path, const void *data, size_t len, mode_t mode, struct larder_error *ret_error)
{
	char temporary[PATH_MAX], shown[SHOW_MAX];

	if (temporary_name(path, temporary) && write_new(temporary, data, len, mode) && move_over(temporary, path))
		return LARDER_OK;
	return error_set_errno(ret_error, LARDER_STORAGE, errno, "cannot write the file", NULL, "%s",
	    text_escape(shown, sizeof(shown), path, strlen(path)));
}

/* Where the file system cannot refuse to replace, the second name that link makes is gone a moment later. */
static bool
move_to_free(const char *temporary, const char *path)
{
	int reason;

	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return true;
	if ((errno == EINVAL || errno == ENOSYS) && link(temporary, path) == 0) {
		(void)unlink(temporary);
		return true;
	}
	reason = errno;
	(void)unlink(temporary);
	errno = reason;
	return false;
}

enum larder_code
file_create(const char *path, const void *data, size_t len, mode_t mode, struct larder_error *ret_error)
{
	char temporary[PATH_MAX], shown[SHOW_MAX];
	int reason;

	if (temporary_name(path, temporary) && write_new(temporary, data, len, mode) && move_to_free(temporary, path)) {
		if (file_sync_parent(path))
			return LARDER_OK;
		reason = errno;
		(void)unlink(path);
		errno = reason;
	}
	return error_set_errno(ret_error, errno == EEXIST ? LARDER_EXISTS : LARDER_STORAGE, errno,
	    "cannot create the file", NULL, "%s", text_escape(shown, sizeof(shown), path, strlen(path)));
}
