/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Tokens that a client makes: assertions (RFC 7523), proofs of possession (RFC 9449), request objects. Pure:
 * the key stays with the caller, who signs.
 */
#ifndef OAUTH_JWT_H
#define OAUTH_JWT_H

#include "base/buf.h"
#include "base/error.h"

struct jwt_signer {
	const char *alg; /* "ES256" and so on */
	const char *kid; /* "" for none */
	void *ctx;
	/* Append the signature of data in the form of RFC 7515. */
	enum larder_code (*sign)(
	    void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error);
};

/*
 * Append header.claims.signature to ret (RFC 7515 section 3.1). header_members: further members of the header as JSON
 * text without braces ("\"typ\":\"dpop+jwt\"") or "". claims: a JSON object. Errors: INTERNAL (memory), the signer's.
 */
enum larder_code jwt_make(const struct jwt_signer *signer, const char *header_members, const char *claims,
    struct buf *ret, struct larder_error *ret_error);

#endif
