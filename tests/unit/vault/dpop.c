/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that tokens are bound to, and the nonces of those who ask for proofs. Kinds: 6 grant, 10 endpoint, 21 key.
 * Numbers such as S138 are those of the list of normative requirements.
 */
#include <string.h>

#include "base/text.h"
#include "vault/support.h"

#define CANARY "dpop-key-canary"
#define AS     "https://as.example/token"
#define API    "https://api.example/v1/things?x=1"

static struct vault *
begin(void **state)
{
	struct place *place = *state;

	assert_ok(vault_begin(&place->session, STORE_DURABLE, NULL));
	return &place->session;
}

static struct vault *
commit(void **state)
{
	struct place *place = *state;

	assert_ok(vault_commit(&place->session, NULL, NULL));
	place_open(place);
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
	return &place->session;
}

static struct credential
credential_of(struct vault *vault, const char *name)
{
	struct credential credential;

	assert_ok(credential_load(vault, name, &credential, NULL));
	return credential;
}

static void
put_key(struct vault *vault, const char *name, const char *text)
{
	struct dpop_key key = { .alg = "ES256", .key = a_secret(text), .created_at = 7 };
	struct credential credential = credential_of(vault, name);

	assert_ok(dpop_key_store(vault, &credential, &key, NULL));
	dpop_key_clear(&key);
}

static enum larder_code
load_key(struct vault *vault, const char *name, struct dpop_key *ret, struct larder_error *ret_error)
{
	struct credential credential = credential_of(vault, name);

	return dpop_key_load(vault, &credential, ret, ret_error);
}

static void
assert_key(struct vault *vault, const char *name, const char *text)
{
	struct dpop_key key = { .alg = "" };

	assert_ok(load_key(vault, name, &key, NULL));
	assert_int_equal(key.key.len, strlen(text));
	assert_memory_equal(key.key.data, text, key.key.len);
	assert_true(arena_owns(key.key.data));
	dpop_key_clear(&key);
	assert_true(secret_is_empty(&key.key));
}

static int
two_keys(void **state)
{
	struct place *place;

	place_new(state);
	place = *state;
	put_credential(&place->session, "a");
	put_credential(&place->session, "b");
	(void)begin(state);
	put_key(&place->session, "a", CANARY "-a");
	put_key(&place->session, "b", CANARY "-b");
	(void)commit(state);
	return 0;
}

/* S138 */
static void
a_key_comes_back_with_its_credential_and_is_sealed_like_a_token(void **state)
{
	struct place *place = *state;
	struct dpop_key key = { .alg = "" };

	assert_key(&place->session, "a", CANARY "-a");
	assert_key(&place->session, "b", CANARY "-b");
	assert_ok(load_key(&place->session, "a", &key, NULL));
	assert_string_equal(key.alg, "ES256");
	assert_int_equal(key.created_at, 7);
	dpop_key_clear(&key);
	place_close(place);
	assert_int_equal(place_number(place, "SELECT count(*) FROM record WHERE kind = 21"), 2);
	place_run(place, "! grep -rqF " CANARY " vault");
}

static void
a_key_takes_the_place_of_another(void **state)
{
	put_key(begin(state), "a", "another");
	assert_key(commit(state), "a", "another");
	assert_key(&((struct place *)*state)->session, "b", CANARY "-b");
}

/* S138: the same life as the token */
static void
a_key_goes_with_its_credential_and_with_no_other(void **state)
{
	struct place *place = *state;
	struct credential credential = credential_of(&place->session, "a");
	struct dpop_key key = { .alg = "" };

	assert_ok(credential_remove(begin(state), "a", NULL));
	assert_int_equal(dpop_key_load(commit(state), &credential, &key, NULL), LARDER_NOT_FOUND);
	assert_key(&place->session, "b", CANARY "-b");
	place_close(place);
	assert_int_equal(place_number(place, "SELECT count(*) FROM record WHERE kind = 21"), 1);
}

static void
removing_a_key_is_content_when_there_is_none(void **state)
{
	struct place *place = *state;
	struct credential credential = credential_of(&place->session, "a");
	struct dpop_key key = { .alg = "" };

	(void)begin(state);
	assert_ok(dpop_key_remove(&place->session, &credential, NULL));
	assert_ok(dpop_key_remove(&place->session, &credential, NULL));
	assert_int_equal(dpop_key_load(commit(state), &credential, &key, NULL), LARDER_NOT_FOUND);
	/* the credential is as it was */
	credential = credential_of(&place->session, "a");
	assert_int_equal(credential.generation, 1);
}

static void
a_key_that_was_touched_is_damage_and_says_so(void **state)
{
	static const char *const edits[] = {
		"UPDATE record SET body = zeroblob(length(body)) WHERE kind = 21",
		"UPDATE record SET body = x'' WHERE kind = 21",
		"UPDATE record SET body = substr(body, 1, length(body) - 1) WHERE kind = 21",
		"UPDATE record SET body = (SELECT body FROM record WHERE kind = 6 LIMIT 1) WHERE kind = 21",
		("CREATE TEMP TABLE t AS SELECT * FROM record WHERE kind = 21;"
		 "UPDATE record SET body = (SELECT body FROM t WHERE t.key <> record.key) WHERE kind = 21"),
	};
	struct place *place = *state;
	struct dpop_key key = { .alg = "" };
	struct larder_error error;

	place_close(place);
	place_sql(place, "PRAGMA wal_checkpoint(TRUNCATE)");
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		place_run(place, "cp vault/vault.db good.db");
		place_sql(place, edits[i]);
		place_open(place);
		assert_int_equal(load_key(&place->session, "a", &key, &error), LARDER_DAMAGED);
		assert_says(&error, "DPoP key");
		assert_true(secret_is_empty(&key.key));
		assert_int_equal(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL), LARDER_DAMAGED);
		place_close(place);
		place_run(place, "cp good.db vault/vault.db && rm -f vault/vault.db-*");
	}
	place_open(place);
	assert_key(&place->session, "a", CANARY "-a");
}

