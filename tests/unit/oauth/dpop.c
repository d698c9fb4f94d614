/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of possession, RFC 9449. Numbers such as S132 are those of the list of normative requirements. */
#include "oauth/dpop.h"

#include <stdlib.h>

#include "oauth/tests.h"

#define JWK "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"XX\",\"y\":\"YY\"}"

struct made { /* a request and its proof, taken apart */
	struct http_request request;
	char header[1024], claims[1024];
};

static enum larder_code
sign_x(void *ctx, const void *data, size_t len, struct buf *ret_signature, struct larder_error *ret_error)
{
	unsigned *calls = ctx;

	(void)data;
	(void)len;
	(void)ret_error;
	(*calls)++;
	return buf_append_str(ret_signature, "x") ? LARDER_OK : LARDER_INTERNAL;
}

static void
decode(const char *text, size_t len, char *dst, size_t dst_size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, count = 0;
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, text[i]);

		assert_true(digit != NULL && *digit != '\0');
		bits = bits << 6 | (unsigned)(digit - digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			assert_true(used + 1 < dst_size);
			dst[used++] = (char)(bits >> count & 0xff);
		}
	}
	dst[used] = '\0';
}

static enum larder_code
add(struct made *made, const char *method, const char *url, const char *nonce, const uint8_t *of_token, uint8_t id)
{
	uint8_t bytes[DPOP_ID_BYTES] = { id };
	struct dpop_proof proof = { JWK, SENT_AT, bytes, nonce, of_token };
	unsigned calls = 0;
	struct jwt_signer signer = { "ES256", "a-kid", &calls, sign_x };
	struct larder_error error;
	enum larder_code code;
	const char *text, *dot;

	(void)text_format(made->request.method, sizeof(made->request.method), "%s", method);
	(void)text_format(made->request.url, sizeof(made->request.url), "%s", url);
	code = dpop_add(&proof, &signer, &made->request, &error);
	if (code != LARDER_OK)
		return code;
	assert_int_equal(calls, 1);
	text = header(&made->request, "DPoP");
	dot = strchr(text, '.');
	decode(text, (size_t)(dot - text), made->header, sizeof(made->header));
	decode(dot + 1, strcspn(dot + 1, "."), made->claims, sizeof(made->claims));
	return code;
}

/* S132 */
static void
a_proof_shows_its_type_its_algorithm_and_the_public_key(void **state)
{
	struct made made = { .header = "" };

	(void)state;
	assert_int_equal(add(&made, "POST", "https://as.example/token", "", NULL, 1), LARDER_OK);
	assert_string_equal(made.header, "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"jwk\":" JWK "}");
	http_request_clear(&made.request);
}

/* S133: jti of 128 bits, htm, htu, iat, and nothing that was not wanted */
static void
a_proof_is_for_one_method_and_one_url_at_one_time(void **state)
{
	struct made made = { .header = "" };

	(void)state;
	assert_int_equal(add(&made, "POST", "https://as.example/token?tenant=1", "", NULL, 1), LARDER_OK);
	assert_string_equal(made.claims,
	    "{\"jti\":\"AQAAAAAAAAAAAAAAAAAAAA\",\"htm\":\"POST\",\"htu\":\"https://as.example/token\","
	    "\"iat\":1700000000}");
	http_request_clear(&made.request);
}

