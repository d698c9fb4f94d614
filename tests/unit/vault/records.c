/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "vault/support.h"

#define TOKEN_MAX ((size_t)64 << 10)

static void
fill(char *text, size_t size, char c)
{
	memset(text, c, size - 1);
	text[size - 1] = '\0';
}
#define FILL(array, c) fill(array, sizeof(array), c)

static struct secret
long_secret(uint8_t byte, size_t len)
{
	struct secret secret;

	assert_true(secret_new(len, &secret));
	if (len > 0)
		memset(secret.data, byte, len);
	return secret;
}

static struct vault *
begin(void **state)
{
	struct place *place = *state;

	assert_ok(vault_begin(&place->session, STORE_DURABLE, NULL));
	return &place->session;
}

/* Commit, and read with a new session. */
static struct vault *
reopen(void **state)
{
	struct place *place = *state;

	if (place->session.writing)
		assert_ok(vault_commit(&place->session, NULL, NULL));
	place_open(place);
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
	return &place->session;
}

static void
a_client_of_the_largest_size_comes_back(void **state)
{
	struct client in = { .secret = long_secret('s', TOKEN_MAX), .created_at = INT64_MAX, .secret_set_at = -1 }, out;

	FILL(in.name, 'n');
	FILL(in.provider, 'p');
	FILL(in.client_id, 'i');
	FILL(in.auth, 'a');
	FILL(in.proxy, 'x');
	in.vars_count = VARS_MAX;
	for (size_t i = 0; i < VARS_MAX; i++) {
		FILL(in.vars[i].name, (char)('a' + i));
		FILL(in.vars[i].value, (char)('A' + i));
	}
	assert_ok(client_store(begin(state), &in, NULL));
	assert_ok(client_load(reopen(state), in.name, &out, NULL));
	assert_true(secret_equal(&in.secret, &out.secret));
	secret_free(&out.secret);
	secret_free(&in.secret);
	assert_memory_equal(&in, &out, sizeof(in));
}

static void
a_client_of_the_smallest_size_comes_back(void **state)
{
	struct client in = { .name = "c" }, out;

	assert_ok(client_store(begin(state), &in, NULL));
	assert_ok(client_load(reopen(state), "c", &out, NULL));
	assert_memory_equal(&in, &out, sizeof(in));
}

static void
clients_are_listed_by_name_and_removed(void **state)
{
	struct client client = { .name = "b", .secret = a_secret("s") }, *list;
	struct vault *vault = begin(state);
	struct larder_error error;
	size_t count;

	assert_ok(client_store(vault, &client, NULL));
	client.name[0] = 'c';
	assert_ok(client_store(vault, &client, NULL));
	client.name[0] = 'a';
	assert_ok(client_store(vault, &client, NULL));
	assert_ok(client_remove(vault, "b", NULL));
	assert_int_equal(client_remove(vault, "b", &error), LARDER_NOT_FOUND);
	assert_string_equal(error.name, "b");
	assert_ok(client_list(reopen(state), &list, &count, NULL));
	assert_int_equal(count, 2);
	assert_string_equal(list[0].name, "a");
	assert_string_equal(list[1].name, "c");
	assert_true(secret_equal(&list[1].secret, &client.secret));
	client_list_free(list, count);
	client_clear(&client);
}

static struct credential
full_credential(void)
{
	struct credential credential = { .state = STATE_REVOKED,
		.rotating = true,
		.remove_when_revoked = true,
		.revoke_what = 255,
		.generation = UINT64_MAX,
		.exchanges = 1,
		.attempts = UINT64_MAX - 1,
		.created_at = TIME_UNKNOWN,
		.last_refresh_at = INT64_MIN,
		.access_expires_at = INT64_MAX,
		.access_life_s = 1,
		.refresh_expires_at = TIME_UNKNOWN,
		.next_refresh_at = 2,
		.retry_at = 3,
		.failures = UINT32_MAX,
		.reply_len_max = 1,
		.last_error_at = 4 };

	memset(credential.id, 0xff, sizeof(credential.id));
	FILL(credential.name, 'n');
	FILL(credential.client, 'c');
	FILL(credential.provider, 'p');
	FILL(credential.account, 'a');
	FILL(credential.scope, 's');
	FILL(credential.token_endpoint, 't');
	FILL(credential.last_error, 'e');
	FILL(credential.last_error_text, 'x');
	return credential;
}

