/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/handle.h"
#include "api/key_new.h"
#include "base/text.h"

static enum larder_code
add_recovery(struct vault *vault, char *ret_recovery, struct larder_error *ret_error)
{
	struct key_material material;
	enum larder_code code;
	uint32_t number;

	code = key_material_recovery(&material, ret_recovery, ret_error);
	if (code == LARDER_OK)
		code = slot_add(vault, &material.slot, &number, ret_error);
	key_material_clear(&material, false);
	return code;
}

static bool
has_file(const struct larder *larder, const char *name)
{
	char path[ENVIRONMENT_PATH_MAX];
	struct stat st;

	return text_format(path, sizeof path, "%s/%s", larder->environment.vault, name) && lstat(path, &st) == 0;
}

/* Whether the directory has a vault, or what somebody took for one: its database, and no mark that it is being made. */
static bool
is_there(const struct larder *larder)
{
	return has_file(larder, "vault.db") && !has_file(larder, "vault.new");
}

/* Whether it has one, or somebody is making one. */
static bool
is_begun(const struct larder *larder)
{
	return has_file(larder, "vault.db") || has_file(larder, "vault.new");
}

static enum larder_code
create(struct larder *larder, const struct larder_key_new *key, char *ret_recovery, struct larder_error *ret_error)
{
	struct environment *environment = &larder->environment;
	struct key_material material;
	struct vault vault = { .dir = { .fd = -1 } };
	struct larder_error ignored;
	bool was_there = is_there(larder);
	enum larder_code code;

	code = key_material_gather(larder, key, &material, ret_error);
	if (code == LARDER_OK)
		code = vault_create(environment->vault, &material.slot, actor_self(), &vault, ret_error);
	/* A vault that came up meanwhile was made by somebody who may have taken the key file that we made. */
	key_material_clear(&material, code != LARDER_OK && (was_there || !is_begun(larder)));
	if (code != LARDER_OK)
		return code;
	/* Without an anchor a rollback of the whole vault goes unnoticed, which doctor and verify say; it is no error. */
	if (environment->anchor_dir != NULL)
		(void)vault_anchor(&vault, environment->anchor_dir, &ignored);
	if (key->kind == LARDER_KEY_PASSPHRASE)
		code = add_recovery(&vault, ret_recovery, ret_error);
	vault_close(&vault);
	return code;
}

/* The command line is kept outside the vault, and under its real path, which exists only now. */
static enum larder_code
remember_command(struct larder *larder, const struct larder_key_new *key, struct larder_error *ret_error)
{
	struct command_words command = { .count = 0 };
	char real[ENVIRONMENT_PATH_MAX];
	enum larder_code code;

	if (key->kind != LARDER_KEY_COMMAND)
		return LARDER_OK;
	if (realpath(larder->environment.vault, real) == NULL)
		(void)text_format(real, sizeof real, "%s", larder->environment.vault);
	code = command_words_split(key->command, &command, ret_error);
	if (code == LARDER_OK)
		code = config_set_key_command(larder->environment.config_dir, real, &command, ret_error);
	command_words_clear(&command);
	return code;
}

enum larder_code
larder_create(const struct larder_options *options, const struct larder_key_new *key, char *ret_recovery,
    struct larder_error *ret_error)
{
	struct larder *larder;
	enum larder_code code;

	if (!crypto_init())
		return error_set(
		    ret_error, LARDER_INTERNAL, "cannot start", NULL, "the system gives no random numbers");
	if (ret_recovery != NULL)
		ret_recovery[0] = '\0';
	larder = calloc(1, sizeof *larder);
	if (larder == NULL)
		return error_no_memory(ret_error);
	if (options != NULL)
		larder->options = *options;
	code = environment_read(options, &larder->environment, ret_error);
	if (code == LARDER_OK)
		code = create(larder, key, ret_recovery, ret_error);
	if (code == LARDER_OK)
		code = remember_command(larder, key, ret_error);
	environment_clear(&larder->environment);
	free(larder);
	return code;
}
