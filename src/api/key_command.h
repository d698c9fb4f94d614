/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a key command: without a shell, without a terminal, with a limit on time and output.
 */
#ifndef API_KEY_COMMAND_H
#define API_KEY_COMMAND_H

#include "api/config.h"

/* Its standard output. Errors: LOCKED (cannot run, failed, printed nothing, took too long). */
enum larder_code
key_command_run(const struct command_words *command, struct secret *ret, struct larder_error *ret_error);

#endif
