/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of text from the network made safe for a terminal: lines and tabs stay, everything else goes through
 * text_escape.
 */
#ifndef CLI_SAFE_TEXT_H
#define CLI_SAFE_TEXT_H

#include "base/buf.h"

struct safe_text {
	char held[4]; /* the beginning of a character whose end has not come */
	size_t held_len;
};

/* Append to ret what data looks like; last: nothing more comes. false: no memory. */
bool safe_text_feed(struct safe_text *text, const void *data, size_t len, bool last, struct buf *ret);

#endif
