/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tables say about values and operands, checked: kinds of values, groups that exclude each other, what is
 * required. Pure.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <stddef.h>

#include "cli/args.h"

/* LARDER_OK if text is a value for the option, else LARDER_USAGE; check_explain then says why. */
enum larder_code check_value(const struct option *option, const char *text);
const char *check_explain(const struct option *option, const char *text, char *dst, size_t dst_size);

/* After parsing: a command was named, the operands fit, groups hold at most one option, what is required is there. */
enum larder_code check_complete(const struct args *args, struct larder_error *ret_error);

/* Whether text is one of the words of "a|b|c". */
bool check_is_choice(const char *choices, const char *text);

#endif
