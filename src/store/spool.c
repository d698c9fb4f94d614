/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of the slots: who holds which. What is in a slot, and its life, is spool_slot.c.
 */
#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/spool_slot.h"

#define BLOCK     4096
#define NAME_SIZE 8
#define HELD_MS   2000 /* for whoever only looks into a slot that holds a reply */

#define CANNOT_CLAIM "cannot make room for a reply"
#define FREE_SPACE   "free some space on the disk of the vault, then try again"

static void
slot_name(char name[static NAME_SIZE], uint32_t number)
{
	(void)snprintf(name, NAME_SIZE, "%04u", (unsigned)(number % 10000));
}

static enum larder_code
open_dir(int vault_dirfd, int *ret_fd, struct larder_error *ret_error)
{
	int fd = openat(vault_dirfd, SPOOL_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return error_set(ret_error, LARDER_DAMAGED, CANNOT_CLAIM, "restore the vault from a backup",
		    "its directory %s is missing", SPOOL_DIR);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return error_set(ret_error, LARDER_DENIED, CANNOT_CLAIM, NULL, "%s is not a directory", SPOOL_DIR);
	if (fd < 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CLAIM, NULL, SPOOL_DIR);
	if (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		(void)close(fd);
		return error_set(ret_error, LARDER_DENIED, CANNOT_CLAIM, "make it yours, with mode 700",
		    "the directory %s is not ours alone", SPOOL_DIR);
	}
	*ret_fd = fd;
	return LARDER_OK;
}

/* OFD: it belongs to the open file, so a courier that inherits the descriptor holds it too. */
static bool
lock_slot(int fd)
{
	struct flock request = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int rc;

	do
		rc = fcntl(fd, F_OFD_SETLK, &request);
	while (rc != 0 && errno == EINTR);
	return rc == 0;
}

/*
 * Lock a slot to look into it. Whoever claims or sweeps locks every slot for a moment, and a reply must not be missed
 * for that: a slot that holds one is claimed by nobody, so it is waited for. EAGAIN: claimed, with no reply in it;
 * EBUSY: it holds one and was not let go in time.
 */
static bool
lock_slot_to_look(int fd)
{
	struct slot_state state;

	for (int waited_ms = 0; waited_ms < HELD_MS; waited_ms++) {
		if (lock_slot(fd))
			return true;
		if ((errno != EAGAIN && errno != EACCES) || !slot_look(fd, &state))
			return false;
		if (state.free) {
			errno = EAGAIN;
			return false;
		}
		(void)poll(NULL, 0, 1);
	}
	errno = EBUSY;
	return false;
}

/* Use the locked slot fd for size bytes if it is free; *ret_taken tells. */
static enum larder_code
take(int dirfd, int fd, size_t size, bool *ret_taken, struct larder_error *ret_error)
{
	struct slot_state state;
	int errnum;

	*ret_taken = false;
	if (!slot_look(fd, &state))
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CLAIM, NULL, SPOOL_DIR);
	if (!state.free)
		return LARDER_OK;
	if (!state.ready || state.size < size) {
		if (!slot_make_ready(dirfd, fd, state.ready ? state.size : 0, size)) {
			errnum = errno;
			/* give a full disk its room back, but not what was there: for shorter replies it will do */
			if (ftruncate(fd, state.ready ? (off_t)state.size : 0) != 0)
				errnum = errno;
			return error_set_errno(ret_error, LARDER_STORAGE, errnum, CANNOT_CLAIM, FREE_SPACE, SPOOL_DIR);
		}
	}
	*ret_taken = true;
	return LARDER_OK;
}

/* Open slot number, making it if it is absent and create is set. */
static enum larder_code
open_slot(int dirfd, uint32_t number, bool create, int *ret_fd, struct larder_error *ret_error)
{
	char name[NAME_SIZE];
	enum larder_code code;

	slot_name(name, number);
	code = file_open_private(dirfd, name, O_RDWR, ret_fd, ret_error);
	if (code != LARDER_NOT_FOUND || !create)
		return code;
	code = file_open_private(dirfd, name, O_RDWR | O_CREAT | O_EXCL, ret_fd, ret_error);
	if (code != LARDER_OK && file_open_private(dirfd, name, O_RDWR, ret_fd, NULL) == LARDER_OK)
		return LARDER_OK; /* another claimer was faster */
	return code;
}