static void
a_credential_of_the_largest_size_comes_back(void **state)
{
	struct credential in = full_credential(), out;

	in.intent = (struct intent){
		.open = true, .generation = 7, .opened_at = -1, .opened_boot_ms = 8, .pid = -5, .slot = 9
	};
	memset(in.intent.attempt_id, 1, 16);
	memset(in.intent.attempt_key, 2, 32);
	memset(in.intent.boot_id, 3, 16);
	FILL(in.intent.scope, 'S');
	FILL(in.intent.resource, 'R');
	assert_ok(credential_store(begin(state), &in, NULL));
	assert_ok(credential_load(reopen(state), in.name, &out, NULL));
	assert_memory_equal(&in, &out, sizeof(in));
	credential_clear(&in);
	assert_int_equal(in.intent.attempt_key[31], 0);
}

static void
a_closed_intent_leaves_no_key(void **state)
{
	struct credential in = full_credential(), out;
	static const struct intent none;

	memset(in.intent.attempt_key, 2, 32);
	in.intent.open = false;
	assert_ok(credential_store(begin(state), &in, NULL));
	assert_ok(credential_load(reopen(state), in.name, &out, NULL));
	assert_memory_equal(&out.intent, &none, sizeof(none));
}

static void
a_name_outside_the_grammar_is_not_stored(void **state)
{
	struct credential credential = { .name = "../x", .state = STATE_OK };
	struct vault *vault = begin(state);

	assert_int_equal(credential_store(vault, &credential, NULL), LARDER_USAGE);
	credential.name[0] = '\0';
	assert_int_equal(credential_store(vault, &credential, NULL), LARDER_USAGE);
}

static void
terms_of_the_largest_size_come_back(void **state)
{
	struct credential credential = { .name = "n", .id = { 1 } };
	struct grant in = { .terms = { .life_s = 60, .key = long_secret('k', 4096) } }, out;

	FILL(in.terms.scope, 's');
	FILL(in.terms.resource, 'r');
	FILL(in.terms.issuer, 'i');
	FILL(in.terms.subject, 'u');
	FILL(in.terms.claims, 'c');
	FILL(in.terms.key_alg, 'a');
	FILL(in.terms.key_id, 'k');
	FILL(in.terms.audience, 'd');
	FILL(in.terms.requested_type, 't');
	FILL(in.terms.given.credential, 'n');
	FILL(in.terms.given.file, 'f');
	FILL(in.terms.given.type, 'y');
	FILL(in.terms.actor.credential, 'N');
	FILL(in.terms.actor.file, 'F');
	FILL(in.terms.actor.type, 'Y');
	assert_ok(grant_store(begin(state), &credential, &in, NULL));
	assert_ok(grant_load(reopen(state), &credential, &out, NULL));
	assert_true(secret_equal(&in.terms.key, &out.terms.key));
	secret_free(&in.terms.key);
	secret_free(&out.terms.key);
	assert_memory_equal(&in.terms, &out.terms, sizeof(in.terms));
	grant_clear(&out);
}

static void
tokens_of_any_size_come_back(void **state)
{
	static const size_t lens[] = { 0, 1, 255, 256, 4096, TOKEN_MAX };
	struct credential credential = { .name = "n", .id = { 1 } };
	struct grant in = { .previous_generation = UINT64_MAX }, out;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		in.refresh_token = long_secret('r', lens[i]);
		in.previous = long_secret('p', lens[i]);
		assert_ok(grant_store(begin(state), &credential, &in, NULL));
		assert_ok(grant_load(reopen(state), &credential, &out, NULL));
		assert_int_equal(out.refresh_token.len, lens[i]);
		assert_true(secret_equal(&in.refresh_token, &out.refresh_token));
		assert_true(secret_equal(&in.previous, &out.previous));
		assert_true(out.previous_generation == UINT64_MAX);
		grant_clear(&out);
		secret_free(&in.refresh_token);
		secret_free(&in.previous);
	}
}

