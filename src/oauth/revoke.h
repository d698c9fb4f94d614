/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What building and judging a revocation share.
 */
#ifndef OAUTH_REVOKE_H
#define OAUTH_REVOKE_H

#include "provider/provider.h"

/* Whether requests may have a token_type_hint: those to endpoints of the RFC's own style (RFC 7009 section 2.1). */
bool revoke_sends_hint(const struct provider *provider);

#endif
