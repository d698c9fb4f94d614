/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define CANNOT_LOCK "cannot lock"
#define BYTE_BITS   62

enum larder_code
lock_create(int dirfd, struct larder_error *ret_error)
{
	enum larder_code code;
	int fd = -1;

	code = file_open_private(dirfd, LOCK_FILE, O_RDWR | O_CREAT | O_EXCL, &fd, ret_error);
	if (code != LARDER_OK)
		return code;
	if (fsync(fd) != 0 || fsync(dirfd) != 0)
		code =
		    error_set_errno(ret_error, LARDER_STORAGE, errno, "cannot create the lock file", NULL, LOCK_FILE);
	(void)close(fd);
	return code;
}

int64_t
lock_byte(const uint8_t record_id[static 16])
{
	uint64_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits = bits << 8 | record_id[i];
	return (int64_t)(1 + (bits & ((UINT64_C(1) << BYTE_BITS) - 1)));
}

static enum larder_code
missing(struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_DAMAGED, CANNOT_LOCK,
	    "if no copy of the vault is in use, restore the file from a backup", "%s is missing", LOCK_FILE);
}

enum larder_code
lock_try(int dirfd, int64_t byte, struct lock *ret, struct larder_error *ret_error)
{
	struct flock request = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	enum larder_code code;
	int fd = -1;

	code = file_open_private(dirfd, LOCK_FILE, O_RDWR, &fd, ret_error);
	if (code == LARDER_NOT_FOUND)
		return missing(ret_error);
	if (code != LARDER_OK)
		return code;
	if (fcntl(fd, F_OFD_SETLK, &request) == 0) {
		ret->fd = fd;
		return LARDER_OK;
	}
	if (errno == EAGAIN || errno == EACCES)
		code = error_set(
		    ret_error, LARDER_UNAVAILABLE, CANNOT_LOCK, "try again", "another process holds the lock");
	else
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_LOCK, NULL, LOCK_FILE);
	(void)close(fd);
	return code;
}

void
lock_close(struct lock *lock)
{
	if (lock->fd >= 0)
		(void)close(lock->fd);
	lock->fd = -1;
}

enum larder_code
lock_identify(int dirfd, struct lock_identity *ret, struct larder_error *ret_error)
{
	struct statx status;

	if (statx(dirfd, LOCK_FILE, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO | STATX_BTIME, &status) != 0) {
		if (errno == ENOENT)
			return missing(ret_error);
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_LOCK, NULL, LOCK_FILE);
	}
	if (!S_ISREG(status.stx_mode)) /* a copy's lock file is another file, but still one */
		return error_set(
		    ret_error, LARDER_DENIED, CANNOT_LOCK, "put the file itself there", "%s is not a file", LOCK_FILE);
	ret->inode = status.stx_ino;
	ret->born_ns = 0;
	if ((status.stx_mask & STATX_BTIME) != 0)
		ret->born_ns = status.stx_btime.tv_sec * INT64_C(1000000000) + status.stx_btime.tv_nsec;
	return LARDER_OK;
}
