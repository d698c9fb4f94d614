/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other protocols want of hashes and random bytes: SHA-256 and base64url (RFC 4648 section 5, without padding).
 */
#ifndef CRYPTO_ENCODE_H
#define CRYPTO_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define BASE64URL_32 44 /* room for 32 bytes and a NUL */

void sha256(const void *data, size_t len, uint8_t ret[static SHA256_BYTES]);

/* 32 bytes as 43 characters. */
void base64url_32(const uint8_t bytes[static 32], char ret[static BASE64URL_32]);

#endif
