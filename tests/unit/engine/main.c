/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tests.h"

int
main(void)
{
	int failed = run_rotation_tests();

	failed += run_schedule_tests();
	failed += run_judgement_tests();
	failed += run_lifetime_tests();
	failed += run_token_tests();
	failed += run_reply_tests();
	failed += run_doubt_tests();
	failed += run_session_tests();
	failed += run_commit_tests();
	failed += run_discovering_tests();
	failed += run_enrolling_tests();
	failed += run_login_tests();
	failed += run_proving_tests();
	failed += run_revoking_tests();
	return failed == 0 ? 0 : 1;
}
