/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What revoke and logout share: the question before several credentials lose their rights, the call, the result.
 */
#ifndef CLI_REVOKING_H
#define CLI_REVOKING_H

#include "cli/session.h"

/*
 * Ask where it is due, revoke, print one result per credential. verb is what the question says: "revoke", "log out".
 *
 * Asked is on the terminal, unless --yes is given or just one credential is named. --all, --client and --provider
 * without a terminal want --yes. Errors: USAGE, DENIED (the answer was no), as larder_revoke.
 */
enum larder_code revoking_run(
    struct session *session, const struct larder_revoke_query *query, const char *verb, struct larder_error *ret_error);

#endif
