/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

int
main(void)
{
	int failed = run_frame_tests();

	failed += run_job_tests();
	return failed == 0 ? 0 : 1;
}
