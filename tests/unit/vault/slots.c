/* SPDX-License-Identifier: Apache-2.0 */
/* Key slots of an open vault, and what is written of them. */
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "vault/slot.h"
#include "vault/support.h"

static uint32_t
add(struct place *place, enum slot_kind kind, struct secret secret)
{
	struct slot_new slot = { .kind = kind, .secret = &secret };
	struct larder_error error = { 0 };
	uint32_t number = 0;

	if (slot_add(&place->session, &slot, &number, &error) != LARDER_OK)
		fail_msg("%s: %s", error.what, error.why);
	secret_free(&secret);
	return number;
}

static enum larder_code
try_add(struct place *place, enum slot_kind kind, const char *text, struct larder_error *ret_error)
{
	struct secret secret = a_secret(text);
	struct slot_new slot = { .kind = kind, .secret = &secret };
	uint32_t number;
	enum larder_code code = slot_add(&place->session, &slot, &number, ret_error);

	secret_free(&secret);
	return code;
}

static struct secret
recovery(void)
{
	struct secret code;

	assert_ok(slot_recovery_make(&code, NULL));
	return code;
}

static void
slots_are_listed_and_removed(void **state)
{
	struct place *place = *state;
	struct slot_view views[16];
	struct larder_error error;
	size_t count;

	assert_int_equal(add(place, SLOT_RECOVERY, recovery()), 2);
	assert_int_equal(add(place, SLOT_COMMAND, a_secret("0123456789abcdef0123456789abcdef\n")), 3);
	assert_ok(slot_list(&place->session, views, 16, &count, NULL));
	assert_int_equal(count, 3);
	assert_string_equal(slot_kind_name(views[0].kind), "key file");
	assert_string_equal(views[0].detail, place->key);
	assert_int_equal(views[1].number, 2);
	assert_int_equal(views[1].kind, SLOT_RECOVERY);
	assert_true(views[2].created_at >= time(NULL) - 60);
	assert_ok(slot_remove(&place->session, 2, NULL));
	assert_int_equal(slot_remove(&place->session, 2, &error), LARDER_NOT_FOUND);
	assert_ok(slot_list(&place->session, views, 16, &count, NULL));
	assert_int_equal(count, 2);
	assert_ok(vault_verify(&place->session, &(struct verify_report){ 0 }, NULL));
}

static void
the_last_slot_stays(void **state)
{
	struct place *place = *state;
	struct larder_error error;

	assert_int_equal(slot_remove(&place->session, 1, &error), LARDER_DENIED);
	assert_says(&error, "last one");
	add(place, SLOT_RECOVERY, recovery());
	assert_ok(slot_remove(&place->session, 2, NULL));
	assert_int_equal(slot_remove(&place->session, 1, NULL), LARDER_DENIED);
	place_open(place);
}

static void
there_are_sixteen_slots_at_most(void **state)
{
	struct place *place = *state;
	struct secret code = recovery();
	struct slot_new slot = { .kind = SLOT_RECOVERY, .secret = &code };
	struct larder_error error;
	uint32_t number;

	for (int i = 0; i < 15; i++)
		assert_ok(slot_add(&place->session, &slot, &number, NULL));
	assert_int_equal(slot_add(&place->session, &slot, &number, &error), LARDER_USAGE);
	assert_says(&error, "16");
	secret_free(&code);
	place_open(place);
}

static void
secrets_that_cannot_be_are_refused(void **state)
{
	static const struct {
		enum slot_kind kind;
		const char *text, *why;
	} cases[] = {
		{ SLOT_PASSPHRASE, "", "empty" },
		{ SLOT_PASSPHRASE, "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789-ABCD", "recovery code" },
		{ SLOT_KEY_FILE, "0123456789abcdef0123456789abcde", "31" },
		{ SLOT_COMMAND, "\n", "nothing" },
		{ SLOT_RECOVERY, "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789-ABCD", "none of Larder's" },
		{ (enum slot_kind)9, "x", "no such kind" },
	};
	struct place *place = *state;
	struct larder_error error;
	char text[1026];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(try_add(place, cases[i].kind, cases[i].text, &error), LARDER_USAGE);
		assert_says(&error, cases[i].why);
	}
	memset(text, 'p', 1025);
	text[1025] = '\0';
	assert_int_equal(try_add(place, SLOT_PASSPHRASE, text, &error), LARDER_USAGE);
	assert_says(&error, "1024");
}

