/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

static const char *const heads[] = { "NAME", "STATE", NULL };

static void
columns_are_as_wide_as_their_widest_cell(void **state)
{
	struct output output = caught_output(false, false);
	struct table table;

	(void)state;
	table_init(&table, heads);
	table_add(&table, "m\xc3\xa4rz");
	table_add(&table, "ok");
	table_add(&table, "longer");
	table_add(&table, "");
	assert_int_equal(table_print(&table, &output, NULL), LARDER_OK);
	assert_string_equal(caught(&output), "NAME    STATE\nm\xc3\xa4rz    ok\nlonger\n");
}

static void
colours_take_no_place_and_controls_are_shown(void **state)
{
	struct output output = caught_output(true, false);
	struct table table;

	(void)state;
	table_init(&table, heads);
	table_add(&table, "\033[31m");
	table_add_coloured(&table, "ok", COLOUR_GOOD);
	assert_int_equal(table_print(&table, &output, NULL), LARDER_OK);
	assert_string_equal(
	    caught(&output), "\033[1mNAME\033[0m      \033[1mSTATE\033[0m\n\\x1b[31m  \033[32mok\033[0m\n");
}

static void
a_table_of_many_rows_loses_none(void **state)
{
	struct output output = caught_output(false, false);
	struct table table;
	const char *text;
	size_t lines = 0;

	(void)state;
	table_init(&table, heads);
	for (int i = 0; i < 2000; i++)
		table_add(&table, "x");
	assert_int_equal(table_print(&table, &output, NULL), LARDER_OK);
	for (text = caught(&output); *text != '\0'; text++)
		lines += *text == '\n';
	assert_int_equal(lines, 1001);
}

int
table_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(colours_take_no_place_and_controls_are_shown),
		cmocka_unit_test(a_table_of_many_rows_loses_none),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
