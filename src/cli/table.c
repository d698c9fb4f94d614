/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define CELL_MAX 320 /* bytes of a cell after escaping */

void
table_init(struct table *table, const char *const *heads)
{
	*table = (struct table){ .heads = heads };
	while (heads[table->columns] != NULL)
		table->columns++;
}

void
table_add_coloured(struct table *table, const char *text, enum colour colour)
{
	char safe[CELL_MAX];

	if (table->count == table->room) {
		size_t room = table->room == 0 ? 64 : table->room * 2;
		struct table_cell *cells = realloc(table->cells, room * sizeof *cells);

		if (cells == NULL) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->room = room;
	}
	if (text == NULL || text[0] == '\0')
		text = (table->count + 1) % table->columns == 0 ? "" : "-";
	table->cells[table->count].text = text_copy(text_escape(safe, sizeof safe, text, strlen(text)));
	table->cells[table->count].colour = colour;
	if (table->cells[table->count].text == NULL)
		table->failed = true;
	else
		table->count++;
}

void
table_add(struct table *table, const char *text)
{
	table_add_coloured(table, text, COLOUR_NONE);
}

/* Characters, not bytes: continuation bytes of UTF-8 take no place. */
static size_t
width(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* Padding is due before the next cell that shows something, so that no line ends with spaces. */
static void
print_cell(struct output *output, const char *text, enum colour colour, size_t *pad)
{
	if (text[0] == '\0')
		return;
	output_format(output, "%*s", (int)*pad, "");
	if (colour != COLOUR_NONE)
		output_colour(output, colour);
	output_str(output, text);
	if (colour != COLOUR_NONE)
		output_colour(output, COLOUR_NONE);
	*pad = 0;
}

static void
print_row(const struct table *table, const struct table_cell *cells, const size_t *widths, struct output *output)
{
	size_t pad = 0;

	for (size_t i = 0; i < table->columns; i++) {
		const char *text = cells == NULL ? table->heads[i] : cells[i].text;

		print_cell(output, text, cells == NULL ? COLOUR_HEAD : cells[i].colour, &pad);
		pad += widths[i] - width(text) + 2;
	}
	output_str(output, "\n");
}

static void
print_rows(const struct table *table, struct output *output)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < table->columns; i++)
		widths[i] = width(table->heads[i]);
	for (size_t i = 0; i < table->count && table->columns > 0; i++) {
		size_t here = width(table->cells[i].text);

		if (here > widths[i % table->columns])
			widths[i % table->columns] = here;
	}
	print_row(table, NULL, widths, output);
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
		print_row(table, &table->cells[i], widths, output);
}

void
table_clear(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table){ 0 };
}

enum larder_code
table_print(struct table *table, struct output *output, struct larder_error *ret_error)
{
	bool failed = table->failed;

	if (!failed)
		print_rows(table, output);
	table_clear(table);
	return failed ? error_no_memory(ret_error) : LARDER_OK;
}
