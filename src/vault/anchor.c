/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/anchor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "base/text.h"

#define PATH_SIZE 4200

/* magic (8) | epoch (8) | root (32) | MAC (32), twice */
#define SLOT_BYTES 80
static const uint8_t magic[8] = { 'L', 'A', 'N', 'C', 'H', 'O', 'R', '1' };

struct anchor {
	char dir[4096];
	char path[PATH_SIZE];
	char mark[PATH_SIZE];
	int fd; /* -1: not open yet */
};

struct anchor_slot {
	uint64_t epoch;
	uint8_t root[HASH_BYTES];
};

static void
close_file(struct anchor *anchor)
{
	if (anchor->fd >= 0)
		(void)close(anchor->fd);
	anchor->fd = -1;
}

static bool
name_files(struct anchor *anchor, const uint8_t vault_id[static VAULT_ID_BYTES], const struct lock_identity *identity)
{
	char hex[2 * VAULT_ID_BYTES + 1];

	text_hex(hex, sizeof(hex), vault_id, VAULT_ID_BYTES);
	return text_format(anchor->path, sizeof(anchor->path), "%s/%s-%" PRIx64 "-%" PRIx64 ".anchor", anchor->dir, hex,
		   identity->inode, (uint64_t)identity->born_ns) &&
	    text_format(anchor->mark, sizeof(anchor->mark), "%s/%s-%" PRIx64 "-%" PRIx64 ".rolled-back", anchor->dir,
		hex, identity->inode, (uint64_t)identity->born_ns);
}

struct anchor *
anchor_new(const char *dir, const uint8_t vault_id[static VAULT_ID_BYTES], const struct lock_identity *identity)
{
	struct anchor *anchor = calloc(1, sizeof(*anchor));

	if (anchor == NULL)
		return NULL;
	anchor->fd = -1;
	if (text_format(anchor->dir, sizeof(anchor->dir), "%s", dir) && name_files(anchor, vault_id, identity))
		return anchor;
	free(anchor);
	return NULL;
}

void
anchor_follow(
    struct anchor *anchor, const uint8_t vault_id[static VAULT_ID_BYTES], const struct lock_identity *identity)
{
	close_file(anchor);
	(void)name_files(anchor, vault_id, identity); /* as long as the names before */
}

void
anchor_free(struct anchor *anchor)
{
	if (anchor == NULL)
		return;
	close_file(anchor);
	free(anchor);
}

const char *
anchor_path(const struct anchor *anchor)
{
	return anchor->path;
}

const char *
anchor_dir(const struct anchor *anchor)
{
	return anchor->dir;
}

/* Have the file open; a descriptor of one that was removed meanwhile does not count. */
static bool
open_file(struct anchor *anchor)
{
	struct stat st;

	if (anchor->fd >= 0 && (fstat(anchor->fd, &st) != 0 || st.st_nlink == 0))
		close_file(anchor);
	if (anchor->fd >= 0)
		return true;
	return file_open_private(AT_FDCWD, anchor->path, O_RDWR, &anchor->fd, NULL) == LARDER_OK;
}

static void
slot_mac(const struct vault_keys *keys, const uint8_t bytes[static SLOT_BYTES], uint8_t ret[static HASH_BYTES])
{
	struct piece pieces[] = { { keys->id, sizeof(keys->id) }, { bytes, SLOT_BYTES - HASH_BYTES } };

	derive_mac(keys->set, "larder 1 anchor", pieces, 2, ret);
}

static bool
read_slot(const struct vault_keys *keys, const uint8_t bytes[static SLOT_BYTES], struct anchor_slot *ret)
{
	struct reader reader = { .data = bytes + sizeof(magic), .len = SLOT_BYTES - sizeof(magic) };
	uint8_t mac[HASH_BYTES];

	slot_mac(keys, bytes, mac);
	if (memcmp(bytes, magic, sizeof(magic)) != 0 || !mac_equal(mac, bytes + SLOT_BYTES - HASH_BYTES))
		return false;
	ret->epoch = read_u64(&reader);
	memcpy(ret->root, reader.data, HASH_BYTES);
	return true;
}

