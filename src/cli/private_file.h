/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files for one command: in memory, for this user alone, gone when the command has ended.
 */
#ifndef CLI_PRIVATE_FILE_H
#define CLI_PRIVATE_FILE_H

#include <larder/error.h>

#include "base/secret.h"

#define PRIVATE_PATH_SIZE 192

struct private_dir {
	char path[PRIVATE_PATH_SIZE];
	int fd; /* locked as long as we live; -1: none */
};

#define PRIVATE_DIR_INIT \
	{ \
		.fd = -1 \
	}

/*
 * Make a directory (0700) on a tmpfs: in $XDG_RUNTIME_DIR, else in /dev/shm. Those that a killed process left behind
 * are removed. Errors: STORAGE (there is no such place, with the reason).
 */
enum larder_code private_dir_make(struct private_dir *ret, struct larder_error *ret_error);

/* Write a secret as a file (0400) in it; ret_path gets its path. Errors: STORAGE. */
enum larder_code private_dir_add(const struct private_dir *dir, const char *name, const struct secret *secret,
    char ret_path[static PRIVATE_PATH_SIZE + 64], struct larder_error *ret_error);

/* Overwrite and remove all of it. Accepts PRIVATE_DIR_INIT. */
void private_dir_remove(struct private_dir *dir);

#endif
