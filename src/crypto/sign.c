/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <sodium.h>
#include <string.h>

#include "crypto/sign_evp.h"

#define SEED_BYTES     32
#define PEM_LINE_BYTES 48 /* 64 characters, RFC 7468 section 2 */

/* RFC 8410 section 7: the PKCS#8 form of an Ed25519 key is this and the seed. */
static const uint8_t ed25519_prefix[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04,
	0x22, 0x04, 0x20 };

static const char *const names[] = {
	[SIGN_RS256] = "RS256",
	[SIGN_PS256] = "PS256",
	[SIGN_ES256] = "ES256",
	[SIGN_EDDSA] = "EdDSA",
};

const char *
sign_alg_name(enum sign_alg alg)
{
	return alg <= SIGN_EDDSA ? names[alg] : NULL;
}

enum sign_alg
sign_alg_parse(const char *name)
{
	for (enum sign_alg alg = SIGN_RS256; alg <= SIGN_EDDSA; alg++) {
		if (strcmp(name, names[alg]) == 0)
			return alg;
	}
	return SIGN_NONE;
}

static bool
is_ed25519(const struct secret *der)
{
	return der->len == sizeof ed25519_prefix + SEED_BYTES &&
	    memcmp(der->data, ed25519_prefix, sizeof ed25519_prefix) == 0;
}

/* 64 bytes: the seed and the public key. */
static bool
ed25519_expand(const struct secret *der, struct secret *ret)
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];

	return secret_new(crypto_sign_SECRETKEYBYTES, ret) &&
	    crypto_sign_seed_keypair(public_key, ret->data, der->data + sizeof ed25519_prefix) == 0;
}

static enum larder_code
ed25519_make(struct secret *ret_der, struct larder_error *ret_error)
{
	if (!secret_new(sizeof ed25519_prefix + SEED_BYTES, ret_der))
		return error_no_memory(ret_error);
	memcpy(ret_der->data, ed25519_prefix, sizeof ed25519_prefix);
	randombytes_buf(ret_der->data + sizeof ed25519_prefix, SEED_BYTES);
	return LARDER_OK;
}

static enum larder_code
ed25519_sign(const struct secret *der, const void *data, size_t len, struct buf *ret, struct larder_error *ret_error)
{
	uint8_t signature[crypto_sign_BYTES];
	struct secret key = SECRET_INIT;
	bool ok = ed25519_expand(der, &key) && crypto_sign_detached(signature, NULL, data, len, key.data) == 0 &&
	    buf_append(ret, signature, sizeof signature);

	secret_free(&key);
	return ok ? LARDER_OK : error_no_memory(ret_error);
}

enum larder_code
sign_key_make(enum sign_alg alg, struct secret *ret_der, struct larder_error *ret_error)
{
	return alg == SIGN_EDDSA ? ed25519_make(ret_der, ret_error) : evp_key_make(alg, ret_der, ret_error);
}

/* Where the first block of a PEM text whose label ends so begins, after that line; NULL: there is none. */
static const char *
find_block(const char *text, const char *label_end)
{
	static const char begin[] = "-----BEGIN ";

	while ((text = strstr(text, begin)) != NULL) {
		const char *line_end = strchr(text, '\n'), *found = strstr(text, label_end);

		if (line_end == NULL)
			return NULL;
		if (found != NULL && found < line_end)
			return line_end;
		text = line_end;
	}
	return NULL;
}

