/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader asks when something that was named is not there. */
#ifndef VAULT_VERIFY_H
#define VAULT_VERIFY_H

#include "store/store.h"
#include "vault/vault.h"

/*
 * Whether a row that was not found was never there, as far as vault_verify_quick can tell. NOT_FOUND: it was not, and
 * *ret_error is left to the caller. Any other code, with *ret_error: the vault is damaged, or it could not be looked at.
 */
enum larder_code verify_absence(struct vault *vault, struct larder_error *ret_error);

/* Read one row as if it were used. Errors: DAMAGED, INTERNAL. */
enum larder_code verify_row(struct vault *vault, const struct store_row *row, struct larder_error *ret_error);

#endif
