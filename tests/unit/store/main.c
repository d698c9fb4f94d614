/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tests.h"

int
main(void)
{
	int failed = 0;

	failed += lock_tests();
	failed += spool_tests();
	failed += file_tests();
	failed += schema_tests();
	failed += row_tests();
	failed += transaction_tests();
	failed += durability_tests();
	failed += damage_tests();
	return failed == 0 ? 0 : 1;
}
