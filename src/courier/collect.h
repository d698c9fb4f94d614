/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes a reply as it arrives, line by line and piece by piece, and keeps what struct http_reply has room for. Its
 * memory is there before the request is sent: a reply that has come must not be lost for want of memory.
 */
#ifndef COURIER_COLLECT_H
#define COURIER_COLLECT_H

#include "base/http.h"

struct collect {
	struct http_reply reply; /* status 0: no final status line came */
	struct buf body;
	const char *url;   /* of the request, for a Location without a host */
	size_t head_bytes; /* of the head so far */
	size_t head_lines;
	bool head_ended; /* its empty line came */
	bool keeps_head; /* the lines themselves are wanted */
	struct buf head; /* then: of the final head, as far as it is not too long */
};

/* Reserve the memory. false: there is none, nothing may be sent then. The caller clears in both cases. */
bool collect_init(struct collect *collect, const char *url);

/*
 * One line of the head, status line and empty line included. Lines beyond HTTP_HEAD_MAX or HTTP_HEAD_LINES_MAX are not
 * looked at but tolerated, since the body behind them may hold a token. false: so long that it is an attack.
 */
bool collect_line(struct collect *collect, const char *line, size_t len);

/* A piece of the body. false: the body is full, the rest is cut off. */
bool collect_body(struct collect *collect, const void *data, size_t len);

/* Hand the reply over; whole: the transfer ended as it should. The caller clears with http_reply_clear. */
bool collect_take(struct collect *collect, bool whole, struct http_reply *ret);

void collect_clear(struct collect *collect);

#endif
