/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a repeatable option as one text: --scope a --scope b is "a b".
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "cli/args.h"

/* Join them with spaces; *ret is NULL when the option was not given, else freed with words_free. */
enum larder_code words_joined(const struct args *args, const char *option, char **ret, struct larder_error *ret_error);
void words_free(char *words);

#endif
