/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures for client assertions and proofs of possession (RFC 7518 section 3, RFC 8037). A key is PKCS#8 DER in
 * locked memory. EdDSA is libsodium's; RS256, PS256 and ES256 are OpenSSL's EVP, whose libcrypto is loaded at the
 * first use, so that whoever signs nothing does not pay for it. Any thread.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/encode.h"

enum sign_alg { SIGN_NONE = 0, SIGN_RS256, SIGN_PS256, SIGN_ES256, SIGN_EDDSA };

/* "RS256" and so on, as in JOSE headers; NULL or SIGN_NONE for an unknown one. */
const char *sign_alg_name(enum sign_alg alg);
enum sign_alg sign_alg_parse(const char *name);

/* A new key: RSA of 3072 bits, P-256 or Ed25519. Errors: INTERNAL (memory), UNAVAILABLE (libcrypto is missing). */
enum larder_code sign_key_make(enum sign_alg alg, struct secret *ret_der, struct larder_error *ret_error);

/*
 * Read a private key of a person's file: PEM (PKCS#8, PKCS#1, SEC1) or DER, not encrypted. alg SIGN_NONE: the one that
 * suits the key (RS256 for RSA), else it has to suit. Errors: USAGE (no such key), and as sign_key_make.
 */
enum larder_code sign_key_read(const struct secret *file, enum sign_alg alg, struct secret *ret_der,
    enum sign_alg *ret_alg, struct larder_error *ret_error);

/* Append the public key as a JWK, its required members in lexical order without space (RFC 7638 section 3). */
enum larder_code
sign_public_jwk(const struct secret *der, enum sign_alg alg, struct buf *ret, struct larder_error *ret_error);

/* The SHA-256 thumbprint of that JWK, base64url (RFC 7638). */
enum larder_code sign_thumbprint(
    const struct secret *der, enum sign_alg alg, char ret[static BASE64URL_32], struct larder_error *ret_error);

/* Append the signature of data in the form of RFC 7515 (ES256: r and s, 64 bytes). Errors as sign_key_make. */
enum larder_code sign_data(const struct secret *der, enum sign_alg alg, const void *data, size_t len, struct buf *ret,
    struct larder_error *ret_error);

/* Append the public key as SubjectPublicKeyInfo, DER (RFC 5280 section 4.1). Errors as sign_key_make. */
enum larder_code
sign_public_der(const struct secret *der, enum sign_alg alg, struct buf *ret, struct larder_error *ret_error);

/*
 * Append a certificate for the key that is signed by itself, DER: valid from an hour before now for ten years, with
 * name as its subject (RFC 8705 section 2.2: only the key in it counts). Errors as sign_key_make.
 */
enum larder_code
sign_certificate_make(const struct secret *der, const char *name, struct buf *ret, struct larder_error *ret_error);

/* Whether the first certificate of a PEM text has this key. Errors: USAGE, and as sign_key_make. */
enum larder_code
sign_certificate_check(const struct secret *der, const struct secret *pem, struct larder_error *ret_error);

/* The SHA-256 of the first certificate of a PEM text, as "x5t#S256" has it (RFC 7515 section 4.1.8). false: none, memory. */
bool sign_certificate_thumbprint(const struct secret *pem, char ret[static BASE64URL_32]);

/* Append "-----BEGIN label-----" and so on (RFC 7468). false: memory. */
bool sign_pem(const char *label, const void *der, size_t len, struct buf *ret);

/* HMAC-SHA-256 of data under secret (HS256), 32 bytes. */
void sign_hs256(const struct secret *secret, const void *data, size_t len, uint8_t ret[static 32]);

#endif
