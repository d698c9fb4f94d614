/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of tests of the command line, and a place that catches what it prints.
 */
#ifndef TESTS_CLI_H
#define TESTS_CLI_H

#include "cli/output.h"

int args_tests(void);
int exit_codes_tests(void);
int output_tests(void);
int qr_tests(void);
int safe_text_tests(void);
int suggest_tests(void);
int table_tests(void);
int token_format_tests(void);

/* Print through a pipe and give what arrived, NUL-terminated, in a static buffer. Finishes and clears the output. */
struct output caught_output(bool colour, bool secret);
const char *caught(struct output *output);

#endif
