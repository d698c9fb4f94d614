/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The person's side of a log-in: the three questions of struct larder_login, answered with browser and terminal. ctx is
 * the struct session.
 */
#ifndef CLI_LOGIN_PERSON_H
#define CLI_LOGIN_PERSON_H

#include <larder/login.h>

#include "cli/session.h"

int person_show_url(void *ctx, const char *url, int64_t life_s);
int person_show_code(void *ctx, const struct larder_login_code *code);
int person_ask_url(void *ctx, char *answer, size_t size);

#endif
