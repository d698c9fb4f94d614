/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mark of a vault that is being made: a file vault.new in its directory. It is on the disk before any other file of
 * the vault is made, locked by whoever makes it, and gone from the disk before anybody hears that the vault is there. So
 * what a killed process or a loss of power has left beside it holds nobody's secrets yet and may be made anew.
 *
 * A vault that was whole by then only lost its maker: it is kept, and the mark goes before the first change to it.
 */
#ifndef VAULT_MAKING_H
#define VAULT_MAKING_H

#include <stdbool.h>

#include "base/error.h"

#define MAKING_FILE "vault.new"

struct making {
	int fd;       /* -1: not begun */
	bool remains; /* the mark was there: what lies beside it is of an interrupted creation */
};

#define MAKING_INIT \
	{ \
		-1, false \
	}

/* Whether a vault could be made here. EXISTS when there is a file of one without a mark, named. */
enum larder_code making_check(int dirfd, struct larder_error *ret_error);

/* Set the mark, or take over one that nobody holds; the mark is synced. Errors: EXISTS, DENIED, STORAGE. */
enum larder_code making_begin(int dirfd, struct making *ret, struct larder_error *ret_error);

/* The vault is whole, or none of its files is left: remove the mark for good. Accepts MAKING_INIT. STORAGE. */
enum larder_code making_end(int dirfd, struct making *making, struct larder_error *ret_error);

/* Let go, and leave the mark to the next one. Accepts MAKING_INIT. */
void making_leave(struct making *making);

/* Whether there is a mark. */
bool making_is_marked(int dirfd);

/* Before a whole vault is changed: see to it that it is never again taken for one that may be made anew. STORAGE. */
enum larder_code making_forget(int dirfd, struct larder_error *ret_error);

#endif
