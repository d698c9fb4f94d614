/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs of possession (RFC 9449): keys are made at a log-in, kept with the credential, and opened when a request is to
 * be proven. Nonces are remembered in the vault, per origin, apart for authorization and resource servers.
 */
#ifndef ENGINE_PROVE_H
#define ENGINE_PROVE_H

#include "engine/engine.h"
#include "oauth/dpop.h"

/*
 * A new key, if the client of party or its provider wants tokens bound to one; else *ret stays empty. The caller clears it. Errors:
 * REJECTED (no algorithm suits both), those of sign_key_make.
 */
enum larder_code
prove_begin(struct engine *engine, const struct party *party, struct dpop_key *ret, struct larder_error *ret_error);

/* The thumbprint of a key; "" for an empty one. Errors as sign_thumbprint. */
enum larder_code
prove_thumbprint(const struct dpop_key *key, char ret[static BASE64URL_32], struct larder_error *ret_error);

/*
 * Add a new proof to a finished request; nothing with an empty key.
 *
 * of            who is asked
 * access_token  that goes with it; NULL: none
 * Errors: those of dpop_add, of signing and of the vault.
 */
enum larder_code prove_with(struct engine *engine, const struct dpop_key *key, enum nonce_of of,
    const struct secret *access_token, struct http_request *request, struct larder_error *ret_error);

/* The same with the key of a credential; nothing for one that has none. DAMAGED: it should have one. */
enum larder_code prove_for(struct engine *engine, const struct credential *credential, enum nonce_of of,
    const struct secret *access_token, struct http_request *request, struct larder_error *ret_error);

/* Remember the nonce of a reply, in the transaction that is open; nothing where it brings none, or the known one. */
enum larder_code prove_note(struct engine *engine, const char *url, enum nonce_of of, const struct http_reply *reply,
    struct larder_error *ret_error);

/* The same in a transaction of its own, best effort: without it the server asks for the nonce again. */
void prove_heard(struct engine *engine, const char *url, enum nonce_of of, const struct http_reply *reply);

#endif