/* One that somebody else holds is passed over; where none can be locked at all, more of them would be made in vain. */
static enum larder_code
claim_in(int dirfd, size_t size, struct spool_slot *ret, struct larder_error *ret_error)
{
	enum larder_code code;
	bool taken = false;
	int fd = -1;

	for (uint32_t number = 0; number < SPOOL_SLOTS_MAX; number++) {
		code = open_slot(dirfd, number, true, &fd, ret_error);
		if (code != LARDER_OK)
			return code;
		if (lock_slot(fd))
			code = take(dirfd, fd, size, &taken, ret_error);
		else if (errno != EAGAIN && errno != EACCES)
			code = error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CLAIM, NULL, "a slot's lock");
		if (code == LARDER_OK && taken) {
			ret->fd = fd;
			ret->number = number;
			return LARDER_OK;
		}
		(void)close(fd);
		if (code != LARDER_OK)
			return code;
	}
	return error_set(ret_error, LARDER_STORAGE, CANNOT_CLAIM, "run 'larder verify'",
	    "all %d slots hold replies that nobody settled", SPOOL_SLOTS_MAX);
}

enum larder_code
spool_claim(int vault_dirfd, size_t size, struct spool_slot *ret, struct larder_error *ret_error)
{
	enum larder_code code;
	int dirfd = -1;

	if (size > SLOT_HEADER_LEN + SPOOL_PAYLOAD_MAX)
		return error_set(ret_error, LARDER_INTERNAL, CANNOT_CLAIM, NULL, "%zu bytes are too many", size);
	if (size < SPOOL_SIZE_MIN)
		size = SPOOL_SIZE_MIN;
	size = (size + BLOCK - 1) / BLOCK * BLOCK;
	code = open_dir(vault_dirfd, &dirfd, ret_error);
	if (code != LARDER_OK)
		return code;
	code = claim_in(dirfd, size, ret, ret_error);
	(void)close(dirfd);
	return code;
}

enum larder_code
spool_create(int vault_dirfd, struct larder_error *ret_error)
{
	struct spool_slot slot = SPOOL_SLOT_INIT;
	enum larder_code code;

	if (mkdirat(vault_dirfd, SPOOL_DIR, 0700) != 0)
		return error_set_errno(ret_error, errno == EEXIST ? LARDER_EXISTS : LARDER_STORAGE, errno,
		    "cannot create the spool", NULL, SPOOL_DIR);
	if (fchmodat(vault_dirfd, SPOOL_DIR, 0700, 0) != 0 || fsync(vault_dirfd) != 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, "cannot create the spool", NULL, SPOOL_DIR);
	code = spool_claim(vault_dirfd, SPOOL_SIZE_MIN, &slot, ret_error);
	spool_close(&slot);
	return code;
}

enum larder_code
spool_open(int vault_dirfd, uint32_t number, struct spool_slot *ret, struct larder_error *ret_error)
{
	enum larder_code code;
	int dirfd = -1, fd = -1;

	if (number >= SPOOL_SLOTS_MAX)
		return error_set(
		    ret_error, LARDER_NOT_FOUND, "cannot open a reply", NULL, "there is no slot %u", number);
	code = open_dir(vault_dirfd, &dirfd, ret_error);
	if (code != LARDER_OK)
		return code;
	code = open_slot(dirfd, number, false, &fd, ret_error);
	(void)close(dirfd);
	if (code != LARDER_OK)
		return code;
	if (!lock_slot_to_look(fd)) {
		code = errno == EAGAIN ? LARDER_UNAVAILABLE : LARDER_STORAGE;
		(void)error_set_errno(ret_error, code, errno, "cannot open a reply", NULL, "slot %u", number);
		(void)close(fd);
		return code;
	}
	ret->fd = fd;
	ret->number = number;
	return LARDER_OK;
}

void
spool_close(struct spool_slot *slot)
{
	if (slot->fd >= 0)
		(void)close(slot->fd);
	slot->fd = -1;
}

/* "0000" to "4095" */
static bool
parse_name(const char *name, uint32_t *ret)
{
	if (strlen(name) != 4 || strspn(name, "0123456789") != 4)
		return false;
	*ret = (uint32_t)strtoul(name, NULL, 10);
	return *ret < SPOOL_SLOTS_MAX;
}

enum larder_code
spool_count(int vault_dirfd, uint32_t *ret, struct larder_error *ret_error)
{
	enum larder_code code;
	const struct dirent *entry;
	uint32_t count = 0, number;
	int dirfd = -1;
	DIR *dir;

	code = open_dir(vault_dirfd, &dirfd, ret_error);
	if (code != LARDER_OK)
		return code;
	dir = fdopendir(dirfd);
	if (dir == NULL) {
		(void)close(dirfd);
		return error_no_memory(ret_error);
	}
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (parse_name(entry->d_name, &number) && number >= count)
			count = number + 1;
	}
	if (errno != 0)
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, "cannot list the spool", NULL, SPOOL_DIR);
	else
		*ret = count;
	(void)closedir(dir);
	return code;
}
