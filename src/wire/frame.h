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
 *        <------------------- HEAD     of the reply, its body field holding the lines    (stream jobs)
 *        <------------------- DATA     a piece of the body as it is; any number
 *        <------------------- END      all of it has come
 *        <------------------- READY    with the port                                     (listening jobs)
 *        <------------------- DATA     the query that a browser brought
 *   GO | KEPT | FAILED ----->          logged in | not an answer to this, go on | refused, and why
 *        <------------------- FAILED   stage and reason; at any time, ends it but for CALL_SEAL
 *
 * A reply that cannot be made durable must not die with the courier. After some seconds of trying it says:
 *
 *        <------------------- FAILED   CALL_SEAL and why
 *        <------------------- REPLY    the reply, for the vault side to commit
 *   KEPT ------------------->          it is committed: the courier may go
 *
 * Until KEPT comes the courier keeps the exchange lock and goes on trying to write the slot, for at most a minute and
 * also when the vault side is gone; if that succeeds it says SEALED and goes. So the vault side may get SEALED after
 * REPLY; a reply that is both committed and sealed is the settling of an attempt that is over.
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
	FRAME_FAILED,
	FRAME_KEPT,
	FRAME_HEAD,
	FRAME_DATA,
	FRAME_END
};

/*
 * Read one frame.
 *
 * ret_body     a secret buffer of the caller; what it held is gone, also after a failure. Its maximum limits the frame
 * deadline_ms  as in io.h; -1 waits for ever
 *
 * IO_END: the peer closed between frames. IO_ERROR with errno: EPROTO for what is not a frame or is too long, EPIPE
 * for an end inside a frame, ENOMEM.
 */
enum io_result frame_read(int fd, enum frame_type *ret_type, struct buf *ret_body, int64_t deadline_ms);

/*
 * Write one frame to a socket; body may be NULL for an empty one. Raises no SIGPIPE. After a time-out a part of the
 * frame may have gone, so the conversation is over.
 */
enum io_result frame_write(int fd, enum frame_type type, const struct buf *body, int64_t deadline_ms);

#endif
