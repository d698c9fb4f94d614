/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign_evp.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define LIBRARY       "libcrypto.so.3"
#define RSA_BITS      ((size_t)3072)
#define RSA_BITS_MIN  2048 /* RFC 7518 section 3.3 */
#define RSA_BITS_MAX  8192
#define PSS_PADDING   6      /* RSA_PKCS1_PSS_PADDING */
#define SALT_AS_HASH  (-1)   /* RSA_PSS_SALTLEN_DIGEST, as RFC 7518 section 3.5 wants */
#define UTF8_STRING   0x1000 /* MBSTRING_UTF8 */
#define HOUR_S        3600L
#define YEAR_S        (365L * 24 * HOUR_S)
#define P256_BYTES    ((size_t)32)
#define SIGNATURE_MAX ((size_t)(RSA_BITS_MAX / 8))

/* Opaque here; the library's headers are not needed for what is looked up by name. */
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;
typedef struct bignum_st BIGNUM;
typedef struct pkcs8_priv_key_info_st PKCS8;
typedef struct engine_st ENGINE;
typedef struct ossl_lib_ctx_st OSSL_LIB_CTX;
typedef struct x509_st X509;
typedef struct x509_name_st X509_NAME;
typedef struct asn1_string_st ASN1_STRING; /* numbers and times are such */

#define FUNCTIONS(F) \
	F(EVP_PKEY *, d2i_AutoPrivateKey, (EVP_PKEY * *key, const unsigned char **at, long len)) \
	F(EVP_PKEY *, EVP_PKEY_Q_keygen, (OSSL_LIB_CTX * lib, const char *properties, const char *type, ...)) \
	F(void, EVP_PKEY_free, (EVP_PKEY * key)) \
	F(int, EVP_PKEY_is_a, (const EVP_PKEY *key, const char *name)) \
	F(int, EVP_PKEY_get_bits, (const EVP_PKEY *key)) \
	F(int, EVP_PKEY_get_group_name, (const EVP_PKEY *key, char *name, size_t size, size_t *len)) \
	F(int, EVP_PKEY_get_bn_param, (const EVP_PKEY *key, const char *name, BIGNUM **bn)) \
	F(PKCS8 *, EVP_PKEY2PKCS8, (const EVP_PKEY *key)) \
	F(int, i2d_PKCS8_PRIV_KEY_INFO, (const PKCS8 *info, unsigned char **at)) \
	F(void, PKCS8_PRIV_KEY_INFO_free, (PKCS8 * info)) \
	F(EVP_MD_CTX *, EVP_MD_CTX_new, (void)) \
	F(void, EVP_MD_CTX_free, (EVP_MD_CTX * ctx)) \
	F(const EVP_MD *, EVP_sha256, (void)) \
	F(int, EVP_DigestSignInit, \
	    (EVP_MD_CTX * ctx, EVP_PKEY_CTX * *key_ctx, const EVP_MD *hash, ENGINE *engine, EVP_PKEY *key)) \
	F(int, EVP_DigestSign, \
	    (EVP_MD_CTX * ctx, unsigned char *signature, size_t *len, const unsigned char *data, size_t data_len)) \
	F(int, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX * ctx, int padding)) \
	F(int, EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX * ctx, int len)) \
	F(int, BN_bn2binpad, (const BIGNUM *bn, unsigned char *to, int len)) \
	F(int, BN_num_bits, (const BIGNUM *bn)) \
	F(void, BN_free, (BIGNUM * bn)) \
	F(int, i2d_PUBKEY, (const EVP_PKEY *key, unsigned char **at)) \
	F(X509 *, X509_new, (void)) \
	F(X509 *, d2i_X509, (X509 * *certificate, const unsigned char **at, long len)) \
	F(int, i2d_X509, (const X509 *certificate, unsigned char **at)) \
	F(void, X509_free, (X509 * certificate)) \
	F(int, X509_set_version, (X509 * certificate, long version)) \
	F(ASN1_STRING *, X509_get_serialNumber, (X509 * certificate)) \
	F(int, ASN1_INTEGER_set_uint64, (ASN1_STRING * number, uint64_t value)) \
	F(ASN1_STRING *, X509_getm_notBefore, (const X509 *certificate)) \
	F(ASN1_STRING *, X509_getm_notAfter, (const X509 *certificate)) \
	F(ASN1_STRING *, X509_gmtime_adj, (ASN1_STRING * time, long seconds)) \
	F(int, X509_set_pubkey, (X509 * certificate, EVP_PKEY * key)) \
	F(X509_NAME *, X509_get_subject_name, (const X509 *certificate)) \
	F(int, X509_NAME_add_entry_by_txt, \
	    (X509_NAME * name, const char *field, int type, const unsigned char *bytes, int len, int at, int set)) \
	F(int, X509_set_issuer_name, (X509 * certificate, const X509_NAME *name)) \
	F(int, X509_sign, (X509 * certificate, EVP_PKEY * key, const EVP_MD *hash)) \
	F(int, X509_check_private_key, (const X509 *certificate, const EVP_PKEY *key)) \
	F(void, ERR_clear_error, (void))

