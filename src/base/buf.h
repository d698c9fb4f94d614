/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes with a maximum from birth. A buffer that holds secrets lives in the locked arena; both kinds are wiped when
 * they grow, shrink or go.
 *
 * Errors stick: after a failed append every further one fails too, so a builder appends ten times and asks once.
 * Not for use by two threads at once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

struct buf {
	uint8_t *data; /* NUL-terminated after every append; NULL while nothing was appended */
	size_t len;
	size_t cap;
	size_t max;   /* bytes without the NUL */
	bool secret;  /* in the locked arena */
	bool failed;  /* memory or maximum exceeded */
	bool starved; /* it was memory */
};

/* for initialisers: struct buf b = BUF_INIT(4096); */
#define BUF_INIT(max_) \
	{ \
		.max = (max_) \
	}
#define BUF_INIT_SECRET(max_) \
	{ \
		.max = (max_), .secret = true \
	}

/* Each returns false, and sets failed, when memory or the maximum is exceeded; what was there before stays. */
bool buf_append(struct buf *buf, const void *data, size_t len);
bool buf_append_str(struct buf *buf, const char *str);
bool buf_append_byte(struct buf *buf, uint8_t byte);
bool buf_append_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_append_base64url(struct buf *buf, const void *data, size_t len); /* RFC 4648 section 5, without padding */
bool buf_append_u16(struct buf *buf, uint16_t value);                     /* big endian, as all formats of Larder */
bool buf_append_u32(struct buf *buf, uint32_t value);
bool buf_append_u64(struct buf *buf, uint64_t value);

/* Room for len more bytes without moving; returns where to write, NULL on failure. buf_grew then counts them. */
uint8_t *buf_reserve(struct buf *buf, size_t len);
void buf_grew(struct buf *buf, size_t len);

/* The text so far, "" when nothing was appended. Valid until the next change. */
const char *buf_str(const struct buf *buf);

/* Forget the content, wiped; keeps memory and maximum; clears failed. */
void buf_reset(struct buf *buf);

/* Move the content of a secret buffer into a secret without a copy; the buffer is empty afterwards. */
bool buf_take_secret(struct buf *buf, struct secret *ret);

/* Wipe and release. Accepts a zeroed struct. */
void buf_clear(struct buf *buf);

/* Reads big-endian fields from bytes, never past the end: after one failed read all fail. */
struct reader {
	const uint8_t *data;
	size_t len;
	bool failed;
};

uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
const uint8_t *read_bytes(struct reader *reader, size_t len); /* NULL on failure */

#endif
