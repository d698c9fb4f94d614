/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-only access to certificates, resolver configuration and libraries, and to nothing else, by Landlock (Linux
 * 5.13). Descriptors that are open already, slot and lock, keep their rights.
 */
#ifndef COURIER_LANDLOCK_H
#define COURIER_LANDLOCK_H

#include "courier/authority.h"

/* Does nothing where the kernel has no Landlock: seccomp stands without it. no_new_privs must be set. */
void landlock_enter(const struct authority *authority);

#endif
