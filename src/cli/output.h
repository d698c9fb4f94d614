/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to standard output: gathered in a buffer, written in large pieces without stdio, and checked: a result that
 * did not arrive is an error. JSON is written straight into the buffer, so that a list of any length needs no tree.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <larder/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_WARN, COLOUR_BAD, COLOUR_DIM, COLOUR_HEAD };

struct output {
	struct buf buf;
	int fd;
	int failed;  /* errno of the first failed write; 0 */
	bool colour; /* whether colours are wanted */
	bool comma;  /* JSON: a value stands before the next one */
};

/* buf's maximum and descriptor; nothing is allocated yet. secret: the bytes live in locked memory. */
void output_init(struct output *output, int fd, bool colour, bool secret);

void output_format(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_str(struct output *output, const char *str);
void output_bytes(struct output *output, const void *data, size_t len);

/* Text of others, made safe for a terminal. */
void output_escaped(struct output *output, const char *str);

/* Write what is gathered. What failed is remembered and told by output_finish. */
void output_flush(struct output *output);

/* The last flush. STORAGE if anything could not be written; broken says whether only the reader went away. */
enum larder_code output_finish(struct output *output, bool *ret_broken, struct larder_error *ret_error);

/* Wipe and release. */
void output_clear(struct output *output);

/* Start and end a colour; nothing without colours. */
void output_colour(struct output *output, enum colour colour);

/*
 * JSON. open and close take '{' and '}' or '[' and ']'. name is NULL for elements of an array. A NULL text and a
 * negative time are null.
 */
void output_open(struct output *output, const char *name, char bracket);
void output_close(struct output *output, char bracket);
void output_text(struct output *output, const char *name, const char *text);
void output_integer(struct output *output, const char *name, int64_t value);
void output_unsigned(struct output *output, const char *name, uint64_t value);
void output_time(struct output *output, const char *name, int64_t unix_s);
void output_bool(struct output *output, const char *name, bool value);
void output_null(struct output *output, const char *name);

/* The text, or NULL when it is empty: for members that are null when there is nothing to say. */
const char *text_or_null(const char *text);

#endif
