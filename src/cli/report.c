/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_SIZE 1024

/* "what: why", without the part that has no text. */
static const char *
message(char *dst, size_t dst_size, const struct larder_error *error)
{
	const char *colon = error->what[0] != '\0' && error->why[0] != '\0' ? ": " : "";

	(void)text_format(dst, dst_size, "%s%s%s", error->what, colon, error->why);
	if (dst[0] == '\0')
		(void)text_format(dst, dst_size, "%s", larder_code_name(error->code));
	return dst;
}

const char *
report_line(char *dst, size_t dst_size, const struct larder_error *error)
{
	char text[LINE_SIZE];

	(void)text_format(dst, dst_size, "%s%s%s", message(text, sizeof text, error),
	    error->hint[0] != '\0' ? "; " : "", error->hint);
	return dst;
}

void
report_object(struct output *output, const char *name, const struct larder_error *error, int exit_status)
{
	char text[LINE_SIZE];

	output_open(output, name, '{');
	output_text(output, "code", larder_code_name(error->code));
	output_integer(output, "exit", exit_status);
	output_text(output, "name", text_or_null(error->name));
	output_text(output, "message", message(text, sizeof text, error));
	output_text(output, "hint", text_or_null(error->hint));
	output_time(output, "retry_after", error->retry_after_s);
	output_close(output, '}');
}

void
report_error(const struct larder_error *error, int exit_status, bool json)
{
	struct output output;
	char line[LINE_SIZE];

	output_init(&output, STDERR_FILENO, false, false);
	if (json) {
		output_open(&output, NULL, '{');
		report_object(&output, "error", error, exit_status);
		output_close(&output, '}');
		output_str(&output, "\n");
	} else {
		output_format(&output, "larder: %s%s", error->name, error->name[0] != '\0' ? ": " : "");
		output_escaped(&output, report_line(line, sizeof line, error));
		output_str(&output, "\n");
	}
	output_flush(&output);
	output_clear(&output);
}
