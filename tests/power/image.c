/* SPDX-License-Identifier: Apache-2.0 */
#include "power/image.h"

#include <stdlib.h>
#include <string.h>

#include "power/chance.h"

#define SECTOR 512
#define PAGE   4096

struct moments {                         /* an unsynced change is there if it came before its moment */
	size_t synced[DISK_INODES + 1];  /* the last sync of each inode */
	size_t newest[DISK_INODES + 1];  /* its last change */
	size_t sizes[DISK_INODES + 1];   /* of sizes */
	size_t entries[DISK_INODES + 1]; /* of names, unless each has its own */
	size_t cut, lost, upto;
};

/* A moment for something that is told by what and where it is. */
static size_t
moment(const struct variant *variant, uint64_t what, uint64_t where, size_t from, size_t upto)
{
	struct chance chance = { .state = variant->seed ^ (what * 0x9e3779b97f4a7c15U) ^ (where << 20) };

	(void)chance_next(&chance);
	switch (chance_below(&chance, 4)) {
	case 0:
		return from;
	case 1:
		return upto;
	default:
		return from + (size_t)chance_below(&chance, (uint32_t)(upto - from + 1));
	}
}

static size_t
moment_of_rest(enum fate_of_rest fate, const struct moments *moments, const struct variant *variant, uint32_t inode)
{
	switch (fate) {
	case REST_DROPPED:
		return moments->synced[inode];
	case REST_KEPT:
	case REST_NEWEST:
		return moments->upto;
	case REST_CUT:
		return moments->cut;
	case REST_RANDOM:
		break;
	}
	return moment(variant, inode, 0x51ce, moments->synced[inode], moments->upto);
}

static void
choose_moments(const struct disk_log *log, size_t upto, const struct variant *variant, struct moments *ret)
{
	struct chance chance = { .state = variant->seed };
	size_t unsynced = 0, first = upto, nth;

	memset(ret, 0, sizeof *ret);
	ret->upto = upto;
	ret->lost = upto;
	for (size_t i = 0; i < upto; i++)
		if (log->changes[i].kind == CHANGE_SYNC)
			ret->synced[log->changes[i].inode] = i + 1;
		else
			ret->newest[log->changes[i].inode] = i;
	for (size_t i = 0; i < upto; i++) {
		if (i < ret->synced[log->changes[i].inode])
			continue;
		if (first == upto)
			first = i;
		unsynced += log->changes[i].kind == CHANGE_WRITE;
	}
	ret->cut = first + (size_t)chance_below(&chance, (uint32_t)(upto - first + 1));
	nth = unsynced == 0 ? 0 : (size_t)chance_below(&chance, (uint32_t)unsynced);
	for (size_t i = first; i < upto; i++)
		if (log->changes[i].kind == CHANGE_WRITE && i >= ret->synced[log->changes[i].inode] && nth-- == 0)
			ret->lost = i;
	for (uint32_t inode = 1; inode <= DISK_INODES; inode++) {
		ret->sizes[inode] = moment_of_rest(variant->sizes, ret, variant, inode);
		ret->entries[inode] = moment_of_rest(variant->entries, ret, variant, inode);
	}
}

static bool
in_lost_sector(const struct disk_log *log, const struct moments *moments, size_t index, uint64_t offset)
{
	const struct change *lost = &log->changes[moments->lost];

	return moments->lost < moments->upto && index >= moments->lost && log->changes[index].inode == lost->inode &&
	    offset / SECTOR >= lost->offset / SECTOR && offset / SECTOR <= (lost->offset + lost->len - 1) / SECTOR;
}