static void
access_tokens_are_kept_by_scope_and_resource(void **state)
{
	struct credential credential = { .name = "n", .id = { 1 } };
	struct access access = { .token = a_secret("default"),
		.token_type = "Bearer",
		.scope = "a b",
		.expires_at = 1 },
		      out;
	struct access big = {
		.token = long_secret('t', TOKEN_MAX), .issued_at = -1, .expires_at = -1, .life_s = INT64_MAX
	};
	char scope[SCOPE_SIZE], resource[RESOURCE_SIZE];
	struct vault *vault = begin(state);
	struct access *list;
	size_t count;

	FILL(scope, 's');
	FILL(resource, 'r');
	FILL(big.scope, 'g');
	FILL(big.token_type, 'T');
	assert_ok(access_store(vault, &credential, "", "", &access, NULL));
	assert_ok(access_store(vault, &credential, scope, resource, &big, NULL));
	assert_ok(access_store(vault, &credential, scope, resource, &big, NULL));
	assert_ok(access_store(vault, &credential, "ab", "c", &access, NULL));
	vault = reopen(state);
	assert_int_equal(access_load(vault, &credential, "a", "bc", &out, NULL), LARDER_NOT_FOUND);
	assert_ok(access_load(vault, &credential, "", "", &out, NULL));
	assert_string_equal(out.scope, "a b");
	assert_true(secret_equal(&out.token, &access.token));
	access_clear(&out);
	assert_ok(access_load(vault, &credential, scope, resource, &out, NULL));
	assert_true(secret_equal(&out.token, &big.token));
	assert_string_equal(out.asked_scope, scope);
	assert_string_equal(out.resource, resource);
	assert_int_equal(out.life_s, INT64_MAX);
	access_clear(&out);
	assert_ok(access_list(vault, &credential, &list, &count, NULL));
	assert_int_equal(count, 3);
	access_list_free(list, count);
	assert_ok(access_remove_all(begin(state), &credential, NULL));
	assert_ok(access_list(reopen(state), &credential, &list, &count, NULL));
	assert_int_equal(count, 0);
	access_list_free(list, count);
	access_clear(&access);
	access_clear(&big);
}

static void
the_oldest_of_too_many_access_tokens_goes(void **state)
{
	struct credential credential = { .name = "n", .id = { 1 } };
	struct access access = { .token = a_secret("t") }, out;
	struct vault *vault = begin(state);
	char resource[8] = "a0";

	for (int i = 0; i < 65; i++) {
		resource[0] = (char)('0' + i);
		assert_ok(access_store(vault, &credential, "", resource, &access, NULL));
	}
	vault = reopen(state);
	assert_int_equal(access_load(vault, &credential, "", "00", &out, NULL), LARDER_NOT_FOUND);
	assert_ok(access_load(vault, &credential, "", "10", &out, NULL));
	access_clear(&out);
	assert_ok(access_load(vault, &credential, "", resource, &out, NULL));
	access_clear(&out);
	access_clear(&access);
}

static void
parked_replies_are_kept_in_order(void **state)
{
	struct credential credential = { .name = "n", .id = { 1 } };
	struct parked first = { .attempt_id = { 9 }, .generation = 3, .parked_at = 4, .sent_at = 5, .why = "late" };
	struct parked second = { .attempt_id = { 1 }, .reply = a_secret("second") }, *list;
	struct vault *vault = begin(state);
	size_t count;

	first.reply = long_secret('r', (size_t)512 << 10);
	assert_ok(parked_add(vault, &credential, &first, NULL));
	assert_ok(parked_add(vault, &credential, &second, NULL));
	vault = reopen(state);
	assert_ok(parked_list(vault, &credential, &list, &count, NULL));
	assert_int_equal(count, 2);
	assert_true(secret_equal(&list[0].reply, &first.reply));
	assert_string_equal(list[0].why, "late");
	assert_int_equal(list[0].generation, 3);
	assert_int_equal(list[0].sent_at, 5);
	assert_memory_equal(list[1].attempt_id, second.attempt_id, 16);
	parked_list_free(list, count);
	assert_ok(parked_remove_all(begin(state), &credential, NULL));
	assert_ok(parked_list(reopen(state), &credential, &list, &count, NULL));
	assert_int_equal(count, 0);
	parked_list_free(list, count);
	secret_free(&first.reply);
	secret_free(&second.reply);
}

static void
an_endpoint_is_known_by_origin_and_path(void **state)
{
	struct endpoint_health in = { .failures = UINT32_MAX, .open_until = -1, .probe_at = INT64_MAX }, out;
	struct vault *vault = begin(state);

	FILL(in.last_error, 'e');
	assert_ok(endpoint_store(vault, "https://AS.example/token?tenant=1", &in, NULL));
	vault = reopen(state);
	assert_ok(endpoint_load(vault, "https://as.example:443/token", &out, NULL));
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(endpoint_load(vault, "https://as.example/tokens", &out, NULL), LARDER_NOT_FOUND);
	assert_int_equal(endpoint_load(vault, "http://as.example/token", &out, NULL), LARDER_NOT_FOUND);
}

