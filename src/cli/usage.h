/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help made from the tables.
 */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

#include "cli/session.h"

/* Print the help of a command, or with NULL the overview, to session->out. */
enum larder_code usage_show(struct session *session, const struct command *command, struct larder_error *ret_error);

/* "larder client add" */
const char *usage_full_name(char *dst, size_t dst_size, const struct command *command);

/*
 * Walk the parts of a synopsis after the command's name: "[NAME]", "[--scope S]...", "[--json | --header]". Each call
 * writes the next part to dst and returns true, at the end false. *cursor starts at 0.
 */
bool usage_synopsis_part(const struct command *command, size_t *cursor, char *dst, size_t dst_size);

/* "--scope S" or "-q, --quiet" as help shows it. Returns dst. */
const char *usage_option(char *dst, size_t dst_size, const struct option *option);

/* The heading of a group of commands in the overview. */
const char *usage_group_title(enum command_group group);

#endif
