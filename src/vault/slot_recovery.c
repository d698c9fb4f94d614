/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recovery code: 160 random bits as eight groups of four characters and a ninth group that checks them, so that a
 * typo is told at once. The alphabet leaves out I, L, O and U; what people write for them is understood.
 */
#include <string.h>

#include "base/text.h"
#include "vault/slot.h"

#define CODE_BYTES  20
#define CODE_CHARS  32
#define CHECK_CHARS 4
#define ALL_CHARS   (CODE_CHARS + CHECK_CHARS)

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static int
value_of(uint8_t c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	at = c == '\0' ? NULL : strchr(alphabet, c);
	return at == NULL ? -1 : (int)(at - alphabet);
}

static bool
is_separator(uint8_t c)
{
	return c == '-' || c == ' ';
}

/* The 36 values of a text, separators skipped. false: something else is in it, or another number of them. */
static bool
read_values(const struct secret *text, uint8_t values[static ALL_CHARS])
{
	size_t count = 0;
	int value;

	for (size_t i = 0; i < text->len; i++) {
		if (is_separator(text->data[i]))
			continue;
		value = value_of(text->data[i]);
		if (value < 0 || count == ALL_CHARS)
			return false;
		values[count++] = (uint8_t)value;
	}
	return count == ALL_CHARS;
}

/* Eight values of five bits are five bytes. */
static void
pack(const uint8_t values[static CODE_CHARS], uint8_t ret[static CODE_BYTES])
{
	uint64_t group;

	for (size_t i = 0; i < CODE_CHARS / 8; i++) {
		group = 0;
		for (size_t j = 0; j < 8; j++)
			group = group << 5 | values[8 * i + j];
		for (size_t j = 0; j < 5; j++)
			ret[5 * i + j] = (uint8_t)(group >> (32 - 8 * j));
		wipe(&group, sizeof(group));
	}
}

static void
unpack(const uint8_t code[static CODE_BYTES], uint8_t ret[static CODE_CHARS])
{
	uint64_t group;

	for (size_t i = 0; i < CODE_CHARS / 8; i++) {
		group = 0;
		for (size_t j = 0; j < 5; j++)
			group = group << 8 | code[5 * i + j];
		for (size_t j = 0; j < 8; j++)
			ret[8 * i + j] = (uint8_t)(group >> (35 - 5 * j) & 31);
		wipe(&group, sizeof(group));
	}
}

static void
check_values(const uint8_t code[static CODE_BYTES], uint8_t ret[static CHECK_CHARS])
{
	static const uint8_t no_key[KEY_BYTES];
	struct piece piece = { code, CODE_BYTES };
	uint8_t hash[HASH_BYTES];

	derive_mac(no_key, "larder 1 recovery check", &piece, 1, hash);
	for (size_t i = 0; i < CHECK_CHARS; i++)
		ret[i] = hash[i] & 31;
	wipe(hash, sizeof(hash));
}

/* The 20 bytes of a text. false: no recovery code, or a typo. */
static bool
read_code(const struct secret *text, uint8_t ret[static CODE_BYTES])
{
	uint8_t values[ALL_CHARS], check[CHECK_CHARS];
	bool ok;

	ok = read_values(text, values);
	if (ok) {
		pack(values, ret);
		check_values(ret, check);
		ok = memcmp(check, values + CODE_CHARS, CHECK_CHARS) == 0;
	}
	wipe(values, sizeof(values));
	wipe(check, sizeof(check));
	return ok;
}

bool
recovery_is_code(const struct secret *text)
{
	uint8_t code[CODE_BYTES];
	bool ok = read_code(text, code);

	wipe(code, sizeof(code));
	return ok;
}

bool
recovery_has_shape(const struct secret *text)
{
	if (text->len != ALL_CHARS + ALL_CHARS / 4 - 1)
		return false;
	for (size_t i = 0; i < text->len; i++)
		if ((i % 5 == 4) ? !is_separator(text->data[i]) : value_of(text->data[i]) < 0)
			return false;
	return true;
}

enum larder_code
slot_recovery_make(struct secret *ret_text, struct larder_error *ret_error)
{
	uint8_t code[CODE_BYTES], values[ALL_CHARS];
	struct secret text;
	size_t at = 0;

	if (!secret_new(ALL_CHARS + ALL_CHARS / 4 - 1, &text))
		return error_no_memory(ret_error);
	random_fill(code, sizeof(code));
	unpack(code, values);
	check_values(code, values + CODE_CHARS);
	for (size_t i = 0; i < ALL_CHARS; i++) {
		if (i > 0 && i % 4 == 0)
			text.data[at++] = '-';
		text.data[at++] = (uint8_t)alphabet[values[i]];
	}
	wipe(code, sizeof(code));
	wipe(values, sizeof(values));
	*ret_text = text;
	return LARDER_OK;
}

static enum larder_code
prepare(const struct slot_new *wanted, struct slot *ret, struct larder_error *ret_error)
{
	(void)ret;
	if (wanted->secret == NULL || !recovery_is_code(wanted->secret))
		return error_set(
		    ret_error, LARDER_USAGE, "cannot use the recovery code", NULL, "it is none of Larder's");
	return LARDER_OK;
}

static enum larder_code
derive(
    const struct slot *slot, const struct secret *secret, uint8_t ret[static KEY_BYTES], struct larder_error *ret_error)
{
	uint8_t key[KEY_BYTES] = { 0 };
	bool ok = read_code(secret, key);

	(void)slot;
	/* 160 random bits need no stretching; the rest of the key is zero */
	if (ok)
		derive_key(key, "larder 1 recovery", NULL, 0, ret);
	wipe(key, sizeof(key));
	if (ok)
		return LARDER_OK;
	return error_set(ret_error, LARDER_LOCKED, "cannot open the vault", "compare it with what you wrote down",
	    "the recovery code has a typo");
}

static void
describe(const struct slot *slot, char *dst, size_t dst_size)
{
	(void)slot;
	(void)text_format(dst, dst_size, "%s", "160 random bits");
}

const struct slot_method slot_recovery = {
	.name = "recovery code",
	.prepare = prepare,
	.derive = derive,
	.describe = describe,
};
