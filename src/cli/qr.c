/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/qr.h"

#include <string.h>

#define VERSION_MAX    10
#define CODEWORDS_MAX  346 /* of version 10, data and correction */
#define CORRECTION_MAX 30  /* per block */
#define MASKS          8
#define QUIET          2 /* modules around; the standard wants 4, readers of a lit screen do with 2 */

enum { LIGHT = 0, DARK = 1, FIXED = 2 };

/* Level L: codewords in all, correction codewords per block, blocks. Data goes evenly, the longer blocks last. */
static const struct {
	int codewords, correction, blocks;
} versions[VERSION_MAX + 1] = {
	{ 0, 0, 0 },
	{ 26, 7, 1 },
	{ 44, 10, 1 },
	{ 70, 15, 1 },
	{ 100, 20, 1 },
	{ 134, 26, 1 },
	{ 172, 18, 2 },
	{ 196, 20, 2 },
	{ 242, 24, 2 },
	{ 292, 30, 2 },
	{ 346, 18, 4 },
};

/* Where the alignment patterns are, in rows and in columns; 0 ends. */
static const uint8_t alignment[VERSION_MAX + 1][4] = {
	{ 0 },
	{ 0 },
	{ 6, 18 },
	{ 6, 22 },
	{ 6, 26 },
	{ 6, 30 },
	{ 6, 34 },
	{ 6, 22, 38 },
	{ 6, 24, 42 },
	{ 6, 26, 46 },
	{ 6, 28, 50 },
};

static int
data_codewords(int version)
{
	return versions[version].codewords - versions[version].correction * versions[version].blocks;
}

/* --- codewords --- */

struct bits {
	uint8_t *bytes;
	size_t count;
};

static void
put_bits(struct bits *bits, unsigned value, int width)
{
	for (int i = width - 1; i >= 0; i--, bits->count++) {
		if ((value >> i & 1) != 0)
			bits->bytes[bits->count / 8] |= (uint8_t)(0x80 >> bits->count % 8);
	}
}

/* The smallest version that holds the text in byte mode; 0: none. */
static int
version_for(size_t len)
{
	for (int version = 1; version <= VERSION_MAX; version++) {
		int header = 4 + (version < 10 ? 8 : 16);

		if (8 * len + (size_t)header <= 8 * (size_t)data_codewords(version))
			return version;
	}
	return 0;
}

static void
put_data(int version, const char *text, size_t len, uint8_t data[static CODEWORDS_MAX])
{
	struct bits bits = { .bytes = data };
	size_t size = (size_t)data_codewords(version);

	put_bits(&bits, 4, 4); /* byte mode */
	put_bits(&bits, (unsigned)len, version < 10 ? 8 : 16);
	for (size_t i = 0; i < len; i++)
		put_bits(&bits, (uint8_t)text[i], 8);
	bits.count += 8 * size - bits.count < 4 ? 8 * size - bits.count : 4; /* terminator */
	for (size_t i = (bits.count + 7) / 8, n = 0; i < size; i++, n++)
		data[i] = n % 2 == 0 ? 0xec : 0x11;
}

/* In GF(256) over x^8 + x^4 + x^3 + x^2 + 1. */
static uint8_t
multiply(uint8_t a, uint8_t b)
{
	unsigned product = 0;

	for (int i = 7; i >= 0; i--) {
		product = product << 1 ^ (product >> 7) * 0x11d;
		product ^= (b >> i & 1) != 0 ? a : 0u;
	}
	return (uint8_t)product;
}

/* The generator polynomial of a degree, without its leading 1. */
static void
make_generator(int degree, uint8_t ret[static CORRECTION_MAX])
{
	uint8_t root = 1;

	memset(ret, 0, CORRECTION_MAX);
	ret[degree - 1] = 1;
	for (int i = 0; i < degree; i++) {
		for (int j = 0; j < degree; j++) {
			ret[j] = multiply(ret[j], root);
			if (j + 1 < degree)
				ret[j] ^= ret[j + 1];
		}
		root = multiply(root, 2);
	}
}

static void
make_correction(const uint8_t *data, int len, int degree, uint8_t *ret)
{
	uint8_t generator[CORRECTION_MAX];

	make_generator(degree, generator);
	memset(ret, 0, (size_t)degree);
	for (int i = 0; i < len; i++) {
		uint8_t factor = data[i] ^ ret[0];

		memmove(ret, ret + 1, (size_t)degree - 1);
		ret[degree - 1] = 0;
		for (int j = 0; j < degree; j++)
			ret[j] ^= multiply(generator[j], factor);
	}
}

