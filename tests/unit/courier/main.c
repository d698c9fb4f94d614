/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/courier.h"

int
main(void)
{
	int failed = run_memory_tests();

	failed += run_authority_tests();
	failed += run_challenge_tests();
	failed += run_collect_tests();
	failed += run_handshake_tests();
	failed += run_hosts_tests();
	failed += run_loopback_tests();
	failed += run_option_tests();
	failed += run_peer_tests();
	failed += run_sandbox_tests();
	return failed == 0 ? 0 : 1;
}
