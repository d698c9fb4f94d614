/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DEFINITION_VIEW_H
#define CLI_DEFINITION_VIEW_H

#include "cli/session.h"

/* Print a definition: indented for people and in one line for programs. Errors: INTERNAL. */
enum larder_code definition_view(struct session *session, const char *text, struct larder_error *ret_error);

/* Before secrets are sent there: note for people where nobody has checked a provider's endpoints. */
void definition_warn(struct session *session, const char *provider);

#endif