/* clang-format off */
static struct {
#define MEMBER(type, name, parameters) type(*name) parameters; /* NOLINT(bugprone-macro-parentheses): a declarator */
	FUNCTIONS(MEMBER)
#undef MEMBER
	bool is_loaded;
} lib;
/* clang-format on */

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* POSIX lets a pointer of dlsym be a function; C does not, so its bytes are copied. */
static bool
look_up(void *handle, const char *name, void *ret_function, size_t size)
{
	void *found = dlsym(handle, name);

	if (found == NULL)
		return false;
	memcpy(ret_function, &found, size);
	return true;
}

/* Never unloaded: it has handlers for the end of the process. */
static void
load(void)
{
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	bool ok = handle != NULL;

#define LOOK_UP(type, name, parameters) ok = ok && look_up(handle, #name, &lib.name, sizeof lib.name);
	FUNCTIONS(LOOK_UP)
#undef LOOK_UP
	lib.is_loaded = ok;
}

static enum larder_code
need_library(struct larder_error *ret_error)
{
	(void)pthread_once(&once, load);
	if (lib.is_loaded)
		return LARDER_OK;
	return error_set(ret_error, LARDER_UNAVAILABLE, "cannot use the key",
	    "install OpenSSL 3 (" LIBRARY "), or use an Ed25519 key", "RSA and P-256 need a library that is not there");
}

static enum larder_code
failed(struct larder_error *ret_error)
{
	lib.ERR_clear_error();
	return error_set(ret_error, LARDER_INTERNAL, "cannot use the key", NULL, "OpenSSL failed");
}

static enum larder_code
load_key(const struct secret *der, EVP_PKEY **ret, struct larder_error *ret_error)
{
	const unsigned char *at = der->data;
	enum larder_code code = need_library(ret_error);

	if (code != LARDER_OK)
		return code;
	*ret = lib.d2i_AutoPrivateKey(NULL, &at, (long)der->len);
	if (*ret != NULL)
		return LARDER_OK;
	lib.ERR_clear_error();
	return error_set(ret_error, LARDER_USAGE, "cannot use the key",
	    "give a private key as PEM or DER that is not encrypted: RSA, P-256 or Ed25519", "it is no private key");
}

/* Which algorithm suits; SIGN_NONE for keys that are of another kind, or too short. */
static enum sign_alg
suits(const EVP_PKEY *key)
{
	char group[32] = "";
	size_t len = 0;
	int bits = lib.EVP_PKEY_get_bits(key);

	if (lib.EVP_PKEY_is_a(key, "RSA") == 1)
		return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX ? SIGN_RS256 : SIGN_NONE;
	if (lib.EVP_PKEY_is_a(key, "EC") == 1 && lib.EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
	    (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0))
		return SIGN_ES256;
	return SIGN_NONE;
}

static enum larder_code
encode(const EVP_PKEY *key, struct secret *ret_der, struct larder_error *ret_error)
{
	PKCS8 *info = lib.EVP_PKEY2PKCS8(key);
	int len = info == NULL ? -1 : lib.i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
	enum larder_code code = LARDER_OK;
	unsigned char *at;

	if (len <= 0)
		code = failed(ret_error);
	else if (!secret_new((size_t)len, ret_der))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK) {
		at = ret_der->data;
		(void)lib.i2d_PKCS8_PRIV_KEY_INFO(info, &at);
	}
	lib.PKCS8_PRIV_KEY_INFO_free(info);
	return code;
}

enum larder_code
evp_key_make(enum sign_alg alg, struct secret *ret_der, struct larder_error *ret_error)
{
	enum larder_code code = need_library(ret_error);
	EVP_PKEY *key;

	if (code != LARDER_OK)
		return code;
	key = alg == SIGN_ES256 ? lib.EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
				: lib.EVP_PKEY_Q_keygen(NULL, NULL, "RSA", RSA_BITS);
	code = key == NULL ? failed(ret_error) : encode(key, ret_der, ret_error);
	lib.EVP_PKEY_free(key);
	return code;
}

