/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "provider/definition.h"

#define FILES_MAX 1000 /* definition files in one folder */

static bool
is_definition_name(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && name[0] != '.' && strcmp(name + len - 5, ".json") == 0;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum larder_code
add_name(struct folder *folder, const char *name, struct larder_error *ret_error)
{
	char **names;

	if (folder->count >= FILES_MAX)
		return error_set(ret_error, LARDER_USAGE, "cannot read the provider definitions",
		    "remove files from providers.d", "more than %d files in one folder", FILES_MAX);
	names = reallocarray(folder->names, folder->count + 1, sizeof(*names));
	if (names == NULL)
		return error_no_memory(ret_error);
	folder->names = names;
	folder->names[folder->count] = text_copy(name);
	if (folder->names[folder->count] == NULL)
		return error_no_memory(ret_error);
	folder->count++;
	return LARDER_OK;
}

enum larder_code
folder_open(const char *path, struct folder *ret, struct larder_error *ret_error)
{
	struct folder folder = { .names = NULL };
	enum larder_code code = LARDER_OK;
	const struct dirent *entry;
	DIR *dir = opendir(path);

	if (dir == NULL && (errno == ENOENT || errno == ENOTDIR)) {
		*ret = folder;
		return LARDER_OK;
	}
	if (dir == NULL)
		return error_set_errno(
		    ret_error, LARDER_STORAGE, errno, "cannot read the provider definitions", NULL, "%s", path);
	while (code == LARDER_OK && (errno = 0, entry = readdir(dir)) != NULL) {
		if (is_definition_name(entry->d_name))
			code = add_name(&folder, entry->d_name, ret_error);
	}
	if (code == LARDER_OK && errno != 0)
		code = error_set_errno(
		    ret_error, LARDER_STORAGE, errno, "cannot read the provider definitions", NULL, "%s", path);
	(void)closedir(dir); /* only read from */
	if (code != LARDER_OK) {
		folder_clear(&folder);
		return code;
	}
	if (folder.count > 1)
		qsort(folder.names, folder.count, sizeof(*folder.names), by_bytes);
	*ret = folder;
	return LARDER_OK;
}

void
folder_clear(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		free(folder->names[i]);
	free(folder->names);
	*folder = (struct folder){ .names = NULL };
}

/* NULL if the file may be used. */
static const char *
objection(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_size > (off_t)DEFINITION_MAX)
		return "larger than 256 KiB";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to another user";
	if ((st->st_mode & S_IWOTH) != 0)
		return "everybody can write it";
	return NULL;
}

static enum larder_code
read_checked(int fd, const char *shown, struct buf *ret, struct larder_error *ret_error)
{
	static const char *const what = "cannot use the provider definition";
	const char *problem;
	struct stat st;
	uint8_t *room;
	size_t len;

	if (fstat(fd, &st) != 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, what, NULL, "%s", shown);
	problem = objection(&st);
	if (problem != NULL)
		return error_set(ret_error, LARDER_USAGE, what, "mend or remove that file", "%s: %s", shown, problem);
	len = (size_t)st.st_size;
	if (len == 0)
		return LARDER_OK;
	room = buf_reserve(ret, len);
	if (room == NULL)
		return error_no_memory(ret_error);
	if (io_read_all(fd, room, len, -1) != IO_OK)
		return error_set(ret_error, LARDER_STORAGE, what, NULL, "%s: it cannot be read whole", shown);
	buf_grew(ret, len);
	return LARDER_OK;
}

enum larder_code
folder_read(const char *path, const char *name, struct buf *ret, struct larder_error *ret_error)
{
	char full[4096];
	char shown[256];
	enum larder_code code;
	int fd;

	if (!text_format(full, sizeof(full), "%s/%s", path, name))
		return error_set(
		    ret_error, LARDER_USAGE, "cannot use the provider definition", NULL, "its path is too long");
	(void)text_escape(shown, sizeof(shown), full, strlen(full));
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(ret_error, LARDER_USAGE, errno, "cannot use the provider definition",
		    "mend or remove that file", "%s", shown);
	code = read_checked(fd, shown, ret, ret_error);
	(void)close(fd); /* only read from */
	return code;
}