static void
a_recovery_code_is_nine_groups_that_check_each_other(void **state)
{
	struct secret code = recovery(), other = recovery();
	uint8_t kept;
	int caught = 0;

	(void)state;
	assert_int_equal(code.len, 44);
	assert_true(recovery_has_shape(&code) && recovery_is_code(&code));
	assert_false(secret_equal(&code, &other));
	for (size_t i = 0; i < code.len; i++) {
		kept = code.data[i];
		if (kept == '-')
			continue;
		code.data[i] = kept == '7' ? '8' : '7';
		caught += !recovery_is_code(&code);
		code.data[i] = kept;
	}
	assert_int_equal(caught, 36);
	for (size_t i = 0; i < code.len; i++) { /* as people type it */
		if (code.data[i] == '-')
			code.data[i] = ' ';
		else if (code.data[i] == '0')
			code.data[i] = 'o';
		else if (code.data[i] == '1')
			code.data[i] = 'l';
		else if (code.data[i] >= 'A')
			code.data[i] = (uint8_t)(code.data[i] - 'A' + 'a');
	}
	assert_true(recovery_is_code(&code));
	secret_free(&code);
	secret_free(&other);
}

/* A slot as somebody would write it who can make the checksum right. */
static struct slot
forged(struct slot_new wanted, uint32_t ops, uint64_t memory)
{
	static const uint8_t id[VAULT_ID_BYTES] = { 1 }, key[KEY_BYTES] = { 2 };
	struct store_row row = { .kind = RECORD_SLOT, .key = (const uint8_t *)"\0\0\0\1", .key_len = 4 };
	struct slot slot, read;

	assert_ok(slot_build(&wanted, 1, id, key, &slot, NULL));
	row.body = slot.body.data;
	row.body_len = slot.body.len;
	assert_true(slot_parse(&row, &read));
	assert_false(read.damaged);
	slot_clear(&slot);
	read.kdf.ops = ops;
	read.kdf.memory = memory;
	return read;
}

static void
kdf_parameters_out_of_bounds_cost_nothing(void **state)
{
	static const struct {
		uint32_t ops;
		uint64_t memory;
	} cases[] = { { 3, UINT64_C(1) << 62 }, { 1U << 31, UINT64_C(256) << 20 }, { 1, 8192 }, { 0, 0 },
		{ UINT32_MAX, UINT64_MAX } };
	static const uint8_t id[VAULT_ID_BYTES] = { 1 };
	struct secret secret = a_secret("pass"), vault_key = SECRET_INIT;
	struct slot_new wanted = { .kind = SLOT_PASSPHRASE, .secret = &secret };
	struct slot slot = forged(wanted, 0, 0);
	struct timespec before, after;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		slot.kdf.ops = cases[i].ops;
		slot.kdf.memory = cases[i].memory;
		assert_int_equal(slot_try(&slot, id, &secret, &vault_key, NULL), LARDER_DAMAGED);
	}
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 100);
	slot_clear(&slot);
	secret_free(&secret);
}

static void
a_slot_opens_only_in_its_place(void **state)
{
	static const uint8_t id[VAULT_ID_BYTES] = { 1 }, other[VAULT_ID_BYTES] = { 2 };
	struct secret secret = a_secret("0123456789abcdef0123456789abcdef"), vault_key = SECRET_INIT;
	struct slot_new wanted = { .kind = SLOT_KEY_FILE, .secret = &secret };
	struct slot slot = forged(wanted, 0, 0);

	(void)state;
	assert_ok(slot_try(&slot, id, &secret, &vault_key, NULL));
	assert_int_equal(vault_key.data[0], 2);
	secret_free(&vault_key);
	assert_int_equal(slot_try(&slot, other, &secret, &vault_key, NULL), LARDER_LOCKED);
	slot.number = 2;
	assert_int_equal(slot_try(&slot, id, &secret, &vault_key, NULL), LARDER_LOCKED);
	slot.number = 1;
	slot.body.data[3] ^= 1; /* its header */
	assert_int_equal(slot_try(&slot, id, &secret, &vault_key, NULL), LARDER_LOCKED);
	slot.body.data[3] ^= 1;
	slot.body.data[slot.sealed_at + 30] ^= 1; /* the commitment to the key */
	assert_int_equal(slot_try(&slot, id, &secret, &vault_key, NULL), LARDER_LOCKED);
	slot_clear(&slot);
	secret_free(&secret);
}

int
run_slots_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_remove)
	const struct CMUnitTest tests[] = {
		TEST(slots_are_listed_and_removed),
		TEST(the_last_slot_stays),
		TEST(there_are_sixteen_slots_at_most),
		TEST(secrets_that_cannot_be_are_refused),
		TEST(a_recovery_code_is_nine_groups_that_check_each_other),
		TEST(kdf_parameters_out_of_bounds_cost_nothing),
		TEST(a_slot_opens_only_in_its_place),
	};

	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
