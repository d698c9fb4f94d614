/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"

bool
party_believes(const struct party *party, const struct credential *credential, const char *nonce, int64_t now,
    struct token_reply *reply)
{
	const struct provider *provider = party->provider;
	struct buf issuer = BUF_INIT(URL_MAX);
	struct larder_error ignored;
	struct identity_terms terms = { .client_id = party->client.client_id, .nonce = nonce, .now = now };
	const char *objection;

	if (!reply->identity.is_id_token)
		return true;
	/* one with variables may be an alias: a tenant called "common" issues under its real name */
	if (provider->issuer != NULL)
		terms.is_issuer_alias = strchr(provider->issuer, '{') != NULL;
	if (provider->issuer != NULL &&
	    provider_expand(provider, provider->issuer, &party->var_list, &issuer, &ignored) == LARDER_OK)
		terms.issuer = buf_str(&issuer);
	if (credential != NULL)
		terms.subject = credential->subject;
	objection = identity_objection(&reply->identity, &terms);
	buf_clear(&issuer);
	if (objection == NULL)
		return true;
	reply->usable = false;
	(void)text_format(reply->complaint, sizeof reply->complaint, "%s", objection);
	return false;
}
