/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches what this program does to the files below one directory, by standing in for the C library's functions that
 * change a file or a directory: each change is done for real and noted, in order, with its bytes. From these notes
 * image.c builds what a disk may hold after a loss of power.
 *
 * Inodes have numbers of our own, so that vault.lock keeps its identity when a state is written to other files.
 */
#ifndef TESTS_POWER_DISK_H
#define TESTS_POWER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_NAME   56 /* bytes of a name in a directory */
#define DISK_INODES 96
#define DISK_ROOT   1 /* inode of the watched directory, which is always there */

enum change_kind {
	CHANGE_CREATE, /* directory inode gets the name of file child */
	CHANGE_MKDIR,  /* the same for a directory */
	CHANGE_UNLINK, /* and loses it */
	CHANGE_RENAME, /* name becomes to, in the same directory */
	CHANGE_WRITE,
	CHANGE_SIZE, /* ftruncate: offset is the new size */
	CHANGE_SYNC, /* of a file or a directory: what came before in it is on the disk when it returns */
	CHANGE_KINDS
};

struct change {
	enum change_kind kind;
	uint32_t inode, child;
	char name[DISK_NAME], to[DISK_NAME];
	uint64_t offset;
	size_t len;
	uint8_t *data;
};

struct image;

struct disk_log {
	const struct image *base; /* what was on the disk before */
	struct change *changes;
	size_t count, max;
	uint32_t inodes; /* the highest number given */
};

/* Forget all files that were known and begin a new numbering; root is the directory to watch. */
void disk_watch(const char *root);

/* A real file below root has this number. */
void disk_know(const char *path, uint32_t inode);

/* Note changes to log from now on; NULL: no longer. New files get numbers after log->inodes. */
void disk_record(struct disk_log *log);

void disk_log_free(struct disk_log *log);

/* The clock that CLOCK_REALTIME and CLOCK_BOOTTIME show; 0: the real one. */
void disk_clock(int64_t unix_s, int64_t boot_ms);

/* Tell why and end the program. */
_Noreturn void disk_give_up(const char *why);

const char *change_kind_name(enum change_kind kind);

#endif
