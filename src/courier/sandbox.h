/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a courier that was taken over may still do: talk to the network and open files. It starts no program and traces
 * nobody. Where the kernel has Landlock it opens nothing for writing, and reads certificates, libraries and the
 * resolver's configuration only; without it seccomp, which sees no paths, leaves it what its user may open.
 *
 * seccomp has three answers. Calls of the list are allowed. Calls that only an attacker makes kill the process. All
 * others fail with EPERM, so that a library's surprise never kills an exchange in flight.
 */
#ifndef COURIER_SANDBOX_H
#define COURIER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "courier/authority.h"

#define SANDBOX_CALLS_MAX 60 /* names on the list; a test counts them */

/* A sanitizer's report goes to standard error, so there it stays open. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_KEEPS_STDERR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_KEEPS_STDERR 1
#endif
#endif
#ifndef SANDBOX_KEEPS_STDERR
#define SANDBOX_KEEPS_STDERR 0
#endif

/*
 * Close the sandbox around the calling thread and those it will start; there is no way back. Call while there is one
 * thread. Landlock is used where the kernel has it. false: limits or seccomp could not be set.
 */
bool sandbox_enter(const struct authority *authority);

/* The lists, for tests; *ret_count names. */
const char *const *sandbox_allowed(size_t *ret_count);
const char *const *sandbox_hostile(size_t *ret_count);

#endif
