/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA and P-256 by OpenSSL's libcrypto, which is loaded at the first use. For sign.c alone; a key is PKCS#8 DER.
 * Every function fails with UNAVAILABLE where the library cannot be loaded, INTERNAL for want of memory.
 */
#ifndef CRYPTO_SIGN_EVP_H
#define CRYPTO_SIGN_EVP_H

#include "crypto/sign.h"

/* RS256 and PS256: RSA of 3072 bits; ES256: P-256. */
enum larder_code evp_key_make(enum sign_alg alg, struct secret *ret_der, struct larder_error *ret_error);

/* Turn any DER form of a private key into PKCS#8. ret_alg: RS256 or ES256. USAGE: none that can be used here. */
enum larder_code evp_key_read(struct secret *der, enum sign_alg *ret_alg, struct larder_error *ret_error);

/* As the functions of sign.h. */
enum larder_code evp_public_jwk(const struct secret *der, struct buf *ret, struct larder_error *ret_error);
enum larder_code evp_sign(const struct secret *der, enum sign_alg alg, const void *data, size_t len, struct buf *ret,
    struct larder_error *ret_error);

enum larder_code evp_public_der(const struct secret *der, struct buf *ret, struct larder_error *ret_error);

/* serial: random. */
enum larder_code evp_certificate_make(
    const struct secret *der, const char *name, uint64_t serial, struct buf *ret, struct larder_error *ret_error);

/* certificate: DER. USAGE: it is none, or of another key. */
enum larder_code
evp_certificate_check(const struct secret *der, const struct secret *certificate, struct larder_error *ret_error);

#endif
