/* SPDX-License-Identifier: Apache-2.0 */
/* A passphrase: its bytes as given, through Argon2id. */
#include <inttypes.h>

#include "base/text.h"
#include "vault/slot.h"

static enum larder_code
prepare(const struct slot_new *wanted, struct slot *ret, struct larder_error *ret_error)
{
	static const char what[] = "cannot use the passphrase";

	if (wanted->secret == NULL || secret_is_empty(wanted->secret))
		return error_set(ret_error, LARDER_USAGE, what, NULL, "it is empty");
	if (wanted->secret->len > PASSPHRASE_MAX)
		return error_set(ret_error, LARDER_USAGE, what, NULL, "it is longer than %d bytes", PASSPHRASE_MAX);
	/* where a passphrase is asked for a recovery code is taken too; one must not look like the other */
	if (recovery_has_shape(wanted->secret))
		return error_set(ret_error, LARDER_USAGE, what, "choose another one", "it looks like a recovery code");
	return kdf_choose(&ret->kdf, ret_error);
}

static enum larder_code
derive(
    const struct slot *slot, const struct secret *secret, uint8_t ret[static KEY_BYTES], struct larder_error *ret_error)
{
	return kdf_passphrase(&slot->kdf, secret, ret, ret_error);
}

static void
describe(const struct slot *slot, char *dst, size_t dst_size)
{
	(void)text_format(
	    dst, dst_size, "Argon2id, %" PRIu64 " MiB, %" PRIu32 " passes", slot->kdf.memory >> 20, slot->kdf.ops);
}

const struct slot_method slot_passphrase = {
	.name = "passphrase",
	.prepare = prepare,
	.derive = derive,
	.describe = describe,
};
