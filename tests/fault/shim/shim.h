/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to be preloaded: the C library's calls that reach the kernel, each of which can be made to fail. What fails
 * is said in the environment, and what happened is kept in a file that is mapped, so that a sandbox changes nothing:
 *
 *   LARDER_SHIM=CALLS:FROM:UNTIL:ERRNO:HOW    CALLS: names joined by "+", counted together, or "none"; FROM and UNTIL: the
 *                                             first and the last of the calls (from 1) that fail; HOW: see below
 *   LARDER_SHIM_LOG=FILE                      a file of sizeof(struct shim_log) bytes
 *   LARDER_SHIM_STATFS=MAGIC                  the file system that fstatfs names (hexadecimal)
 *
 * Standard error never fails: it is how the program tells. What the C library calls within itself is not seen; opendir,
 * fopen and posix_spawn fail as a whole.
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum shim_how {
	SHIM_NONE,
	SHIM_BEFORE, /* "before": the call is not made and fails */
	SHIM_AFTER,  /* "after": it is made, and fails all the same */
	SHIM_HALF,   /* "half": half of the bytes, rounded up, are transferred, and that is said */
	SHIM_ONE     /* "one": one byte is, likewise */
};

#define SHIM_RECORDS 4096

struct shim_log {
	uint32_t started, ended; /* processes that came to life, and that came to an end of their own */
	uint32_t fired;          /* calls that failed */
	int32_t fired_fd;        /* the descriptor of the first of them, or -1 */
	uint32_t count;          /* of the records, those that had no room included */
	struct shim_record {
		char call[24];
		int32_t fd;
		uint32_t failed;
	} records[SHIM_RECORDS];
};

/* How this call is to end; fd is -1 where there is none. May be called before anything is set up. Sets nothing. */
enum shim_how shim_meet(const char *call, int fd);

/* Give the call its error; always -1. */
int shim_fail(void);

/* The bytes that a call of len bytes is to transfer. */
size_t shim_cut(enum shim_how how, size_t len);

/* The next definition of a function; never NULL. */
void *shim_next(const char *name);

/* The magic that fstatfs is to give; 0 for the true one. */
unsigned long shim_magic(void);

#endif
