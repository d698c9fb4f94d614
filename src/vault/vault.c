/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a vault, and its transactions. Creation is in create.c. */
#include "vault/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/sqlite.h"
#include "vault/anchor.h"
#include "vault/header.h"
#include "vault/making.h"
#include "vault/session.h"
#include "vault/slot.h"

#define CANNOT_OPEN "cannot open the vault"

enum larder_code
session_dir(const char *path, struct vault_dir *ret, struct larder_error *ret_error)
{
	char link[40], shown[200];
	enum larder_code code;
	ssize_t len;

	ret->fd = -1;
	code = file_open_private_dir(path, &ret->fd, ret_error);
	if (code == LARDER_NOT_FOUND)
		return error_set(ret_error, LARDER_NOT_FOUND, CANNOT_OPEN, "create one with 'larder init'",
		    "%s is not there", text_escape(shown, sizeof(shown), path, strlen(path)));
	if (code != LARDER_OK)
		return code;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", ret->fd);
	len = readlink(link, ret->path, sizeof(ret->path));
	if (len > 0 && (size_t)len < sizeof(ret->path)) {
		ret->path[len] = '\0';
		return LARDER_OK;
	}
	if (strlen(path) < sizeof(ret->path)) {
		memcpy(ret->path, path, strlen(path) + 1); /* without /proc */
		return LARDER_OK;
	}
	return error_set(ret_error, LARDER_USAGE, CANNOT_OPEN, "use a shorter path", "its path is too long");
}

/* The place of pending changes lives as long as the session. */
enum larder_code
session_init(struct vault *vault, struct actor actor, struct larder_error *ret_error)
{
	vault->dir.fd = -1;
	vault->actor = actor;
	vault->change = calloc(1, sizeof(*vault->change));
	if (vault->change == NULL || !crypto_init())
		return error_no_memory(ret_error);
	return LARDER_OK;
}

enum larder_code
vault_anchor(struct vault *vault, const char *dir, struct larder_error *ret_error)
{
	struct anchor *anchor = anchor_new(dir, vault->keys->id, &vault->identity);

	if (anchor == NULL)
		return error_no_memory(ret_error);
	anchor_free(vault->anchor);
	vault->anchor = anchor;
	if (anchor_was_accepted(anchor))
		vault->copied = true;
	return LARDER_OK;
}

/* Unlock, then see whether this is the vault that it says it is. */
static enum larder_code
open_keys(struct vault *vault, const struct unlock *unlock, struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	struct lock_identity identity;
	struct header header;
	uint8_t id[VAULT_ID_BYTES];
	enum larder_code code;

	code = header_read(vault->store, &body, id, ret_error);
	if (code == LARDER_OK)
		code = unlock_run(vault->store, vault->dir.path, id, unlock, &vault->keys, ret_error);
	if (code == LARDER_OK)
		code = header_decode(vault, &body, &header, ret_error);
	if (code == LARDER_OK)
		code = lock_identify(vault->dir.fd, &identity, ret_error);
	if (code == LARDER_OK) {
		vault->identity = header.identity;
		vault->copied = identity.inode != header.identity.inode || identity.born_ns != header.identity.born_ns;
		if (unlock->anchor_dir != NULL)
			code = vault_anchor(vault, unlock->anchor_dir, ret_error);
	}
	buf_clear(&body);
	return code;
}

/* What an interrupted creation has left is no damage: nobody's secrets are in it yet. */
static enum larder_code
say_unfinished(const struct vault *vault, enum larder_code code, struct larder_error *ret_error)
{
	if ((code != LARDER_DAMAGED && code != LARDER_NOT_FOUND) || vault->dir.fd < 0 ||
	    !making_is_marked(vault->dir.fd))
		return code;
	return error_set(ret_error, LARDER_NOT_FOUND, CANNOT_OPEN, "run 'larder init' again",
	    "there is no vault here yet: its creation was interrupted");
}

enum larder_code
vault_open(const char *path, const struct unlock *unlock, struct actor actor, struct vault *ret,
    struct larder_error *ret_error)
{
	struct vault vault = { .dir = { .fd = -1 } };
	enum larder_code code;

	code = session_init(&vault, actor, ret_error);
	if (code == LARDER_OK)
		code = session_dir(path, &vault.dir, ret_error);
	if (code == LARDER_OK)
		code = sqlite_store_open(vault.dir.path, vault.dir.fd, SESSION_BUSY_MS, &vault.store, ret_error);
	if (code == LARDER_OK)
		code = open_keys(&vault, unlock, ret_error);
	code = say_unfinished(&vault, code, ret_error);
	if (code == LARDER_OK)
		*ret = vault;
	else
		vault_close(&vault);
	return code;
}

