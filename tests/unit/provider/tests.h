/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PROVIDER_TESTS_H
#define TESTS_PROVIDER_TESTS_H

#include "provider/definition.h"

int run_catalogue_tests(void);
int run_causes_tests(void);
int run_corpus_tests(void);
int run_definition_tests(void);
int run_expand_tests(void);
int run_provider_tests(void);
int run_wording_tests(void);

/* A definition that has to load. */
struct provider *load(const char *text);

/* A provider with this endpoint and these members added: ",\"refresh\":{...}" or "". */
struct provider *load_with(const char *members);

/* The provider that is built in under this id. */
struct provider *load_builtin(const char *id);

#endif
