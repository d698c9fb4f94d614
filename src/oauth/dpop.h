/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs of possession: a token that is bound to a key is of no use to whoever has only the token (RFC 9449). Pure: the
 * key stays with the caller, who signs, and gives time and randomness.
 */
#ifndef OAUTH_DPOP_H
#define OAUTH_DPOP_H

#include "oauth/oauth.h"

#define DPOP_NONCE_SIZE 1025
#define DPOP_ID_BYTES   16
#define DPOP_HASH_BYTES 32

#define DPOP_ALGS_ADVICE "use ES256, Ed25519, EdDSA, PS256 or RS256"

struct dpop_proof {              /* borrowed pointers */
	const char *jwk;         /* the public key, a JSON object without private members */
	int64_t now;             /* Unix seconds */
	const uint8_t *id;       /* DPOP_ID_BYTES random ones, new for each request */
	const char *nonce;       /* that the server gave last; "" for none */
	const uint8_t *of_token; /* SHA-256 of the access token that goes with it, DPOP_HASH_BYTES; NULL: none goes */
};

/*
 * Sign a proof for exactly this request and add it as its DPoP header (section 4.2), in the place of one that is there
 * already: no request has two (section 4.3). Method and URL of the request are final.
 *
 * signer  of an asymmetric algorithm; its kid is not used, for the key itself is in the proof
 *
 * Errors: USAGE (the URL, a symmetric algorithm, too many headers), INTERNAL, the signer's.
 */
enum larder_code dpop_add(const struct dpop_proof *proof, const struct jwt_signer *signer, struct http_request *request,
    struct larder_error *ret_error);

/* Whether keys of this algorithm can prove possession: it is known, and asymmetric. */
bool dpop_is_alg(const char *alg);

/* What keys for this algorithm are for in crypto/sign.h: "EdDSA" for Ed25519 (RFC 9864), else the same; "" for none. */
const char *dpop_key_alg(const char *alg);

/* Whether a DPoP-Nonce header holds what may be one (section 8.1), and short enough to be kept. */
bool dpop_nonce_is_valid(const char *nonce);

/* Whether a resource server's WWW-Authenticate value asks for a proof with its nonce (section 9). */
bool dpop_challenge_wants_nonce(const char *challenge);

/*
 * The algorithm for a new key, by the name that goes into its proofs: the one that is wanted, else the first of ES256,
 * Ed25519, EdDSA, PS256, RS256 that the provider names, or ES256 where it names none (section 5.1). Who wants EdDSA or
 * Ed25519 gets whichever of these two names the provider has. NULL: none that suits.
 *
 * wanted  "" for no wish
 */
const char *dpop_choose_alg(const struct strings *supported, const char *wanted);

/*
 * Judge the type of the tokens that came for a request with a proof; without one a token of this type stays unusable
 * (RFC 6749 section 7.1). *ret_is_bearer: it is good, and bound to no key (RFC 9449 section 5); where the
 * definition says that tokens have to be, it is not usable.
 */
void dpop_judge(const struct provider *provider, struct token_reply *reply, bool *ret_is_bearer);

/* Whether a token_type is "DPoP", in any case of letters. */
bool dpop_is_type(const char *token_type);

/* Set "Authorization: DPoP TOKEN" (section 7.1), in the place of another. false: as http_request_add_header. */
bool dpop_add_token(struct http_request *request, const struct secret *access_token);

#endif
