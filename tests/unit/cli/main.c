/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

int
main(void)
{
	int failed = args_tests();

	failed += exit_codes_tests();
	failed += output_tests();
	failed += qr_tests();
	failed += safe_text_tests();
	failed += suggest_tests();
	failed += table_tests();
	failed += token_format_tests();
	return failed == 0 ? 0 : 1;
}
