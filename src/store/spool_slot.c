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
#include "store/spool_slot.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define MAGIC          "LSPOOL1\n"
#define RECORD_OFFSET  8
#define ATTEMPT_OFFSET 24
#define LENGTH_OFFSET  40
#define FILLER         0x5a
#define BLOCK          4096

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
	return fill(fd, 0, 0, SLOT_HEADER_LEN);
}

bool
slot_make_ready(int dirfd, int fd, size_t len, size_t size)
{
	return fill(fd, FILLER, 0, SLOT_HEADER_LEN) && fdatasync(fd) == 0 &&
	    fill(fd, FILLER, len < SLOT_HEADER_LEN ? SLOT_HEADER_LEN : len, size) && fsync(fd) == 0 &&
	    fsync(dirfd) == 0 && spool_blank(fd) && fdatasync(fd) == 0;
}

bool
slot_look(int fd, struct slot_state *ret)
{
	uint8_t header[SLOT_HEADER_LEN];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	ret->size = (size_t)st.st_size;
	ret->ready = false;
	ret->free = true;
	if (ret->size < SLOT_HEADER_LEN)
		return true;
	if (io_pread_all(fd, header, sizeof(header), 0) != IO_OK)
		return false;
	ret->ready = is_filled_with(header, sizeof(header), 0);
	ret->free = ret->ready || is_filled_with(header, sizeof(header), FILLER);
	return true;
}

bool
spool_write(int fd, const uint8_t record_id[static 16], const uint8_t attempt_id[static 16], const void *payload,
    size_t payload_len)
{
	uint8_t header[SLOT_HEADER_LEN] = MAGIC;

	if (payload_len > SPOOL_PAYLOAD_MAX) {
		errno = EFBIG;
		return false;
	}
	memcpy(header + RECORD_OFFSET, record_id, 16);
	memcpy(header + ATTEMPT_OFFSET, attempt_id, 16);
	for (int i = 0; i < 4; i++)
		header[LENGTH_OFFSET + i] = (uint8_t)(payload_len >> (24 - 8 * i));
	return io_pwrite_all(fd, payload, payload_len, SLOT_HEADER_LEN) == IO_OK && fdatasync(fd) == 0 &&
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
	if (io_pread_all(fd, room, len, SLOT_HEADER_LEN) != IO_OK)
		return false;
	buf_grew(ret_payload, len);
	return true;
}

enum spool_content
spool_read(int fd, uint8_t ret_record_id[static 16], uint8_t ret_attempt_id[static 16], struct buf *ret_payload)
{
	struct slot_state state;
	uint8_t header[SLOT_HEADER_LEN];
	size_t len;

	if (!slot_look(fd, &state))
		return SPOOL_FAILED;
	if (state.free)
		return SPOOL_BLANK;
	if (io_pread_all(fd, header, sizeof(header), 0) != IO_OK)
		return SPOOL_FAILED;
	len = (size_t)header[LENGTH_OFFSET] << 24 | (size_t)header[LENGTH_OFFSET + 1] << 16 |
	    (size_t)header[LENGTH_OFFSET + 2] << 8 | header[LENGTH_OFFSET + 3];
	if (memcmp(header, MAGIC, RECORD_OFFSET) != 0 || len > SPOOL_PAYLOAD_MAX ||
	    len > state.size - SLOT_HEADER_LEN || len > ret_payload->max)
		return SPOOL_UNREADABLE;
	if (!read_payload(fd, len, ret_payload))
		return SPOOL_FAILED;
	memcpy(ret_record_id, header + RECORD_OFFSET, 16);
	memcpy(ret_attempt_id, header + ATTEMPT_OFFSET, 16);
	return SPOOL_REPLY;
}
