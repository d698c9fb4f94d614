/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The anchor: a small file outside the vault that remembers the newest state that was committed on this host, so that
 * an old copy of the whole vault is noticed. Each copy that is in use has its own, by the identity of its lock file that
 * its header records: what a copy does is no news of the one that it was made from, and a copy that is not adopted yet
 * is compared with the anchor of that one. Two slots are written in turn, each with its own MAC; a torn write spoils
 * at most the one that is being written.
 *
 * When a rollback is noticed, a mark is left beside the anchor. Whoever removes the anchor accepts the old vault; the
 * mark then makes it count as restored, so that no rotating refresh token in it is spent unasked.
 */
#ifndef VAULT_ANCHOR_H
#define VAULT_ANCHOR_H

#include "store/lock.h"
#include "vault/setroot.h"

struct anchor;

enum anchor_finding {
	ANCHOR_MISSING, /* none here, or none that can be read: a rollback cannot be seen */
	ANCHOR_AGREES,
	ANCHOR_ROLLED_BACK
};

/*
 * The anchor in dir, which need not exist, of the vault that has this identity. NULL: memory, or the path is too long.
 * Touches no file.
 */
struct anchor *
anchor_new(const char *dir, const uint8_t vault_id[static VAULT_ID_BYTES], const struct lock_identity *identity);

/* Go on with the anchor of another identity: that of a copy which is adopted. */
void anchor_follow(
    struct anchor *anchor, const uint8_t vault_id[static VAULT_ID_BYTES], const struct lock_identity *identity);
void anchor_free(struct anchor *anchor); /* accepts NULL */

const char *anchor_path(const struct anchor *anchor);
const char *anchor_dir(const struct anchor *anchor);

/* Compare a state with what is remembered; leaves the mark when it was rolled back. */
enum anchor_finding anchor_compare(struct anchor *anchor, const struct vault_keys *keys, const struct state *state);

/* Remember a state that is durable now. Best effort: without it a rollback is not seen, and that is shown. */
void anchor_write(struct anchor *anchor, const struct vault_keys *keys, const struct state *state);

/* Whether a rollback was noticed and accepted since; and forget it, once the credentials are marked. */
bool anchor_was_accepted(const struct anchor *anchor);
void anchor_unmark(struct anchor *anchor);

#endif
