/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DEFINITION_ID_H
#define API_DEFINITION_ID_H

#include "provider/provider.h"

/*
 * The id of an issuer's definition: its host, the port unless it is the scheme's own, and what the path has of letters,
 * digits, dots and hyphens; too long a one ends with a hash. Two issuers may share an id: whoever uses it compares them.
 */
void definition_id(const char *issuer, char ret[static PROVIDER_ID_MAX + 1]);

#endif
