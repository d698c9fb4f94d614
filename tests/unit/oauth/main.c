/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

int
main(void)
{
	int failed = run_api_tests();

	failed += run_auth_tests();
	failed += run_builtin_tests();
	failed += run_cause_tests();
	failed += run_corpus_tests();
	failed += run_damage_tests();
	failed += run_dpop_tests();
	failed += run_grants_tests();
	failed += run_login_tests();
	failed += run_metadata_tests();
	failed += run_protected_tests();
	failed += run_quirks_tests();
	failed += run_refresh_tests();
	failed += run_registration_tests();
	failed += run_revoke_account_tests();
	failed += run_revoke_tests();
	failed += run_scope_tests();
	failed += run_spec_requests_tests();
	failed += run_verdict_tests();
	return failed == 0 ? 0 : 1;
}
