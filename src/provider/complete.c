/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/complete.h"

#include <string.h>

#include "base/text.h"
#include "provider/check.h"
#include "provider/wording.h"

void
complete_defaults(struct provider *provider)
{
	static char refresh_token[] = "refresh_token", client_credentials[] = "client_credentials";
	static char token_endpoint[] = "token_endpoint";
	static char device_code[] = "urn:ietf:params:oauth:grant-type:device_code";
	static char access_token[] = "access_token", scope[] = "scope";

	(void)text_format(provider->scope_separator, sizeof(provider->scope_separator), " ");
	(void)text_format(provider->refresh.method, sizeof(provider->refresh.method), "POST");
	provider->client_credentials.grant_type = client_credentials;
	provider->jwt_bearer.audience = token_endpoint;
	provider->jwt_bearer.client_auth = true;
	provider->client_assertion.audience = token_endpoint;
	provider->refresh.grant_type = refresh_token;
	provider->device.grant_type = device_code;
	provider->device.client_auth = AUTH_SAME;
	provider->response.access_token_field = access_token;
	provider->response.refresh_token_field = refresh_token;
	provider->response.scope_field = scope;
	provider->refresh.sends_scope = true;
	(void)text_format(provider->revoke.method, sizeof(provider->revoke.method), "POST");
	provider->revoke.client_auth = AUTH_SAME;
	provider->revoke.sends_hint = true;
	provider->loopback.http_loopback = true;
	provider->loopback.any_port = true;
	(void)text_format(provider->userinfo.method, sizeof(provider->userinfo.method), "GET");
	provider->access_token_ttl_s = TTL_UNKNOWN;
	provider->discovered_at = TTL_UNKNOWN;
	provider->rotation.grace_s = TTL_UNKNOWN;
	provider->refresh_token_idle_s = TTL_UNKNOWN;
	provider->refresh_token_absolute_s = TTL_UNKNOWN;
}

static void
default_text(struct reading *reading, char **at, const char *text)
{
	if (*at == NULL)
		field_keep(reading, text, strlen(text), at);
}

static void
default_string(struct reading *reading, struct strings *list, const char *text)
{
	if (list->count == 0 && !keep_string(reading->provider, list, text, strlen(text)))
		reading_no_memory(reading);
}

static void
remove_pair(struct name_values *list, size_t index)
{
	list->count--;
	memmove(&list->items[index], &list->items[index + 1], (list->count - index) * sizeof(list->items[0]));
}

/*
 * An extra parameter whose value is the token itself is the parameter that carries the token. One that is the scope
 * says no more than that scopes are sent; a fixed scope takes the place of the one that was asked for.
 */
static void
complete_refresh(struct reading *reading)
{
	struct provider *provider = reading->provider;
	struct name_values *extra = &provider->refresh.extra;
	const char *token = provider->refresh.spends_access_token ? "{access_token}" : "{refresh_token}";
	size_t i;

	for (i = 0; i < extra->count; i++) {
		if (strcmp(extra->items[i].value, token) == 0 && provider->refresh.token_param == NULL) {
			provider->refresh.token_param = extra->items[i].name;
			remove_pair(extra, i);
			break;
		}
	}
	default_text(reading, &provider->refresh.token_param,
	    provider->refresh.spends_access_token ? "access_token" : "refresh_token");
	i = pairs_find(extra, "scope");
	if (i < extra->count && strcmp(extra->items[i].value, "{scope}") == 0)
		remove_pair(extra, i);
	else if (i < extra->count)
		provider->refresh.sends_scope = false;
	if (strcmp(provider->refresh.method, "GET") == 0 && provider->refresh.body == BODY_FORM)
		provider->refresh.body = BODY_QUERY;
}

static void
complete_response(struct reading *reading)
{
	struct provider *provider = reading->provider;

	if (provider->response.note != NULL && !wording_expiry(provider, provider->response.note))
		reading_no_memory(reading);
	default_string(reading, &provider->response.token_sets, ".");
	if (provider->response.scope_separator[0] == '\0')
		(void)text_format(provider->response.scope_separator, sizeof(provider->response.scope_separator), "%s",
		    provider->scope_separator);
	if (provider->pkce_note != NULL)
		provider->pkce = wording_pkce(provider->pkce_note);
}

/* An endpoint without a style is the RFC's; what it takes, without a list, is what its style can do. */
static void
complete_revoke(struct reading *reading)
{
	struct provider *provider = reading->provider;
	bool has_url = provider->revoke.url != NULL || provider->endpoints.revocation != NULL;
	enum revoke_style style = provider->revoke.style;

	if (style == REVOKE_UNKNOWN)
		style = has_url ? REVOKE_RFC7009 : REVOKE_NONE;
	provider->revoke.style = style;
	if (!provider->revoke.accepts_given && style != REVOKE_NONE && !provider_revokes_account(provider)) {
		provider->revoke.accepts_access = true;
		provider->revoke.accepts_refresh = style == REVOKE_RFC7009 || style == REVOKE_RFC7009_LIKE;
	}
	if (provider->revoke.success_count == 0)
		provider->revoke.success[provider->revoke.success_count++] = 200;
	if (provider->revoke.success_field != NULL)
		default_text(reading, &provider->revoke.success_value, "true");
	default_text(reading, &provider->revoke.token_param, "token");
	if (provider->revoke.destructive_given)
		return;
	if (style == REVOKE_CUSTOM_API || style == REVOKE_SHOPIFY || provider->revoke.accepts_other.count > 0 ||
	    provider_revokes_account(provider))
		provider->revoke.destructive = true;
}

void
complete_definition(struct reading *reading)
{
	struct provider *provider = reading->provider;

	default_text(reading, &provider->name, provider->id);
	complete_refresh(reading);
	complete_response(reading);
	complete_revoke(reading);
	if (reading->code == LARDER_OK)
		check_definition(reading);
}
