/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Definition files in one folder: *.json, sorted by name. A file decides where refresh tokens are sent, so one that
 * other users could have written is refused.
 */
#ifndef PROVIDER_FOLDER_H
#define PROVIDER_FOLDER_H

#include "base/buf.h"
#include "base/error.h"

struct folder {
	char **names; /* sorted by bytes */
	size_t count;
};

/* List the files; an absent folder is empty. STORAGE when it cannot be read. The caller clears *ret. */
enum larder_code folder_open(const char *path, struct folder *ret, struct larder_error *ret_error);
void folder_clear(struct folder *folder);

/*
 * Read one file. Errors: USAGE (not a regular file, too large, writable by others, of another owner), STORAGE.
 */
enum larder_code folder_read(const char *path, const char *name, struct buf *ret, struct larder_error *ret_error);

#endif