enum larder_code
evp_key_read(struct secret *der, enum sign_alg *ret_alg, struct larder_error *ret_error)
{
	struct secret normal = SECRET_INIT;
	EVP_PKEY *key = NULL;
	enum larder_code code = load_key(der, &key, ret_error);

	if (code != LARDER_OK)
		return code;
	*ret_alg = suits(key);
	if (*ret_alg == SIGN_NONE)
		code = error_set(ret_error, LARDER_USAGE, "cannot use the key", NULL,
		    "it is neither RSA of 2048 to 8192 bits nor P-256 nor Ed25519");
	if (code == LARDER_OK)
		code = encode(key, &normal, ret_error);
	if (code == LARDER_OK) {
		secret_free(der);
		*der = normal;
	}
	lib.EVP_PKEY_free(key);
	return code;
}

/* "name":"base64url", the number in as many bytes as it needs, or in len. */
static bool
append_number(const EVP_PKEY *key, const char *parameter, const char *name, size_t len, struct buf *ret)
{
	uint8_t bytes[SIGNATURE_MAX];
	BIGNUM *number = NULL;
	bool ok = lib.EVP_PKEY_get_bn_param(key, parameter, &number) == 1;

	if (ok && len == 0)
		len = ((size_t)lib.BN_num_bits(number) + 7) / 8;
	ok = ok && len <= sizeof bytes && lib.BN_bn2binpad(number, bytes, (int)len) == (int)len &&
	    buf_append_format(ret, "\"%s\":\"", name) && buf_append_base64url(ret, bytes, len) &&
	    buf_append_byte(ret, '"');
	lib.BN_free(number);
	return ok;
}

enum larder_code
evp_public_jwk(const struct secret *der, struct buf *ret, struct larder_error *ret_error)
{
	struct buf jwk = BUF_INIT(4096);
	EVP_PKEY *key = NULL;
	enum larder_code code = load_key(der, &key, ret_error);
	bool ok;

	if (code != LARDER_OK)
		return code;
	if (suits(key) == SIGN_ES256)
		ok = buf_append_str(&jwk, "{\"crv\":\"P-256\",\"kty\":\"EC\",") &&
		    append_number(key, "qx", "x", P256_BYTES, &jwk) && buf_append_byte(&jwk, ',') &&
		    append_number(key, "qy", "y", P256_BYTES, &jwk) && buf_append_byte(&jwk, '}');
	else
		ok = buf_append_byte(&jwk, '{') && append_number(key, "e", "e", 0, &jwk) &&
		    buf_append_str(&jwk, ",\"kty\":\"RSA\",") && append_number(key, "n", "n", 0, &jwk) &&
		    buf_append_byte(&jwk, '}');
	if (!ok)
		code = failed(ret_error);
	else if (!buf_append(ret, jwk.data, jwk.len))
		code = error_no_memory(ret_error);
	lib.EVP_PKEY_free(key);
	buf_clear(&jwk);
	return code;
}

/* One INTEGER of a DER signature as 32 bytes. */
static bool
take_integer(struct reader *reader, uint8_t ret[static P256_BYTES])
{
	const uint8_t *bytes;
	size_t len;

	if (read_u8(reader) != 0x02)
		return false;
	len = read_u8(reader);
	bytes = read_bytes(reader, len);
	for (; bytes != NULL && len > P256_BYTES && *bytes == 0; len--)
		bytes++;
	if (bytes == NULL || len > P256_BYTES)
		return false;
	memset(ret, 0, P256_BYTES - len);
	memcpy(ret + P256_BYTES - len, bytes, len);
	return true;
}

/* RFC 7518 section 3.4: r and s side by side, where OpenSSL gives a DER sequence of the two. */
static bool
append_pair(const uint8_t *der, size_t len, struct buf *ret)
{
	struct reader reader = { .data = der, .len = len };
	uint8_t pair[2 * P256_BYTES];

	return read_u8(&reader) == 0x30 && read_u8(&reader) == len - 2 && take_integer(&reader, pair) &&
	    take_integer(&reader, pair + P256_BYTES) && buf_append(ret, pair, sizeof pair);
}

