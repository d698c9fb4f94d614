/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts made from the tables.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "cli/output.h"

void completion_bash(struct output *out);
void completion_zsh(struct output *out);
void completion_fish(struct output *out);

#endif
