/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that must be ours: opened without following links, checked on the descriptor that we then use.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * Open a directory for *at() calls. It must be a real directory (no symlink), owned by us, with no right for group or
 * others. Errors: NOT_FOUND (absent), DENIED (link, owner or mode, named), STORAGE (else).
 */
enum larder_code file_open_private_dir(const char *path, int *ret_fd, struct larder_error *ret_error);

/*
 * Create path (and missing parents, 0700) as such a directory; existing ones are checked, not changed. Whoever made it,
 * its name is on the disk when this returns.
 */
enum larder_code file_make_private_dir(const char *path, int *ret_fd, struct larder_error *ret_error);

/*
 * Create path (and missing parents, 0700) as a directory for configuration, which holds no secret: an existing one may be
 * a link and others may read it, but it must be ours and nobody else may write to it. Errors: DENIED (owner or mode,
 * named), STORAGE.
 */
enum larder_code file_make_own_dir(const char *path, struct larder_error *ret_error);

/*
 * Open name in dirfd without following links and without blocking; it must be a regular file, owned by us, nlink 1, no
 * right for group or others. flags: O_RDONLY or O_RDWR, plus O_CREAT|O_EXCL to create with 0600.
 */
enum larder_code file_open_private(int dirfd, const char *name, int flags, int *ret_fd, struct larder_error *ret_error);

/*
 * Create name in dirfd, empty and with 0600, open for reading and writing; EXISTS if it is there. What could be made but
 * not checked is removed again, so only for a name that nobody else opens before we are done with it.
 */
enum larder_code file_create_private(int dirfd, const char *name, int *ret_fd, struct larder_error *ret_error);

/*
 * Read a whole secret from path ("-" is standard input), at most max bytes; one final LF or CRLF is removed.
 * A file that group or others can read is refused with its mode named (DENIED). Empty, NUL inside, over max: USAGE.
 * what names it in messages: "refresh token".
 */
enum larder_code
file_read_secret(const char *path, size_t max, const char *what, struct secret *ret, struct larder_error *ret_error);

/* The same from a descriptor, which is read to its end and not closed. */
enum larder_code
file_read_secret_fd(int fd, size_t max, const char *what, struct secret *ret, struct larder_error *ret_error);

/* Read a file that is no secret (configuration, definition) into buf, up to its maximum. NOT_FOUND if absent. */
enum larder_code file_read(const char *path, struct buf *ret, struct larder_error *ret_error);

/* Write a file durably: temporary in the same directory, fsync, rename, fsync of the directory. mode e.g. 0600. */
enum larder_code
file_replace(const char *path, const void *data, size_t len, mode_t mode, struct larder_error *ret_error);

/* The same for a file that must not be there yet: it never shows without its content. Errors: EXISTS, STORAGE. */
enum larder_code
file_create(const char *path, const void *data, size_t len, mode_t mode, struct larder_error *ret_error);

/* Bring the name of path to the disk: a sync of the file alone need not. false with errno. */
bool file_sync_parent(const char *path);

#endif