/* Whether the part of an unsynced write that lies in the sector at offset is on the disk. */
static bool
is_kept(const struct disk_log *log, const struct moments *moments, const struct variant *variant, size_t index,
    uint64_t offset)
{
	uint32_t inode = log->changes[index].inode;
	size_t from = moments->synced[inode];

	switch (variant->data) {
	case DATA_DROPPED:
		return false;
	case DATA_KEPT:
		return true;
	case DATA_CUT:
		return index < moments->cut;
	case DATA_BY_SECTOR:
		return index < moment(variant, inode, 1 + offset / SECTOR, from, moments->upto);
	case DATA_BY_PAGE:
		return index < moment(variant, inode, 1 + offset / PAGE, from, moments->upto);
	case DATA_BY_FILE:
		return index < moment(variant, inode, 0, from, moments->upto);
	case DATA_LACKS_ONE:
		return !in_lost_sector(log, moments, index, offset);
	}
	return true;
}

static void
make_room(struct image_node *node, size_t size)
{
	size_t max = node->max == 0 ? (size_t)64 << 10 : node->max;

	while (max < size)
		max *= 2;
	if (max == node->max)
		return;
	node->data = realloc(node->data, max);
	if (node->data == NULL)
		disk_give_up("no memory");
	memset(node->data + node->max, 0, max - node->max);
	node->max = max;
}

/* The file is size bytes long from here on; what it grows by shows what the disk had there. */
static void
set_size(struct image_node *node, size_t size, bool garbage)
{
	make_room(node, size);
	if (size < node->len)
		memset(node->data + size, 0, node->max - size);
	for (size_t i = node->len; garbage && i < size; i++)
		node->data[i] = (uint8_t)(0xa5 ^ (i * 31 >> 3));
	node->len = size;
}

static void
put_unsynced(const struct disk_log *log, const struct moments *moments, const struct variant *variant, size_t index,
    struct image_node *node)
{
	const struct change *change = &log->changes[index];
	uint64_t end = change->offset + change->len, at, next;

	if (end > node->len && index < moments->sizes[change->inode])
		set_size(node, end, variant->garbage);
	make_room(node, end);
	for (at = change->offset; at < end; at = next) {
		next = (at / SECTOR + 1) * SECTOR < end ? (at / SECTOR + 1) * SECTOR : end;
		if (is_kept(log, moments, variant, index, at))
			memcpy(node->data + at, change->data + (at - change->offset), next - at);
	}
}

static void
apply_to_file(const struct disk_log *log, const struct moments *moments, const struct variant *variant, size_t index,
    struct image_node *node)
{
	const struct change *change = &log->changes[index];
	bool durable = index < moments->synced[change->inode];

	if (change->kind == CHANGE_SIZE) {
		if (durable || index < moments->sizes[change->inode])
			set_size(node, change->offset, !durable && variant->garbage);
	} else if (durable) {
		if (change->offset + change->len > node->len)
			set_size(node, change->offset + change->len, false);
		memcpy(node->data + change->offset, change->data, change->len);
	} else {
		put_unsynced(log, moments, variant, index, node);
	}
}

static uint64_t
hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3U;
	return hash >> 20;
}

/* Whether a change of a directory is on the disk; names come there in any order. */
static bool
is_entered(const struct disk_log *log, const struct moments *moments, const struct variant *variant, size_t index)
{
	const struct change *change = &log->changes[index];
	size_t from = moments->synced[change->inode];

	if (index < from)
		return true;
	if (variant->entries == REST_NEWEST)
		return index == moments->newest[change->inode];
	if (variant->entries != REST_RANDOM)
		return index < moments->entries[change->inode];
	return index < moment(variant, change->inode,
			   hash_name(change->kind == CHANGE_RENAME ? change->to : change->name), from, moments->upto);
}

static void
drop_entry(struct image_node *dir, const char *name)
{
	for (size_t i = 0; i < dir->entries_count; i++)
		if (strcmp(dir->entries[i].name, name) == 0)
			dir->entries[i--] = dir->entries[--dir->entries_count];
}

static void
add_entry(struct image_node *dir, const char *name, uint32_t inode)
{
	drop_entry(dir, name);
	if (dir->entries_count == IMAGE_ENTRIES)
		disk_give_up("too many files");
	memcpy(dir->entries[dir->entries_count].name, name, DISK_NAME);
	dir->entries[dir->entries_count++].inode = inode;
}

