/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/stream.h"

#include <poll.h>

#include "base/text.h"
#include "courier/exchange.h"
#include "wire/frame.h"

struct listening {
	int wire;
	uint64_t passed_on; /* bytes of the body */
};

static bool
pass_head(void *context, const struct http_reply *reply, const struct buf *lines)
{
	const struct listening *listening = context;
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	struct http_reply head = *reply; /* its body is the lines, borrowed */
	bool ok;

	head.body = (struct secret){ .data = lines->data, .len = lines->len };
	ok = reply_encode(&head, &body) && frame_write(listening->wire, FRAME_HEAD, &body, -1) == IO_OK;
	buf_clear(&body);
	return ok;
}

static bool
pass_data(void *context, const void *data, size_t len)
{
	struct listening *listening = context;
	struct buf body = BUF_INIT_SECRET(FRAME_BODY_MAX);
	bool ok = buf_append(&body, data, len) && frame_write(listening->wire, FRAME_DATA, &body, -1) == IO_OK;

	buf_clear(&body);
	listening->passed_on += len;
	return ok;
}

static bool
is_gone(void *context)
{
	const struct listening *listening = context;
	struct pollfd waited = { .fd = listening->wire, .events = POLLIN };

	return poll(&waited, 1, 0) > 0; /* the vault side has nothing more to say, so it can only have ended */
}

void
stream_run(int wire, const struct job *job, const struct authority *authority)
{
	static const struct http_listener listener = { pass_head, pass_data, is_gone };
	struct listening listening = { .wire = wire };
	struct http_terms terms = { .authority = *authority, .listener = &listener, .context = &listening };
	struct http_reply reply = { 0 };
	struct call_failure failure;
	char why[96];

	if (!http_perform(job, &terms, &reply, &failure)) {
		exchange_refuse(wire, failure.stage, failure.why);
	} else if (reply.truncated) {
		(void)text_format(
		    why, sizeof why, "the reply broke off after %llu bytes", (unsigned long long)listening.passed_on);
		exchange_refuse(wire, CALL_SENT, why);
	} else {
		(void)frame_write(wire, FRAME_END, NULL, -1);
	}
	http_reply_clear(&reply);
}
