/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/api.h"

#include <string.h>
#include <strings.h>

#include "base/host_name.h"
#include "base/text.h"

bool
api_host_is_allowed(
    const struct provider *provider, const char *token_endpoint, const char *more, const struct url *url)
{
	char why[128];
	struct url endpoint;
	size_t i;

	if (url_parse(token_endpoint, &endpoint, why, sizeof why) && strcmp(endpoint.host, url->host) == 0)
		return true;
	for (i = 0; i < provider->api_hosts.count; i++) {
		if (host_name_matches(provider->api_hosts.items[i], strlen(provider->api_hosts.items[i]), url))
			return true;
	}
	while (*more != '\0') {
		size_t len = strcspn(more, " ");

		if (host_name_matches(more, len, url))
			return true;
		more += len;
		more += strspn(more, " ");
	}
	return false;
}

/*
 * Challenges stand one after the other with commas between, and so do the parameters of each; a scheme is a token that
 * no '=' follows.
 */
bool
api_challenge_is(const char *challenge, const char *scheme)
{
	size_t len = strlen(scheme);
	bool quoted = false, fresh = true;

	for (const char *at = challenge; *at != '\0'; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '\\' && quoted && at[1] != '\0')
			at++;
		if (quoted || *at == '"')
			continue;
		if (fresh && strncasecmp(at, scheme, len) == 0 && (at[len] == '\0' || strchr(" \t,", at[len]) != NULL))
			return true;
		fresh = *at == ',' || (fresh && (*at == ' ' || *at == '\t'));
	}
	return false;
}

bool
api_challenge_is_bearer(const char *challenge)
{
	return api_challenge_is(challenge, "Bearer");
}
