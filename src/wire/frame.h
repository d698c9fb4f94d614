/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames that vault side and network side share, over one Unix socket pair.
 *
 * A frame: type (1) | length of the body (4, big endian) | body. Bodies are sequences of fields: tag (1) | length (4) |
 * bytes. Field tables: docs/wire.md. Unknown types, unknown or repeated tags (unless the table says "repeats"),
 * missing fields and bodies over FRAME_BODY_MAX are refused and end the conversation.
 *
 *   vault side                courier
 *   JOB  ------------------->
 *        <------------------- READY    connected, TLS done, peer checked, nothing sent   (exchange jobs only)
 *   GO   ------------------->
 *        <------------------- SEALED   the reply is durable in the spool slot            (exchange jobs)
 *        <------------------- REPLY    the reply itself                                  (plain jobs)
 *        <------------------- FAILED   stage and reason; at any time, ends it
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/buf.h"
#include "base/http.h"
#include "base/io.h"

#define FRAME_BODY_MAX ((size_t)768 << 10)

enum frame_type {
	FRAME_JOB = 1,
	FRAME_READY,
	FRAME_GO,
	FRAME_SEALED,
	FRAME_REPLY,
	FRAME_FAILED
};

/* Read one frame into body (a secret buffer). IO_ERROR with errno EPROTO for what is not a frame. deadline: io.h */
enum io_result frame_read(int fd, enum frame_type *ret_type, struct buf *ret_body, int64_t deadline_ms);

/* Write one frame; body may be NULL for an empty one. */
enum io_result frame_write(int fd, enum frame_type type, const struct buf *body, int64_t deadline_ms);

#endif
