/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"
#include "crypto/support.h"

int
main(void)
{
	int failed;

	if (!crypto_init())
		return 1;
	failed = run_seal_tests();
	failed += run_seal_format_tests();
	failed += run_derive_tests();
	failed += run_box_tests();
	failed += run_kdf_tests();
	failed += run_sign_tests();
	return failed == 0 ? 0 : 1;
}
