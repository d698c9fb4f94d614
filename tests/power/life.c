/* SPDX-License-Identifier: Apache-2.0 */
#include "power/life.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "larder/vault.h"
#include "power/image.h"
#include "power/world.h"

#define START_MS   5000000
#define TIMEOUT_MS 90000

static const struct actor user = { .uid = 1000, .pid = 42, .exe = "/usr/bin/test", .parent = "/bin/sh" };

const char *
life_name(unsigned which)
{
	return which == 0 ? "work" : "home";
}

/* --- beginning and end --- */

void
life_init(struct life *life, const char *root, const struct image *base, const char *definitions, const char *provider)
{
	memset(life, 0, sizeof *life);
	(void)text_format(life->root, sizeof life->root, "%s", root);
	(void)text_format(life->vault_path, sizeof life->vault_path, "%s/data/larder", root);
	(void)text_format(life->state, sizeof life->state, "%s/state/larder", root);
	(void)text_format(life->keys[0], sizeof life->keys[0], "%s/keys/first", root);
	(void)text_format(life->keys[1], sizeof life->keys[1], "%s/keys/second", root);
	life->definitions = definitions;
	life->provider = provider;
	life->catalogue.folders[0] = definitions;
	life->vault.dir.fd = -1;
	world_effects(life);
	life->engine =
	    (struct engine){ .vault = &life->vault, .effects = &life->effects, .catalogue = &life->catalogue };
	world_serve(provider, &life->truth.server, &life->hold);
	life->log.base = base;
	life->log.inodes = base->inodes;
	life->ms = START_MS;
	world_pass(life, 0);
}

void
life_free(struct life *life)
{
	life_close(life);
	disk_log_free(&life->log);
	free(life->truths);
	life->truths = NULL;
	life->truths_count = life->truths_max = 0;
}

void
life_note(struct life *life)
{
	if (life->truths_count == life->truths_max) {
		life->truths_max = life->truths_max == 0 ? 32 : 2 * life->truths_max;
		life->truths = realloc(life->truths, life->truths_max * sizeof *life->truths);
		if (life->truths == NULL)
			abort();
	}
	life->truth.at = life->log.count;
	life->truth.ms = life->ms;
	life->truth.boot = life->boot;
	life->truths[life->truths_count++] = life->truth;
}

static enum larder_code
become(struct life *life, enum surely *what, enum larder_code code)
{
	if (code == LARDER_OK)
		*what = YES;
	life_note(life);
	return code;
}

/* --- the vault and its keys, by the public library --- */

static struct larder_options
options_of(struct life *life, unsigned key)
{
	/* where the anchor is, and that no other configuration counts */
	char state[LIFE_PATH + 16], config[LIFE_PATH + 16];

	(void)text_format(state, sizeof state, "%s/state", life->root);
	(void)text_format(config, sizeof config, "%s/config", life->root);
	(void)setenv("XDG_STATE_HOME", state, 1);
	(void)setenv("XDG_CONFIG_HOME", config, 1);
	return (struct larder_options){ .vault = life->vault_path, .key_file = life->keys[key] };
}

enum larder_code
life_create(struct life *life)
{
	struct larder_key_new key = { .kind = LARDER_KEY_FILE, .file = life->keys[0] };
	struct larder_options options = options_of(life, 0);
	enum larder_code code;

	life->truth.vault = life->truth.key[0] = MAYBE;
	life_note(life);
	code = larder_create(&options, &key, NULL, &life->error);
	if (code == LARDER_OK)
		life->truth.key[0] = YES;
	return become(life, &life->truth.vault, code);
}

enum larder_code
life_open(struct life *life, unsigned key)
{
	struct unlock unlock = { .key_file = life->keys[key], .passphrase_fd = -1, .anchor_dir = life->state };

	return vault_open(life->vault_path, &unlock, user, &life->vault, &life->error);
}

void
life_close(struct life *life)
{
	vault_close(&life->vault);
	vault_close(&life->other);
}

enum larder_code
life_swap(struct life *life)
{
	struct vault now = life->vault;

	life->vault = life->other;
	life->other = now;
	return life->vault.change == NULL ? life_open(life, 0) : LARDER_OK;
}

