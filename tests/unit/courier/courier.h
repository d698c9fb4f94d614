/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_COURIER_H
#define TESTS_COURIER_H

int run_authority_tests(void);
int run_challenge_tests(void);
int run_collect_tests(void);
int run_handshake_tests(void);
int run_hosts_tests(void);
int run_loopback_tests(void);
int run_memory_tests(void);
int run_option_tests(void);
int run_peer_tests(void);
int run_sandbox_tests(void);

#endif
