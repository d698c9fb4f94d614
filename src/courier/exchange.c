/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   JOB --connect--> READY --GO--> sent --reply--> sealed in the slot --> SEALED
 *        '-> FAILED          '-> noted in the slot, FAILED, nothing sent
 *                                       |-> FAILED, sent and no reply
 *                                       '-> noted in the slot, FAILED, the certificate refused and nothing read
 *
 * (1) Not a byte of the request leaves before GO.                                    [ask_to_go]
 * (2) After GO nothing but the reply, its absence or the time ends the exchange: a vault side that is gone is only
 *     noticed when there is something to tell it.
 * (3) A reply is durable before anybody hears of it, and one that is cut off counts as a reply.    [keeper_keep]
 */
#include "courier/exchange.h"

#include "base/io.h"
#include "base/text.h"
#include "courier/http.h"
#include "wire/frame.h"

#define ANSWER_MS 5000 /* for a vault side that does not read */

struct asking {
	int wire;
	int32_t go_ms;
	bool refused, went;
};

/* Says READY and waits for GO. Anything else, an end or the time-out included, is a no. */
static bool
ask_to_go(void *context)
{
	struct asking *asking = context;
	int64_t deadline_ms = io_clock_ms() + asking->go_ms;
	struct buf body = BUF_INIT(64);
	enum frame_type type;
	bool go;

	go = frame_write(asking->wire, FRAME_READY, NULL, deadline_ms) == IO_OK &&
	    frame_read(asking->wire, &type, &body, deadline_ms) == IO_OK && type == FRAME_GO;
	buf_clear(&body);
	asking->refused = !go;
	asking->went = go;
	return go;
}

static void
say_failed(int wire, const struct call_failure *failure)
{
	struct buf body = BUF_INIT(1024);

	if (failure_encode(failure, &body))
		(void)frame_write(wire, FRAME_FAILED, &body, io_clock_ms() + ANSWER_MS);
	buf_clear(&body);
}

void
exchange_refuse(int wire, enum call_stage stage, const char *why)
{
	struct call_failure failure = { .stage = stage };

	(void)text_format(failure.why, sizeof(failure.why), "%s", why);
	say_failed(wire, &failure);
}

static void
say_reply(int wire, const struct http_reply *reply, struct buf *encoded)
{
	if (reply_encode(reply, encoded))
		(void)frame_write(wire, FRAME_REPLY, encoded, io_clock_ms() + ANSWER_MS);
	else
		exchange_refuse(wire, CALL_SENT, "the reply could not be encoded");
}

void
exchange_run(const struct job *job, const struct authority *authority, const struct keep_fds *fds)
{
	struct asking asking = { .wire = fds->wire, .go_ms = job->go_ms };
	struct http_terms terms = { .authority = *authority, .context = &asking };
	struct http_reply reply = { 0 };
	struct call_failure failure;
	struct keeper keeper;

	if (!keeper_init(&keeper)) {
		exchange_refuse(fds->wire, CALL_SETUP, "there is no memory for a reply");
		goto out;
	}
	if (job->kind == JOB_EXCHANGE)
		terms.gate = ask_to_go;
	if (!http_perform(job, &terms, &reply, &failure)) {
		if (asking.refused || (asking.went && failure.stage == CALL_REFUSED))
			keeper_note_unsent(&keeper, fds, &job->attempt);
		say_failed(fds->wire, &failure);
	} else if (job->kind == JOB_PLAIN)
		say_reply(fds->wire, &reply, &keeper.encoded);
	else
		(void)keeper_keep(&keeper, fds, &job->attempt, &reply); /* it has told all there is to tell */
out:
	http_reply_clear(&reply);
	keeper_clear(&keeper);
}
