/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of possession: their keys, nonces and times. Numbers such as S146 are those of the list of requirements. */
#include "engine/prove.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "engine/world.h"

#define AS  "http://127.0.0.1:9000/token"
#define API "https://api.example/v1/things?x=1"

struct proof {
	char text[4096], header[2048], claims[2048];
};

static void
make_key(struct world *world, const char *wanted, struct dpop_key *ret)
{
	struct provider provider = { .dpop_algs = { NULL, 0 } };
	struct party party = { .provider = &provider };

	(void)text_format(party.client.dpop, sizeof party.client.dpop, "%s", wanted);
	assert_ok(prove_begin(&world->engine, &party, ret, &world->error));
}

static void
decode(const char *text, size_t len, char *dst, size_t dst_size)
{
	size_t used = 0;

	assert_int_equal(sodium_base642bin((unsigned char *)dst, dst_size - 1, text, len, NULL, &used, NULL,
			     sodium_base64_VARIANT_URLSAFE_NO_PADDING),
	    0);
	dst[used] = '\0';
}

/* The one proof that a request has. */
static struct proof
take_proof(struct http_request *request)
{
	struct proof proof = { .text = "" };
	const char *dot;

	for (size_t i = 0; i < request->headers_count; i++) {
		const struct secret *value = &request->headers[i].value;

		if (!text_equal_nocase(request->headers[i].name, "DPoP"))
			continue;
		assert_string_equal(proof.text, "");
		assert_true(
		    text_format(proof.text, sizeof proof.text, "%.*s", (int)value->len, (const char *)value->data));
	}
	dot = strchr(proof.text, '.');
	assert_non_null(dot);
	decode(proof.text, (size_t)(dot - proof.text), proof.header, sizeof proof.header);
	decode(dot + 1, strcspn(dot + 1, "."), proof.claims, sizeof proof.claims);
	http_request_clear(request);
	return proof;
}

static struct proof
prove(struct world *world, const struct dpop_key *key, const char *url, enum nonce_of of)
{
	struct http_request request = { .method = "POST" };

	assert_true(text_format(request.url, sizeof request.url, "%s", url));
	assert_ok(prove_with(&world->engine, key, of, NULL, &request, &world->error));
	return take_proof(&request);
}

static void
assert_nonce(struct world *world, const struct dpop_key *key, const char *url, enum nonce_of of, const char *nonce)
{
	struct proof proof = prove(world, key, url, of);
	char member[128];

	assert_true(text_format(member, sizeof member, "\"nonce\":\"%s\"", nonce));
	if (nonce[0] == '\0')
		assert_null(strstr(proof.claims, "\"nonce\""));
	else
		assert_non_null(strstr(proof.claims, member));
}

static void
hear(struct world *world, const char *url, enum nonce_of of, const char *nonce)
{
	struct http_reply reply = { .status = 200 };

	assert_true(text_format(reply.dpop_nonce, sizeof reply.dpop_nonce, "%s", nonce));
	prove_heard(&world->engine, url, of, &reply);
	assert_false(world->vault.writing);
}

static void
a_client_that_wants_no_key_gets_none_and_proves_nothing(void **state)
{
	struct world *world = *state;
	struct dpop_key key = { .alg = "" };
	struct http_request request = { .method = "POST", .url = AS };
	char jkt[BASE64URL_32];

	make_key(world, "", &key);
	assert_true(secret_is_empty(&key.key));
	assert_ok(prove_thumbprint(&key, jkt, NULL));
	assert_string_equal(jkt, "");
	assert_ok(prove_with(&world->engine, &key, NONCE_OF_AUTHORIZATION, NULL, &request, NULL));
	assert_int_equal(request.headers_count, 0);
}

