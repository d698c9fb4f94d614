/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/keep.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "crypto/box.h"
#include "store/spool.h"
#include "wire/frame.h"

#define REPLY_SLACK   (sizeof(struct http_reply) + 256) /* bytes of an encoded reply besides its body, and some */
#define SEAL_SLACK    ((size_t)256)                     /* bytes that sealing adds, and some */
#define QUICK_TRIES   5   /* of the slot, over 1.5 s, before the vault side is asked to help */
#define QUICK_WAIT_MS 100 /* times the number of the try */
#define SLOW_TRIES    60
#define SLOW_WAIT_MS  1000
#define SAY_MS        5000 /* how long a vault side that does not read may hold us up */

bool
keeper_init(struct keeper *keeper)
{
	*keeper = (struct keeper){
		.encoded = BUF_INIT_SECRET(HTTP_REPLY_MAX + REPLY_SLACK),
		.sealed = BUF_INIT(HTTP_REPLY_MAX + REPLY_SLACK + SEAL_SLACK),
	};
	return buf_reserve(&keeper->encoded, keeper->encoded.max) != NULL &&
	    buf_reserve(&keeper->sealed, keeper->sealed.max) != NULL;
}

void
keeper_clear(struct keeper *keeper)
{
	buf_clear(&keeper->encoded);
	buf_clear(&keeper->sealed);
}

static bool
seal_in_box(struct keeper *keeper, const struct job_attempt *from)
{
	struct attempt attempt = { .generation = from->generation };
	bool ok;

	memcpy(attempt.vault_id, from->vault_id, sizeof(attempt.vault_id));
	memcpy(attempt.record_id, from->record_id, sizeof(attempt.record_id));
	memcpy(attempt.id, from->id, sizeof(attempt.id));
	memcpy(attempt.key, from->key, sizeof(attempt.key));
	memcpy(attempt.vault_public, from->vault_public, sizeof(attempt.vault_public));
	ok = box_seal(&attempt, keeper->encoded.data, keeper->encoded.len, &keeper->sealed);
	wipe(&attempt, sizeof(attempt));
	return ok;
}

static bool
write_slot(const struct keeper *keeper, int slot, const struct job_attempt *attempt)
{
	return spool_write(slot, attempt->record_id, attempt->id, keeper->sealed.data, keeper->sealed.len);
}

/* The outcome no longer depends on whether the vault side hears it, so a failure to tell is not one. */
static void
say(int wire, enum frame_type type, const struct buf *body)
{
	(void)frame_write(wire, type, body, io_clock_ms() + SAY_MS);
}

/* The next one may settle from here on, and must not wait until this process has gone. */
static void
let_go(const struct keep_fds *fds, int status)
{
	struct buf body = BUF_INIT(64);

	(void)close(fds->slot);
	(void)close(fds->lock);
	if (sealed_encode(status, &body))
		say(fds->wire, FRAME_SEALED, &body);
	buf_clear(&body);
}

static void
say_not_sealed(int wire, const char *reason, const struct buf *encoded)
{
	struct call_failure failure = { .stage = CALL_SEAL };
	struct buf body = BUF_INIT(1024);

	(void)text_format(failure.why, sizeof(failure.why), "the reply could not be written to the spool: %s", reason);
	if (failure_encode(&failure, &body))
		say(wire, FRAME_FAILED, &body);
	say(wire, FRAME_REPLY, encoded);
	buf_clear(&body);
}

/* Wait, but listen: true when the vault side has committed the reply. One that is gone is not asked again. */
static bool
wait_for_kept(int *wire, int wait_ms)
{
	struct pollfd waited = { .fd = *wire, .events = POLLIN };
	struct buf body = BUF_INIT(64);
	enum frame_type type;
	bool kept = false;

	if (poll(&waited, 1, wait_ms) > 0) {
		if (frame_read(*wire, &type, &body, io_clock_ms() + wait_ms) == IO_OK)
			kept = type == FRAME_KEPT;
		else
			*wire = -1; /* poll ignores it: from here on only the time passes */
	}
	buf_clear(&body);
	return kept;
}

static bool
try_quickly(const struct keeper *keeper, int slot, const struct job_attempt *attempt, const char **ret_reason)
{
	for (int i = 1; i <= QUICK_TRIES; i++) {
		if (write_slot(keeper, slot, attempt))
			return true;
		*ret_reason = strerror(errno);
		(void)poll(NULL, 0, i * QUICK_WAIT_MS);
	}
	return false;
}

static bool
try_slowly(
    const struct keeper *keeper, const struct keep_fds *fds, const struct job_attempt *attempt, bool sealed, int status)
{
	int wire = fds->wire;

	for (int i = 0; i < SLOW_TRIES; i++) {
		if (wait_for_kept(&wire, SLOW_WAIT_MS))
			return true;
		if (sealed && write_slot(keeper, fds->slot, attempt)) {
			let_go(fds, status);
			return true;
		}
	}
	return false;
}

void
keeper_note_unsent(struct keeper *keeper, const struct keep_fds *fds, const struct job_attempt *attempt)
{
	const struct call_failure failure = { .stage = CALL_NO_GO };

	if (failure_encode(&failure, &keeper->encoded) && seal_in_box(keeper, attempt))
		(void)write_slot(keeper, fds->slot, attempt);
}

bool
keeper_keep(struct keeper *keeper, const struct keep_fds *fds, const struct job_attempt *attempt,
    const struct http_reply *reply)
{
	const char *reason = "it could not be sealed";
	bool sealed;

	if (!reply_encode(reply, &keeper->encoded)) {
		reason = "it could not be encoded";
		buf_reset(&keeper->encoded);
	}
	sealed = keeper->encoded.len > 0 && seal_in_box(keeper, attempt);
	if (sealed && try_quickly(keeper, fds->slot, attempt, &reason)) {
		let_go(fds, reply->status);
		return true;
	}
	say_not_sealed(fds->wire, reason, &keeper->encoded);
	return try_slowly(keeper, fds, attempt, sealed, reply->status);
}
