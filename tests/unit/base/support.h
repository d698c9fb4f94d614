/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the unit tests of base share.
 */
#ifndef TESTS_UNIT_BASE_SUPPORT_H
#define TESTS_UNIT_BASE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEXT_MAX 256

int run_arena_tests(void);
int run_arena_process_tests(void);
int run_buf_tests(void);
int run_duration_tests(void);
int run_error_tests(void);
int run_file_tests(void);
int run_file_content_tests(void);
int run_form_tests(void);
int run_host_name_tests(void);
int run_http_tests(void);
int run_io_tests(void);
int run_json_tests(void);
int run_json_corpus_tests(void);
int run_mask_tests(void);
int run_text_tests(void);
int run_url_tests(void);

/* A new directory 0700 under /tmp, as the working directory, removed with all in it at the end. For setup, teardown. */
int directory_enter(void **state);
int directory_leave(void **state);

/* Create a file of the working directory with this content and mode. */
void write_file(const char *name, const void *data, size_t len, unsigned mode);

/* Run body in a forked child; its exit status, or 1000 plus the signal that ended it. 77: the machine cannot do it. */
int in_child(int (*body)(void *ctx), void *ctx);

/* The same as user nobody, without capabilities, where we are root; else as ourselves. */
int in_plain_child(int (*body)(void *ctx), void *ctx);

#endif
