/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exclusive lock per credential: an open-file-description lock on one byte of vault.lock, a file that is never
 * deleted. The kernel frees it when its last holder (process or inherited descriptor) is gone; there is no lease and
 * no pid to guess.
 *
 * Every lock opens the file anew, because locks on one description do not exclude each other, and is let go by
 * closing only: unlocking would free the lock of a courier that inherited the descriptor.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define LOCK_FILE "vault.lock"

struct lock {
	int fd; /* -1: not held */
};

#define LOCK_INIT \
	{ \
		-1 \
	}

/* Create the lock file in a new vault. */
enum larder_code lock_create(int dirfd, struct larder_error *ret_error);

/* The byte for a 16-byte record id: 1 + 62 bits of it. Byte 0 belongs to the agent. */
int64_t lock_byte(const uint8_t record_id[static 16]);

/* Try once. OK with ret->fd >= 0, or UNAVAILABLE when somebody else holds it; STORAGE, DAMAGED (file missing). */
enum larder_code lock_try(int dirfd, int64_t byte, struct lock *ret, struct larder_error *ret_error);

/* Close our copy. Accepts LOCK_INIT. */
void lock_close(struct lock *lock);

/* Identity of the lock file: changes when the vault was copied or restored. ret: device-independent inode, birth time. DENIED: it is no file. */
struct lock_identity {
	uint64_t inode;
	int64_t born_ns; /* Unix nanoseconds; 0 where the file system does not tell */
};
enum larder_code lock_identify(int dirfd, struct lock_identity *ret, struct larder_error *ret_error);

#endif
