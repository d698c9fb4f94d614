/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/verdict.h"

#include <string.h>

static const struct {
	const char *error;
	enum grant_outcome outcome;
} known[] = {
	{ "access_denied", GRANT_DENIED },
	{ "account_selection_required", GRANT_DENIED },
	{ "consent_required", GRANT_DENIED },
	{ "interaction_required", GRANT_DENIED },
	{ "invalid_client", GRANT_REJECTED },
	{ "invalid_dpop_proof", GRANT_REJECTED },
	{ "invalid_grant", GRANT_ENDED },
	{ "invalid_request", GRANT_REJECTED },
	{ "invalid_scope", GRANT_REJECTED },
	{ "invalid_target", GRANT_REJECTED },
	{ "login_required", GRANT_DENIED },
	{ "server_error", GRANT_UNKNOWN },
	{ "slow_down", GRANT_TEMPORARY },
	{ "temporarily_unavailable", GRANT_TEMPORARY },
	{ "unauthorized_client", GRANT_REJECTED },
	{ "unsupported_grant_type", GRANT_REJECTED },
	{ "use_dpop_nonce", GRANT_REJECTED },
};

bool
verdict_is_listed(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

/* Where no code tells more. */
static enum grant_outcome
by_status(int status, bool has_error)
{
	bool is_success = status >= 200 && status <= 299;
	bool is_refusal = status >= 400 && status <= 499 && status != 408;

	if (has_error && (is_success || is_refusal))
		return GRANT_REJECTED;
	if (status == 401)
		return GRANT_REJECTED;
	return is_refusal ? GRANT_TEMPORARY : GRANT_UNKNOWN;
}

/* A server that says so of itself has decided nothing, whatever its code: only the definition's own words end a grant. */
static bool
is_broken(int status)
{
	return status == 408 || status >= 500;
}

enum grant_outcome
verdict(const struct provider *provider, int status, const char *error)
{
	if (status == 429 || status == 503 || (status >= 300 && status <= 399))
		return GRANT_TEMPORARY;
	if (error[0] != '\0' && verdict_is_listed(&provider->response.dead_errors, error))
		return GRANT_ENDED;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].error, error) != 0)
			continue;
		if (is_broken(status) && known[i].outcome != GRANT_TEMPORARY)
			return GRANT_UNKNOWN;
		return known[i].outcome;
	}
	return by_status(status, error[0] != '\0');
}
