/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/support.h"

int
main(void)
{
	int failed = run_payload_tests();

	failed += run_create_tests();
	failed += run_records_tests();
	failed += run_dpop_tests();
	failed += run_tamper_tests();
	failed += run_copy_tests();
	failed += run_slots_tests();
	failed += run_unlock_tests();
	failed += run_failing_tests();
	failed += run_flip_tests();
	failed += run_scale_tests();
	return failed == 0 ? 0 : 1;
}
