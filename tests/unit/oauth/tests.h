/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_OAUTH_TESTS_H
#define TESTS_OAUTH_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "oauth/oauth.h"

#define SENT_AT 1700000000 /* 2023-11-14T22:13:20Z */

int run_api_tests(void);
int run_auth_tests(void);
int run_builtin_tests(void);
int run_cause_tests(void);
int run_corpus_tests(void);
int run_damage_tests(void);
int run_dpop_tests(void);
int run_grants_tests(void);
int run_login_tests(void);
int run_metadata_tests(void);
int run_protected_tests(void);
int run_quirks_tests(void);
int run_refresh_tests(void);
int run_registration_tests(void);
int run_revoke_account_tests(void);
int run_revoke_tests(void);
int run_scope_tests(void);
int run_spec_requests_tests(void);
int run_verdict_tests(void);

/* A definition with https://as.example/token and /revoke and these members added: ",\"refresh\":{}" or "". */
struct provider *provider_with(const char *members);

/* The definition that is built in under this id. */
struct provider *provider_builtin(const char *id);

/* A secret of this text; the caller frees it. */
struct secret a_secret(const char *text);

/* The value of a header; NULL if there is none. Fails the test when it is there twice. */
const char *header(const struct http_request *request, const char *name);

/* The body; "" if there is none. */
const char *body(const struct http_request *request);

/* A reply of this status and body, JSON by its media type. The caller clears it. */
struct http_reply a_reply(int status, const char *text, size_t len);

#endif