static void
a_removed_credential_takes_all_with_it(void **state)
{
	struct place *place = *state;
	struct credential credential;
	struct access access = { .token = a_secret("t") };
	struct parked parked = { .reply = a_secret("r") };
	struct vault *vault = &place->session;

	put_credential(vault, "stays");
	place_close(place);
	int64_t before = place_number(place, "SELECT count(*) FROM record");
	place_open(place);
	put_credential(vault, "goes");
	assert_ok(credential_load(vault, "goes", &credential, NULL));
	assert_ok(vault_begin(vault, STORE_DURABLE, NULL));
	assert_ok(access_store(vault, &credential, "x", "", &access, NULL));
	assert_ok(parked_add(vault, &credential, &parked, NULL));
	assert_ok(vault_commit(vault, NULL, NULL));
	assert_ok(vault_begin(vault, STORE_DURABLE, NULL));
	assert_ok(credential_remove(vault, "goes", NULL));
	assert_ok(vault_commit(vault, NULL, NULL));
	assert_int_equal(credential_load(vault, "goes", &credential, NULL), LARDER_NOT_FOUND);
	assert_ok(credential_load(vault, "stays", &credential, NULL));
	assert_ok(vault_scrub(vault, NULL));
	place_close(place);
	assert_int_equal(place_number(place, "SELECT count(*) FROM record"), before);
	access_clear(&access);
	secret_free(&parked.reply);
}

static void
a_refresh_token_is_stored_once(void **state)
{
	struct place *place = *state;
	struct vault *vault = &place->session;
	struct secret token = a_secret("rt-canary-a");
	struct larder_error error = { 0 };

	token.data[10] = '\0';
	token.len = 10;
	token.data[9] = 'a'; /* as put_credential stores it */
	put_credential(vault, "a");
	assert_ok(vault_begin(vault, STORE_DURABLE, NULL));
	assert_ok(fingerprint_claim(vault, "id", "https://as/token", &token, "a", NULL));
	assert_ok(fingerprint_claim(vault, "id", "https://as/token", &token, "a", NULL));
	assert_int_equal(fingerprint_claim(vault, "id", "https://as/token", &token, "b", &error), LARDER_EXISTS);
	assert_string_equal(error.name, "a");
	assert_ok(fingerprint_claim(vault, "other", "https://as/token", &token, "b", NULL));
	assert_ok(fingerprint_claim(vault, "id", "https://as/other", &token, "b", NULL));
	assert_ok(fingerprint_release(vault, "id", "https://as/token", &token, NULL));
	assert_ok(fingerprint_claim(vault, "id", "https://as/token", &token, "b", NULL));
	/* whose holder is gone */
	assert_ok(fingerprint_release(vault, "id", "https://as/token", &token, NULL));
	assert_ok(fingerprint_claim(vault, "id", "https://as/token", &token, "a", NULL));
	assert_ok(credential_remove(vault, "a", NULL));
	assert_ok(fingerprint_claim(vault, "id", "https://as/token", &token, "b", NULL));
	assert_ok(vault_commit(vault, NULL, NULL));
	secret_free(&token);
}

static void
credentials_are_counted_and_named(void **state)
{
	struct place *place = *state;
	char only[NAME_SIZE], (*names)[NAME_SIZE];
	size_t count;

	assert_ok(credential_count(&place->session, &count, only, NULL));
	assert_int_equal(count, 0);
	assert_string_equal(only, "");
	put_credential(&place->session, "b");
	assert_ok(credential_count(&place->session, &count, only, NULL));
	assert_int_equal(count, 1);
	assert_string_equal(only, "b");
	put_credential(&place->session, "a");
	assert_ok(credential_count(&place->session, &count, only, NULL));
	assert_int_equal(count, 2);
	assert_string_equal(only, "");
	assert_ok(credential_names(&place->session, &names, &count, NULL));
	assert_string_equal(names[0], "a");
	assert_string_equal(names[1], "b");
	free(names);
}

