/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a vault. What is slow, the key of a passphrase, comes before the first file; then vault.db, created
 * exclusively, decides which of several callers makes the vault.
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
#include "vault/session.h"
#include "vault/slot.h"

#define CANNOT_CREATE "cannot create the vault"

static enum larder_code
check_empty(int dirfd, struct larder_error *ret_error)
{
	static const char *const names[] = { SQLITE_STORE_FILE, LOCK_FILE, SPOOL_DIR };
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fstatat(dirfd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			return error_set(ret_error, LARDER_EXISTS, CANNOT_CREATE, "use it, or name another directory",
			    "%s is there already", names[i]);
	return LARDER_OK;
}

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

/* Only what this call has made: vault.db was created by it, so all the names were free. */
static void
remove_made(int dirfd)
{
	static const char *const names[] = { SPOOL_DIR "/0000", SQLITE_STORE_FILE "-wal", SQLITE_STORE_FILE "-shm",
		LOCK_FILE, SQLITE_STORE_FILE };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(dirfd, names[i], 0);
	(void)unlinkat(dirfd, SPOOL_DIR, AT_REMOVEDIR);
}

static enum larder_code
make_files(struct vault *vault, const struct slot *slot, bool *ret_made, struct larder_error *ret_error)
{
	enum larder_code code;
	char link[40];
	ssize_t len;

	code = check_empty(vault->dir.fd, ret_error);
	if (code != LARDER_OK)
		return code;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", vault->dir.fd);
	len = readlink(link, vault->dir.path, sizeof(vault->dir.path) - 1);
	if (len <= 0)
		return error_set_errno(ret_error, LARDER_STORAGE, errno, CANNOT_CREATE, NULL, "its path");
	vault->dir.path[len] = '\0';
	code = sqlite_store_create(vault->dir.path, vault->dir.fd, SESSION_BUSY_MS, &vault->store, ret_error);
	if (code != LARDER_OK)
		return code;
	*ret_made = true;
	return make_rest(vault, slot, ret_error);
}

enum larder_code
vault_create(const char *path, const struct slot_new *first, struct actor actor, struct vault *ret,
    struct larder_error *ret_error)
{
	struct vault vault = { .dir = { .fd = -1 } };
	uint8_t id[VAULT_ID_BYTES], key[KEY_BYTES] = { 0 };
	struct slot slot = { 0 };
	enum larder_code code;
	bool was_there, made = false;
	struct stat st;

	was_there = lstat(path, &st) == 0;
	code = session_init(&vault, actor, ret_error);
	if (code != LARDER_OK)
		goto out;
	random_fill(id, sizeof(id));
	random_fill(key, sizeof(key));
	vault.keys = keys_new(key, id, 1);
	if (vault.keys == NULL) {
		code = error_no_memory(ret_error);
		goto out;
	}
	if (was_there)
		code = session_dir(path, &vault.dir, ret_error);
	if (code == LARDER_OK && was_there)
		code = check_empty(vault.dir.fd, ret_error); /* before the second that a passphrase takes */
	if (code == LARDER_OK)
		code = slot_build(first, 1, id, key, &slot, ret_error);
	if (code == LARDER_OK && !was_there)
		code = file_make_private_dir(path, &vault.dir.fd, ret_error);
	if (code == LARDER_OK)
		code = make_files(&vault, &slot, &made, ret_error);
	if (code != LARDER_OK && made)
		remove_made(vault.dir.fd);
	if (code != LARDER_OK && made && !was_there)
		(void)rmdir(path);
out:
	wipe(key, sizeof(key));
	slot_clear(&slot);
	if (code == LARDER_OK)
		*ret = vault;
	else
		vault_close(&vault);
	return code;
}
