/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The definitions that are part of the program; the build makes this table of the folder catalogue/.
 */
#ifndef PROVIDER_BUILTIN_H
#define PROVIDER_BUILTIN_H

#include <stddef.h>

struct builtin {
	const char *id; /* the file's name without .json */
	const char *start;
	const char *end;
};

extern const struct builtin builtins[]; /* sorted by id */
extern const size_t builtins_count;

#endif
