/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a disk may hold after a loss of power: of each file and each directory all that was synced, and of what came
 * after that whatever the page cache and the disk happened to have written.
 *
 * A sector holds what the file had there at one moment since its last sync, each sector at another one (so writes are
 * dropped, kept, torn and reordered); a size and an entry of a directory likewise. This is all that POSIX and a disk
 * promise, and less than any journaling file system does.
 */
#ifndef TESTS_POWER_IMAGE_H
#define TESTS_POWER_IMAGE_H

#include "power/disk.h"

#define IMAGE_ENTRIES 24

struct image_entry {
	char name[DISK_NAME];
	uint32_t inode;
};

struct image_node {
	bool used, dir, shared; /* shared: the -shm, whose bytes mean nothing */
	uint8_t *data;
	size_t len, max;
	struct image_entry entries[IMAGE_ENTRIES];
	size_t entries_count;
};

struct image {
	struct image_node nodes[DISK_INODES + 1];
	uint32_t inodes; /* the highest number used */
};

/* What happened to that which was not synced. */
enum fate_of_data {
	DATA_DROPPED,
	DATA_KEPT,
	DATA_CUT,       /* all before one moment, the same for all files and directories */
	DATA_BY_SECTOR, /* each sector of 512 bytes by itself */
	DATA_BY_PAGE,   /* each of 4096 */
	DATA_BY_FILE,
	DATA_LACKS_ONE /* one write is lost, all else is there */
};
enum fate_of_rest { REST_DROPPED, REST_KEPT, REST_CUT, REST_RANDOM, REST_NEWEST /* names: the last one alone */ };

struct variant {
	uint64_t seed;
	enum fate_of_data data;
	enum fate_of_rest sizes, entries;
	bool garbage; /* what a file grew by and was not written holds other people's bytes, not zeros */
};

/* The variants by number: the plain ones first, from then on chances. */
struct variant variant_make(unsigned number);
void variant_describe(const struct variant *variant, char *dst, size_t dst_size);

/* A disk with an empty folder "keys"; *ret is zeroed. */
void image_begin(struct image *ret);

/* The disk when the power went after upto changes. *ret is overwritten; zero it before the first use. */
void image_build(const struct disk_log *log, size_t upto, const struct variant *variant, struct image *ret);

/* The same for the same content, sizes and entries; the -shm counts by its name only. */
uint64_t image_hash(const struct image *image);

/* Make root hold just this image, and let disk_watch know its files. */
void image_write(const struct image *image, const char *root);

void image_free(struct image *image);

#endif
