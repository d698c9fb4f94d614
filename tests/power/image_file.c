/* SPDX-License-Identifier: Apache-2.0 */
/* An image as a number, and as real files. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "power/image.h"

static uint64_t
mix(uint64_t hash, const uint8_t *data, size_t len)
{
	uint64_t word;

	for (; len >= sizeof word; data += sizeof word, len -= sizeof word) {
		memcpy(&word, data, sizeof word);
		hash = (hash ^ word) * 0x9fb21c651e98df25U;
		hash ^= hash >> 29;
	}
	for (; len > 0; data++, len--)
		hash = (hash ^ *data) * 0x100000001b3U;
	return hash;
}

static uint64_t
hash_node(const struct image *image, uint32_t inode, uint64_t hash)
{
	const struct image_node *node = &image->nodes[inode];
	uint64_t sum = 0;

	hash = mix(hash, (const uint8_t *)&inode, sizeof inode);
	if (!node->dir && !node->shared)
		return mix(mix(hash, (const uint8_t *)&node->len, sizeof node->len), node->data, node->len);
	for (size_t i = 0; i < node->entries_count; i++)
		sum += hash_node(image, node->entries[i].inode,
		    mix(7, (const uint8_t *)node->entries[i].name, strlen(node->entries[i].name)));
	return mix(hash, (const uint8_t *)&sum, sizeof sum);
}

uint64_t
image_hash(const struct image *image)
{
	return hash_node(image, DISK_ROOT, 1);
}

/* --- to real files --- */

static void
remove_all(const char *path)
{
	char child[PATH_MAX];
	const struct dirent *entry;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
		if (unlink(child) != 0) {
			remove_all(child);
			(void)rmdir(child);
		}
	}
	(void)closedir(dir);
}

static void
write_node(const struct image *image, uint32_t inode, const char *path)
{
	const struct image_node *node = &image->nodes[inode];
	char child[PATH_MAX];
	int fd;

	if (!node->dir) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || (node->len > 0 && write(fd, node->data, node->len) != (ssize_t)node->len))
			disk_give_up("a state cannot be written");
		(void)close(fd);
	} else if (inode != DISK_ROOT && mkdir(path, 0700) != 0) {
		disk_give_up("a state cannot be written");
	}
	disk_know(path, inode);
	for (size_t i = 0; i < node->entries_count; i++) {
		(void)snprintf(child, sizeof child, "%s/%s", path, node->entries[i].name);
		write_node(image, node->entries[i].inode, child);
	}
}

void
image_write(const struct image *image, const char *root)
{
	disk_record(NULL);
	remove_all(root);
	disk_watch(root);
	write_node(image, DISK_ROOT, root);
}
