/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot's life, and why a crash (of a process, or of the machine) between any two steps does no harm.
 *
 *   UNFINISHED --claim: fill, sync file, sync directory, blank--> BLANK --courier: payload, header--> REPLY
 *                                                                   ^                                   |
 *                                                                   '----------- settle: blank ---------'
 *
 * UNFINISHED is a file shorter than a header, or one whose header is all FILLER. Whoever claims it next does all the
 * steps of making again, so a slot counts as ready only when its blocks and its name are both on the disk. Growing a
 * ready slot makes it UNFINISHED first. The filler is not zero: some file systems give zeros no blocks.
 *
 * REPLY. The payload is synced before the header is written: a header on the disk has its whole payload. Crash before
 * the header: BLANK, no reply, as if it had not come. The header (44 bytes at the start of a sector) is written at
 * once; if it were torn nonetheless the magic or the MAC of the payload fails: UNREADABLE, kept.
 *
 * BLANK again is not synced. Crash: the old reply is back; settle finds its attempt ended and blanks it again. If a new
 * payload was half written over it by then, the new header was not, nothing had been promised, and the MAC of the old
 * reply fails or the old reply is whole.
 *
 * Files are never removed: a claimer could lock a file that has no name any more. On a copy-on-write file system writing
 * over old blocks takes new ones, and the promise of room is only as good as that file system's reserve.
 */
#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"

#define MAGIC          "LSPOOL1\n"
#define RECORD_OFFSET  8
#define ATTEMPT_OFFSET 24
#define LENGTH_OFFSET  40
#define HEADER_LEN     44
#define FILLER         0x5a
#define BLOCK          4096
#define NAME_SIZE      8

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

	return fcntl(fd, F_OFD_SETLK, &request) == 0;
}

static bool
is_filled_with(const uint8_t *data, size_t len, uint8_t byte)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != byte)
			return false;
	}
	return true;
}

static bool
fill(int fd, uint8_t byte, size_t from, size_t to)
{
	uint8_t block[BLOCK];
	size_t len;

	memset(block, byte, sizeof(block));
	for (; from < to; from += len) {
		len = to - from < sizeof(block) ? to - from : sizeof(block);
		if (io_pwrite_all(fd, block, len, (int64_t)from) != IO_OK)
			return false;
	}
	return true;
}

bool
spool_blank(int fd)
{
	return fill(fd, 0, 0, HEADER_LEN);
}

/* From len bytes to size, all on the disk; the steps of the head comment, in that order. */
static bool
make_ready(int dirfd, int fd, size_t len, size_t size)
{
	return fill(fd, FILLER, 0, HEADER_LEN) && fdatasync(fd) == 0 &&
	    fill(fd, FILLER, len < HEADER_LEN ? HEADER_LEN : len, size) && fsync(fd) == 0 && fsync(dirfd) == 0 &&
	    spool_blank(fd) && fdatasync(fd) == 0;
}

/* What claim must know of a slot. */
struct slot_state {
	bool free;  /* blank or unfinished */
	bool ready; /* blank, and its size is on the disk */
	size_t size;
};

static bool
look(int fd, struct slot_state *ret)
{
	uint8_t header[HEADER_LEN];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	ret->size = (size_t)st.st_size;
	ret->ready = false;
	ret->free = true;
	if (ret->size < HEADER_LEN)
		return true;
	if (io_pread_all(fd, header, sizeof(header), 0) != IO_OK)
		return false;
	ret->ready = is_filled_with(header, sizeof(header), 0);
	ret->free = ret->ready || is_filled_with(header, sizeof(header), FILLER);
	return true;
}

/* Use the locked slot fd for size bytes if it is free; *ret_taken tells. */
static enum larder_code
take(int dirfd, int fd, size_t size, bool *ret_taken, struct larder_error *ret_error)
{
	struct slot_state state;
	int errnum;

	*ret_taken = false;
	if (!look(fd, &state))
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CLAIM, NULL, SPOOL_DIR);
	if (!state.free)
		return LARDER_OK;
	if (!state.ready || state.size < size) {
		if (!make_ready(dirfd, fd, state.ready ? state.size : 0, size)) {
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
	if (code == LARDER_EXISTS) /* another claimer was faster */
		code = file_open_private(dirfd, name, O_RDWR, ret_fd, ret_error);
	return code;
}

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

	if (size > HEADER_LEN + SPOOL_PAYLOAD_MAX)
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
	if (!lock_slot(fd)) {
		code = errno == EAGAIN || errno == EACCES ? LARDER_UNAVAILABLE : LARDER_STORAGE;
		(void)error_set_errno(ret_error, code, errno, "cannot open a reply", NULL, "slot %u", number);
		(void)close(fd);
		return code;
	}
	ret->fd = fd;
	ret->number = number;
	return LARDER_OK;
}

bool
spool_write(int fd, const uint8_t record_id[static 16], const uint8_t attempt_id[static 16], const void *payload,
    size_t payload_len)
{
	uint8_t header[HEADER_LEN] = MAGIC;

	if (payload_len > SPOOL_PAYLOAD_MAX) {
		errno = EFBIG;
		return false;
	}
	memcpy(header + RECORD_OFFSET, record_id, 16);
	memcpy(header + ATTEMPT_OFFSET, attempt_id, 16);
	for (int i = 0; i < 4; i++)
		header[LENGTH_OFFSET + i] = (uint8_t)(payload_len >> (24 - 8 * i));
	return io_pwrite_all(fd, payload, payload_len, HEADER_LEN) == IO_OK && fdatasync(fd) == 0 &&
	    io_pwrite_all(fd, header, sizeof(header), 0) == IO_OK && fdatasync(fd) == 0;
}

/* Append len bytes of the payload; the buffer is as before on failure. */
static bool
read_payload(int fd, size_t len, struct buf *ret_payload)
{
	uint8_t *room;

	buf_reset(ret_payload);
	room = buf_reserve(ret_payload, len);
	if (room == NULL) {
		buf_reset(ret_payload);
		errno = ENOMEM;
		return false;
	}
	if (io_pread_all(fd, room, len, HEADER_LEN) != IO_OK)
		return false;
	buf_grew(ret_payload, len);
	return true;
}

enum spool_content
spool_read(int fd, uint8_t ret_record_id[static 16], uint8_t ret_attempt_id[static 16], struct buf *ret_payload)
{
	struct slot_state state;
	uint8_t header[HEADER_LEN];
	size_t len;

	if (!look(fd, &state))
		return SPOOL_FAILED;
	if (state.free)
		return SPOOL_BLANK;
	if (io_pread_all(fd, header, sizeof(header), 0) != IO_OK)
		return SPOOL_FAILED;
	len = (size_t)header[LENGTH_OFFSET] << 24 | (size_t)header[LENGTH_OFFSET + 1] << 16 |
	    (size_t)header[LENGTH_OFFSET + 2] << 8 | header[LENGTH_OFFSET + 3];
	if (memcmp(header, MAGIC, RECORD_OFFSET) != 0 || len > SPOOL_PAYLOAD_MAX || len > state.size - HEADER_LEN ||
	    len > ret_payload->max)
		return SPOOL_UNREADABLE;
	if (!read_payload(fd, len, ret_payload))
		return SPOOL_FAILED;
	memcpy(ret_record_id, header + RECORD_OFFSET, 16);
	memcpy(ret_attempt_id, header + ATTEMPT_OFFSET, 16);
	return SPOOL_REPLY;
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
