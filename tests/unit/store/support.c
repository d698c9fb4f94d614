/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "store/tests.h"

#define BUSY_MS 2000

void
place_open(struct place *place, const char *parent)
{
	if (parent == NULL)
		parent = getenv("TMPDIR");
	(void)snprintf(place->dir, sizeof(place->dir), "%.200s/larder-store-XXXXXX", parent == NULL ? "/tmp" : parent);
	assert_non_null(mkdtemp(place->dir));
	place->dirfd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(place->dirfd >= 0);
}

static void
empty_dir(int fd)
{
	const struct dirent *entry;
	DIR *dir = fdopendir(fd);

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			continue;
		empty_dir(openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		assert_int_equal(0, unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR));
	}
	(void)closedir(dir);
}

void
place_close(struct place *place)
{
	empty_dir(open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	(void)close(place->dirfd);
	assert_int_equal(0, rmdir(place->dir));
}

int
place_make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place_open(place, NULL);
	*state = place;
	return 0;
}

int
place_remove(void **state)
{
	place_close(*state);
	free(*state);
	return 0;
}

struct store *
store_new(struct place *place)
{
	struct store *store = NULL;

	if (sqlite_store_create(place->dir, place->dirfd, BUSY_MS, &store, &place->error) != LARDER_OK)
		fail_msg("%s: %s", place->error.what, place->error.why);
	return store;
}

struct store *
store_again(struct place *place)
{
	struct store *store = NULL;

	if (sqlite_store_open(place->dir, place->dirfd, BUSY_MS, &store, &place->error) != LARDER_OK)
		fail_msg("%s: %s", place->error.what, place->error.why);
	return store;
}

enum larder_code
store_try(struct place *place)
{
	struct store *store = NULL;
	enum larder_code code = sqlite_store_open(place->dir, place->dirfd, BUSY_MS, &store, &place->error);

	assert_true((code == LARDER_OK) == (store != NULL));
	store_close(store);
	return code;
}

void
write_row(struct store *store, const char *key, const char *body, enum store_sync sync)
{
	struct larder_error error;
	bool unknown = true;

	assert_int_equal(LARDER_OK, store_begin(store, sync, &error));
	assert_int_equal(LARDER_OK, store_put(store, 1, key, strlen(key), body, strlen(body), &error));
	assert_int_equal(LARDER_OK, store_commit(store, &unknown, &error));
	assert_false(unknown);
}

bool
row_is(struct store *store, const char *key, const char *body)
{
	struct buf found = BUF_INIT(STORE_BODY_MAX);
	struct larder_error error;
	enum larder_code code = store_get(store, 1, key, strlen(key), &found, &error);
	bool is;

	if (body == NULL)
		is = code == LARDER_NOT_FOUND;
	else
		is = code == LARDER_OK && found.len == strlen(body) && memcmp(buf_str(&found), body, found.len) == 0;
	buf_clear(&found);
	return is;
}

void
run_sql(struct place *place, const char *sql)
{
	char path[300], *message = NULL;
	sqlite3 *db = NULL;
	int keep = 1;

	(void)snprintf(path, sizeof(path), "%s/" SQLITE_STORE_FILE, place->dir);
	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	assert_int_equal(SQLITE_OK, sqlite3_close(db));
}

uint8_t *
file_bytes(struct place *place, const char *name, size_t *ret_len)
{
	int fd = openat(place->dirfd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *data;

	assert_true(fd >= 0);
	assert_int_equal(0, fstat(fd, &st));
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	assert_true(st.st_size == 0 || io_pread_all(fd, data, (size_t)st.st_size, 0) == IO_OK);
	(void)close(fd);
	*ret_len = (size_t)st.st_size;
	return data;
}

void
file_put(struct place *place, const char *name, const void *data, size_t len)
{
	int fd = openat(place->dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_true(len == 0 || io_pwrite_all(fd, data, len, 0) == IO_OK);
	assert_int_equal(0, close(fd));
}

bool
file_exists(struct place *place, const char *name)
{
	return faccessat(place->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int
in_child(int (*what)(struct place *place), struct place *place)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(what(place));
	assert_true(pid > 0);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

int64_t
clock_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
