/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/encode.h"

#include <sodium.h>

void
sha256(const void *data, size_t len, uint8_t ret[static SHA256_BYTES])
{
	(void)crypto_hash_sha256(ret, data, len);
}

void
base64url_32(const uint8_t bytes[static 32], char ret[static BASE64URL_32])
{
	(void)sodium_bin2base64(ret, BASE64URL_32, bytes, 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
