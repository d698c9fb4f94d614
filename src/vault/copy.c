/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vault that was copied or restored: its refresh tokens may have been spent by another copy, and a provider that
 * rotates ends the whole family when one is spent twice. So each that rotates becomes suspect, once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "vault/anchor.h"
#include "vault/header.h"
#include "vault/session.h"

static enum larder_code
mark_one(struct vault *vault, const char *name, struct larder_error *ret_error)
{
	struct credential credential;
	struct audit_event event = { .at = io_clock_unix_s(), .op = AUDIT_STATE, .result = "ok", .detail = "suspect" };
	enum larder_code code;

	code = credential_load(vault, name, &credential, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!credential.rotating ||
	    (credential.state != STATE_OK && credential.state != STATE_IN_DOUBT &&
		credential.state != STATE_NEEDS_LOGIN))
		goto out;
	credential.state = STATE_SUSPECT;
	memcpy(event.name, credential.name, sizeof(event.name));
	event.generation = credential.generation;
	code = credential_store(vault, &credential, ret_error);
	if (code == LARDER_OK)
		code = audit_append(vault, &event, ret_error);
out:
	credential_clear(&credential);
	return code;
}

static enum larder_code
mark_all(struct vault *vault, struct larder_error *ret_error)
{
	char(*names)[NAME_SIZE] = NULL;
	size_t count = 0;
	enum larder_code code;

	code = credential_names(vault, &names, &count, ret_error);
	for (size_t i = 0; code == LARDER_OK && i < count; i++)
		code = mark_one(vault, names[i], ret_error);
	free(names);
	return code;
}

/* Whether it is a copy still: another process may have adopted it since this one looked. */
static enum larder_code
look_again(struct vault *vault, struct header *ret, bool *ret_copied, struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	struct lock_identity now;
	uint8_t id[VAULT_ID_BYTES];
	enum larder_code code;

	code = header_read(vault->store, &body, id, ret_error);
	if (code == LARDER_OK)
		code = header_decode(vault, &body, ret, ret_error);
	if (code == LARDER_OK)
		code = lock_identify(vault->dir.fd, &now, ret_error);
	buf_clear(&body);
	if (code != LARDER_OK)
		return code;
	*ret_copied = now.inode != ret->identity.inode || now.born_ns != ret->identity.born_ns ||
	    (vault->anchor != NULL && anchor_was_accepted(vault->anchor));
	ret->identity = now;
	return LARDER_OK;
}

static void
follow(struct vault *vault, const struct lock_identity *identity)
{
	if (identity->inode == vault->identity.inode && identity->born_ns == vault->identity.born_ns)
		return;
	vault->identity = *identity;
	if (vault->anchor != NULL)
		anchor_follow(vault->anchor, vault->keys->id, identity);
}

enum larder_code
vault_adopt_copy(struct vault *vault, struct larder_error *ret_error)
{
	struct audit_event event = { .at = io_clock_unix_s(), .op = AUDIT_COPIED, .result = "ok" };
	struct header header;
	enum larder_code code;
	bool copied = false;

	if (!vault->copied)
		return LARDER_OK;
	code = vault_begin(vault, STORE_DURABLE, ret_error);
	if (code != LARDER_OK)
		return code;
	code = look_again(vault, &header, &copied, ret_error);
	/* From here on it has a history of its own; the vault that it was copied from goes on with its own anchor. */
	if (code == LARDER_OK)
		follow(vault, &header.identity);
	if (code != LARDER_OK || !copied)
		goto out;
	code = mark_all(vault, ret_error);
	if (code == LARDER_OK)
		code = header_store(vault, &header, ret_error);
	if (code == LARDER_OK)
		code = audit_append(vault, &event, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(vault, NULL, ret_error);
out:
	vault_rollback(vault); /* nothing to do after the commit */
	if (code != LARDER_OK)
		return code;
	vault->copied = false;
	if (copied && vault->anchor != NULL)
		anchor_unmark(vault->anchor);
	return LARDER_OK;
}
