/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/support.h"

#define NONCE_AT    1
#define NONCE_BYTES 24

static const uint8_t key[KEY_BYTES] = "0123456789abcdef0123456789abcde";
static const uint8_t other_key[KEY_BYTES] = "0123456789abcdef0123456789abcdf";

static struct buf
sealed(const char *context, const void *text, size_t len)
{
	struct buf buf = BUF_INIT(SEAL_TEXT_MAX + ((size_t)32 << 10));

	assert_true(seal(key, context, strlen(context), text, len, &buf));
	return buf;
}

static bool
opens(const uint8_t *with, const char *context, const uint8_t *data, size_t len)
{
	struct secret text = SECRET_INIT;
	bool opened = unseal(with, context, strlen(context), data, len, &text);

	assert_true(opened || text.data == NULL);
	secret_free(&text);
	return opened;
}

static void
what_was_sealed_is_unsealed_into_locked_memory(void **state)
{
	static const size_t lens[] = { 0, 1, 254, 255, 256, 511, 512, 4096, 16383, 16384, 100000, SEAL_TEXT_MAX };
	uint8_t *text = malloc(SEAL_TEXT_MAX);
	size_t i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < SEAL_TEXT_MAX; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct buf buf = sealed("context", text, lens[i]);
		struct secret back = SECRET_INIT;

		assert_int_equal(buf.len, SEAL_OVERHEAD + seal_padded_len(lens[i]));
		assert_true(unseal(key, "context", 7, buf.data, buf.len, &back));
		assert_int_equal(back.len, lens[i]);
		assert_true(arena_owns(back.data));
		assert_memory_equal(back.data, text, lens[i]);
		assert_int_equal(back.data[back.len], 0);
		secret_free(&back);
		buf_clear(&buf);
	}
	free(text);
}

static void
texts_that_end_like_padding_come_back_whole(void **state)
{
	static const char *const texts[] = { "\x80", "a\x80", "\x80\x80\x80" };
	struct secret back = SECRET_INIT;
	struct buf buf;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		buf = sealed("", texts[i], strlen(texts[i]));
		assert_true(unseal(key, "", 0, buf.data, buf.len, &back));
		assert_int_equal(back.len, strlen(texts[i]));
		secret_free(&back);
		buf_clear(&buf);
	}
	buf = sealed("", "a\x80\0\0", 4);
	assert_true(unseal(key, "", 0, buf.data, buf.len, &back));
	assert_int_equal(back.len, 4);
	secret_free(&back);
	buf_clear(&buf);
}

