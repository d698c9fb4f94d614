/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite back end: one file vault.db in a private directory, WAL created once and kept, only ciphertext in it.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store.h"

#define SQLITE_STORE_FILE "vault.db"

/*
 * Create dir/vault.db (refused with EXISTS if any such file is there, untouched) with the newest schema.
 * dir: absolute path, dirfd: the same directory, already checked and kept open by the caller until the store is closed.
 * busy_ms: how long begin waits for other writers.
 */
enum larder_code
sqlite_store_create(const char *dir, int dirfd, int busy_ms, struct store **ret, struct larder_error *ret_error);

/*
 * Open it. The file must be regular, ours, 0600, not a link, of our application id and of a known schema version.
 * Errors: NOT_FOUND (no vault), DENIED (mode, owner, link), DAMAGED (not a vault, newer format, foreign schema),
 * STORAGE.
 */
enum larder_code
sqlite_store_open(const char *dir, int dirfd, int busy_ms, struct store **ret, struct larder_error *ret_error);

/* Change how long begin waits for other writers, in milliseconds. */
void sqlite_store_busy(struct store *store, int busy_ms);

#endif
