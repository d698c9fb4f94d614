/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificate authorities vouch for a provider. The system's hashed directory is preferred over its bundle file:
 * reading the bundle costs 20 ms a start, the directory one small file per authority that is met.
 */
#ifndef COURIER_AUTHORITY_H
#define COURIER_AUTHORITY_H

#include "wire/job.h"

/* Paths of static text or of the job; NULL for none. */
struct authority {
	const char *file;
	const char *dir;
};

/* What the job says, else what the system has. Reads directories; both NULL when nothing was found. */
struct authority authority_choose(const struct job *job);

/* Whether a directory has files as `openssl rehash` names them: "002c0b4f.0". */
bool authority_is_hashed_dir(const char *path);

#endif
