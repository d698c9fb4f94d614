/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "store/sqlite.h"

#define WAL     SQLITE_STORE_FILE "-wal"
#define SHM     SQLITE_STORE_FILE "-shm"
#define JOURNAL SQLITE_STORE_FILE "-journal"

#define CANNOT_OPEN   "cannot open the vault"
#define CANNOT_CREATE "cannot create the vault"

static const char *const all_files[] = { SQLITE_STORE_FILE, WAL, SHM, JOURNAL };

/* statfs(2) and linux/magic.h; FUSE may be local, but its locks cannot be relied on. */
static const struct {
	long magic;
	const char *name;
} networks[] = {
	{ 0x6969, "NFS" },
	{ 0x517b, "SMB" },
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB2" },
	{ 0x01021997, "9P" },
	{ 0x65735546, "FUSE" },
	{ 0x00c36400, "Ceph" },
	{ 0x5346414f, "AFS" },
	{ 0x6b414653, "AFS" },
	{ 0x73757245, "Coda" },
	{ 0x564c, "NCP" },
	{ 0x0bd00bd0, "Lustre" },
	{ 0x47504653, "GPFS" },
	{ 0x7461636f, "OCFS2" },
	{ 0x01161970, "GFS2" },
	{ 0x19830326, "BeeGFS" },
	{ 0x20030528, "OrangeFS" },
	{ 0x786f4256, "VirtualBox shared folder" },
	{ 0xbacbacbc, "VMware shared folder" },
};

const char *
sqlite_file_network(long magic)
{
	/* f_type is a signed word of varying width, magics have 32 bits */
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		if ((uint32_t)networks[i].magic == (uint32_t)magic)
			return networks[i].name;
	}
	return NULL;
}

static enum larder_code
check_file_system(int dirfd, struct larder_error *ret_error)
{
	struct statfs fs;
	const char *name;

	if (fstatfs(dirfd, &fs) != 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "its file system");
	name = sqlite_file_network((long)fs.f_type);
	if (name != NULL)
		return error_set(ret_error, LARDER_DENIED, CANNOT_CREATE,
		    "put the vault on a local disk, with --vault or LARDER_VAULT",
		    "the directory is on a network file system (%s), where locks are not reliable", name);
	return LARDER_OK;
}

enum larder_code
sqlite_file_create(int dirfd, struct larder_error *ret_error)
{
	enum larder_code code;
	struct stat st;
	int fd = -1;

	for (size_t i = 0; i < sizeof(all_files) / sizeof(all_files[0]); i++) {
		if (fstatat(dirfd, all_files[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			return error_set(ret_error, LARDER_EXISTS, CANNOT_CREATE,
			    "use another directory; nothing was changed", "%s exists already", all_files[i]);
		if (errno != ENOENT)
			return error_set_errno(
			    ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "%s", all_files[i]);
	}
	code = check_file_system(dirfd, ret_error);
	if (code != LARDER_OK)
		return code;
	code = file_create_private(dirfd, SQLITE_STORE_FILE, &fd, ret_error);
	if (code != LARDER_OK)
		return code;
	(void)close(fd);
	return LARDER_OK;
}

void
sqlite_file_remove(int dirfd)
{
	for (size_t i = 0; i < sizeof(all_files) / sizeof(all_files[0]); i++)
		(void)unlinkat(dirfd, all_files[i], 0); /* best effort: the first error is the one to tell */
}

static enum larder_code
check_status(const char *name, const struct stat *st, struct larder_error *ret_error)
{
	if (S_ISLNK(st->st_mode))
		return error_set(
		    ret_error, LARDER_DENIED, CANNOT_OPEN, "put the file itself there", "%s is a symbolic link", name);
	if (!S_ISREG(st->st_mode))
		return error_set(ret_error, LARDER_DENIED, CANNOT_OPEN, NULL, "%s is not a regular file", name);
	if (st->st_uid != geteuid())
		return error_set(
		    ret_error, LARDER_DENIED, CANNOT_OPEN, NULL, "%s belongs to user %u", name, (unsigned)st->st_uid);
	if (st->st_nlink > 1)
		return error_set(ret_error, LARDER_DENIED, CANNOT_OPEN, "remove its other name (find -samefile)",
		    "%s has %u names (hard links)", name, (unsigned)st->st_nlink);
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return error_set(ret_error, LARDER_DENIED, CANNOT_OPEN, "chmod 600 it, if nobody else has used it",
		    "%s is open to others (mode %04o)", name, (unsigned)(st->st_mode & 07777));
	return LARDER_OK;
}

/* *ret_found tells whether the file is there; a file that is there is a sound one when OK is returned. */
static enum larder_code
check_one(int dirfd, const char *name, struct stat *ret_st, bool *ret_found, struct larder_error *ret_error)
{
	*ret_found = fstatat(dirfd, name, ret_st, AT_SYMLINK_NOFOLLOW) == 0;
	if (*ret_found)
		return check_status(name, ret_st, ret_error);
	if (errno != ENOENT)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_OPEN, NULL, "%s", name);
	return LARDER_OK;
}

static enum larder_code
create_wal(int dirfd, struct larder_error *ret_error)
{
	int fd = openat(dirfd, WAL, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0 && errno == EEXIST)
		return LARDER_OK; /* another process was faster */
	if (fd < 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_OPEN, NULL, "%s", WAL);
	done = fchmod(fd, 0600) == 0 && fsync(dirfd) == 0;
	if (!done)
		(void)error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_OPEN, NULL, "%s", WAL);
	(void)close(fd);
	return done ? LARDER_OK : LARDER_STORAGE;
}

enum larder_code
sqlite_file_check(int dirfd, struct stat *ret_db, struct larder_error *ret_error)
{
	enum larder_code code;
	struct stat st;
	bool found;

	code = check_one(dirfd, SQLITE_STORE_FILE, ret_db, &found, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!found)
		return error_set(ret_error, LARDER_NOT_FOUND, CANNOT_OPEN, "create one with 'larder init'",
		    "there is no vault here (no %s)", SQLITE_STORE_FILE);
	code = check_one(dirfd, SHM, &st, &found, ret_error);
	if (code != LARDER_OK)
		return code;
	if (fstatat(dirfd, JOURNAL, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(ret_error, LARDER_DAMAGED, CANNOT_OPEN, "move it away, then run 'larder verify'",
		    "there is a file %s, which Larder never makes", JOURNAL);
	code = check_one(dirfd, WAL, &st, &found, ret_error);
	if (code == LARDER_OK && !found)
		return create_wal(dirfd, ret_error);
	return code;
}

enum larder_code
sqlite_file_path(const char *dir, int dirfd, char *ret_path, size_t path_size, struct larder_error *ret_error)
{
	static const char file[] = "/" SQLITE_STORE_FILE;
	char link[32], *real;
	ssize_t len;

	if (path_size < PATH_MAX + sizeof(file))
		return error_set(ret_error, LARDER_INTERNAL, CANNOT_OPEN, NULL, "the path has no room");
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	len = readlink(link, ret_path, PATH_MAX);
	if (len <= 0 || len >= PATH_MAX || ret_path[0] != '/') {
		real = realpath(dir, ret_path);
		if (real == NULL)
			return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_OPEN, NULL, "its directory");
		len = (ssize_t)strlen(real);
	}
	memcpy(ret_path + len, file, sizeof(file));
	return LARDER_OK;
}
