/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a key command: without a shell, without a terminal, with a limit on time and output.
 */
#ifndef API_KEY_COMMAND_H
#define API_KEY_COMMAND_H

#include "api/config.h"

#define KEY_COMMAND_MS        5000  /* where nobody is there, nothing may hang */
#define KEY_COMMAND_PERSON_MS 60000 /* a password manager may have to ask its person, in a window of its own */

/*
 * Its standard output.
 *
 * limit_ms  of the above: it is killed then, and what it started in its session
 *
 * Blocks so long at most. Errors: LOCKED (cannot run, failed, printed nothing, took too long).
 */
enum larder_code key_command_run(
    const struct command_words *command, int64_t limit_ms, struct secret *ret, struct larder_error *ret_error);

#endif
