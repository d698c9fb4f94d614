/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the unit tests of crypto share.
 */
#ifndef TESTS_UNIT_CRYPTO_SUPPORT_H
#define TESTS_UNIT_CRYPTO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int run_box_tests(void);
int run_derive_tests(void);
int run_kdf_tests(void);
int run_seal_tests(void);
int run_seal_format_tests(void);
int run_sign_tests(void);

#endif