enum larder_code
vault_open_again(const struct vault *other, struct vault *ret, struct larder_error *ret_error)
{
	struct vault vault = { .dir = { .fd = -1 }, .copied = other->copied };
	enum larder_code code;

	code = keys_check(other->keys, ret_error);
	if (code == LARDER_OK)
		code = session_init(&vault, other->actor, ret_error);
	if (code != LARDER_OK)
		goto out;
	vault.keys = keys_share(other->keys);
	memcpy(vault.dir.path, other->dir.path, sizeof(vault.dir.path));
	vault.dir.fd = fcntl(other->dir.fd, F_DUPFD_CLOEXEC, 3);
	if (vault.dir.fd < 0)
		code = error_set_errno(ret_error, LARDER_INTERNAL, errno, CANNOT_OPEN, NULL, "its directory");
	else
		code = sqlite_store_open(vault.dir.path, vault.dir.fd, SESSION_BUSY_MS, &vault.store, ret_error);
	if (code == LARDER_OK && other->anchor != NULL) {
		vault.identity = other->identity;
		vault.anchor = anchor_new(anchor_dir(other->anchor), vault.keys->id, &vault.identity);
		if (vault.anchor == NULL)
			code = error_no_memory(ret_error);
	}
out:
	if (code == LARDER_OK)
		*ret = vault;
	else
		vault_close(&vault);
	return code;
}

void
vault_close(struct vault *vault)
{
	if (vault == NULL || vault->change == NULL) /* never opened */
		return;
	vault_rollback(vault);
	store_close(vault->store);
	keys_release(vault->keys);
	anchor_free(vault->anchor);
	free(vault->change);
	if (vault->dir.fd >= 0)
		(void)close(vault->dir.fd);
	memset(vault, 0, sizeof(*vault));
	vault->dir.fd = -1;
}

enum larder_code
session_check_anchor(struct vault *vault, const struct state *state, struct larder_error *ret_error)
{
	char shown[200];

	if (vault->anchor == NULL || anchor_compare(vault->anchor, vault->keys, state) != ANCHOR_ROLLED_BACK)
		return LARDER_OK;
	(void)text_escape(shown, sizeof(shown), anchor_path(vault->anchor), strlen(anchor_path(vault->anchor)));
	return error_set(ret_error, LARDER_DAMAGED, "the vault was rolled back",
	    "bring the newer one back; if you restored this one on purpose, remove the anchor file",
	    "it is older than what %s remembers", shown);
}

enum larder_code
vault_begin(struct vault *vault, enum store_sync sync, struct larder_error *ret_error)
{
	struct state state;
	enum larder_code code;

	if (vault->writing)
		return error_set(
		    ret_error, LARDER_INTERNAL, "cannot change the vault", NULL, "a transaction is running");
	code = keys_check(vault->keys, ret_error);
	if (code == LARDER_OK && sync == STORE_DURABLE)
		code = making_forget(vault->dir.fd, ret_error);
	if (code == LARDER_OK)
		code = store_begin(vault->store, sync, ret_error);
	if (code != LARDER_OK)
		return code;
	code = setroot_load(vault, &state, ret_error);
	if (code == LARDER_OK && sync == STORE_DURABLE)
		code = session_check_anchor(vault, &state, ret_error);
	if (code != LARDER_OK) {
		store_rollback(vault->store);
		return code;
	}
	session_writing(vault, sync, &state);
	return LARDER_OK;
}

void
session_writing(struct vault *vault, enum store_sync sync, const struct state *state)
{
	*vault->change = (struct vault_change){ .sync = sync, .state = *state };
	if (state->epoch > 0)
		setroot_root(vault->keys, state, vault->change->root);
	vault->writing = true;
}

enum larder_code
vault_commit(struct vault *vault, bool *ret_unknown, struct larder_error *ret_error)
{
	bool unknown = false;
	enum larder_code code = LARDER_OK;

	if (ret_unknown != NULL)
		*ret_unknown = false;
	if (!vault->writing)
		return error_set(
		    ret_error, LARDER_INTERNAL, "cannot change the vault", NULL, "no transaction is running");
	code = vault->change->failure.code;
	if (code != LARDER_OK && ret_error != NULL)
		*ret_error = vault->change->failure;
	if (code == LARDER_OK && vault->change->changed)
		code = setroot_store(vault, ret_error);
	if (code != LARDER_OK) {
		vault_rollback(vault);
		return code;
	}
	code = store_commit(vault->store, &unknown, ret_error);
	vault->writing = false;
	if (ret_unknown != NULL)
		*ret_unknown = unknown;
	vault->epoch = 0; /* read anew after a failure: either state may be there */
	if (code == LARDER_OK)
		vault->epoch = vault->change->state.epoch;
	if (code == LARDER_OK && vault->change->changed && vault->anchor != NULL)
		anchor_write(vault->anchor, vault->keys, &vault->change->state);
	return code;
}

void
vault_rollback(struct vault *vault)
{
	if (!vault->writing)
		return;
	vault->writing = false;
	vault->change->changed = false;
	store_rollback(vault->store);
}

enum larder_code
vault_scrub(struct vault *vault, struct larder_error *ret_error)
{
	return store_scrub(vault->store, ret_error);
}

const uint8_t *
vault_id(const struct vault *vault)
{
	return vault->keys->id;
}

void
vault_box_keys(const struct vault *vault, uint8_t ret_public[static BOX_PUBLIC_BYTES], struct secret *ret_secret)
{
	struct secret secret = SECRET_INIT;
	uint8_t key[BOX_SECRET_BYTES];

	box_keypair(vault->keys->box, ret_public, key);
	(void)secret_copy(key, sizeof(key), &secret); /* empty when no memory can be locked */
	wipe(key, sizeof(key));
	*ret_secret = secret;
}
