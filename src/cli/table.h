/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for people: columns as wide as their widest cell, a bold head, text of others made safe.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/output.h"

#define TABLE_COLUMNS_MAX 10

struct table_cell {
	char *text;
	enum colour colour;
};

struct table {
	const char *const *heads; /* NULL at the end */
	size_t columns;
	struct table_cell *cells; /* row by row */
	size_t count, room;
	bool failed; /* memory */
};

/* heads is a static list, NULL at the end, at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const char *const *heads);

/* Append the next cell, left to right, row by row. "" is shown as "-", in the last column as nothing. */
void table_add(struct table *table, const char *text);
void table_add_coloured(struct table *table, const char *text, enum colour colour);

/* Release without printing; table_print does it too. */
void table_clear(struct table *table);

/* Print it and release. INTERNAL if memory ran out. */
enum larder_code table_print(struct table *table, struct output *output, struct larder_error *ret_error);

#endif
