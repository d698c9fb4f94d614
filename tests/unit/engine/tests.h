/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENGINE_TESTS_H
#define TESTS_ENGINE_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

int run_commit_tests(void);
int run_discovering_tests(void);
int run_doubt_tests(void);
int run_enrolling_tests(void);
int run_login_tests(void);
int run_judgement_tests(void);
int run_lifetime_tests(void);
int run_proving_tests(void);
int run_reply_tests(void);
int run_revoking_tests(void);
int run_rotation_tests(void);
int run_schedule_tests(void);
int run_session_tests(void);
int run_token_tests(void);

#endif
