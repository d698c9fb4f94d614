/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows of a log-in that need no person.
 */
#ifndef API_LOGIN_GRANT_H
#define API_LOGIN_GRANT_H

#include <larder/larder.h>

#include "engine/login.h"

/*
 * Log in if the flow that is wanted needs no person; with AUTO if that of the credential needed none. *ret_done says
 * whether it was so. Errors as larder_login.
 */
enum larder_code login_without_person(struct engine *engine, struct login *attempt, const struct larder_login *wanted,
    int64_t deadline_ms, bool *ret_done, struct larder_error *ret_error);

#endif