static void
every_flipped_bit_is_refused(void **state)
{
	struct buf buf = sealed("context", "refresh token", 13);
	size_t bit;

	(void)state;
	for (bit = 0; bit < 8 * buf.len; bit++) {
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (opens(key, "context", buf.data, buf.len))
			fail_msg("bit %zu can be flipped", bit);
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(opens(key, "context", buf.data, buf.len));
	buf_clear(&buf);
}

static void
every_other_length_is_refused(void **state)
{
	struct buf buf = sealed("context", "refresh token", 13);
	size_t len;

	(void)state;
	for (len = 0; len < buf.len; len++) {
		uint8_t *exact = malloc(len + (len == 0)); /* the sanitizer sees one byte too far */

		assert_non_null(exact);
		memcpy(exact, buf.data, len);
		assert_false(opens(key, "context", exact, len));
		free(exact);
	}
	len = buf.len;
	assert_true(buf_append(&buf, (uint8_t[256]){ 0 }, 256));
	for (len++; len <= buf.len; len++)
		assert_false(opens(key, "context", buf.data, len));
	buf_clear(&buf);
}

static void
another_key_or_context_is_refused(void **state)
{
	struct buf buf = sealed("record 1", "text", 4);

	(void)state;
	assert_true(opens(key, "record 1", buf.data, buf.len));
	assert_false(opens(other_key, "record 1", buf.data, buf.len));
	assert_false(opens(key, "record 2", buf.data, buf.len));
	assert_false(opens(key, "record 1 ", buf.data, buf.len));
	assert_false(opens(key, "record ", buf.data, buf.len));
	assert_false(opens(key, "", buf.data, buf.len));
	buf_clear(&buf);
}

static void
halves_of_two_messages_do_not_make_a_third(void **state)
{
	struct buf a = sealed("c", "one", 3), b = sealed("c", "two", 3);
	size_t at;

	(void)state;
	for (at = 1; at < a.len; at++) {
		uint8_t mixed[SEAL_OVERHEAD + 256];

		memcpy(mixed, a.data, at);
		memcpy(mixed + at, b.data + at, b.len - at);
		if (memcmp(mixed, a.data, a.len) != 0 && memcmp(mixed, b.data, b.len) != 0)
			assert_false(opens(key, "c", mixed, sizeof(mixed)));
	}
	buf_clear(&a);
	buf_clear(&b);
}

static void
lengths_show_as_buckets_only(void **state)
{
	static const struct {
		size_t len, padded;
	} cases[] = { { 0, 256 }, { 255, 256 }, { 256, 512 }, { 511, 512 }, { 512, 1024 }, { 1024, 2048 },
		{ 2048, 4096 }, { 4096, 8192 }, { 8191, 8192 }, { 8192, 16384 }, { 16383, 16384 }, { 16384, 32768 },
		{ 32767, 32768 }, { 32768, 49152 }, { SEAL_TEXT_MAX, SEAL_TEXT_MAX + 16384 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(seal_padded_len(cases[i].len), cases[i].padded);
}

static void
the_same_text_never_seals_to_the_same_bytes(void **state)
{
	enum { COUNT = 200 };
	struct buf bufs[COUNT];
	int i, j;

	(void)state;
	for (i = 0; i < COUNT; i++)
		bufs[i] = sealed("c", "text", 4);
	for (i = 0; i < COUNT; i++) {
		for (j = 0; j < i; j++)
			assert_memory_not_equal(bufs[i].data + NONCE_AT, bufs[j].data + NONCE_AT, NONCE_BYTES);
	}
	for (i = 0; i < COUNT; i++)
		buf_clear(&bufs[i]);
}

static void
too_long_a_text_and_too_small_a_buffer_are_refused(void **state)
{
	struct buf buf = BUF_INIT(SEAL_OVERHEAD + 255);
	uint8_t *text = calloc(1, SEAL_TEXT_MAX + 1);
	size_t before, after, mapped;

	(void)state;
	arena_usage(&before, &mapped);
	assert_false(seal(key, "", 0, text, SEAL_TEXT_MAX + 1, &buf));
	assert_false(buf.failed);
	assert_false(seal(key, "", 0, text, 1, &buf));
	assert_int_equal(buf.len, 0);
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
	buf_clear(&buf);
	free(text);
}

static void
sealing_appends_and_leaves_no_plain_text(void **state)
{
	struct buf buf = BUF_INIT(4096);
	size_t before, after, mapped;

	(void)state;
	arena_usage(&before, &mapped);
	assert_true(buf_append_str(&buf, "head"));
	assert_true(seal(key, "c", 1, "canary canary", 13, &buf));
	assert_memory_equal(buf.data, "head", 4);
	assert_int_equal(buf.len, 4 + SEAL_OVERHEAD + 256);
	assert_true(opens(key, "c", buf.data + 4, buf.len - 4));
	assert_null(memmem(buf.data, buf.cap, "canary", 6));
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
	buf_clear(&buf);
}

static void
a_refused_message_leaves_no_memory_behind(void **state)
{
	struct buf buf = sealed("c", "text", 4);
	size_t before, after, mapped;

	(void)state;
	arena_usage(&before, &mapped);
	buf.data[buf.len - 1] ^= 1;
	assert_false(opens(key, "c", buf.data, buf.len));
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
	buf_clear(&buf);
}

static void
parent_and_child_use_different_nonces(void **state)
{
	struct buf buf = sealed("c", "text", 4);
	uint8_t nonce[NONCE_BYTES];
	int fds[2], status;
	pid_t child;

	(void)state;
	buf_clear(&buf);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	buf = sealed("c", "text", 4);
	if (child == 0)
		_exit(write(fds[1], buf.data + NONCE_AT, NONCE_BYTES) == NONCE_BYTES ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(read(fds[0], nonce, sizeof(nonce)), NONCE_BYTES);
	assert_memory_not_equal(nonce, buf.data + NONCE_AT, NONCE_BYTES);
	buf_clear(&buf);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int
run_seal_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_is_unsealed_into_locked_memory),
		cmocka_unit_test(texts_that_end_like_padding_come_back_whole),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(every_other_length_is_refused),
		cmocka_unit_test(another_key_or_context_is_refused),
		cmocka_unit_test(halves_of_two_messages_do_not_make_a_third),
		cmocka_unit_test(lengths_show_as_buckets_only),
		cmocka_unit_test(the_same_text_never_seals_to_the_same_bytes),
		cmocka_unit_test(too_long_a_text_and_too_small_a_buffer_are_refused),
		cmocka_unit_test(sealing_appends_and_leaves_no_plain_text),
		cmocka_unit_test(a_refused_message_leaves_no_memory_behind),
		cmocka_unit_test(parent_and_child_use_different_nonces),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
