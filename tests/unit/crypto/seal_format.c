/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second implementation of the format in seal.c's head comment, step by step on libsodium. It shows that the comment
 * is enough to read a vault, and can make what seal never would.
 */
#include <sodium.h>
#include <string.h>

#include "crypto/seal.h"
#include "crypto/support.h"

#define PADDED 256

struct message {
	uint8_t version, nonce[24], commitment[32], text[PADDED], tag[16];
};

_Static_assert(sizeof(struct message) == SEAL_OVERHEAD + PADDED, "no gaps");

static const uint8_t key[KEY_BYTES] = "0123456789abcdef0123456789abcde";
static const char context[] = "vault and record";

static void
message_keys(const uint8_t *with, const struct message *message, uint8_t ret[static 64])
{
	uint8_t input[13 + 24 + 32];

	memcpy(input, "larder/seal/1", 13);
	memcpy(input + 13, message->nonce, 24);
	crypto_generichash(input + 37, 32, (const uint8_t *)context, strlen(context), NULL, 0);
	crypto_generichash(ret, 64, input, sizeof(input), with, KEY_BYTES);
}

static void
commit(const uint8_t keys[static 64], struct message *message, uint8_t ret[static 32])
{
	uint8_t input[24 + 8 + sizeof(context) - 1 + 16];

	memcpy(input, message->nonce, 24);
	memcpy(input + 24, "\0\0\0\0\0\0\0\x10", 8);
	memcpy(input + 32, context, sizeof(context) - 1);
	memcpy(input + 32 + sizeof(context) - 1, message->tag, 16);
	crypto_generichash(ret, 32, input, sizeof(input), keys + 32, 32);
}

/* Everything of a message but the padding, which the caller chooses. */
static struct message
make(const uint8_t padded[static PADDED])
{
	struct message message = { .version = 1 };
	uint8_t keys[64];

	randombytes_buf(message.nonce, sizeof(message.nonce));
	message_keys(key, &message, keys);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(message.text, message.tag, NULL, padded, PADDED,
	    (const uint8_t *)context, strlen(context), NULL, message.nonce, keys);
	commit(keys, &message, message.commitment);
	return message;
}

static bool
opens_with(const uint8_t *with, const struct message *message)
{
	struct secret text = SECRET_INIT;
	bool opened = unseal(with, context, strlen(context), message, sizeof(*message), &text);

	secret_free(&text);
	return opened;
}

static bool
opens(const struct message *message)
{
	return opens_with(key, message);
}

static void
the_format_is_as_described(void **state)
{
	uint8_t padded[PADDED] = "token\x80", keys[64], commitment[32];
	struct message message = make(padded);
	struct secret text = SECRET_INIT;
	struct buf buf = BUF_INIT(1000);

	(void)state;
	assert_true(unseal(key, context, strlen(context), &message, sizeof(message), &text));
	assert_string_equal((const char *)text.data, "token");
	secret_free(&text);

	assert_true(seal(key, context, strlen(context), "token", 5, &buf));
	assert_int_equal(buf.len, sizeof(message));
	memcpy(&message, buf.data, sizeof(message));
	assert_int_equal(message.version, 1);
	message_keys(key, &message, keys);
	commit(keys, &message, commitment);
	assert_memory_equal(commitment, message.commitment, 32);
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt_detached(padded, NULL, message.text, PADDED,
			     message.tag, (const uint8_t *)context, strlen(context), message.nonce, keys),
	    0);
	assert_memory_equal(padded, "token\x80\0\0", 8);
	buf_clear(&buf);
}

/*
 * Whoever can write the vault may look for one ciphertext that two keys authenticate. Here it is given that the tag is
 * right under our key: without the right commitment the message must still be refused.
 */
static void
a_right_tag_with_the_commitment_of_another_key_is_refused(void **state)
{
	static const uint8_t other[KEY_BYTES] = "another key for the same message";
	uint8_t padded[PADDED] = "token\x80", keys[64];
	struct message message = make(padded);

	(void)state;
	assert_true(opens(&message));
	message_keys(other, &message, keys);
	commit(keys, &message, message.commitment);
	assert_false(opens(&message));
}

/*
 * The attack itself: two_keys.py found a ciphertext and tag that the bare cipher takes for genuine under key and under
 * other, with right padding in both plain texts. Whichever commitment goes with it, one of the two is refused.
 */
static void
a_ciphertext_that_two_keys_authenticate_opens_for_one_of_them_at_most(void **state)
{
	static const uint8_t other[KEY_BYTES] = "0123456789abcdef0123456789abcdf";
	static const uint8_t first_block[16] = { 0xc3, 0x30, 0xeb, 0x96, 0x91, 0x0e, 0xb1, 0x24, 0x5c, 0x3f, 0x9d, 0x11,
		0xa7, 0x40, 0xcb, 0xda };
	struct message message = { .version = 1,
		.nonce = { 0xc6, 0x03 },
		.tag = {
		    0xad, 0xa1, 0xff, 0x05, 0x78, 0xba, 0xa1, 0xc5, 0x2f, 0xe3, 0xb0, 0xa1, 0x99, 0xd6, 0xcd, 0x9f } };
	const uint8_t *const both[] = { key, other };
	uint8_t keys[64], padded[2][PADDED];

	(void)state;
	memcpy(message.text, first_block, sizeof(first_block));
	message.text[PADDED - 1] = 0xcc;
	for (size_t i = 0; i < 2; i++) {
		message_keys(both[i], &message, keys);
		assert_int_equal(
		    crypto_aead_xchacha20poly1305_ietf_decrypt_detached(padded[i], NULL, message.text, PADDED,
			message.tag, (const uint8_t *)context, strlen(context), message.nonce, keys),
		    0);
		assert_int_equal(padded[i][PADDED - 1], 0x80);
	}
	assert_memory_not_equal(padded[0], padded[1], PADDED);
	assert_false(opens_with(key, &message));
	assert_false(opens_with(other, &message));
	for (size_t i = 0; i < 2; i++) {
		message_keys(both[i], &message, keys);
		commit(keys, &message, message.commitment);
		assert_true(opens_with(both[i], &message));
		assert_false(opens_with(both[1 - i], &message));
	}
}

static void
broken_padding_is_refused_even_if_it_is_authentic(void **state)
{
	uint8_t padded[PADDED] = { 0 };
	struct message message = make(padded);

	(void)state;
	assert_false(opens(&message));
	memset(padded, 'x', sizeof(padded));
	message = make(padded);
	assert_false(opens(&message));
	memcpy(padded + PADDED - 2, "\x80\x01", 2);
	message = make(padded);
	assert_false(opens(&message));
	memcpy(padded + PADDED - 2, "x\x80", 2);
	message = make(padded);
	assert_true(opens(&message));
}

int
run_seal_format_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_is_as_described),
		cmocka_unit_test(a_right_tag_with_the_commitment_of_another_key_is_refused),
		cmocka_unit_test(a_ciphertext_that_two_keys_authenticate_opens_for_one_of_them_at_most),
		cmocka_unit_test(broken_padding_is_refused_even_if_it_is_authentic),
	};

	return cmocka_run_group_tests_name("seal format", tests, NULL, NULL);
}
