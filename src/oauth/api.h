/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call of an API has to do with OAuth: where a token may go, and what a refusal says. Pure.
 */
#ifndef OAUTH_API_H
#define OAUTH_API_H

#include "base/url.h"
#include "provider/provider.h"

/*
 * Whether an access token may be sent to url: its host is that of the token endpoint, or is named by the definition
 * (api_hosts) or by more, a list of hosts with spaces between. "*.example.org" names all hosts below example.org, and
 * "host:8443" one port; without a port every port of the host is meant (RFC 6750 section 5.3).
 */
bool api_host_is_allowed(
    const struct provider *provider, const char *token_endpoint, const char *more, const struct url *url);

/* Whether a WWW-Authenticate value asks for a token of this scheme, whatever else it asks for (RFC 9110 section 11.6.1). */
bool api_challenge_is(const char *challenge, const char *scheme);
bool api_challenge_is_bearer(const char *challenge);

#endif