/* Who needs it has to say so: a credential's key is named in the credential. */
static void
a_key_that_is_gone_is_not_found_and_the_set_tells(void **state)
{
	struct place *place = *state;
	struct dpop_key key = { .alg = "" };
	struct larder_error error;

	place_close(place);
	place_sql(place, "DELETE FROM record WHERE kind = 21");
	place_open(place);
	assert_int_equal(load_key(&place->session, "a", &key, NULL), LARDER_NOT_FOUND);
	assert_int_equal(vault_verify(&place->session, &(struct verify_report){ 0 }, &error), LARDER_DAMAGED);
	assert_says(&error, "missing");
}

static void
put_nonce(void **state, const char *url, enum nonce_of of, const char *nonce)
{
	assert_ok(nonce_store(begin(state), url, of, nonce, NULL));
	(void)commit(state);
}

static void
assert_nonce(void **state, const char *url, enum nonce_of of, const char *expected)
{
	struct place *place = *state;
	char nonce[NONCE_SIZE];

	assert_ok(nonce_load(&place->session, url, of, nonce, NULL));
	assert_string_equal(nonce, expected);
}

/* S146: one per origin, the newest; whatever the path and the query */
static void
a_nonce_is_kept_for_its_origin_and_replaced_by_the_next(void **state)
{
	assert_nonce(state, AS, NONCE_OF_AUTHORIZATION, "");
	put_nonce(state, AS, NONCE_OF_AUTHORIZATION, "n1");
	assert_nonce(state, "https://AS.example:443/par?x", NONCE_OF_AUTHORIZATION, "n1");
	assert_nonce(state, "https://as.example", NONCE_OF_AUTHORIZATION, "n1");
	assert_nonce(state, "https://as.example:8443/token", NONCE_OF_AUTHORIZATION, "");
	assert_nonce(state, "http://as.example/token", NONCE_OF_AUTHORIZATION, "");
	assert_nonce(state, "https://other.example/token", NONCE_OF_AUTHORIZATION, "");
	put_nonce(state, "https://as.example/other", NONCE_OF_AUTHORIZATION, "n2");
	assert_nonce(state, AS, NONCE_OF_AUTHORIZATION, "n2");
}

/* S146: also where both are at one origin */
static void
nonces_of_the_two_servers_never_mix(void **state)
{
	put_nonce(state, AS, NONCE_OF_AUTHORIZATION, "of-as");
	assert_nonce(state, AS, NONCE_OF_RESOURCE, "");
	put_nonce(state, AS, NONCE_OF_RESOURCE, "of-rs");
	put_nonce(state, API, NONCE_OF_RESOURCE, "of-api");
	assert_nonce(state, AS, NONCE_OF_AUTHORIZATION, "of-as");
	assert_nonce(state, AS, NONCE_OF_RESOURCE, "of-rs");
	assert_nonce(state, API, NONCE_OF_RESOURCE, "of-api");
	assert_nonce(state, API, NONCE_OF_AUTHORIZATION, "");
}

static void
the_longest_nonce_comes_back_and_harms_no_endpoint(void **state)
{
	struct place *place = *state;
	struct endpoint_health health = { .failures = 3 }, found;
	char nonce[NONCE_SIZE];

	memset(nonce, 'n', sizeof(nonce));
	nonce[sizeof(nonce) - 1] = '\0';
	assert_ok(endpoint_store(begin(state), "https://as.example/", &health, NULL));
	assert_ok(nonce_store(&place->session, AS, NONCE_OF_AUTHORIZATION, nonce, NULL));
	(void)commit(state);
	assert_nonce(state, AS, NONCE_OF_AUTHORIZATION, nonce);
	assert_ok(endpoint_load(&place->session, "https://as.example/", &found, NULL));
	assert_int_equal(found.failures, 3);
	assert_string_equal(found.nonce, "");
}

int
run_dpop_tests(void)
{
#define TEST(setup, name) cmocka_unit_test_setup_teardown(name, setup, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(two_keys, a_key_comes_back_with_its_credential_and_is_sealed_like_a_token),
		TEST(two_keys, a_key_takes_the_place_of_another),
		TEST(two_keys, a_key_goes_with_its_credential_and_with_no_other),
		TEST(two_keys, removing_a_key_is_content_when_there_is_none),
		TEST(two_keys, a_key_that_was_touched_is_damage_and_says_so),
		TEST(two_keys, a_key_that_is_gone_is_not_found_and_the_set_tells),
		TEST(place_new, a_nonce_is_kept_for_its_origin_and_replaced_by_the_next),
		TEST(place_new, nonces_of_the_two_servers_never_mix),
		TEST(place_new, the_longest_nonce_comes_back_and_harms_no_endpoint),
	};

	return cmocka_run_group_tests_name("DPoP keys", tests, NULL, NULL);
}
