/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/key_new.h"
#include "base/text.h"

static enum larder_key_kind
kind_of(enum slot_kind kind)
{
	switch (kind) {
	case SLOT_KEY_FILE:
		return LARDER_KEY_FILE;
	case SLOT_COMMAND:
		return LARDER_KEY_COMMAND;
	case SLOT_RECOVERY:
		return LARDER_KEY_RECOVERY;
	case SLOT_PASSPHRASE:
		break;
	}
	return LARDER_KEY_PASSPHRASE;
}

enum larder_code
larder_key_list(struct larder *larder, struct larder_key *ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct slot_view slots[LARDER_KEYS_MAX];
	struct session *session = NULL;
	enum larder_code code;
	size_t count = 0, i;

	code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = slot_list(&session->vault, slots, LARDER_KEYS_MAX, &count, ret_error);
	session_give(larder, session);
	if (code != LARDER_OK)
		return code;
	for (i = 0; i < count; i++) {
		ret[i] = (struct larder_key){
			.slot = slots[i].number,
			.kind = kind_of(slots[i].kind),
			.created_at = slots[i].created_at,
		};
		(void)text_format(ret[i].detail, sizeof ret[i].detail, "%s", slots[i].detail);
	}
	*ret_count = count;
	return LARDER_OK;
}

enum larder_code
larder_key_add(struct larder *larder, const struct larder_key_new *key, uint32_t *ret_slot, char *ret_recovery,
    struct larder_error *ret_error)
{
	struct key_material material = { .made = "" };
	struct session *session = NULL;
	enum larder_code code;
	uint32_t number = 0;

	code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	if (key->kind == LARDER_KEY_RECOVERY)
		code = key_material_recovery(&material, ret_recovery, ret_error);
	else
		code = key_material_gather(larder, key, &material, ret_error);
	if (code == LARDER_OK)
		code = slot_add(&session->vault, &material.slot, &number, ret_error);
	if (code == LARDER_OK && material.command.count > 0)
		code = config_set_key_command(
		    larder->environment.config_dir, session->vault.dir.path, &material.command, ret_error);
	key_material_clear(&material, code != LARDER_OK);
	session_give(larder, session);
	if (code == LARDER_OK)
		*ret_slot = number;
	return code;
}

enum larder_code
larder_key_remove(struct larder *larder, uint32_t slot, struct larder_error *ret_error)
{
	struct session *session = NULL;
	enum larder_code code;

	code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = slot_remove(&session->vault, slot, ret_error);
	session_give(larder, session);
	return code;
}
