/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/payload.h"

#include <string.h>

#include "vault/support.h"

struct sample {
	uint32_t number;
	bool flag;
	char text[5];
	uint8_t bytes[3];
	struct secret secret;
};

static const struct member members[] = {
	MEMBER(1, NUMBER, sample, number),
	MEMBER(2, BOOL, sample, flag),
	MEMBER(3, TEXT, sample, text),
	MEMBER(4, BYTES, sample, bytes),
	MEMBER(9, SECRET, sample, secret),
};

static bool
decodes(const void *data, size_t len)
{
	struct sample sample = { 0 };
	bool ok = payload_decode(members, 5, data, len, &sample);

	secret_free(&sample.secret);
	return ok;
}
#define DECODES(bytes) decodes(bytes, sizeof(bytes) - 1)

static void
a_struct_comes_back_as_it_was(void **state)
{
	struct sample in = { 0x01020304, true, "four", { 0, 1, 0 }, a_secret("s") }, out = { 0 };
	struct buf buf = BUF_INIT_SECRET(100);

	(void)state;
	assert_true(payload_encode(members, 5, &in, &buf));
	assert_memory_equal(buf.data, "\1\0\0\0\4\1\2\3\4\2\0\0\0\1\1\3\0\0\0\4four", 24);
	assert_true(payload_decode(members, 5, buf.data, buf.len, &out));
	assert_int_equal(out.number, in.number);
	assert_true(out.flag);
	assert_string_equal(out.text, "four");
	assert_memory_equal(out.bytes, in.bytes, 3);
	assert_true(secret_equal(&in.secret, &out.secret));
	secret_free(&in.secret);
	secret_free(&out.secret);
	buf_clear(&buf);
}

static void
an_empty_struct_takes_no_bytes(void **state)
{
	struct sample in = { 0 };
	struct buf buf = BUF_INIT(100);

	(void)state;
	assert_true(payload_encode(members, 5, &in, &buf));
	assert_int_equal(buf.len, 0);
	assert_true(decodes("", 0));
}

static void
only_the_one_encoding_is_read(void **state)
{
	(void)state;
	assert_true(DECODES("\2\0\0\0\1\1"));
	assert_false(DECODES("\2\0\0\0\1\2"));             /* no truth value */
	assert_false(DECODES("\2\0\0\0\1\0"));             /* false is left out */
	assert_false(DECODES("\2\0\0\0\1\1\2\0\0\0\1\1")); /* twice */
	assert_false(DECODES("\3\0\0\0\1a\2\0\0\0\1\1"));  /* not rising */
	assert_false(DECODES("\5\0\0\0\1a"));              /* unknown */
	assert_false(DECODES("\1\0\0\0\2\1\1"));           /* a number of another size */
	assert_false(DECODES("\3\0\0\0\5fives"));          /* no room for the NUL */
	assert_false(DECODES("\3\0\0\0\2\0a"));            /* NUL inside */
	assert_false(DECODES("\4\0\0\0\3\0\0\0"));         /* zero is left out */
	assert_false(DECODES("\3\0\0\0\0"));               /* empty is left out */
	assert_false(DECODES("\3\0\0\0\4fo"));             /* ends too soon */
	assert_false(DECODES("\3\0\0"));                   /* in the length */
	assert_false(DECODES("\x09\xff\xff\xff\xff"
			     "abc")); /* longer than anything */
}

static void
a_text_without_its_end_is_not_written(void **state)
{
	struct sample in = { .text = { 'f', 'i', 'v', 'e', 's' } };
	struct buf buf = BUF_INIT(100);

	(void)state;
	assert_false(payload_encode(members, 5, &in, &buf));
	buf_clear(&buf);
}

int
run_payload_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_struct_comes_back_as_it_was),
		cmocka_unit_test(an_empty_struct_takes_no_bytes),
		cmocka_unit_test(only_the_one_encoding_is_read),
		cmocka_unit_test(a_text_without_its_end_is_not_written),
	};

	return cmocka_run_group_tests_name("payload", tests, NULL, NULL);
}
