/* SPDX-License-Identifier: Apache-2.0 */
/* What vault.c shares with creation, verification and the adoption of copies: parts of a session's life. */
#ifndef VAULT_SESSION_H
#define VAULT_SESSION_H

#include "vault/setroot.h"

#define SESSION_BUSY_MS 10000 /* how long to wait for other writers, whose transactions take milliseconds */

/* Open and check the directory. Errors: NOT_FOUND, DENIED, STORAGE, USAGE (path too long). */
enum larder_code session_dir(const char *path, struct vault_dir *ret, struct larder_error *ret_error);

/* Prepare a zeroed struct, so that vault_close may be called on it. */
enum larder_code session_init(struct vault *vault, struct actor actor, struct larder_error *ret_error);

/* The store's transaction has begun on top of state. */
void session_writing(struct vault *vault, enum store_sync sync, const struct state *state);

/* DAMAGED when the anchor remembers a newer or another state. */
enum larder_code session_check_anchor(struct vault *vault, const struct state *state, struct larder_error *ret_error);

#endif
