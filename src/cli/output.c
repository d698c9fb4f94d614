/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "base/text.h"

#define PIECE_BYTES   ((size_t)64 << 10) /* written at once */
#define OUTPUT_MAX    ((size_t)4 << 20)  /* gathered at most, more than any single value */
#define LINE_MAX_SIZE 2048

void
output_init(struct output *output, int fd, bool colour, bool secret)
{
	*output = (struct output){ .buf = { .max = OUTPUT_MAX, .secret = secret }, .fd = fd, .colour = colour };
}

void
output_flush(struct output *output)
{
	if (output->buf.failed && output->failed == 0)
		output->failed = ENOMEM;
	if (output->failed == 0 && output->buf.len > 0 &&
	    io_write_all(output->fd, output->buf.data, output->buf.len, -1) != IO_OK)
		output->failed = errno == 0 ? EIO : errno;
	buf_reset(&output->buf);
}

static void
appended(struct output *output)
{
	if (output->buf.failed || output->buf.len >= PIECE_BYTES)
		output_flush(output);
}

void
output_bytes(struct output *output, const void *data, size_t len)
{
	(void)buf_append(&output->buf, data, len);
	appended(output);
}

void
output_str(struct output *output, const char *str)
{
	output_bytes(output, str, strlen(str));
}

void
output_format(struct output *output, const char *format, ...)
{
	char line[LINE_MAX_SIZE];
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(line, sizeof line, format, list);
	va_end(list);
	if (len > 0)
		output_bytes(output, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

void
output_escaped(struct output *output, const char *str)
{
	char safe[LINE_MAX_SIZE];

	output_str(output, text_escape(safe, sizeof safe, str, strlen(str)));
}

enum larder_code
output_finish(struct output *output, bool *ret_broken, struct larder_error *ret_error)
{
	output_flush(output);
	*ret_broken = output->failed == EPIPE;
	if (output->failed == 0)
		return LARDER_OK;
	return error_set_errno(ret_error, LARDER_STORAGE, output->failed, "cannot write the output",
	    "the command itself was carried out", "standard output");
}

void
output_clear(struct output *output)
{
	buf_clear(&output->buf);
}

void
output_colour(struct output *output, enum colour colour)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "\033[0m",
		[COLOUR_GOOD] = "\033[32m",
		[COLOUR_WARN] = "\033[33m",
		[COLOUR_BAD] = "\033[31m",
		[COLOUR_DIM] = "\033[2m",
		[COLOUR_HEAD] = "\033[1m",
	};

	if (output->colour)
		output_str(output, codes[colour]);
}

static void
before_value(struct output *output, const char *name)
{
	if (output->comma)
		(void)buf_append_byte(&output->buf, ',');
	if (name != NULL) {
		(void)json_append_string(&output->buf, name, strlen(name));
		(void)buf_append_byte(&output->buf, ':');
	}
	output->comma = true;
}

void
output_open(struct output *output, const char *name, char bracket)
{
	before_value(output, name);
	(void)buf_append_byte(&output->buf, (uint8_t)bracket);
	output->comma = false;
}

void
output_close(struct output *output, char bracket)
{
	(void)buf_append_byte(&output->buf, (uint8_t)bracket);
	output->comma = true;
	appended(output);
}

void
output_text(struct output *output, const char *name, const char *text)
{
	before_value(output, name);
	if (text == NULL)
		(void)buf_append_str(&output->buf, "null");
	else
		(void)json_append_string(&output->buf, text, strlen(text));
}

void
output_integer(struct output *output, const char *name, int64_t value)
{
	before_value(output, name);
	(void)buf_append_format(&output->buf, "%" PRId64, value);
}

void
output_unsigned(struct output *output, const char *name, uint64_t value)
{
	before_value(output, name);
	(void)buf_append_format(&output->buf, "%" PRIu64, value);
}

void
output_time(struct output *output, const char *name, int64_t unix_s)
{
	if (unix_s < 0)
		output_null(output, name);
	else
		output_integer(output, name, unix_s);
}

void
output_bool(struct output *output, const char *name, bool value)
{
	before_value(output, name);
	(void)buf_append_str(&output->buf, value ? "true" : "false");
}

void
output_null(struct output *output, const char *name)
{
	before_value(output, name);
	(void)buf_append_str(&output->buf, "null");
}

const char *
text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}
