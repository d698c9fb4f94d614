/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Getting in without a person: the first token proves that the terms are good, then they are stored.
 */
#ifndef ENGINE_LOGIN_GRANT_H
#define ENGINE_LOGIN_GRANT_H

#include "engine/login.h"
#include "oauth/grants.h"

/* The grant type of the credential that a log-in renews; GRANT_TYPE_REFRESH_TOKEN if there is none. */
enum larder_code login_grant_type(
    struct engine *engine, const struct login *login, enum grant_type *ret, struct larder_error *ret_error);

/*
 * Ask for a token of the client's own, with an assertion, or in exchange for another token; and store what it takes to
 * ask again. Between login_begin and login_end.
 *
 * type   not GRANT_TYPE_REFRESH_TOKEN
 * given  borrowed; what is empty is as before where the credential has this grant type already. key is the content of a
 *        person's file: PEM, DER, or the JSON of a service account, from which issuer, audience and key id are taken
 *
 * Errors: USAGE (no key, no subject token, claims, files), REJECTED, DENIED, UNAVAILABLE, those of grant_material_load;
 * the vault's. Nothing is changed then.
 */
enum larder_code login_grant(struct engine *engine, struct login *login, enum grant_type type,
    const struct grant_terms *given, int64_t deadline_ms, struct larder_error *ret_error);

#endif
