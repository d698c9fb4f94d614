/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <sodium.h>
#include <string.h>

#include "crypto/sign_evp.h"

#define SEED_BYTES 32

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

/* The bytes between the lines of a PEM text; what is no PEM is DER already. false: broken, or no memory. */
static bool
take_der(const struct secret *file, struct secret *ret)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	const char *text = (const char *)file->data, *first, *last;
	size_t len = 0;

	if (file->len < sizeof begin || memcmp(text, "0", 1) == 0)
		return secret_copy(file->data, file->len, ret);
	first = strstr(text, begin);
	/* OpenSSL writes the parameters of a curve before the key of it */
	if (first != NULL && strncmp(first, "-----BEGIN EC PARAMETERS", 24) == 0)
		first = strstr(first + sizeof begin, begin);
	first = first == NULL ? NULL : strchr(first, '\n');
	last = first == NULL ? NULL : strstr(first, end);
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

void
sign_hs256(const struct secret *secret, const void *data, size_t len, uint8_t ret[static 32])
{
	crypto_auth_hmacsha256_state state;

	(void)crypto_auth_hmacsha256_init(&state, secret->data, secret->len);
	(void)crypto_auth_hmacsha256_update(&state, data, len);
	(void)crypto_auth_hmacsha256_final(&state, ret);
	wipe(&state, sizeof state);
}