static void
audit_rows_say_who_and_what(void **state)
{
	struct place *place = *state;
	struct vault *vault = &place->session;
	struct audit_event in = { .at = 5, .op = AUDIT_RELEASE, .generation = 7 }, out;

	FILL(in.name, 'n');
	FILL(in.result, 'r');
	FILL(in.detail, 'd');
	FILL(vault->actor.exe, 'e');
	FILL(vault->actor.parent, 'p');
	assert_ok(vault_begin(vault, STORE_RELAXED, NULL));
	assert_ok(audit_append(vault, &in, NULL));
	assert_ok(vault_commit(vault, NULL, NULL));
	in.seq = 2;
	in.actor = vault->actor;
	vault = reopen(state);
	assert_ok(audit_begin(vault, 1, NULL));
	assert_ok(audit_next(vault, &out, NULL));
	assert_int_equal(out.op, AUDIT_INIT);
	assert_int_equal(out.actor.pid, somebody.pid);
	assert_string_equal(out.actor.parent, somebody.parent);
	assert_ok(audit_next(vault, &out, NULL));
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(audit_next(vault, &out, NULL), LARDER_NOT_FOUND);
	audit_end(vault);
	assert_string_equal(audit_op_name(AUDIT_RELEASE), "release");
}

static void
what_one_session_commits_another_reads(void **state)
{
	struct place *place = *state;
	struct vault other = { 0 };
	struct credential credential;

	put_credential(&place->session, "a");
	assert_ok(vault_open_again(&place->session, &other, NULL));
	assert_ok(credential_load(&other, "a", &credential, NULL));
	put_credential(&place->session, "b");
	assert_ok(credential_load(&other, "b", &credential, NULL));
	vault_close(&place->session); /* the keys stay for the other */
	put_credential(&other, "c");
	assert_ok(credential_load(&other, "c", &credential, NULL));
	vault_close(&other);
}

static void
the_reply_keys_stay_the_same(void **state)
{
	struct place *place = *state;
	struct secret first, second;
	uint8_t one[BOX_PUBLIC_BYTES], two[BOX_PUBLIC_BYTES];

	vault_box_keys(&place->session, one, &first);
	vault_box_keys(reopen(state), two, &second);
	assert_memory_equal(one, two, sizeof(one));
	assert_int_equal(first.len, BOX_SECRET_BYTES);
	assert_true(secret_equal(&first, &second));
	secret_free(&first);
	secret_free(&second);
}

/* S117 */
static void
a_device_log_in_waits_under_its_name_until_it_is_over(void **state)
{
	struct pending in = { .device_code = long_secret('d', 200), .expires_at = 1700000000, .interval_s = 5 }, out;
	struct vault *vault = begin(state);

	FILL(in.name, 'n');
	FILL(in.client, 'c');
	FILL(in.verification_uri, 'u');
	FILL(in.token_endpoint, 't');
	assert_ok(pending_store(vault, &in, NULL));
	vault = reopen(state);
	assert_ok(pending_load(vault, in.name, &out, NULL));
	assert_true(secret_equal(&in.device_code, &out.device_code));
	assert_string_equal(out.verification_uri, in.verification_uri);
	assert_int_equal(out.expires_at, 1700000000);
	pending_clear(&out);
	vault = begin(state);
	assert_ok(pending_remove(vault, in.name, NULL));
	assert_ok(pending_remove(vault, in.name, NULL));
	vault = reopen(state);
	assert_int_equal(pending_load(vault, in.name, &out, NULL), LARDER_NOT_FOUND);
	pending_clear(&in);
}

int
run_records_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_client_of_the_largest_size_comes_back),
		TEST(a_client_of_the_smallest_size_comes_back),
		TEST(clients_are_listed_by_name_and_removed),
		TEST(a_credential_of_the_largest_size_comes_back),
		TEST(a_closed_intent_leaves_no_key),
		TEST(a_name_outside_the_grammar_is_not_stored),
		TEST(terms_of_the_largest_size_come_back),
		TEST(tokens_of_any_size_come_back),
		TEST(access_tokens_are_kept_by_scope_and_resource),
		TEST(the_oldest_of_too_many_access_tokens_goes),
		TEST(parked_replies_are_kept_in_order),
		TEST(an_endpoint_is_known_by_origin_and_path),
		TEST(a_removed_credential_takes_all_with_it),
		TEST(a_device_log_in_waits_under_its_name_until_it_is_over),
		TEST(a_refresh_token_is_stored_once),
		TEST(credentials_are_counted_and_named),
		TEST(audit_rows_say_who_and_what),
		TEST(what_one_session_commits_another_reads),
		TEST(the_reply_keys_stay_the_same),
	};

	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