/* S138: a new one for each grant, in locked memory; S132: and its public half is in the proof, alone */
static void
each_login_has_a_key_of_its_own(void **state)
{
	static const struct {
		const char *wanted, *alg, *jwk;
	} cases[] = {
		{ "auto", "ES256", "\"jwk\":{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" },
		{ "ES256", "ES256", "\"jwk\":{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" },
		{ "EdDSA", "EdDSA", "\"jwk\":{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" },
		{ "Ed25519", "Ed25519", "\"jwk\":{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct dpop_key key = { .alg = "" }, other = { .alg = "" };
		char jkt[BASE64URL_32], other_jkt[BASE64URL_32], alg[32];
		struct proof proof;

		make_key(world, cases[i].wanted, &key);
		make_key(world, cases[i].wanted, &other);
		assert_string_equal(key.alg, cases[i].alg);
		assert_int_equal(key.created_at, world->start_s + world->ms / 1000);
		assert_true(arena_owns(key.key.data));
		assert_ok(prove_thumbprint(&key, jkt, NULL));
		assert_ok(prove_thumbprint(&other, other_jkt, NULL));
		assert_int_equal(strlen(jkt), 43);
		assert_string_not_equal(jkt, other_jkt);
		proof = prove(world, &key, AS, NONCE_OF_AUTHORIZATION);
		assert_true(text_format(alg, sizeof alg, "{\"alg\":\"%s\"", cases[i].alg));
		assert_non_null(strstr(proof.header, alg));
		assert_non_null(strstr(proof.header, cases[i].jwk));
		assert_null(strstr(proof.header, "\"d\""));
		dpop_key_clear(&key);
		dpop_key_clear(&other);
	}
}

/* S141 */
static void
an_algorithm_that_the_provider_does_not_take_is_refused(void **state)
{
	static char rs[] = "RS512";
	char *items[] = { rs };
	struct world *world = *state;
	struct provider provider = { .dpop_algs = { items, 1 } };
	struct party party = { .provider = &provider, .client.dpop = "auto" };
	struct dpop_key key = { .alg = "" };

	assert_int_equal(prove_begin(&world->engine, &party, &key, &world->error), LARDER_REJECTED);
	assert_non_null(strstr(world->error.why, "an algorithm that is known here"));
	(void)text_format(party.client.dpop, sizeof party.client.dpop, "ES256");
	assert_int_equal(prove_begin(&world->engine, &party, &key, &world->error), LARDER_REJECTED);
	assert_non_null(strstr(world->error.why, "ES256"));
	assert_true(secret_is_empty(&key.key));
}

static const char *
claim(const struct proof *proof, const char *name)
{
	const char *at = strstr(proof->claims, name);

	assert_non_null(at);
	return at + strlen(name);
}

/* S136, S148 */
static void
each_proof_is_made_when_it_is_asked_for(void **state)
{
	struct world *world = *state;
	struct dpop_key key = { .alg = "" };
	struct proof first, second;
	char now[32];

	make_key(world, "EdDSA", &key);
	first = prove(world, &key, AS, NONCE_OF_AUTHORIZATION);
	world_pass(world, 7);
	second = prove(world, &key, AS, NONCE_OF_AUTHORIZATION);
	assert_string_not_equal(first.text, second.text);
	assert_string_equal(first.header, second.header);
	assert_memory_not_equal(claim(&first, "\"jti\":\""), claim(&second, "\"jti\":\""), 22);
	(void)text_format(now, sizeof now, "%lld", (long long)(world->start_s + world->ms / 1000));
	assert_int_equal(strncmp(claim(&second, "\"iat\":"), now, strlen(now)), 0);
	assert_int_not_equal(strncmp(claim(&first, "\"iat\":"), now, strlen(now)), 0);
	dpop_key_clear(&key);
}

/* S135, S145, S146 */
static void
a_nonce_is_kept_for_its_origin_until_the_next(void **state)
{
	struct world *world = *state;
	struct dpop_key key = { .alg = "" };

	make_key(world, "EdDSA", &key);
	assert_nonce(world, &key, AS, NONCE_OF_AUTHORIZATION, "");
	hear(world, AS, NONCE_OF_AUTHORIZATION, "n1");
	assert_nonce(world, &key, AS, NONCE_OF_AUTHORIZATION, "n1");
	assert_nonce(world, &key, "http://127.0.0.1:9000/par", NONCE_OF_AUTHORIZATION, "n1");
	assert_nonce(world, &key, "http://127.0.0.1:9001/token", NONCE_OF_AUTHORIZATION, "");
	hear(world, AS, NONCE_OF_AUTHORIZATION, "n2");
	hear(world, AS, NONCE_OF_AUTHORIZATION, ""); /* a reply without one takes none away */
	hear(world, AS, NONCE_OF_AUTHORIZATION, "not \"one\"");
	assert_nonce(world, &key, AS, NONCE_OF_AUTHORIZATION, "n2");
	world_reopen(world);
	assert_nonce(world, &key, AS, NONCE_OF_AUTHORIZATION, "n2");
	dpop_key_clear(&key);
}

/* S146 */
static void
nonces_of_the_token_server_and_of_the_api_never_mix(void **state)
{
	struct world *world = *state;
	struct dpop_key key = { .alg = "" };

	make_key(world, "EdDSA", &key);
	hear(world, AS, NONCE_OF_AUTHORIZATION, "of-as");
	assert_nonce(world, &key, AS, NONCE_OF_RESOURCE, "");
	hear(world, AS, NONCE_OF_RESOURCE, "of-rs");
	hear(world, API, NONCE_OF_RESOURCE, "of-api");
	assert_nonce(world, &key, AS, NONCE_OF_AUTHORIZATION, "of-as");
	assert_nonce(world, &key, AS, NONCE_OF_RESOURCE, "of-rs");
	assert_nonce(world, &key, API, NONCE_OF_RESOURCE, "of-api");
	assert_nonce(world, &key, API, NONCE_OF_AUTHORIZATION, "");
	dpop_key_clear(&key);
}

static void
a_nonce_is_remembered_with_the_transaction_that_is_open(void **state)
{
	struct http_reply reply = { .status = 400, .dpop_nonce = "n1" };
	struct world *world = *state;
	struct dpop_key key = { .alg = "" };

	make_key(world, "EdDSA", &key);
	assert_ok(vault_begin(&world->vault, STORE_DURABLE, NULL));
	assert_ok(prove_note(&world->engine, AS, NONCE_OF_AUTHORIZATION, &reply, NULL));
	vault_rollback(&world->vault);
	assert_nonce(world, &key, AS, NONCE_OF_AUTHORIZATION, "");
	assert_ok(vault_begin(&world->vault, STORE_DURABLE, NULL));
	assert_ok(prove_note(&world->engine, AS, NONCE_OF_AUTHORIZATION, &reply, NULL));
	assert_ok(vault_commit(&world->vault, NULL, NULL));
	assert_nonce(world, &key, AS, NONCE_OF_AUTHORIZATION, "n1");
	dpop_key_clear(&key);
}

/* Binds the credential to a key, as a log-in does. */
static void
bind(struct world *world, const struct dpop_key *key, bool with_key)
{
	struct credential credential = world_credential(world);

	assert_ok(prove_thumbprint(key, credential.dpop_jkt, NULL));
	assert_ok(vault_begin(&world->vault, STORE_DURABLE, NULL));
	assert_ok(credential_store(&world->vault, &credential, NULL));
	if (with_key)
		assert_ok(dpop_key_store(&world->vault, &credential, key, NULL));
	assert_ok(vault_commit(&world->vault, NULL, NULL));
	credential_clear(&credential);
}

static enum larder_code
prove_credential(struct world *world, struct http_request *request)
{
	struct credential credential = world_credential(world);
	enum larder_code code;

	code = prove_for(&world->engine, &credential, NONCE_OF_AUTHORIZATION, NULL, request, &world->error);
	credential_clear(&credential);
	return code;
}

static void
a_credential_proves_with_its_key_and_says_when_that_is_missing(void **state)
{
	struct world *world = *state;
	struct http_request request = { .method = "POST", .url = AS };
	struct dpop_key key = { .alg = "" };
	struct proof proof, expected;

	assert_ok(prove_credential(world, &request));
	assert_int_equal(request.headers_count, 0); /* bound to none */
	make_key(world, "ES256", &key);
	bind(world, &key, false);
	assert_int_equal(prove_credential(world, &request), LARDER_DAMAGED);
	assert_int_equal(request.headers_count, 0);
	assert_non_null(strstr(world->error.why, "the key that its tokens are bound to is missing"));
	assert_int_equal(world_get(world), LARDER_DAMAGED); /* and nothing is sent */
	assert_int_equal(world->server.requests, 0);
	bind(world, &key, true);
	assert_ok(prove_credential(world, &request));
	proof = take_proof(&request);
	expected = prove(world, &key, AS, NONCE_OF_AUTHORIZATION);
	assert_string_equal(proof.header, expected.header);
	dpop_key_clear(&key);
}

/* S134: with the token that goes with it, and for the URL without its query */
static void
a_proof_of_a_call_is_for_its_token(void **state)
{
	struct world *world = *state;
	struct http_request request = { .method = "GET", .url = API };
	struct secret token = SECRET_INIT;
	struct dpop_key key = { .alg = "" };
	struct proof proof;

	make_key(world, "ES256", &key);
	bind(world, &key, true);
	assert_true(secret_copy("token", 5, &token));
	{
		struct credential credential = world_credential(world);

		assert_ok(prove_for(&world->engine, &credential, NONCE_OF_RESOURCE, &token, &request, &world->error));
		credential_clear(&credential);
	}
	proof = take_proof(&request);
	assert_non_null(strstr(proof.claims, "\"ath\":\"PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A\""));
	assert_non_null(strstr(proof.claims, "\"htm\":\"GET\",\"htu\":\"https://api.example/v1/things\""));
	secret_free(&token);
	dpop_key_clear(&key);
}

/* S138: the same life as the grant */
static void
a_key_goes_with_its_credential(void **state)
{
	struct world *world = *state;
	struct credential credential = world_credential(world);
	struct dpop_key key = { .alg = "" }, found = { .alg = "" };

	make_key(world, "ES256", &key);
	bind(world, &key, true);
	assert_ok(dpop_key_load(&world->vault, &credential, &found, NULL));
	assert_true(secret_equal(&found.key, &key.key));
	dpop_key_clear(&found);
	assert_ok(vault_begin(&world->vault, STORE_DURABLE, NULL));
	assert_ok(credential_remove(&world->vault, CREDENTIAL, NULL));
	assert_ok(vault_commit(&world->vault, NULL, NULL));
	assert_int_equal(dpop_key_load(&world->vault, &credential, &found, NULL), LARDER_NOT_FOUND);
	dpop_key_clear(&key);
	credential_clear(&credential);
}

int
run_proving_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN(strict_world, a_client_that_wants_no_key_gets_none_and_proves_nothing),
		IN(strict_world, each_login_has_a_key_of_its_own),
		IN(strict_world, an_algorithm_that_the_provider_does_not_take_is_refused),
		IN(strict_world, each_proof_is_made_when_it_is_asked_for),
		IN(strict_world, a_nonce_is_kept_for_its_origin_until_the_next),
		IN(strict_world, nonces_of_the_token_server_and_of_the_api_never_mix),
		IN(strict_world, a_nonce_is_remembered_with_the_transaction_that_is_open),
		IN(strict_world, a_credential_proves_with_its_key_and_says_when_that_is_missing),
		IN(strict_world, a_proof_of_a_call_is_for_its_token),
		IN(strict_world, a_key_goes_with_its_credential),
	};

	return cmocka_run_group_tests_name("proofs", tests, NULL, NULL);
}
