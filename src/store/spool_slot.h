/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a claimer must know of a slot's file, and how it is made ready; writing, reading and blanking are in spool.h.
 */
#ifndef STORE_SPOOL_SLOT_H
#define STORE_SPOOL_SLOT_H

#include "store/spool.h"

#define SLOT_HEADER_LEN 44

struct slot_state {
	bool free;  /* blank or unfinished: no reply is in it */
	bool ready; /* blank, and on the disk in its size */
	size_t size;
};

/* false with errno when the file cannot be read. */
bool slot_look(int fd, struct slot_state *ret);

/*
 * Grow a free slot from len bytes to size and bring it to the disk with its name in dirfd. false with errno: then it is
 * unfinished.
 */
bool slot_make_ready(int dirfd, int fd, size_t len, size_t size);

#endif
