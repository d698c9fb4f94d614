/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

int run_frame_tests(void);
int run_job_tests(void);

#endif