/* S133: the form that a server compares with */
static void
the_url_of_a_proof_is_as_the_server_sees_it(void **state)
{
	static const struct {
		const char *url, *htu;
	} cases[] = {
		{ "https://API.example", "\"htu\":\"https://api.example/\"" },
		{ "https://api.example?q=1", "\"htu\":\"https://api.example/\"" },
		{ "https://api.example:443/a/b?c#d", NULL },
		{ "https://api.example:443/a/b?c", "\"htu\":\"https://api.example/a/b\"" },
		{ "http://[::1]:8080/x", "\"htu\":\"http://[::1]:8080/x\"" },
		{ "ftp://api.example/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made made = { .header = "" };
		enum larder_code code = add(&made, "GET", cases[i].url, "", NULL, 1);

		assert_int_equal(code, cases[i].htu == NULL ? LARDER_USAGE : LARDER_OK);
		if (cases[i].htu != NULL)
			assert_non_null(strstr(made.claims, cases[i].htu));
		else
			assert_int_equal(made.request.headers_count, 0);
		http_request_clear(&made.request);
	}
}

/* S134: the hash of RFC 9449 section 7.1's access token; S135 */
static void
a_proof_names_the_token_and_the_nonce_that_it_goes_with(void **state)
{
	static const uint8_t hash[DPOP_HASH_BYTES] = { 0x7d, 0x41, 0xf2, 0x3b, 0x6a, 0xf6, 0x67, 0x70, 0xd9, 0xe7, 0x71,
		0x2c, 0x36, 0xb5, 0x81, 0x6f, 0x4c, 0x56, 0x5e, 0x86, 0x8d, 0xcb, 0x9f, 0x48, 0x88, 0xa0, 0x80, 0xaa,
		0x4b, 0x26, 0x40, 0x4a };
	struct made made = { .header = "" };

	(void)state;
	assert_int_equal(add(&made, "GET", "https://api.example/x", "eyJ7S_zG.eyJH0-Z", hash, 1), LARDER_OK);
	assert_non_null(strstr(made.claims, "\"ath\":\"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo\""));
	assert_non_null(strstr(made.claims, "\"nonce\":\"eyJ7S_zG.eyJH0-Z\""));
	http_request_clear(&made.request);
}

/* S136: header() fails when there are two */
static void
a_request_that_is_sent_again_has_one_proof_and_it_is_new(void **state)
{
	struct made made = { .header = "" };
	char first[1024];

	(void)state;
	assert_int_equal(add(&made, "POST", "https://as.example/token", "", NULL, 1), LARDER_OK);
	(void)text_format(first, sizeof(first), "%s", made.claims);
	assert_int_equal(add(&made, "POST", "https://as.example/token", "n", NULL, 2), LARDER_OK);
	assert_string_not_equal(first, made.claims);
	assert_int_equal(made.request.headers_count, 1);
	http_request_clear(&made.request);
}

/* S132: a shared secret proves nothing */
static void
a_symmetric_algorithm_is_none_for_a_proof(void **state)
{
	struct http_request request = { .method = "GET", .url = "https://api.example/" };
	const uint8_t id[DPOP_ID_BYTES] = { 0 };
	struct dpop_proof proof = { JWK, SENT_AT, id, "", NULL };
	unsigned calls = 0;
	struct jwt_signer signer = { "HS256", "", &calls, sign_x };
	struct larder_error error;

	(void)state;
	assert_int_equal(dpop_add(&proof, &signer, &request, &error), LARDER_USAGE);
	assert_int_equal(calls, 0);
	assert_int_equal(request.headers_count, 0);
}

static void
what_is_no_nonce_is_not_kept(void **state)
{
	char longest[DPOP_NONCE_SIZE + 1];

	(void)state;
	assert_true(dpop_nonce_is_valid("eyJ7S_zG.eyJH0-Z.HX4w-7v"));
	assert_false(dpop_nonce_is_valid(""));
	assert_false(dpop_nonce_is_valid("a b"));
	assert_false(dpop_nonce_is_valid("a\"b"));
	assert_false(dpop_nonce_is_valid("a\\b"));
	assert_false(dpop_nonce_is_valid("a\nb"));
	assert_false(dpop_nonce_is_valid("\xc3\xa9"));
	memset(longest, 'n', sizeof(longest));
	longest[DPOP_NONCE_SIZE - 1] = '\0';
	assert_true(dpop_nonce_is_valid(longest));
	longest[DPOP_NONCE_SIZE - 1] = 'n';
	longest[DPOP_NONCE_SIZE] = '\0';
	assert_false(dpop_nonce_is_valid(longest));
}

/* S146 */
static void
a_challenge_for_a_nonce_is_told_from_others(void **state)
{
	static const char *const wanting[] = { "DPoP error=\"use_dpop_nonce\", error_description=\"x\"",
		"dpop realm=\"a, b\",algs=\"ES256 PS256\", error=use_dpop_nonce",
		"Bearer realm=\"x\", DPoP error = \"use_dpop_nonce\"" };
	static const char *const others[] = { "", "DPoP", "DPoP error=\"invalid_token\"",
		"Bearer error=\"use_dpop_nonce\"", "DPoP algs=\"ES256\", Bearer error=\"use_dpop_nonce\"",
		"Bearer realm=\"DPoP error=use_dpop_nonce\"", "DPoP realm=\"\\\" error=use_dpop_nonce", "DPoP error=\"",
		"=,=,\"", "DPoP error_description=\"error=use_dpop_nonce\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(wanting) / sizeof(wanting[0]); i++)
		assert_true(dpop_challenge_wants_nonce(wanting[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(dpop_challenge_wants_nonce(others[i]));
}

/* S141 */
static void
the_algorithm_is_one_that_the_provider_names(void **state)
{
	static char rs[] = "RS256", ed[] = "EdDSA", es[] = "ES256", hs[] = "HS256";
	char *items[] = { rs, ed, es };
	char *strange[] = { hs };
	const struct strings none = { NULL, 0 }, all = { items, 3 }, some = { items, 2 }, bad = { strange, 1 };

	(void)state;
	assert_string_equal(dpop_choose_alg(&none, ""), "ES256");
	assert_string_equal(dpop_choose_alg(&none, "EdDSA"), "EdDSA");
	assert_string_equal(dpop_choose_alg(&all, ""), "ES256");
	assert_string_equal(dpop_choose_alg(&some, ""), "EdDSA");
	assert_string_equal(dpop_choose_alg(&some, "RS256"), "RS256");
	assert_null(dpop_choose_alg(&some, "ES256"));
	assert_null(dpop_choose_alg(&bad, ""));
	assert_null(dpop_choose_alg(&none, "HS256"));
}

/* S141, in the order that dpop.h promises, whatever the order of the provider */
static void
the_best_algorithm_of_the_providers_list_is_taken(void **state)
{
	static const char *const order[] = { "ES256", "Ed25519", "EdDSA", "PS256", "RS256" };
	static char names[][8] = { "HS256", "RS256", "PS256", "EdDSA", "Ed25519", "ES256" };
	char *items[] = { names[0], names[1], names[2], names[3], names[4], names[5] };
	struct strings supported = { items, 6 };

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++, supported.count--)
		assert_string_equal(dpop_choose_alg(&supported, ""), order[i]);
	assert_null(dpop_choose_alg(&supported, ""));
}

/* S141 and RFC 9864: a proof has the name that the provider knows the algorithm by */
static void
ed25519_goes_by_the_name_that_the_provider_has(void **state)
{
	static char es[] = "ES256", old[] = "EdDSA", new[] = "Ed25519";
	char *olds[] = { es, old }, *news[] = { es, new }, *boths[] = { old, new };
	const struct strings none = { NULL, 0 }, of_old = { olds, 2 }, of_new = { news, 2 }, of_both = { boths, 2 };
	const struct strings neither = { olds, 1 };

	(void)state;
	assert_string_equal(dpop_choose_alg(&of_old, "Ed25519"), "EdDSA");
	assert_string_equal(dpop_choose_alg(&of_new, "EdDSA"), "Ed25519");
	assert_string_equal(dpop_choose_alg(&of_both, "EdDSA"), "EdDSA");
	assert_string_equal(dpop_choose_alg(&of_both, "Ed25519"), "Ed25519");
	assert_string_equal(dpop_choose_alg(&none, "EdDSA"), "EdDSA");
	assert_string_equal(dpop_choose_alg(&none, "Ed25519"), "Ed25519");
	assert_string_equal(dpop_choose_alg(&of_new, ""), "ES256");
	assert_null(dpop_choose_alg(&neither, "Ed25519"));
	assert_string_equal(dpop_key_alg("Ed25519"), "EdDSA");
	assert_string_equal(dpop_key_alg("EdDSA"), "EdDSA");
	assert_string_equal(dpop_key_alg("HS256"), "");
}

int
run_dpop_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_shows_its_type_its_algorithm_and_the_public_key),
		cmocka_unit_test(a_proof_is_for_one_method_and_one_url_at_one_time),
		cmocka_unit_test(the_url_of_a_proof_is_as_the_server_sees_it),
		cmocka_unit_test(a_proof_names_the_token_and_the_nonce_that_it_goes_with),
		cmocka_unit_test(a_request_that_is_sent_again_has_one_proof_and_it_is_new),
		cmocka_unit_test(a_symmetric_algorithm_is_none_for_a_proof),
		cmocka_unit_test(what_is_no_nonce_is_not_kept),
		cmocka_unit_test(a_challenge_for_a_nonce_is_told_from_others),
		cmocka_unit_test(the_algorithm_is_one_that_the_provider_names),
		cmocka_unit_test(the_best_algorithm_of_the_providers_list_is_taken),
		cmocka_unit_test(ed25519_goes_by_the_name_that_the_provider_has),
	};

	return cmocka_run_group_tests_name("oauth: proofs of possession", tests, NULL, NULL);
}
