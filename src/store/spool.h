/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preallocated slots for replies: files spool/0000, spool/0001 ... that are written full and synced once and then
 * recycled, so that a reply can always be made durable without the file system having to find room.
 *
 * A slot is claimed by an OFD lock on its own file, which the courier inherits: it stays claimed until the last of
 * both is gone. An unclaimed slot whose header is blank is free; one with a header holds a reply that nobody settled.
 *
 * Layout: magic "LSPOOL1\n" (8) | record id (16) | attempt id (16) | payload length (4) | payload. The payload is
 * opaque here (crypto/box.h: MAC and sealed box).
 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define SPOOL_DIR         "spool"
#define SPOOL_SIZE_MIN    ((size_t)16 << 10) /* bytes of a new slot */
#define SPOOL_PAYLOAD_MAX ((size_t)512 << 10)
#define SPOOL_SLOTS_MAX   4096

struct spool_slot {
	int fd; /* -1: none */
	uint32_t number;
};

#define SPOOL_SLOT_INIT \
	{ \
		-1, 0 \
	}

/* Create the directory in a new vault, with one slot ready. */
enum larder_code spool_create(int vault_dirfd, struct larder_error *ret_error);

/*
 * Claim a free slot of at least size bytes (header included), making or extending one if needed; durable on return.
 * Errors: STORAGE; DENIED (a file there is not ours alone); DAMAGED (no directory).
 */
enum larder_code spool_claim(int vault_dirfd, size_t size, struct spool_slot *ret, struct larder_error *ret_error);

/*
 * Open slot number to look into it (settle). UNAVAILABLE: somebody has claimed it, and there is no reply in it.
 * NOT_FOUND: no such file. STORAGE: it could not be looked into, so nothing may be concluded.
 */
enum larder_code spool_open(int vault_dirfd, uint32_t number, struct spool_slot *ret, struct larder_error *ret_error);

/*
 * The courier's side: write the payload, then the header, each synced, the header last. Nothing but fd is needed; async
 * signals do not matter. It calls pwrite and fdatasync only. false with errno on failure; the reply may then be there
 * all the same.
 */
bool spool_write(int fd, const uint8_t record_id[static 16], const uint8_t attempt_id[static 16], const void *payload,
    size_t payload_len);

/* What a slot holds. */
enum spool_content {
	SPOOL_BLANK,
	SPOOL_REPLY,      /* ids and payload are set */
	SPOOL_UNREADABLE, /* neither blank nor of the layout, or longer than ret_payload may be: kept, counts as no reply */
	SPOOL_FAILED      /* it could not be read now (errno: I/O, memory): nothing may be concluded from it */
};
enum spool_content
spool_read(int fd, uint8_t ret_record_id[static 16], uint8_t ret_attempt_id[static 16], struct buf *ret_payload);

/* Blank the header so that the slot is free again, after its reply was committed. Not synced: see settle. */
bool spool_blank(int fd);

/* Close our copy. Accepts SPOOL_SLOT_INIT. */
void spool_close(struct spool_slot *slot);

/* One more than the highest number of a slot file, for settle's sweep from 0; a number below may be absent. */
enum larder_code spool_count(int vault_dirfd, uint32_t *ret, struct larder_error *ret_error);

#endif