/* The newest state that is remembered. */
static bool
read_newest(struct anchor *anchor, const struct vault_keys *keys, struct anchor_slot *ret)
{
	uint8_t bytes[2 * SLOT_BYTES];
	struct anchor_slot slot;
	bool found = false;

	if (!open_file(anchor) || io_pread_all(anchor->fd, bytes, sizeof(bytes), 0) != IO_OK)
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (!read_slot(keys, bytes + i * SLOT_BYTES, &slot) || (found && slot.epoch < ret->epoch))
			continue;
		*ret = slot;
		found = true;
	}
	return found;
}

static void
leave_mark(const struct anchor *anchor)
{
	int fd = -1;

	if (file_open_private(AT_FDCWD, anchor->mark, O_RDWR | O_CREAT | O_EXCL, &fd, NULL) == LARDER_OK)
		(void)close(fd);
}

enum anchor_finding
anchor_compare(struct anchor *anchor, const struct vault_keys *keys, const struct state *state)
{
	struct anchor_slot newest;
	uint8_t root[HASH_BYTES];
	bool agrees = true;

	if (!read_newest(anchor, keys, &newest))
		return ANCHOR_MISSING;
	setroot_root(keys, state, root);
	if (state->epoch < newest.epoch)
		agrees = false;
	else if (state->epoch == newest.epoch)
		agrees = mac_equal(root, newest.root);
	else if (state->epoch == newest.epoch + 1)
		agrees = mac_equal(state->previous, newest.root);
	if (agrees)
		return ANCHOR_AGREES;
	leave_mark(anchor);
	return ANCHOR_ROLLED_BACK;
}

static bool
create_file(struct anchor *anchor)
{
	static const uint8_t blank[2 * SLOT_BYTES];
	int dirfd = -1;
	bool ok = false;

	if (file_make_private_dir(anchor->dir, &dirfd, NULL) != LARDER_OK)
		return false;
	if (file_open_private(AT_FDCWD, anchor->path, O_RDWR | O_CREAT | O_EXCL, &anchor->fd, NULL) == LARDER_OK)
		ok = io_pwrite_all(anchor->fd, blank, sizeof(blank), 0) == IO_OK && fsync(anchor->fd) == 0 &&
		    fsync(dirfd) == 0;
	(void)close(dirfd);
	return ok;
}

void
anchor_write(struct anchor *anchor, const struct vault_keys *keys, const struct state *state)
{
	struct buf bytes = BUF_INIT(SLOT_BYTES);
	struct anchor_slot newest;
	uint8_t hash[HASH_BYTES];

	/* a faster process may have remembered a newer state already */
	if (read_newest(anchor, keys, &newest) && newest.epoch >= state->epoch)
		return;
	if (!open_file(anchor) && !create_file(anchor))
		return;
	if (ftruncate(anchor->fd, (off_t)2 * SLOT_BYTES) != 0) /* whoever cut it short does not spoil the next one */
		return;
	setroot_root(keys, state, hash);
	if (buf_append(&bytes, magic, sizeof(magic)) && buf_append_u64(&bytes, state->epoch) &&
	    buf_append(&bytes, hash, sizeof(hash)) && buf_reserve(&bytes, HASH_BYTES) != NULL) {
		slot_mac(keys, bytes.data, hash);
		/* an old anchor is no danger, only less sharp: nobody needs to know when this fails */
		if (buf_append(&bytes, hash, sizeof(hash)) &&
		    io_pwrite_all(anchor->fd, bytes.data, SLOT_BYTES, (int64_t)(state->epoch & 1) * SLOT_BYTES) ==
			IO_OK)
			(void)fdatasync(anchor->fd);
	}
	buf_clear(&bytes);
}

bool
anchor_was_accepted(const struct anchor *anchor)
{
	return access(anchor->mark, F_OK) == 0 && access(anchor->path, F_OK) != 0;
}

void
anchor_unmark(struct anchor *anchor)
{
	(void)unlink(anchor->mark);
}
