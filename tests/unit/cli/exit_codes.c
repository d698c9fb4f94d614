/* SPDX-License-Identifier: Apache-2.0 */
#include <larder/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"

#define PAGE TESTS_DIR "/../docs/exit-codes.md"

static void
the_page_of_exit_codes_says_what_the_table_says(void **state)
{
	struct buf page = BUF_INIT(65536);
	char row[64];

	(void)state;
	assert_int_equal(file_read(PAGE, &page, NULL), LARDER_OK);
	for (enum larder_code code = LARDER_INTERNAL; code <= LARDER_INTERRUPTED; code++) {
		(void)text_format(row, sizeof row, "\n| %d | `%s` | %s |", larder_code_exit(code),
		    larder_code_name(code), larder_code_retryable(code) ? "yes" : "no");
		if (strstr(buf_str(&page), row) == NULL)
			fail_msg("docs/exit-codes.md has no row%s", row);
	}
	buf_clear(&page);
}

int
exit_codes_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_of_exit_codes_says_what_the_table_says),
	};

	return cmocka_run_group_tests_name("exit codes", tests, NULL, NULL);
}
