/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/box.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/derive.h"
#include "crypto/support.h"

#define MAC_BYTES 32

static const uint8_t seed[KEY_BYTES] = "a seed for the vault's key pair";

static struct attempt
new_attempt(uint8_t ret_secret[static BOX_SECRET_BYTES])
{
	struct attempt attempt = {
		.vault_id = "vault", .record_id = "record", .generation = 7, .id = "attempt", .key = "key"
	};

	box_keypair(seed, attempt.vault_public, ret_secret);
	return attempt;
}

static bool
opens(const struct attempt *attempt, const uint8_t *secret, const struct buf *buf, size_t len)
{
	struct secret text = SECRET_INIT;
	bool opened = box_open(attempt, secret, buf->data, len, &text);

	assert_true(opened || text.data == NULL);
	secret_free(&text);
	return opened;
}

static void
a_reply_comes_back_into_locked_memory(void **state)
{
	static const size_t lens[] = { 0, 1, 1000, (size_t)256 << 10 };
	uint8_t secret[BOX_SECRET_BYTES], *reply = calloc(1, lens[3]);
	struct attempt attempt = new_attempt(secret);
	size_t i;

	(void)state;
	assert_non_null(reply);
	randombytes_buf(reply, lens[3]);
	for (i = 0; i < 4; i++) {
		struct buf buf = BUF_INIT((size_t)1 << 20);
		struct secret text = SECRET_INIT;

		assert_true(box_seal(&attempt, reply, lens[i], &buf));
		assert_int_equal(buf.len, MAC_BYTES + crypto_box_SEALBYTES + lens[i]);
		assert_true(box_open(&attempt, secret, buf.data, buf.len, &text));
		assert_int_equal(text.len, lens[i]);
		assert_true(lens[i] == 0 || arena_owns(text.data));
		assert_true(lens[i] == 0 || memcmp(text.data, reply, lens[i]) == 0);
		secret_free(&text);
		buf_clear(&buf);
	}
	free(reply);
}

static void
every_flipped_bit_and_every_other_length_is_refused(void **state)
{
	uint8_t secret[BOX_SECRET_BYTES];
	struct attempt attempt = new_attempt(secret);
	struct buf buf = BUF_INIT(1000);
	size_t bit, len;

	(void)state;
	assert_true(box_seal(&attempt, "reply", 5, &buf));
	for (bit = 0; bit < 8 * buf.len; bit++) {
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(opens(&attempt, secret, &buf, buf.len));
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (len = 0; len < buf.len; len++)
		assert_false(opens(&attempt, secret, &buf, len));
	assert_true(opens(&attempt, secret, &buf, buf.len));
	buf_clear(&buf);
}

static void
a_reply_belongs_to_one_attempt(void **state)
{
	uint8_t secret[BOX_SECRET_BYTES];
	const struct attempt attempt = new_attempt(secret);
	struct attempt other;
	struct buf buf = BUF_INIT(1000);

	(void)state;
	assert_true(box_seal(&attempt, "reply", 5, &buf));
	other = attempt;
	other.vault_id[15] ^= 1;
	assert_false(opens(&other, secret, &buf, buf.len));
	other = attempt;
	other.record_id[15] ^= 1;
	assert_false(opens(&other, secret, &buf, buf.len));
	other = attempt;
	other.generation++;
	assert_false(opens(&other, secret, &buf, buf.len));
	other = attempt;
	other.id[0] ^= 1;
	assert_false(opens(&other, secret, &buf, buf.len));
	other = attempt;
	other.key[31] ^= 1;
	assert_false(opens(&other, secret, &buf, buf.len));
	assert_true(opens(&attempt, secret, &buf, buf.len));
	buf_clear(&buf);
}

static void
another_vaults_key_does_not_open_it(void **state)
{
	static const uint8_t other_seed[KEY_BYTES] = "another seed";
	uint8_t secret[BOX_SECRET_BYTES], other_secret[BOX_SECRET_BYTES];
	struct attempt attempt = new_attempt(secret), other = attempt;
	struct buf buf = BUF_INIT(1000);

	(void)state;
	assert_true(box_seal(&attempt, "reply", 5, &buf));
	box_keypair(other_seed, other.vault_public, other_secret);
	assert_memory_not_equal(secret, other_secret, BOX_SECRET_BYTES);
	assert_false(opens(&other, other_secret, &buf, buf.len));
	assert_false(opens(&attempt, other_secret, &buf, buf.len));
	buf_clear(&buf);
}

/* The courier forgets the reply; who has the attempt key but not the vault's secret key learns nothing. */
static void
what_is_sealed_shows_nothing_of_the_reply(void **state)
{
	uint8_t secret[BOX_SECRET_BYTES];
	struct attempt attempt = new_attempt(secret);
	struct buf a = BUF_INIT(1000), b = BUF_INIT(1000);

	(void)state;
	assert_true(box_seal(&attempt, "canary canary", 13, &a));
	assert_true(box_seal(&attempt, "canary canary", 13, &b));
	assert_null(memmem(a.data, a.len, "canary", 6));
	assert_memory_not_equal(a.data + MAC_BYTES, b.data + MAC_BYTES, 32);
	buf_clear(&a);
	buf_clear(&b);
}

static void
sealing_appends_and_fails_where_there_is_no_room(void **state)
{
	uint8_t secret[BOX_SECRET_BYTES];
	struct attempt attempt = new_attempt(secret);
	struct buf buf = BUF_INIT(4 + MAC_BYTES + crypto_box_SEALBYTES + 5);

	(void)state;
	assert_true(buf_append_str(&buf, "head"));
	assert_true(box_seal(&attempt, "reply", 5, &buf));
	assert_memory_equal(buf.data, "head", 4);
	assert_false(box_seal(&attempt, "reply", 5, &buf));
	buf_clear(&buf);
}

int
run_box_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_comes_back_into_locked_memory),
		cmocka_unit_test(every_flipped_bit_and_every_other_length_is_refused),
		cmocka_unit_test(a_reply_belongs_to_one_attempt),
		cmocka_unit_test(another_vaults_key_does_not_open_it),
		cmocka_unit_test(what_is_sealed_shows_nothing_of_the_reply),
		cmocka_unit_test(sealing_appends_and_fails_where_there_is_no_room),
	};

	return cmocka_run_group_tests_name("box", tests, NULL, NULL);
}
