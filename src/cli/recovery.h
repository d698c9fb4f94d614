/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recovery code, shown this once.
 */
#ifndef CLI_RECOVERY_H
#define CLI_RECOVERY_H

#include "cli/session.h"

/*
 * Write text (may be NULL) and then, if code is not "", the code and what to do with it, at once and through locked
 * memory; what cannot be written is remembered for the end of the command.
 */
void recovery_print(struct session *session, const char *text, const char *code);

/* A JSON object {first: value, "recovery_code": code or null} and a newline, in the same way. */
void recovery_print_json(struct session *session, const char *vault, const char *kind, int64_t slot, const char *code);

#endif
