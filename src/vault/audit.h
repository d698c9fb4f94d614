/* SPDX-License-Identifier: Apache-2.0 */
/* What the vault itself asks of its audit log, beside the calls in vault.h. */
#ifndef VAULT_AUDIT_H
#define VAULT_AUDIT_H

#include "vault/vault.h"

/* Unseal every row and see that their numbers run from 1 without a gap. Errors: DAMAGED, STORAGE. */
enum larder_code audit_verify(struct vault *vault, uint64_t *ret_rows, struct larder_error *ret_error);

#endif
