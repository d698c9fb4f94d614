/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "oauth/extra.h"
#include "oauth/identity.h"
#include "oauth/revoke.h"

/* What replies brought; a credential that was given as a token alone has none of it. */
static void
add_fields(struct message *message, const char *kept)
{
	const struct name_values *fields = &message->provider->revoke.fields;
	const char *value;
	size_t len;

	for (size_t i = 0; i < fields->count; i++) {
		const char *name = fields->items[i].value;

		if (extra_find(kept, name, strlen(name), &value, &len) && len > 0)
			message_param(message, fields->items[i].name, value, len);
		else
			revoke_refuse(message,
			    "the provider wants %s for it, which no reply has brought here; log in with 'larder login'"
			    " and revoke again",
			    name);
	}
}

static void
add_claims(struct message *message, const struct secret *access_token)
{
	const struct name_values *claims = &message->provider->revoke.claims;
	char value[EXTRA_VALUE_SIZE];
	struct cJSON *json = NULL;

	if (claims->count > 0 && access_token != NULL && !secret_is_empty(access_token))
		json = identity_claims((const char *)access_token->data, access_token->len);
	for (size_t i = 0; i < claims->count; i++) {
		const char *name = claims->items[i].value;

		if (extra_text(json_get(json, name), value))
			message_param(message, claims->items[i].name, value, strlen(value));
		else
			revoke_refuse(message, "the provider wants the claim %s of an access token for it, and %s",
			    name,
			    json == NULL ? "there is no access token with claims here" : "the access token has none");
	}
	json_free(json);
}

enum larder_code
revoke_account_build(const struct provider *provider, const struct oauth_client *client, const char *kept,
    const struct secret *access_token, const char *nonce, struct http_request *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;

	message_init(&message, provider, client, "cannot revoke the access", &request, ret_error);
	if (provider->revoke.style == REVOKE_NONE || revoke_endpoint(provider) == NULL)
		revoke_refuse(&message, "the provider has no revocation endpoint");
	else
		message_url(&message, revoke_endpoint(provider));
	add_fields(&message, kept);
	add_claims(&message, access_token);
	message_param(&message, "nonce", nonce, strlen(nonce));
	revoke_add_rest(&message, client, TOKEN_ACCESS, access_token, access_token);
	return revoke_finish(&message, ret);
}