/* Blocks take turns: first their data, then their correction. */
static void
interleave(int version, const uint8_t *data, uint8_t ret[static CODEWORDS_MAX])
{
	int blocks = versions[version].blocks, degree = versions[version].correction, total = data_codewords(version);
	int shortest = total / blocks, longer = total % blocks, out = 0;
	uint8_t correction[4][CORRECTION_MAX];
	int starts[5] = { 0 };

	for (int b = 0; b < blocks; b++) {
		int len = shortest + (b >= blocks - longer);

		starts[b + 1] = starts[b] + len;
		make_correction(data + starts[b], len, degree, correction[b]);
	}
	for (int i = 0; i <= shortest; i++) {
		for (int b = 0; b < blocks; b++) {
			if (starts[b] + i < starts[b + 1])
				ret[out++] = data[starts[b] + i];
		}
	}
	for (int i = 0; i < degree; i++) {
		for (int b = 0; b < blocks; b++)
			ret[out++] = correction[b][i];
	}
}

/* --- modules --- */

static void
set_fixed(struct qr *qr, int row, int column, bool dark)
{
	if (row >= 0 && column >= 0 && row < qr->side && column < qr->side)
		qr->dark[row][column] = (uint8_t)(FIXED | (dark ? DARK : LIGHT));
}

/* A square of rings: dark where the distance from its middle is not one of the light ones. */
static void
draw_rings(struct qr *qr, int row, int column, int radius, unsigned light)
{
	for (int y = -radius; y <= radius; y++) {
		for (int x = -radius; x <= radius; x++) {
			int dy = y < 0 ? -y : y, dx = x < 0 ? -x : x, distance = dy > dx ? dy : dx;

			set_fixed(qr, row + y, column + x, (light >> distance & 1) == 0);
		}
	}
}

static unsigned
remainder_of(unsigned value, int width, unsigned divisor, int degree)
{
	unsigned rest = value << degree;

	for (int i = width - 1; i >= 0; i--) {
		if ((rest >> (i + degree) & 1) != 0)
			rest ^= divisor << i;
	}
	return value << degree | rest;
}

static void
draw_format(struct qr *qr, int mask)
{
	/* level L is 01 */
	unsigned bits = remainder_of(1u << 3 | (unsigned)mask, 5, 0x537, 10) ^ 0x5412;
	int last = qr->side - 1;

	for (int i = 0; i < 15; i++) {
		bool dark = (bits >> i & 1) != 0;

		if (i < 8) {
			set_fixed(qr, i < 6 ? i : i + 1, 8, dark);
			set_fixed(qr, 8, last - i, dark);
		} else {
			set_fixed(qr, 8, i == 8 ? 7 : 14 - i, dark);
			set_fixed(qr, last - 14 + i, 8, dark);
		}
	}
	set_fixed(qr, qr->side - 8, 8, true);
}

static void
draw_version(struct qr *qr, int version)
{
	unsigned bits = remainder_of((unsigned)version, 6, 0x1f25, 12);

	for (int i = 0; version >= 7 && i < 18; i++) {
		bool dark = (bits >> i & 1) != 0;

		set_fixed(qr, i / 3, qr->side - 11 + i % 3, dark);
		set_fixed(qr, qr->side - 11 + i % 3, i / 3, dark);
	}
}

static void
draw_patterns(struct qr *qr, int version)
{
	const uint8_t *at = alignment[version];
	int count = 0, last = qr->side - 1;

	for (int i = 0; i < qr->side; i++) {
		set_fixed(qr, 6, i, i % 2 == 0);
		set_fixed(qr, i, 6, i % 2 == 0);
	}
	/* finders with their separators */
	draw_rings(qr, 3, 3, 4, 1u << 2 | 1u << 4);
	draw_rings(qr, 3, last - 3, 4, 1u << 2 | 1u << 4);
	draw_rings(qr, last - 3, 3, 4, 1u << 2 | 1u << 4);
	while (count < 4 && at[count] != 0)
		count++;
	for (int i = 0; i < count; i++) {
		for (int j = 0; j < count; j++) {
			if ((i != 0 || (j != 0 && j != count - 1)) && (i != count - 1 || j != 0))
				draw_rings(qr, at[i], at[j], 2, 1u << 1);
		}
	}
	draw_format(qr, 0);
	draw_version(qr, version);
}

