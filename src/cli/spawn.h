/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command as if it had been started in our place: signals reach it, its exit status comes back, and what it
 * writes passes through a mask unless it goes to a terminal.
 */
#ifndef CLI_SPAWN_H
#define CLI_SPAWN_H

#include <larder/error.h>

#include "base/secret.h"

#define EXIT_LARDER_FAILED  125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127

struct spawn {
	char *const *argv; /* NULL-terminated; argv[0] is looked for in PATH */
	char **environment;
	const struct secret *secrets; /* masked in what it writes */
	size_t secrets_count;
};

/*
 * Run to the end. *ret_status is its exit status, 128 + the signal that ended it, or one of the above.
 *
 * Blocks until the command has ended and, where its output is masked, everybody has closed it. Signals that would end
 * us are handed on; those of the terminal reach the command by themselves. One thread.
 * Errors: INTERNAL with EXIT_LARDER_FAILED; NOT_FOUND with EXIT_NOT_FOUND; DENIED with EXIT_NOT_EXECUTABLE.
 */
enum larder_code spawn_run(const struct spawn *spawn, int *ret_status, struct larder_error *ret_error);

#endif
