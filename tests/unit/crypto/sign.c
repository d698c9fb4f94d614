/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <dirent.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/support.h"

#define CORPUS TESTS_DIR "/corpus/keys"

/* RFC 8037 appendix A: the key as PKCS#8, in PEM as a person would have it. */
#define RFC8037_KEY \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"

/* What OpenSSL's own program makes of "data" with rsa.pem of the corpus. */
#define RSA_SIGNATURE \
	"blzxR3ZekCxVnme1JXPqpO06qbv3x9MzkcESQxQsnrMu3cjkc3vg4fy6rM55ffhIuqPnqgh1o1LuYi7_bOXUxzBSRHHxS9UsaP0F" \
	"uzov9T3PU32_Ej25ion4fH6X3bLhzCF15YZjnOSeOY1cnu37JZJjghcyDim-SThP7tb40nNr0bK0hCCRAK2ZWlCcZpHXIAAX2rXH" \
	"BrhhE7Oq0pTe92xIY8BEPnbYZNi0mFLt42-nsicKTp93r8SVS2H7j1vIXx_V0T8Mu3C_0oDbg8sZesQXsb9k3ErO5eBd6eKVp8jy" \
	"YUcxKBQ3_GvXk-K1hZ56W2ONvIu-P2Lihm_ay7kKMQ"

static struct secret
file_of(const char *name)
{
	struct buf text = BUF_INIT_SECRET(16384);
	struct secret secret = SECRET_INIT;
	char path[512];

	assert_true(text_format(path, sizeof path, "%s/%s", CORPUS, name));
	assert_int_equal(file_read(path, &text, NULL), LARDER_OK);
	assert_true(buf_take_secret(&text, &secret));
	return secret;
}

static enum larder_code
read_text(const char *text, size_t len, enum sign_alg wanted, struct secret *ret_der, enum sign_alg *ret_alg)
{
	struct secret file = SECRET_INIT;
	struct larder_error error;
	enum larder_code code;

	assert_true(secret_copy(text, len, &file));
	code = sign_key_read(&file, wanted, ret_der, ret_alg, &error);
	secret_free(&file);
	return code;
}

static void
encoded(const struct secret *der, enum sign_alg alg, const char *data, char *ret, size_t ret_size)
{
	struct buf signature = BUF_INIT(1024), text = BUF_INIT(2048);

	assert_int_equal(sign_data(der, alg, data, strlen(data), &signature, NULL), LARDER_OK);
	assert_true(buf_append_base64url(&text, signature.data, signature.len));
	assert_true(text_format(ret, ret_size, "%s", buf_str(&text)));
	buf_clear(&signature);
	buf_clear(&text);
}

