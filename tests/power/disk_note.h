/* SPDX-License-Identifier: Apache-2.0 */
/* What disk.c and disk_calls.c share: how a change becomes a note. */
#ifndef TESTS_POWER_DISK_NOTE_H
#define TESTS_POWER_DISK_NOTE_H

#include <limits.h>
#include <sys/types.h>

#include "power/disk.h"

bool disk_is_recording(void);

/* Our number of a real file; 0: not watched. */
uint32_t disk_number_of(dev_t device, ino_t real);
uint32_t disk_number_of_fd(int fd);

/* The whole path of name in dirfd; false: not below the watched directory, or nothing is recorded. */
bool disk_below_root(int dirfd, const char *name, char ret[static PATH_MAX]);

/* The number of the directory that path is in; *ret_name is its name there. */
uint32_t disk_parent_of(const char *path, const char **ret_name);

/* A change that was made; the caller fills in the rest. */
struct change *disk_note(enum change_kind kind, uint32_t inode);
void disk_note_name(enum change_kind kind, const char *path);

/* These do nothing when nothing is recorded, or the file is not watched. */
void disk_note_write(int fd, const void *data, ssize_t len, off_t offset);
void disk_note_on_fd(enum change_kind kind, int fd, off_t size);

#endif
