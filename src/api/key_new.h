/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a new key slot needs, gathered from file, descriptor, person or command.
 */
#ifndef API_KEY_NEW_H
#define API_KEY_NEW_H

#include "api/handle.h"

struct key_material {
	struct slot_new slot; /* slot.secret points to secret */
	struct secret secret;
	struct command_words command;    /* to be remembered once the slot is there */
	char made[ENVIRONMENT_PATH_MAX]; /* key file that was created for it, to be removed if the slot fails; "" */
};

/* Gather. Errors: USAGE, DENIED, LOCKED, STORAGE. *ret is cleared by key_material_clear also after an error. */
enum larder_code key_material_gather(
    struct larder *larder, const struct larder_key_new *key, struct key_material *ret, struct larder_error *ret_error);

/* failed: undo what was made for it. */
void key_material_clear(struct key_material *material, bool failed);

/* A recovery code as a slot; its text goes to ret_text (LARDER_RECOVERY_SIZE). */
enum larder_code key_material_recovery(struct key_material *ret, char *ret_text, struct larder_error *ret_error);

#endif
