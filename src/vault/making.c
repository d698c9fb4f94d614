/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/making.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/lock.h"
#include "store/spool.h"
#include "store/sqlite.h"

#define CANNOT_CREATE "cannot create the vault"

bool
making_is_marked(int dirfd)
{
	struct stat st;

	return fstatat(dirfd, MAKING_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

enum larder_code
making_check(int dirfd, struct larder_error *ret_error)
{
	static const char *const names[] = { SQLITE_STORE_FILE, LOCK_FILE, SPOOL_DIR };
	struct stat st;

	if (making_is_marked(dirfd))
		return LARDER_OK;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fstatat(dirfd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			return error_set(ret_error, LARDER_EXISTS, CANNOT_CREATE, "use it, or name another directory",
			    "%s is there already", names[i]);
	return LARDER_OK;
}

static enum larder_code
somebody_else(struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_EXISTS, CANNOT_CREATE, "use it when it is there, or name another directory",
	    "another process creates it at this moment");
}

/* Held and still the one in the directory: one that another maker was done with is nobody's mark any more. */
static bool
is_ours(int fd)
{
	struct flock request = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;

	return fcntl(fd, F_OFD_SETLK, &request) == 0 && fstat(fd, &st) == 0 && st.st_nlink == 1;
}

enum larder_code
making_begin(int dirfd, struct making *ret, struct larder_error *ret_error)
{
	bool marked = making_is_marked(dirfd);
	enum larder_code code;
	int fd = -1;

	code = making_check(dirfd, ret_error);
	if (code != LARDER_OK)
		return code;
	code = file_open_private(dirfd, MAKING_FILE, marked ? O_RDWR : O_RDWR | O_CREAT | O_EXCL, &fd, ret_error);
	if (code == LARDER_EXISTS || code == LARDER_NOT_FOUND)
		return somebody_else(ret_error);
	if (code != LARDER_OK)
		return code;
	if (!is_ours(fd))
		code = somebody_else(ret_error);
	else if (fsync(dirfd) != 0)
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "its directory");
	if (code == LARDER_OK)
		*ret = (struct making){ .fd = fd, .remains = marked };
	else
		(void)close(fd);
	return code;
}

enum larder_code
making_forget(int dirfd, struct larder_error *ret_error)
{
	if (!making_is_marked(dirfd))
		return LARDER_OK;
	if ((unlinkat(dirfd, MAKING_FILE, 0) == 0 || errno == ENOENT) && fsync(dirfd) == 0)
		return LARDER_OK;
	return error_set_errno(ret_error, LARDER_STORAGE, errno, "cannot change the vault", NULL, "%s", MAKING_FILE);
}

enum larder_code
making_end(int dirfd, struct making *making, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	if (making->fd >= 0)
		code = making_forget(dirfd, ret_error);
	making_leave(making);
	return code;
}

void
making_leave(struct making *making)
{
	if (making->fd >= 0)
		(void)close(making->fd);
	making->fd = -1;
}
