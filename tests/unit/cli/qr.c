/* SPDX-License-Identifier: Apache-2.0 */
/* The expected pictures were read back with another program's decoder when they were written down. */
#include "cli/qr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

static uint64_t
hash_of(const struct qr *qr)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (int row = 0; row < qr->side; row++) {
		for (int column = 0; column < qr->side; column++)
			hash = (hash ^ (qr->dark[row][column] & 1)) * 0x100000001b3u;
	}
	return hash;
}

static void
texts_of_every_length_have_the_picture_that_a_phone_reads(void **state)
{
	static const char url[] = "https://as.example/device?user_code=ABCD-EFGH&x=";
	static const struct {
		size_t len;
		int side;
		uint64_t hash;
	} cases[] = {
		{ 1, 21, 0xa9993a4ae81a1797 },
		{ 17, 21, 0x97cd572b15a83d8f },
		{ 32, 25, 0xdd9e0aff0a0d597d },
		{ 53, 29, 0xab5496296b3c95eb },
		{ 78, 33, 0x1e1c9f5871e85f16 },
		{ 106, 37, 0x77ac0404fe56f323 },
		{ 134, 41, 0xab4a57f080631e73 },
		{ 154, 45, 0x51f5fed8028abd25 },
		{ 192, 49, 0xb274678b57f2f9e3 },
		{ 230, 53, 0x03fc348b61e27c87 },
		{ 271, 57, 0x4955e7be5dbf1b75 },
	};
	char text[QR_TEXT_MAX];
	struct qr qr;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = url[i % (sizeof url - 1)];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(qr_encode(text, cases[i].len, &qr));
		assert_int_equal(qr.side, cases[i].side);
		assert_true(hash_of(&qr) == cases[i].hash);
	}
}

static void
what_is_empty_or_too_long_has_no_picture(void **state)
{
	char text[QR_TEXT_MAX + 1];
	struct qr qr;

	(void)state;
	memset(text, 'a', sizeof text);
	assert_false(qr_encode(text, 0, &qr));
	assert_false(qr_encode(text, sizeof text, &qr));
	assert_true(qr_encode(text, sizeof text - 1, &qr));
}

static void
a_picture_is_lines_of_half_blocks(void **state)
{
	static const char head[] = "  █████████████████████████\n"
				   "  ██ ▄▄▄▄▄ ██ ▀ ▄█ ▄▄▄▄▄ ██\n"
				   "  ██ █   █ █▄ █ ▄█ █   █ ██\n";
	struct buf plain = BUF_INIT(16384), coloured = BUF_INIT(16384);
	struct qr qr;

	(void)state;
	assert_true(qr_encode("A", 1, &qr));
	assert_true(qr_draw(&qr, 2, false, &plain));
	assert_memory_equal(plain.data, head, sizeof head - 1);
	assert_null(strchr(buf_str(&plain), '\x1b'));
	assert_true(qr_draw(&qr, 0, true, &coloured));
	assert_memory_equal(coloured.data, "\x1b[97;40m█", 11);
	assert_non_null(strstr(buf_str(&coloured), "\x1b[0m\n"));
	buf_clear(&plain);
	buf_clear(&coloured);
}

int
qr_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_every_length_have_the_picture_that_a_phone_reads),
		cmocka_unit_test(what_is_empty_or_too_long_has_no_picture),
		cmocka_unit_test(a_picture_is_lines_of_half_blocks),
	};

	return cmocka_run_group_tests_name("qr", tests, NULL, NULL);
}
