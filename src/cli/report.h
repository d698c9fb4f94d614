/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one line, or JSON object, on standard error that says what went wrong.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <larder/error.h>
#include <stdbool.h>

#include "cli/output.h"

/* Print it: "larder: NAME: what failed: why; what to do", parts without text left out; or the object. */
void report_error(const struct larder_error *error, int exit_status, bool json);

/* Append the object alone, without "error" around it, as the member name of an open object. */
void report_object(struct output *output, const char *name, const struct larder_error *error, int exit_status);

/* "what: why; hint" into dst, for a result among others. Returns dst. */
const char *report_line(char *dst, size_t dst_size, const struct larder_error *error);

#endif