static void
apply_to_dir(const struct change *change, struct image_node *dir)
{
	uint32_t moved = 0;

	switch (change->kind) {
	case CHANGE_CREATE:
	case CHANGE_MKDIR:
		add_entry(dir, change->name, change->child);
		break;
	case CHANGE_RENAME:
		for (size_t i = 0; i < dir->entries_count; i++)
			if (strcmp(dir->entries[i].name, change->name) == 0)
				moved = dir->entries[i].inode;
		drop_entry(dir, change->name);
		if (moved != 0)
			add_entry(dir, change->to, moved);
		break;
	default:
		drop_entry(dir, change->name);
	}
}

void
image_begin(struct image *ret)
{
	static const char keys[DISK_NAME] = "keys";
	const uint32_t inode = DISK_ROOT + 1;

	ret->inodes = inode;
	ret->nodes[DISK_ROOT].used = ret->nodes[DISK_ROOT].dir = true;
	ret->nodes[inode].used = ret->nodes[inode].dir = true;
	add_entry(&ret->nodes[DISK_ROOT], keys, inode);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void
begin(const struct disk_log *log, struct image *ret)
{
	for (uint32_t i = 0; i <= DISK_INODES; i++) {
		struct image_node *node = &ret->nodes[i];
		const struct image_node *from = &log->base->nodes[i];

		if (node->data != NULL)
			memset(node->data, 0, node->max);
		node->used = node->dir = i == DISK_ROOT;
		node->shared = false;
		node->len = node->entries_count = 0;
		if (!from->used)
			continue;
		node->used = true;
		node->dir = from->dir;
		node->shared = from->shared;
		if (from->len > 0) {
			make_room(node, from->len);
			memcpy(node->data, from->data, from->len);
		}
		node->len = from->len;
		memcpy(node->entries, from->entries, sizeof node->entries);
		node->entries_count = from->entries_count;
	}
	ret->inodes = log->base->inodes;
}

/* Whatever a -shm holds after a loss of power: nothing, zeros, garbage, or what the first processes put there. */
static void
scramble_shared(struct image_node *node, uint64_t seed)
{
	struct chance chance = { .state = seed ^ 0x5683 };
	uint32_t what = chance_below(&chance, 3);

	if (what == 0)
		node->len = 0;
	for (size_t i = 0; i < node->len; i++)
		node->data[i] = what == 1 ? 0 : (uint8_t)chance_next(&chance);
}

void
image_build(const struct disk_log *log, size_t upto, const struct variant *variant, struct image *ret)
{
	struct moments moments;

	begin(log, ret);
	choose_moments(log, upto, variant, &moments);
	for (size_t i = 0; i < upto; i++) {
		const struct change *change = &log->changes[i];

		if (change->kind == CHANGE_CREATE || change->kind == CHANGE_MKDIR) {
			ret->nodes[change->child].used = true;
			ret->nodes[change->child].dir = change->kind == CHANGE_MKDIR;
			ret->nodes[change->child].shared = ends_with(change->name, "-shm");
			if (change->child > ret->inodes)
				ret->inodes = change->child;
		}
		if (change->kind == CHANGE_SYNC)
			continue;
		if (change->kind == CHANGE_WRITE || change->kind == CHANGE_SIZE)
			apply_to_file(log, &moments, variant, i, &ret->nodes[change->inode]);
		else if (is_entered(log, &moments, variant, i))
			apply_to_dir(change, &ret->nodes[change->inode]);
	}
	for (uint32_t i = 1; i <= ret->inodes; i++)
		if (ret->nodes[i].shared)
			scramble_shared(&ret->nodes[i], variant->seed);
}

void
image_free(struct image *image)
{
	for (uint32_t i = 0; i <= DISK_INODES; i++)
		free(image->nodes[i].data);
	memset(image, 0, sizeof *image);
}