/* S122 */
static void
eddsa_is_that_of_rfc_8037(void **state)
{
	struct secret der = SECRET_INIT;
	enum sign_alg alg = SIGN_NONE;
	struct buf jwk = BUF_INIT(1024);
	char text[256], thumbprint[BASE64URL_32];

	(void)state;
	assert_int_equal(read_text(RFC8037_KEY, strlen(RFC8037_KEY), SIGN_NONE, &der, &alg), LARDER_OK);
	assert_int_equal(alg, SIGN_EDDSA);
	encoded(&der, alg, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", text, sizeof text);
	assert_string_equal(
	    text, "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
	assert_int_equal(sign_public_jwk(&der, alg, &jwk, NULL), LARDER_OK);
	assert_string_equal(buf_str(&jwk),
	    "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
	assert_int_equal(sign_thumbprint(&der, alg, thumbprint, NULL), LARDER_OK);
	assert_string_equal(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	secret_free(&der);
	buf_clear(&jwk);
}

static void
rs256_is_that_of_openssl(void **state)
{
	struct secret file = file_of("rsa.pem"), der = SECRET_INIT;
	enum sign_alg alg = SIGN_NONE;
	char text[512];

	(void)state;
	assert_int_equal(sign_key_read(&file, SIGN_NONE, &der, &alg, NULL), LARDER_OK);
	encoded(&der, alg, "data", text, sizeof text);
	assert_string_equal(text, RSA_SIGNATURE);
	secret_free(&file);
	secret_free(&der);
}

static void
every_key_of_the_corpus_is_read_as_its_expect_file_says(void **state)
{
	DIR *folder = opendir(CORPUS);
	const struct dirent *entry;
	unsigned seen = 0;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');
		struct secret file, expected, der = SECRET_INIT;
		enum sign_alg alg = SIGN_NONE;
		struct larder_error error;
		enum larder_code code;
		char name[256];

		if (entry->d_name[0] == '.' || strcmp(dot, ".expect") == 0)
			continue;
		assert_true(text_format(name, sizeof name, "%.*s.expect", (int)(dot - entry->d_name), entry->d_name));
		file = file_of(entry->d_name);
		expected = file_of(name);
		code = sign_key_read(&file, SIGN_NONE, &der, &alg, &error);
		if (strcmp((const char *)expected.data, "refused\n") == 0) {
			if (code != LARDER_USAGE)
				fail_msg("%s: %d", entry->d_name, code);
		} else if (code != LARDER_OK || strncmp((const char *)expected.data, sign_alg_name(alg), 5) != 0) {
			fail_msg("%s: %d %s", entry->d_name, code, code == LARDER_OK ? sign_alg_name(alg) : error.why);
		}
		secret_free(&file);
		secret_free(&expected);
		secret_free(&der);
		seen++;
	}
	(void)closedir(folder);
	assert_int_equal(seen, 11);
}

static void
a_key_that_was_made_signs_and_shows_its_public_half(void **state)
{
	static const struct {
		enum sign_alg alg;
		size_t len;
		const char *jwk;
	} cases[] = {
		{ SIGN_EDDSA, 64, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" },
		{ SIGN_ES256, 64, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" },
		{ SIGN_RS256, 384, "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" },
		{ SIGN_PS256, 384, "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf signature = BUF_INIT(1024), jwk = BUF_INIT(2048);
		struct secret der = SECRET_INIT, again = SECRET_INIT;
		enum sign_alg alg = SIGN_NONE;

		assert_int_equal(sign_key_make(cases[i].alg, &der, NULL), LARDER_OK);
		assert_int_equal(read_text((const char *)der.data, der.len, cases[i].alg, &again, &alg), LARDER_OK);
		assert_true(secret_equal(&der, &again));
		assert_int_equal(alg, cases[i].alg);
		assert_int_equal(sign_data(&der, alg, "x", 1, &signature, NULL), LARDER_OK);
		assert_int_equal(signature.len, cases[i].len);
		assert_int_equal(sign_public_jwk(&der, alg, &jwk, NULL), LARDER_OK);
		assert_int_equal(strncmp(buf_str(&jwk), cases[i].jwk, strlen(cases[i].jwk)), 0);
		buf_clear(&signature);
		buf_clear(&jwk);
		secret_free(&der);
		secret_free(&again);
	}
}

static void
a_key_does_not_sign_for_another_algorithm(void **state)
{
	struct secret der = SECRET_INIT, again = SECRET_INIT;
	struct buf signature = BUF_INIT(1024);
	enum sign_alg alg = SIGN_NONE;

	(void)state;
	assert_int_equal(sign_key_make(SIGN_ES256, &der, NULL), LARDER_OK);
	assert_int_equal(read_text((const char *)der.data, der.len, SIGN_RS256, &again, &alg), LARDER_USAGE);
	assert_int_not_equal(sign_data(&der, SIGN_RS256, "x", 1, &signature, NULL), LARDER_OK);
	assert_int_not_equal(sign_data(&der, SIGN_EDDSA, "x", 1, &signature, NULL), LARDER_OK);
	assert_int_equal(signature.len, 0);
	secret_free(&der);
}

static void
a_certificate_belongs_to_the_key_that_signed_it(void **state)
{
	static const enum sign_alg algs[] = { SIGN_ES256, SIGN_RS256, SIGN_EDDSA };

	(void)state;
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		struct buf der = BUF_INIT(4096), text = BUF_INIT_SECRET(8192);
		struct secret key = SECRET_INIT, other = SECRET_INIT, pem = SECRET_INIT;
		struct larder_error error;

		assert_int_equal(sign_key_make(algs[i], &key, NULL), LARDER_OK);
		assert_int_equal(sign_key_make(algs[i], &other, NULL), LARDER_OK);
		assert_int_equal(sign_certificate_make(&key, "bank", &der, NULL), LARDER_OK);
		assert_true(sign_pem("CERTIFICATE", der.data, der.len, &text));
		assert_true(buf_take_secret(&text, &pem));
		assert_int_equal(sign_certificate_check(&key, &pem, NULL), LARDER_OK);
		assert_int_equal(sign_certificate_check(&other, &pem, &error), LARDER_USAGE);
		assert_non_null(strstr(error.why, "another key"));
		pem.data[60] ^= 1;
		assert_int_equal(sign_certificate_check(&key, &pem, &error), LARDER_USAGE);
		buf_clear(&der);
		secret_free(&key);
		secret_free(&other);
		secret_free(&pem);
	}
}

/* RFC 4231 section 4.3 */
static void
hs256_is_hmac_sha_256(void **state)
{
	static const uint8_t expected[32] = { 0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26,
		0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64,
		0xec, 0x38, 0x43 };
	struct secret key = SECRET_INIT;
	uint8_t mac[32];

	(void)state;
	assert_true(secret_copy("Jefe", 4, &key));
	sign_hs256(&key, "what do ya want for nothing?", 28, mac);
	assert_memory_equal(mac, expected, sizeof mac);
	secret_free(&key);
}

int
run_sign_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eddsa_is_that_of_rfc_8037),
		cmocka_unit_test(rs256_is_that_of_openssl),
		cmocka_unit_test(every_key_of_the_corpus_is_read_as_its_expect_file_says),
		cmocka_unit_test(a_key_that_was_made_signs_and_shows_its_public_half),
		cmocka_unit_test(a_key_does_not_sign_for_another_algorithm),
		cmocka_unit_test(a_certificate_belongs_to_the_key_that_signed_it),
		cmocka_unit_test(hs256_is_hmac_sha_256),
	};

	return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
