/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nearest known word to one that was mistyped. Pure.
 */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include "cli/command.h"

/* The name of a command (or sub-command of parent), or of an option, at most two slips away; NULL if none is near. */
const char *suggest_command(const struct command *parent, const char *word);
const char *suggest_option(const struct option *options, const char *name, size_t name_len);

#endif
