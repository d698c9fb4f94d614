/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request of one exchange, by the grant type of its credential. A refresh token is spent by it; the others ask anew
 * each time, with the terms that were stored at the log-in and with what other parties gave (struct grant_material).
 */
#ifndef ENGINE_GRANT_H
#define ENGINE_GRANT_H

#include "engine/engine.h"

#define GRANT_DEPTH_MAX 4 /* credentials whose tokens are exchanged for one another's */

/* Tokens of others, fetched before the lock is taken. */
struct grant_material {
	bool is_complete;
	struct secret given; /* assertion or subject token; empty: none is needed */
	struct secret actor;
};
void grant_material_clear(struct grant_material *material);

/* Whether an exchange of this credential needs material. */
bool grant_needs_material(const struct credential *credential);

/*
 * Fetch it: an access token of another credential, which may take an exchange of its own, or a file of today's token.
 * No lock may be held.
 * Errors: USAGE (no such file, credentials that ask for one another), and what token_get says about the other one.
 */
enum larder_code grant_material_load(struct engine *engine, const struct grant_terms *terms,
    const struct token_want *want, struct grant_material *ret, struct larder_error *ret_error);

/*
 * Build the request. want's scope and resource take the place of those of the terms; party has the material. Errors: those of the builders in oauth; USAGE where nothing says how to ask; the signer's.
 */
enum larder_code grant_request(struct engine *engine, const struct party *party, enum grant_type type,
    const struct grant *grant, const struct token_want *want, struct http_request *ret, struct larder_error *ret_error);

/* Append the URL that this grant type asks. Errors as token_endpoint. */
enum larder_code
grant_endpoint(const struct party *party, enum grant_type type, struct buf *ret, struct larder_error *ret_error);

/* The class that decides about asking again: without a refresh token nothing is spent, and asking is always free. */
enum spend_class grant_class(const struct provider *provider, enum grant_type type);

#endif
