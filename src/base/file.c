/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define OTHERS       ((mode_t)077) /* any right of group or others */
#define OTHERS_WRITE ((mode_t)022) /* their right to put files there */
#define SHOW_MAX     160           /* bytes of a path in a message */

/* Paths come from users and configuration; a message must not carry their control bytes. */
static const char *
show(char dst[static SHOW_MAX], const char *path)
{
	return text_escape(dst, SHOW_MAX, path, strlen(path));
}

/* "path/" would follow a link in spite of O_NOFOLLOW. */
static bool
without_slashes(const char *path, char dst[static PATH_MAX])
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= PATH_MAX) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		return false;
	}
	memcpy(dst, path, len);
	dst[len] = '\0';
	return true;
}

static enum larder_code
cannot_open_dir(const char *path, int reason, struct larder_error *ret_error)
{
	char shown[SHOW_MAX];

	if (reason == ENOENT)
		return error_set(ret_error, LARDER_NOT_FOUND, "cannot open the directory", NULL, "%s does not exist",
		    show(shown, path));
	if (reason == ENOTDIR || reason == ELOOP)
		return error_set(ret_error, LARDER_DENIED, "refused to use the directory", "name a real directory",
		    "%s is a symbolic link or no directory", show(shown, path));
	return error_set_errno(
	    ret_error, LARDER_STORAGE, reason, "cannot open the directory", NULL, "%s", show(shown, path));
}

static enum larder_code
check_private(const struct stat *info, const char *path, const char *what, struct larder_error *ret_error)
{
	char shown[SHOW_MAX];

	(void)show(shown, path);
	if (info->st_uid != geteuid())
		return error_set(ret_error, LARDER_DENIED, what, "use one of your own", "%s belongs to user %u", shown,
		    (unsigned)info->st_uid);
	if ((info->st_mode & OTHERS) != 0)
		return error_set(ret_error, LARDER_DENIED, what, "run 'chmod go=' on it if nobody else used it",
		    "%s has mode %04o, others have access", shown, (unsigned)(info->st_mode & 07777));
	return LARDER_OK;
}

