/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command printed, without white space at its end. 32 bytes and more without a space count as a key, as
 * `openssl rand -base64 32` or a secret store gives them; anything shorter, and words, go through Argon2id like a
 * passphrase. The slot says which it was, so a later rule does not lock anybody out.
 */
#include "base/text.h"
#include "vault/slot.h"

#define OUTPUT_MAX 4096 /* bytes */

static size_t
trimmed_len(const struct secret *output)
{
	size_t len = output->len;

	while (
	    len > 0 && (output->data[len - 1] == '\n' || output->data[len - 1] == '\r' || output->data[len - 1] == ' '))
		len--;
	return len;
}

/* Exactly 32 bytes are taken as they are: a raw key may hold any byte, at its end too. */
static size_t
key_len(const struct secret *output)
{
	return output->len == KEY_BYTES ? output->len : trimmed_len(output);
}

static bool
is_key(const struct secret *output)
{
	size_t len = key_len(output);

	if (len < KEY_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		if (output->data[i] == ' ')
			return false;
	return true;
}

static enum larder_code
prepare(const struct slot_new *wanted, struct slot *ret, struct larder_error *ret_error)
{
	static const char what[] = "cannot use the key command";

	if (wanted->secret == NULL || key_len(wanted->secret) == 0)
		return error_set(ret_error, LARDER_USAGE, what, NULL, "it printed nothing");
	if (wanted->secret->len > OUTPUT_MAX)
		return error_set(ret_error, LARDER_USAGE, what, NULL, "it printed more than %d bytes", OUTPUT_MAX);
	return is_key(wanted->secret) ? LARDER_OK : kdf_choose(&ret->kdf, ret_error);
}

static enum larder_code
derive(
    const struct slot *slot, const struct secret *secret, uint8_t ret[static KEY_BYTES], struct larder_error *ret_error)
{
	static const uint8_t no_key[KEY_BYTES];
	struct secret trimmed = { secret->data, key_len(secret) };
	struct piece piece = { trimmed.data, trimmed.len };

	if (trimmed.len == 0 || secret->len > OUTPUT_MAX)
		return error_set(
		    ret_error, LARDER_LOCKED, "cannot open the vault", NULL, "the command's output is no key");
	if (slot->kdf.algorithm != 0)
		return kdf_passphrase(&slot->kdf, &trimmed, ret, ret_error);
	derive_mac(no_key, "larder 1 key command", &piece, 1, ret);
	return LARDER_OK;
}

static void
describe(const struct slot *slot, char *dst, size_t dst_size)
{
	(void)text_format(dst, dst_size, "%s", slot->kdf.algorithm != 0 ? "output is a passphrase" : "output is a key");
}

const struct slot_method slot_command = {
	.name = "key command",
	.prepare = prepare,
	.derive = derive,
	.describe = describe,
};