/* Up and down in pairs of columns from the right, past the vertical timing pattern. */
static void
draw_codewords(struct qr *qr, const uint8_t *codewords, int count)
{
	int bit = 0;

	for (int right = qr->side - 1; right >= 1; right -= 2) {
		if (right == 6)
			right = 5;
		for (int i = 0; i < qr->side; i++) {
			bool up = ((right + 1) & 2) == 0;
			int row = up ? qr->side - 1 - i : i;

			for (int column = right; column >= right - 1; column--) {
				if ((qr->dark[row][column] & FIXED) != 0)
					continue;
				if (bit < 8 * count)
					qr->dark[row][column] = codewords[bit / 8] >> (7 - bit % 8) & 1;
				bit++;
			}
		}
	}
}

static bool
mask_hits(int mask, int row, int column)
{
	int product = row * column;

	switch (mask) {
	case 0:
		return (row + column) % 2 == 0;
	case 1:
		return row % 2 == 0;
	case 2:
		return column % 3 == 0;
	case 3:
		return (row + column) % 3 == 0;
	case 4:
		return (row / 2 + column / 3) % 2 == 0;
	case 5:
		return product % 2 + product % 3 == 0;
	case 6:
		return (product % 2 + product % 3) % 2 == 0;
	default:
		return ((row + column) % 2 + product % 3) % 2 == 0;
	}
}

static void
apply_mask(struct qr *qr, int mask)
{
	for (int row = 0; row < qr->side; row++) {
		for (int column = 0; column < qr->side; column++) {
			if ((qr->dark[row][column] & FIXED) == 0 && mask_hits(mask, row, column))
				qr->dark[row][column] ^= DARK;
		}
	}
}

/* Every mask can be read; the one with the fewest long runs and even squares is read best. */
static int
ugliness(const struct qr *qr)
{
	int sum = 0;

	for (int a = 0; a < qr->side; a++) {
		int across = 0, down = 0;

		for (int b = 1; b < qr->side; b++) {
			across = ((qr->dark[a][b] ^ qr->dark[a][b - 1]) & DARK) == 0 ? across + 1 : 0;
			down = ((qr->dark[b][a] ^ qr->dark[b - 1][a]) & DARK) == 0 ? down + 1 : 0;
			sum += (across == 4 ? 3 : across > 4) + (down == 4 ? 3 : down > 4);
			if (a > 0 && across > 0 && ((qr->dark[a][b] ^ qr->dark[a - 1][b]) & DARK) == 0 &&
			    ((qr->dark[a][b] ^ qr->dark[a - 1][b - 1]) & DARK) == 0)
				sum += 3;
		}
	}
	return sum;
}

bool
qr_encode(const char *text, size_t len, struct qr *ret)
{
	uint8_t data[CODEWORDS_MAX] = { 0 }, codewords[CODEWORDS_MAX] = { 0 };
	int version = version_for(len), best = 0, least = 0;

	if (version == 0 || len == 0)
		return false;
	memset(ret, 0, sizeof *ret);
	ret->side = 17 + 4 * version;
	put_data(version, text, len, data);
	interleave(version, data, codewords);
	draw_patterns(ret, version);
	draw_codewords(ret, codewords, versions[version].codewords);
	for (int mask = 0; mask < MASKS; mask++) {
		int sum;

		apply_mask(ret, mask);
		draw_format(ret, mask);
		sum = ugliness(ret);
		if (mask == 0 || sum < least) {
			best = mask;
			least = sum;
		}
		apply_mask(ret, mask);
	}
	apply_mask(ret, best);
	draw_format(ret, best);
	return true;
}

static bool
is_light(const struct qr *qr, int row, int column)
{
	return row < 0 || column < 0 || row >= qr->side || column >= qr->side ||
	    (qr->dark[row][column] & DARK) == LIGHT;
}

bool
qr_draw(const struct qr *qr, int indent, bool coloured, struct buf *ret)
{
	/* upper half, lower half */
	static const char *const blocks[2][2] = { { " ", "\xe2\x96\x84" }, { "\xe2\x96\x80", "\xe2\x96\x88" } };

	for (int row = -QUIET; row < qr->side + QUIET; row += 2) {
		for (int i = 0; i < indent; i++)
			(void)buf_append_byte(ret, ' ');
		(void)buf_append_str(ret, coloured ? "\x1b[97;40m" : "");
		for (int column = -QUIET; column < qr->side + QUIET; column++) {
			bool below = row + 1 < qr->side + QUIET && is_light(qr, row + 1, column);

			(void)buf_append_str(ret, blocks[is_light(qr, row, column)][below]);
		}
		(void)buf_append_str(ret, coloured ? "\x1b[0m\n" : "\n");
	}
	return !ret->failed;
}