enum larder_code
file_open_private_dir(const char *path, int *ret_fd, struct larder_error *ret_error)
{
	char plain[PATH_MAX];
	struct stat info;
	enum larder_code code;
	int fd;

	if (!without_slashes(path, plain))
		return cannot_open_dir(path, errno, ret_error);
	fd = open(plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return cannot_open_dir(path, errno, ret_error);
	if (fstat(fd, &info) != 0)
		code = cannot_open_dir(path, errno, ret_error);
	else
		code = check_private(&info, path, "refused to use the directory", ret_error);
	if (code == LARDER_OK)
		*ret_fd = fd;
	else
		(void)close(fd);
	return code;
}

static bool
make_one(const char *path)
{
	return mkdir(path, 0700) == 0 ? file_sync_parent(path) : errno == EEXIST;
}

/* Each directory on the way to path, and path, all on the disk. */
static bool
make_all(char *path)
{
	char *slash = path + strspn(path, "/");

	for (; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (!make_one(path))
			return false;
		*slash = '/';
	}
	return make_one(path) && file_sync_parent(path); /* somebody else may have made it a moment ago */
}

enum larder_code
file_make_private_dir(const char *path, int *ret_fd, struct larder_error *ret_error)
{
	char plain[PATH_MAX], shown[SHOW_MAX];

	if (!without_slashes(path, plain))
		return cannot_open_dir(path, errno, ret_error);
	if (!make_all(plain))
		return error_set_errno(
		    ret_error, LARDER_STORAGE, errno, "cannot create the directory", NULL, "%s", show(shown, plain));
	return file_open_private_dir(plain, ret_fd, ret_error);
}

enum larder_code
file_make_own_dir(const char *path, struct larder_error *ret_error)
{
	char plain[PATH_MAX], shown[SHOW_MAX];
	struct stat info;

	if (!without_slashes(path, plain))
		return cannot_open_dir(path, errno, ret_error);
	(void)show(shown, plain);
	if (!make_all(plain))
		return error_set_errno(
		    ret_error, LARDER_STORAGE, errno, "cannot create the directory", NULL, "%s", shown);
	if (stat(plain, &info) != 0)
		return cannot_open_dir(plain, errno, ret_error);
	if (!S_ISDIR(info.st_mode))
		return cannot_open_dir(plain, ENOTDIR, ret_error);
	if (info.st_uid != geteuid())
		return error_set(ret_error, LARDER_DENIED, "refused to use the directory", "use one of your own",
		    "%s belongs to user %u", shown, (unsigned)info.st_uid);
	if ((info.st_mode & OTHERS_WRITE) != 0)
		return error_set(ret_error, LARDER_DENIED, "refused to use the directory", "run 'chmod go-w' on it",
		    "%s has mode %04o, others can write to it", shown, (unsigned)(info.st_mode & 07777));
	return LARDER_OK;
}

static enum larder_code
cannot_open_file(const char *name, int reason, struct larder_error *ret_error)
{
	char shown[SHOW_MAX];

	switch (reason) {
	case ENOENT:
		return error_set(
		    ret_error, LARDER_NOT_FOUND, "cannot open the file", NULL, "%s does not exist", show(shown, name));
	case EEXIST:
		return error_set(
		    ret_error, LARDER_EXISTS, "cannot create the file", NULL, "%s exists already", show(shown, name));
	case ELOOP:
		return error_set(ret_error, LARDER_DENIED, "refused to use the file", "name the file itself",
		    "%s is a symbolic link", show(shown, name));
	case ENXIO: /* a socket, or a FIFO that is opened for writing */
	case EISDIR:
	case ENODEV:
		return error_set(ret_error, LARDER_DENIED, "refused to use the file", NULL, "%s is no regular file",
		    show(shown, name));
	default:
		return error_set_errno(
		    ret_error, LARDER_STORAGE, reason, "cannot open the file", NULL, "%s", show(shown, name));
	}
}

static enum larder_code
check_private_file(int fd, const char *name, struct larder_error *ret_error)
{
	char shown[SHOW_MAX];
	struct stat info;

	if (fstat(fd, &info) != 0)
		return cannot_open_file(name, errno, ret_error);
	if (!S_ISREG(info.st_mode))
		return cannot_open_file(name, ENXIO, ret_error);
	if (info.st_nlink != 1)
		return error_set(ret_error, LARDER_DENIED, "refused to use the file",
		    "copy it, so that it has one name", "%s has %lu names (hard links)", show(shown, name),
		    (unsigned long)info.st_nlink);
	return check_private(&info, name, "refused to use the file", ret_error);
}

enum larder_code
file_open_private(int dirfd, const char *name, int flags, int *ret_fd, struct larder_error *ret_error)
{
	/* without O_NONBLOCK a FIFO in place of the file would hold us for ever */
	int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	enum larder_code code;

	if (fd < 0)
		return cannot_open_file(name, errno, ret_error);
	if ((flags & O_EXCL) != 0 && fchmod(fd, 0600) != 0) /* whatever the umask took */
		code = cannot_open_file(name, errno, ret_error);
	else
		code = check_private_file(fd, name, ret_error);
	if (code == LARDER_OK)
		*ret_fd = fd;
	else
		(void)close(fd);
	return code;
}

enum larder_code
file_create_private(int dirfd, const char *name, int *ret_fd, struct larder_error *ret_error)
{
	int fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	enum larder_code code;

	if (fd < 0)
		return cannot_open_file(name, errno, ret_error);
	if (fchmod(fd, 0600) != 0) /* whatever the umask took */
		code = cannot_open_file(name, errno, ret_error);
	else
		code = check_private_file(fd, name, ret_error);
	if (code == LARDER_OK) {
		*ret_fd = fd;
	} else {
		(void)close(fd);
		(void)unlinkat(dirfd, name, 0);
	}
	return code;
}