enum larder_code
evp_sign(const struct secret *der, enum sign_alg alg, const void *data, size_t len, struct buf *ret,
    struct larder_error *ret_error)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t signature_len = sizeof signature;
	EVP_PKEY_CTX *key_ctx = NULL;
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY *key = NULL;
	enum larder_code code = load_key(der, &key, ret_error);
	bool ok;

	if (code != LARDER_OK)
		return code;
	ctx = lib.EVP_MD_CTX_new();
	ok = ctx != NULL && suits(key) == (alg == SIGN_ES256 ? SIGN_ES256 : SIGN_RS256) &&
	    lib.EVP_DigestSignInit(ctx, &key_ctx, lib.EVP_sha256(), NULL, key) == 1;
	if (ok && alg == SIGN_PS256)
		ok = lib.EVP_PKEY_CTX_set_rsa_padding(key_ctx, PSS_PADDING) == 1 &&
		    lib.EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, SALT_AS_HASH) == 1;
	ok = ok && lib.EVP_DigestSign(ctx, signature, &signature_len, data, len) == 1;
	if (ok && alg == SIGN_ES256)
		ok = append_pair(signature, signature_len, ret);
	else if (ok)
		ok = buf_append(ret, signature, signature_len);
	if (!ok)
		code = failed(ret_error);
	lib.EVP_MD_CTX_free(ctx);
	lib.EVP_PKEY_free(key);
	return code;
}

enum larder_code
evp_public_der(const struct secret *der, struct buf *ret, struct larder_error *ret_error)
{
	uint8_t bytes[2 * SIGNATURE_MAX], *at = bytes;
	EVP_PKEY *key = NULL;
	enum larder_code code = load_key(der, &key, ret_error);
	int len;

	if (code != LARDER_OK)
		return code;
	len = lib.i2d_PUBKEY(key, NULL);
	if (len <= 0 || (size_t)len > sizeof bytes || lib.i2d_PUBKEY(key, &at) != len)
		code = failed(ret_error);
	else if (!buf_append(ret, bytes, (size_t)len))
		code = error_no_memory(ret_error);
	lib.EVP_PKEY_free(key);
	return code;
}

static bool
fill_certificate(X509 *certificate, EVP_PKEY *key, const char *name, uint64_t serial)
{
	X509_NAME *subject = lib.X509_get_subject_name(certificate);
	/* Ed25519 hashes by itself */
	const EVP_MD *hash = lib.EVP_PKEY_is_a(key, "ED25519") == 1 ? NULL : lib.EVP_sha256();

	return lib.X509_set_version(certificate, 2) == 1 &&
	    lib.ASN1_INTEGER_set_uint64(lib.X509_get_serialNumber(certificate), serial) == 1 &&
	    lib.X509_gmtime_adj(lib.X509_getm_notBefore(certificate), -HOUR_S) != NULL &&
	    lib.X509_gmtime_adj(lib.X509_getm_notAfter(certificate), 10 * YEAR_S) != NULL &&
	    lib.X509_set_pubkey(certificate, key) == 1 &&
	    lib.X509_NAME_add_entry_by_txt(
		subject, "CN", UTF8_STRING, (const unsigned char *)name, (int)strlen(name), -1, 0) == 1 &&
	    lib.X509_set_issuer_name(certificate, subject) == 1 && lib.X509_sign(certificate, key, hash) > 0;
}

enum larder_code
evp_certificate_make(
    const struct secret *der, const char *name, uint64_t serial, struct buf *ret, struct larder_error *ret_error)
{
	uint8_t bytes[4 * SIGNATURE_MAX], *at = bytes;
	X509 *certificate = NULL;
	EVP_PKEY *key = NULL;
	enum larder_code code = load_key(der, &key, ret_error);
	int len = -1;

	if (code != LARDER_OK)
		return code;
	certificate = lib.X509_new();
	if (certificate != NULL && fill_certificate(certificate, key, name, serial))
		len = lib.i2d_X509(certificate, NULL);
	if (len <= 0 || (size_t)len > sizeof bytes || lib.i2d_X509(certificate, &at) != len)
		code = failed(ret_error);
	else if (!buf_append(ret, bytes, (size_t)len))
		code = error_no_memory(ret_error);
	lib.X509_free(certificate);
	lib.EVP_PKEY_free(key);
	return code;
}

enum larder_code
evp_certificate_check(const struct secret *der, const struct secret *certificate, struct larder_error *ret_error)
{
	const unsigned char *at = certificate->data;
	X509 *parsed = NULL;
	EVP_PKEY *key = NULL;
	enum larder_code code = load_key(der, &key, ret_error);

	if (code != LARDER_OK)
		return code;
	parsed = lib.d2i_X509(NULL, &at, (long)certificate->len);
	if (parsed == NULL || lib.X509_check_private_key(parsed, key) != 1) {
		lib.ERR_clear_error();
		code = error_set(ret_error, LARDER_USAGE, "cannot use the certificate",
		    "give a file with the key and its own certificate first",
		    parsed == NULL ? "it cannot be read" : "it belongs to another key");
	}
	lib.X509_free(parsed);
	lib.EVP_PKEY_free(key);
	return code;
}
