/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
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

/* These take no memory: that there is none has to be told as well. */
static void
write_text(const char *text)
{
	(void)io_write_all(STDERR_FILENO, text, strlen(text), -1);
}

static void
write_line(const struct larder_error *error)
{
	char line[LINE_SIZE], safe[LINE_SIZE], text[2 * LINE_SIZE];

	(void)report_line(line, sizeof line, error);
	(void)text_escape(safe, sizeof safe, line, strlen(line));
	(void)text_format(text, sizeof text, "larder: %s%s%s\n", error->name, error->name[0] != '\0' ? ": " : "", safe);
	write_text(text);
}

static void
write_short_object(const struct larder_error *error, int exit_status)
{
	char text[LINE_SIZE];

	(void)text_format(text, sizeof text,
	    "{\"error\":{\"code\":\"%s\",\"exit\":%d,\"name\":null,\"message\":\"no memory to say more\",\"hint\":null,"
	    "\"retry_after\":null}}\n",
	    larder_code_name(error->code), exit_status);
	write_text(text);
}

void
report_error(const struct larder_error *error, int exit_status, bool json)
{
	struct output output;

	if (!json) {
		write_line(error);
		return;
	}
	output_init(&output, STDERR_FILENO, false, false);
	output_open(&output, NULL, '{');
	report_object(&output, "error", error, exit_status);
	output_close(&output, '}');
	output_str(&output, "\n");
	output_flush(&output);
	if (output.failed == ENOMEM)
		write_short_object(error, exit_status);
	output_clear(&output);
}