/* The bytes of that block. false: broken, or no memory. */
static bool
take_block(const struct secret *file, const char *label_end, struct secret *ret)
{
	const char *first = find_block((const char *)file->data, label_end);
	const char *last = first == NULL ? NULL : strstr(first, "-----END ");
	size_t len = 0;

	if (last == NULL || !secret_new((size_t)(last - first), ret))
		return false;
	if (sodium_base642bin(ret->data, ret->len, first, (size_t)(last - first), " \r\n\t", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0) {
		secret_free(ret);
		return false;
	}
	wipe(ret->data + len, ret->len - len);
	ret->len = len;
	return true;
}

/* What is no PEM is DER already. */
static bool
take_der(const struct secret *file, struct secret *ret)
{
	if (file->data[0] == '0')
		return secret_copy(file->data, file->len, ret);
	return take_block(file, "PRIVATE KEY-----", ret);
}

static enum larder_code
refuse_key(struct larder_error *ret_error, const char *why)
{
	return error_set(ret_error, LARDER_USAGE, "cannot use the key",
	    "give a private key as PEM or DER that is not encrypted: RSA, P-256 or Ed25519", "%s", why);
}

enum larder_code
sign_key_read(const struct secret *file, enum sign_alg alg, struct secret *ret_der, enum sign_alg *ret_alg,
    struct larder_error *ret_error)
{
	struct secret der = SECRET_INIT;
	enum sign_alg found = SIGN_EDDSA;
	enum larder_code code = LARDER_OK;

	if (file->len == 0 || strstr((const char *)file->data, "ENCRYPTED") != NULL || !take_der(file, &der))
		return refuse_key(ret_error, "it is encrypted, or no key");
	if (!is_ed25519(&der))
		code = evp_key_read(&der, &found, ret_error);
	if (code == LARDER_OK && found == SIGN_RS256 && alg == SIGN_PS256)
		found = SIGN_PS256;
	if (code == LARDER_OK && alg != SIGN_NONE && alg != found)
		code = refuse_key(ret_error, "it does not suit the signature algorithm");
	if (code == LARDER_OK) {
		*ret_der = der;
		*ret_alg = found;
	} else {
		secret_free(&der);
	}
	return code;
}

static enum larder_code
ed25519_jwk(const struct secret *der, struct buf *ret, struct larder_error *ret_error)
{
	struct secret key = SECRET_INIT;
	char x[BASE64URL_32];
	bool ok = ed25519_expand(der, &key);

	if (ok) {
		base64url_32(key.data + SEED_BYTES, x);
		ok = buf_append_format(ret, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
	}
	secret_free(&key);
	return ok ? LARDER_OK : error_no_memory(ret_error);
}

enum larder_code
sign_public_jwk(const struct secret *der, enum sign_alg alg, struct buf *ret, struct larder_error *ret_error)
{
	return alg == SIGN_EDDSA ? ed25519_jwk(der, ret, ret_error) : evp_public_jwk(der, ret, ret_error);
}

enum larder_code
sign_thumbprint(
    const struct secret *der, enum sign_alg alg, char ret[static BASE64URL_32], struct larder_error *ret_error)
{
	struct buf jwk = BUF_INIT(4096);
	uint8_t hash[SHA256_BYTES];
	enum larder_code code = sign_public_jwk(der, alg, &jwk, ret_error);

	if (code == LARDER_OK) {
		sha256(jwk.data, jwk.len, hash);
		base64url_32(hash, ret);
	}
	buf_clear(&jwk);
	return code;
}

enum larder_code
sign_data(const struct secret *der, enum sign_alg alg, const void *data, size_t len, struct buf *ret,
    struct larder_error *ret_error)
{
	if (alg == SIGN_EDDSA && is_ed25519(der))
		return ed25519_sign(der, data, len, ret, ret_error);
	return evp_sign(der, alg, data, len, ret, ret_error);
}

bool
sign_pem(const char *label, const void *der, size_t len, struct buf *ret)
{
	char text[sodium_base64_ENCODED_LEN(PEM_LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	const uint8_t *at = der;

	(void)buf_append_format(ret, "-----BEGIN %s-----\n", label);
	while (len > 0) {
		size_t line = len < PEM_LINE_BYTES ? len : PEM_LINE_BYTES;

		(void)sodium_bin2base64(text, sizeof text, at, line, sodium_base64_VARIANT_ORIGINAL);
		(void)buf_append_format(ret, "%s\n", text);
		at += line;
		len -= line;
	}
	return buf_append_format(ret, "-----END %s-----\n", label);
}

enum larder_code
sign_public_der(const struct secret *der, enum sign_alg alg, struct buf *ret, struct larder_error *ret_error)
{
	/* RFC 8410 section 4 */
	static const uint8_t prefix[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	struct secret key = SECRET_INIT;
	bool ok;

	if (alg != SIGN_EDDSA)
		return evp_public_der(der, ret, ret_error);
	ok = ed25519_expand(der, &key) && buf_append(ret, prefix, sizeof prefix) &&
	    buf_append(ret, key.data + SEED_BYTES, crypto_sign_PUBLICKEYBYTES);
	secret_free(&key);
	return ok ? LARDER_OK : error_no_memory(ret_error);
}

enum larder_code
sign_certificate_make(const struct secret *der, const char *name, struct buf *ret, struct larder_error *ret_error)
{
	uint64_t serial;

	randombytes_buf(&serial, sizeof serial);
	return evp_certificate_make(der, name, serial >> 1, ret, ret_error);
}

enum larder_code
sign_certificate_check(const struct secret *der, const struct secret *pem, struct larder_error *ret_error)
{
	struct secret certificate = SECRET_INIT;
	enum larder_code code;

	if (pem->len == 0 || !take_block(pem, "BEGIN CERTIFICATE-----", &certificate))
		return error_set(ret_error, LARDER_USAGE, "cannot use the certificate",
		    "give a file with the key and the certificate in PEM", "there is no certificate in the file");
	code = evp_certificate_check(der, &certificate, ret_error);
	secret_free(&certificate);
	return code;
}

bool
sign_certificate_thumbprint(const struct secret *pem, char ret[static BASE64URL_32])
{
	struct secret certificate = SECRET_INIT;
	uint8_t hash[SHA256_BYTES];
	bool ok = pem->len > 0 && take_block(pem, "BEGIN CERTIFICATE-----", &certificate);

	if (ok) {
		sha256(certificate.data, certificate.len, hash);
		base64url_32(hash, ret);
	}
	secret_free(&certificate);
	return ok;
}

void
sign_hs256(const struct secret *secret, const void *data, size_t len, uint8_t ret[static 32])
{
	crypto_auth_hmacsha256_state state;

	(void)crypto_auth_hmacsha256_init(&state, secret->data, secret->len);
	(void)crypto_auth_hmacsha256_update(&state, data, len);
	(void)crypto_auth_hmacsha256_final(&state, ret);
	wipe(&state, sizeof state);
}