static enum larder_code
change_key(struct life *life, unsigned opener, bool add)
{
	struct larder_key_new key = { .kind = LARDER_KEY_FILE, .file = life->keys[1] };
	struct larder_options options = options_of(life, opener);
	struct larder *larder = NULL;
	enum larder_code code;
	uint32_t slot;

	code = larder_open(&options, &larder, &life->error);
	if (code == LARDER_OK)
		code = add ? larder_key_add(larder, &key, &slot, NULL, &life->error)
			   : larder_key_remove(larder, 1, &life->error);
	larder_close(larder);
	return code;
}

enum larder_code
life_key_add(struct life *life)
{
	life->truth.key[1] = MAYBE;
	life_note(life);
	return become(life, &life->truth.key[1], change_key(life, 0, true));
}

enum larder_code
life_key_remove(struct life *life)
{
	enum larder_code code;

	life->truth.key[0] = MAYBE;
	life_note(life);
	code = change_key(life, 1, false);
	if (code == LARDER_OK)
		life->truth.key[0] = NO;
	life_note(life);
	return code;
}

/* --- credentials, by the engine --- */

enum larder_code
life_client(struct life *life)
{
	struct client client = { .name = "app", .client_id = "id" };
	enum larder_code code;

	(void)text_format(client.provider, sizeof client.provider, "%s", life->provider);
	life->truth.client = MAYBE;
	life_note(life);
	code = enroll_client(&life->engine, &client, &life->error);
	client_clear(&client);
	return become(life, &life->truth.client, code);
}

enum larder_code
life_add(struct life *life, unsigned which, bool replace)
{
	struct truth_credential *truth = &life->truth.credentials[which];
	const char *token = server_login(&life->truth.server);
	struct secret secret = SECRET_INIT;
	struct enrolment enrolment = {
		.name = life_name(which),
		.client = replace ? NULL : "app",
		.refresh_token = &secret,
		.replace = replace,
		.deadline_ms = life->ms + TIMEOUT_MS,
	};
	enum larder_code code;

	life->acting = which;
	truth->families[1] = life->truth.server.families;
	if (truth->there == NO)
		truth->there = MAYBE;
	if (truth->fenced == YES) /* a new token lifts the fence */
		truth->fenced = MAYBE;
	life_note(life);
	if (!secret_copy(token, strlen(token), &secret))
		abort();
	code = enroll_credential(&life->engine, &enrolment, &life->error);
	secret_free(&secret);
	if (code == LARDER_OK) {
		truth->families[0] = truth->families[1];
		truth->families[1] = 0;
		truth->fenced = NO;
		truth->there = YES;
		truth->intent = NO;
		truth->unheard = truth->sealed = false;
	}
	life_note(life);
	return code;
}

enum larder_code
life_token(struct life *life, unsigned which, bool force)
{
	struct truth_credential *truth = &life->truth.credentials[which];
	struct token_want want = { .name = life_name(which),
		.resource = "",
		.min_ttl_s = 60,
		.force = force,
		.deadline_ms = life->ms + TIMEOUT_MS };
	struct token_got got = { 0 };
	enum larder_code code;

	life->acting = which;
	if (truth->intent == NO)
		truth->intent = MAYBE;
	life_note(life);
	code = token_get(&life->engine, &want, &got, &life->error);
	life->token[0] = '\0';
	if (code == LARDER_OK) {
		(void)text_format(life->token, sizeof life->token, "%.*s", (int)got.access.token.len,
		    (const char *)got.access.token.data);
		if (!truth->unheard)
			truth->intent = NO;
		truth->sealed = false;
	}
	access_clear(&got.access);
	life_note(life);
	return code;
}

enum larder_code
life_revoke(struct life *life, unsigned which, bool logout)
{
	struct truth_credential *truth = &life->truth.credentials[which];
	struct revocation revocation;
	enum larder_code code;
	bool nothing_left;

	life->acting = which;
	truth->fenced = MAYBE;
	life_note(life);
	code = revoke_begin(&life->engine, life_name(which), WHAT_ALL, logout, &nothing_left, &life->error);
	if (code != LARDER_OK)
		return code;
	truth->fenced = YES;
	truth->removed = logout ? MAYBE : NO;
	life_note(life);
	code = revoke_deliver(&life->engine, life_name(which), false, life->ms + TIMEOUT_MS, &revocation, &life->error);
	if (code == LARDER_OK && logout)
		truth->removed = YES;
	life_note(life);
	return code;
}
