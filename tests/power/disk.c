/* SPDX-License-Identifier: Apache-2.0 */
#include "power/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "power/disk_note.h"

static struct {
	char root[PATH_MAX];
	size_t root_len;
	dev_t device;
	ino_t real[DISK_INODES + 1]; /* by our number; 0: none */
	struct disk_log *log;
} disk;

void
disk_give_up(const char *why)
{
	(void)fprintf(stderr, "power: %s\n", why);
	abort();
}

/* --- numbers of inodes --- */

uint32_t
disk_number_of(dev_t device, ino_t real)
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

	return syscall(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0
	    ? disk_number_of(st.st_dev, st.st_ino)
	    : 0;
}

uint32_t
disk_number_of_fd(int fd)
{
	struct stat st;

	return syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 ? disk_number_of(st.st_dev, st.st_ino) : 0;
}

void
disk_know(const char *path, uint32_t inode)
{
	struct stat st;

	if (inode == 0 || inode > DISK_INODES || syscall(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		disk_give_up("a file cannot be known");
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

bool
disk_is_recording(void)
{
	return disk.log != NULL;
}

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

struct change *
disk_note(enum change_kind kind, uint32_t inode)
{
	struct disk_log *log = disk.log;
	struct change *change;

	if (log->count == log->max) {
		log->max = log->max == 0 ? 1024 : 2 * log->max;
		log->changes = realloc(log->changes, log->max * sizeof *log->changes);
		if (log->changes == NULL)
			disk_give_up("no memory");
	}
	change = &log->changes[log->count++];
	memset(change, 0, sizeof *change);
	change->kind = kind;
	change->inode = inode;
	return change;
}

bool
disk_below_root(int dirfd, const char *name, char ret[static PATH_MAX])
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

uint32_t
disk_parent_of(const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	*ret_name = slash + 1;
	if (strlen(*ret_name) >= DISK_NAME)
		disk_give_up("a name is too long");
	return number_of_path(parent);
}

void
disk_note_name(enum change_kind kind, const char *path)
{
	const char *name;
	uint32_t parent = disk_parent_of(path, &name);
	struct change *change = disk_note(kind, parent);

	if (parent == 0)
		disk_give_up("a directory is not known");
	memcpy(change->name, name, strlen(name) + 1);
	if (kind == CHANGE_CREATE || kind == CHANGE_MKDIR) {
		change->child = ++disk.log->inodes;
		disk_know(path, change->child);
	}
}

void
disk_note_write(int fd, const void *data, ssize_t len, off_t offset)
{
	struct change *change;
	uint32_t inode;

	if (disk.log == NULL || len <= 0)
		return;
	inode = disk_number_of_fd(fd);
	if (inode == 0)
		return;
	change = disk_note(CHANGE_WRITE, inode);
	change->offset = (uint64_t)offset;
	change->len = (size_t)len;
	change->data = malloc((size_t)len);
	if (change->data == NULL)
		disk_give_up("no memory");
	memcpy(change->data, data, (size_t)len);
}

void
disk_note_on_fd(enum change_kind kind, int fd, off_t size)
{
	uint32_t inode = disk.log == NULL ? 0 : disk_number_of_fd(fd);

	if (inode != 0)
		disk_note(kind, inode)->offset = (uint64_t)size;
}

const char *
change_kind_name(enum change_kind kind)
{
	static const char *const names[CHANGE_KINDS] = { "create", "mkdir", "unlink", "rename", "write", "truncate",
		"sync" };

	return names[kind];
}
