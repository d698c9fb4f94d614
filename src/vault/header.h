/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header: format version and vault id, readable without a key because every key is bound to them, and a sealed
 * rest: when the vault was made, and which lock file it was made with.
 */
#ifndef VAULT_HEADER_H
#define VAULT_HEADER_H

#include "vault/keys.h"
#include "vault/record.h"

struct header {
	int64_t created_at;
	struct lock_identity identity; /* of vault.lock: another one means a copied or restored vault */
};

/* Read the row into ret_body and the id out of it. Errors: DAMAGED (no header, newer format), STORAGE. */
enum larder_code header_read(
    struct store *store, struct buf *ret_body, uint8_t ret_id[static VAULT_ID_BYTES], struct larder_error *ret_error);

/* Unseal the rest. Errors: DAMAGED. */
enum larder_code
header_decode(struct vault *vault, const struct buf *body, struct header *ret, struct larder_error *ret_error);

/* Write it; in a durable transaction. */
enum larder_code header_store(struct vault *vault, const struct header *header, struct larder_error *ret_error);

#endif
