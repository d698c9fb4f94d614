/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a vault. What is slow, the key of a passphrase, comes before the first file; then the mark of making.h decides
 * which of several callers makes the vault, and says until the end that it is not whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "store/spool.h"
#include "store/sqlite.h"
#include "vault/header.h"
#include "vault/making.h"
#include "vault/session.h"
#include "vault/slot.h"

#define CANNOT_CREATE "cannot create the vault"

/* The first transaction: there is no state before it. */
static enum larder_code
write_first(struct vault *vault, const struct slot *slot, struct larder_error *ret_error)
{
	struct record_key key = record_key_number(slot->number);
	struct header header = { .created_at = io_clock_unix_s() };
	struct audit_event event = { .at = header.created_at, .op = AUDIT_INIT, .result = "ok" };
	struct state none = { 0 };
	enum larder_code code;

	code = lock_identify(vault->dir.fd, &header.identity, ret_error);
	vault->identity = header.identity;
	if (code == LARDER_OK)
		code = store_begin(vault->store, STORE_DURABLE, ret_error);
	if (code != LARDER_OK)
		return code;
	session_writing(vault, STORE_DURABLE, &none);
	code = header_store(vault, &header, ret_error);
	if (code == LARDER_OK)
		code = setroot_put(vault, RECORD_SLOT, key.bytes, key.len, &slot->body, ret_error);
	if (code == LARDER_OK)
		code = audit_append(vault, &event, ret_error);
	if (code != LARDER_OK) {
		vault_rollback(vault);
		return code;
	}
	return vault_commit(vault, NULL, ret_error);
}

/* After vault.db was ours: the rest of the files. */
static enum larder_code
make_rest(struct vault *vault, const struct slot *slot, struct larder_error *ret_error)
{
	enum larder_code code;

	code = lock_create(vault->dir.fd, ret_error);
	if (code == LARDER_OK)
		code = spool_create(vault->dir.fd, ret_error);
	if (code == LARDER_OK)
		code = write_first(vault, slot, ret_error);
	if (code == LARDER_OK && fsync(vault->dir.fd) != 0)
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "its directory");
	return code;
}

/* Under the mark: whatever has these names is of this creation, or of one that was interrupted. */
static void
remove_made(int dirfd)
{
	static const char *const names[] = { SPOOL_DIR "/0000", SQLITE_STORE_FILE "-wal", SQLITE_STORE_FILE "-shm",
		SQLITE_STORE_FILE "-journal", LOCK_FILE, SQLITE_STORE_FILE };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(dirfd, names[i], 0);
	(void)unlinkat(dirfd, SPOOL_DIR, AT_REMOVEDIR);
}

/*
 * An interrupted creation has left something. The first transaction brings the header and the first key at once, so
 * with a header the vault is whole; what cannot be read for another reason than that it is not written stays.
 */
static enum larder_code
remove_remains(struct vault *vault, struct making *making, struct larder_error *ret_error)
{
	struct buf body = BUF_INIT(STORE_BODY_MAX);
	uint8_t id[VAULT_ID_BYTES];
	enum larder_code code;

	code = sqlite_store_open(vault->dir.path, vault->dir.fd, SESSION_BUSY_MS, &vault->store, ret_error);
	if (code == LARDER_OK)
		code = header_read(vault->store, &body, id, ret_error);
	buf_clear(&body);
	if (code == LARDER_OK)
		return error_set(ret_error, LARDER_EXISTS, CANNOT_CREATE, "use it, or name another directory",
		    "%s is there already", SQLITE_STORE_FILE);
	if (code != LARDER_DAMAGED && code != LARDER_NOT_FOUND)
		return code;
	store_close(vault->store);
	vault->store = NULL;
	remove_made(vault->dir.fd);
	making->remains = false;
	return LARDER_OK;
}

static enum larder_code
find_path(struct vault *vault, struct larder_error *ret_error)
{
	char link[40];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", vault->dir.fd);
	len = readlink(link, vault->dir.path, sizeof(vault->dir.path) - 1);
	if (len <= 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "its path");
	vault->dir.path[len] = '\0';
	return LARDER_OK;
}

/* Without its maker, or with one that has failed, a vault leaves the mark or nothing. */
static enum larder_code
make_files(struct vault *vault, const struct slot *slot, struct larder_error *ret_error)
{
	struct making making = MAKING_INIT;
	enum larder_code code;
	bool made = false;

	code = find_path(vault, ret_error);
	if (code == LARDER_OK)
		code = making_begin(vault->dir.fd, &making, ret_error);
	if (code == LARDER_OK && making.remains)
		code = remove_remains(vault, &making, ret_error);
	if (code == LARDER_OK) {
		code = sqlite_store_create(vault->dir.path, vault->dir.fd, SESSION_BUSY_MS, &vault->store, ret_error);
		made = vault->store != NULL;
	}
	if (made)
		code = make_rest(vault, slot, ret_error);
	if (made && code == LARDER_OK)
		code = making_end(vault->dir.fd, &making, ret_error);
	if (made && code != LARDER_OK)
		remove_made(vault->dir.fd);
	if (code != LARDER_OK && !making.remains)
		(void)making_end(vault->dir.fd, &making, NULL);
	making_leave(&making);
	return code;
}

enum larder_code
vault_create(const char *path, const struct slot_new *first, struct actor actor, struct vault *ret,
    struct larder_error *ret_error)
{
	struct vault vault = { .dir = { .fd = -1 } };
	uint8_t id[VAULT_ID_BYTES], key[KEY_BYTES] = { 0 };
	struct slot slot = { 0 };
	enum larder_code code;
	bool was_there;
	struct stat st;

	was_there = lstat(path, &st) == 0;
	code = session_init(&vault, actor, ret_error);
	if (code != LARDER_OK)
		goto out;
	random_fill(id, sizeof(id));
	random_fill(key, sizeof(key));
	vault.keys = keys_new(key, id);
	if (vault.keys == NULL) {
		code = error_no_memory(ret_error);
		goto out;
	}
	if (was_there)
		code = session_dir(path, &vault.dir, ret_error);
	if (code == LARDER_OK && was_there)
		code = making_check(vault.dir.fd, ret_error); /* before the second that a passphrase takes */
	if (code == LARDER_OK)
		code = slot_build(first, 1, id, key, &slot, ret_error);
	if (code == LARDER_OK && !was_there)
		code = file_make_private_dir(path, &vault.dir.fd, ret_error);
	else if (code == LARDER_OK && !file_sync_parent(path)) /* whoever made it a moment ago */
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "its directory");
	if (code == LARDER_OK)
		code = make_files(&vault, &slot, ret_error);
	if (code != LARDER_OK && !was_there)
		(void)rmdir(path); /* unless somebody else makes one there */
out:
	wipe(key, sizeof(key));
	slot_clear(&slot);
	if (code == LARDER_OK)
		*ret = vault;
	else
		vault_close(&vault);
	return code;
}
