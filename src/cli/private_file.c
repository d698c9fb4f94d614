/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/private_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"

#define PREFIX "larder-run-"

/* Swap may take a tmpfs's pages, a disk never does; ramfs does not even swap. */
static bool
is_in_memory(const char *path)
{
	struct statfs place;

	return statfs(path, &place) == 0 && (place.f_type == TMPFS_MAGIC || place.f_type == RAMFS_MAGIC);
}

static void
empty_and_close(int fd)
{
	DIR *list = fdopendir(fd);
	const struct dirent *entry;

	if (list == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(list)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(fd, entry->d_name, 0);
	}
	(void)closedir(list);
}

/* Nobody holds the lock of a directory whose process has gone. */
static void
sweep(const char *place)
{
	DIR *list = opendir(place);
	const struct dirent *entry;
	struct stat status;
	int fd;

	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0)
			continue;
		fd = openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (fstat(fd, &status) != 0 || status.st_uid != geteuid() || flock(fd, LOCK_EX | LOCK_NB) != 0) {
			(void)close(fd);
			continue;
		}
		empty_and_close(fd);
		(void)unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR);
	}
	if (list != NULL)
		(void)closedir(list);
}

enum larder_code
private_dir_make(struct private_dir *ret, struct larder_error *ret_error)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *place = runtime != NULL && runtime[0] == '/' && is_in_memory(runtime) ? runtime : "/dev/shm";

	if (!is_in_memory(place) || !text_format(ret->path, sizeof ret->path, "%s/" PREFIX "XXXXXX", place))
		return error_set(ret_error, LARDER_STORAGE, "cannot make a private file",
		    "give the token by environment, with -e", "neither XDG_RUNTIME_DIR nor /dev/shm is a tmpfs");
	sweep(place);
	if (mkdtemp(ret->path) == NULL)
		return error_set_errno(
		    ret_error, LARDER_STORAGE, errno, "cannot make a private file", NULL, "no directory in %s", place);
	ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->fd >= 0 && flock(ret->fd, LOCK_EX | LOCK_NB) == 0)
		return LARDER_OK;
	private_dir_remove(ret);
	return error_set_errno(
	    ret_error, LARDER_STORAGE, errno, "cannot make a private file", NULL, "the directory cannot be locked");
}

enum larder_code
private_dir_add(const struct private_dir *dir, const char *name, const struct secret *secret,
    char ret_path[static PRIVATE_PATH_SIZE + 64], struct larder_error *ret_error)
{
	int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	bool written = fd >= 0 && io_write_all(fd, secret->data, secret->len, -1) == IO_OK;
	int why = errno;

	if (fd >= 0)
		(void)close(fd);
	if (!written)
		return error_set_errno(
		    ret_error, LARDER_STORAGE, why, "cannot make a private file", NULL, "writing to %s", dir->path);
	(void)text_format(ret_path, PRIVATE_PATH_SIZE + 64, "%s/%s", dir->path, name);
	return LARDER_OK;
}

void
private_dir_remove(struct private_dir *dir)
{
	if (dir->fd >= 0)
		empty_and_close(dir->fd);
	if (dir->path[0] != '\0')
		(void)rmdir(dir->path);
	*dir = (struct private_dir)PRIVATE_DIR_INIT;
}
