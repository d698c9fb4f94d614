/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling a provider that a token, or the account that a credential stands for, is to be revoked: the requests and what
 * their replies mean. Nothing is stored here.
 */
#ifndef ENGINE_TELL_H
#define ENGINE_TELL_H

#include "engine/owed.h"

struct telling {
	const struct secret *bearer; /* an access token of the credential; NULL: there is none */
	const char *kept;            /* what replies said of the account, as of oauth/extra.h */
	int64_t deadline_ms;
	int http_status; /* out: of the last reply */
};

/* What a token is for the provider. */
enum token_kind tell_kind(const struct provider *provider, const struct owed_token *token);

/*
 * Ask until there is a verdict: with the hint and without, by the client's other secret, by its own method.
 *
 * token  NULL: the account is named, and so all tokens (provider_revokes_account)
 * ret    always set; without a reply it says to try again later
 */
void tell_provider(struct engine *engine, struct party *party, const struct owed_token *token, struct telling *telling,
    struct revoke_verdict *ret);

#endif
