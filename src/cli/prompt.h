/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the person at /dev/tty. The terminal is put back on every path, also when a signal ends the program.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <larder/vault.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"

#define PROMPT_SECRET_MAX ((size_t)64 << 10) /* bytes of one typed or pasted answer */

/*
 * Ask for a secret without showing it; a larder_ask for struct larder_options. confirm: it is typed twice until both
 * are the same, three times at most. Returns its length, -1 to give up. Blocks until it is answered.
 */
int prompt_ask(void *ctx, const char *prompt, int confirm, char *answer, size_t size);

/* The same into locked memory, for a token or client secret that is pasted. Errors: DENIED (given up), USAGE (empty). */
enum larder_code prompt_secret(const char *what, size_t max, struct secret *ret, struct larder_error *ret_error);

/* Ask "question [y/N] ". false for anything but y or yes; what was typed before does not count. */
bool prompt_yes(const char *question);

/* Put the terminal back as it was; does nothing when no question is open. Safe in a signal handler. */
void prompt_restore(void);

#endif
