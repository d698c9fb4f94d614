/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes secrets out of a stream of bytes: each occurrence becomes "***", also when it comes in several pieces. Only what
 * may be the beginning of a secret is held back.
 */
#ifndef BASE_MASK_H
#define BASE_MASK_H

#include "base/buf.h"

struct mask {
	const struct secret *words; /* borrowed */
	size_t count;
	struct buf held;   /* at most the longest word */
	bool keeps_length; /* as many stars as bytes, for what says how long it is */
};

/* words: 1 byte at least each; borrowed until mask_clear. */
void mask_init(struct mask *mask, const struct secret *words, size_t count);

/*
 * Append to ret what may leave of data; last: nothing more comes, so nothing is held back. false: no memory. Where one
 * word is the beginning of another the longer one is taken.
 */
bool mask_feed(struct mask *mask, const void *data, size_t len, bool last, struct buf *ret);

void mask_clear(struct mask *mask);

#endif
