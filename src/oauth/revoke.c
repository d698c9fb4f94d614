/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/revoke.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "oauth/client_auth.h"

static const char *
kind_name(enum token_kind kind)
{
	return kind == TOKEN_REFRESH ? "refresh_token" : "access_token";
}

bool
revoke_sends_hint(const struct provider *provider)
{
	return provider->revoke.sends_hint &&
	    (provider->revoke.style == REVOKE_RFC7009 || provider->revoke.style == REVOKE_UNKNOWN);
}

void
revoke_refuse(struct message *message, const char *why, ...)
{
	const char *page = message->provider->revoke.page;
	char hint[192], text[256];
	va_list args;

	va_start(args, why);
	(void)text_vformat(text, sizeof(text), why, args);
	va_end(args);
	(void)text_format(hint, sizeof(hint), "revoke it on the provider's page%s%s", page == NULL ? "" : ": ",
	    page == NULL ? "" : page);
	message_fail(message, LARDER_NOT_FOUND, hint, "%s", text);
}

/* The styles that are a form, a bearer or both; the others need something that no field expresses. */
static bool
is_expressible(enum revoke_style style)
{
	switch (style) {
	case REVOKE_UNKNOWN:
	case REVOKE_RFC7009:
	case REVOKE_RFC7009_LIKE:
	case REVOKE_SLACK:
	case REVOKE_GITHUB:
	case REVOKE_BEARER_AND_TOKEN:
	case REVOKE_BEARER_NO_BODY:
	case REVOKE_CUSTOM_API:
	case REVOKE_SERVICENOW:
	case REVOKE_STRAVA:
	case REVOKE_FACEBOOK:
	case REVOKE_SHOPIFY:
	case REVOKE_SQUARE:
		return true;
	default:
		return false;
	}
}

const char *
revoke_endpoint(const struct provider *provider)
{
	return provider->revoke.url != NULL ? provider->revoke.url : provider->endpoints.revocation;
}

static void
check_support(struct message *message, enum token_kind kind)
{
	const struct provider *provider = message->provider;
	bool accepted = kind == TOKEN_REFRESH ? provider->revoke.accepts_refresh : provider->revoke.accepts_access;

	if (provider->revoke.style == REVOKE_NONE || revoke_endpoint(provider) == NULL)
		revoke_refuse(message, "the provider has no revocation endpoint");
	else if (!is_expressible(provider->revoke.style))
		revoke_refuse(message, "this version cannot revoke in the provider's own way");
	else if (!accepted)
		revoke_refuse(message,
		    kind == TOKEN_REFRESH ? "the provider revokes no refresh tokens"
					  : "the provider revokes no access tokens");
}

/* What is revoked is the bearer itself where nothing else names it. */
static void
add_bearer(struct message *message, enum token_kind kind, const struct secret *token, const struct secret *bearer)
{
	enum revoke_style style = message->provider->revoke.style;
	bool is_itself =
	    style == REVOKE_SLACK || style == REVOKE_BEARER_NO_BODY || message->provider->revoke.body == BODY_NONE;

	if (is_itself || kind == TOKEN_ACCESS)
		bearer = token;
	if (bearer == NULL || secret_is_empty(bearer))
		revoke_refuse(message, "the provider wants an access token for it, and there is none");
	else
		client_auth_bearer(message, bearer);
}

static bool
has_secret(const struct oauth_client *client)
{
	return client->client_secret != NULL && !secret_is_empty(client->client_secret);
}

/* What was discovered speaks of clients with a secret; others use their own method anyway. */
static bool
by_own_method(const struct provider *provider, const struct oauth_client *client)
{
	return client->revokes_by_own || (!has_secret(client) && provider->discovered_at != TTL_UNKNOWN);
}

bool
revoke_has_own_method(const struct provider *provider, const struct oauth_client *client)
{
	enum auth_method method = provider->revoke.client_auth;

	return provider->discovered_at != TTL_UNKNOWN && !by_own_method(provider, client) && method != AUTH_SAME &&
	    method != AUTH_UNSET && method != client_auth_method(provider, client);
}

static void
add_auth(struct message *message, const struct oauth_client *client, enum token_kind kind, const struct secret *token,
    const struct secret *bearer)
{
	enum auth_method method = message->provider->revoke.client_auth;

	if (method == AUTH_BEARER_ACCESS_TOKEN) {
		add_bearer(message, kind, token, bearer);
		return;
	}
	if (method == AUTH_SECRET_SCHEME) {
		client_auth_scheme(message, client, message->provider->revoke.auth_scheme);
		return;
	}
	if (method == AUTH_SAME || method == AUTH_UNSET || by_own_method(message->provider, client))
		method = client_auth_method(message->provider, client);
	else if (!has_secret(client) && (method == AUTH_BASIC || method == AUTH_POST))
		revoke_refuse(message, "the provider wants the client's secret for it, and there is none");
	client_auth_add(message, client, method);
}

static bool
has_client_id(const struct message *message)
{
	for (size_t i = 0; i < message->params_count; i++) {
		if (strcmp(message->params[i].name, "client_id") == 0)
			return true;
	}
	return false;
}

void
revoke_add_rest(struct message *message, const struct oauth_client *client, enum token_kind kind,
    const struct secret *token, const struct secret *bearer)
{
	add_auth(message, client, kind, token, bearer);
	if (message->provider->revoke.sends_client_id && !has_client_id(message))
		message_param(message, "client_id", client->client_id, strlen(client->client_id));
	message_extra(message, &message->provider->revoke.extra);
	revoke_sign(message, client, &message->provider->revoke.signs);
	message_headers(message, &message->provider->revoke.headers);
}

enum larder_code
revoke_finish(struct message *message, struct http_request *ret)
{
	const struct provider *provider = message->provider;
	enum larder_code code;

	message->names = &provider->param_names.revoke;
	code = message_take(message, provider->revoke.method, provider->revoke.body, ret);
	message_clear(message);
	http_request_clear(message->request);
	return code;
}

/* The token, unless the URL or the Authorization header carries it. */
static void
add_token(struct message *message, enum token_kind kind, const struct secret *token, bool with_hint)
{
	const struct provider *provider = message->provider;
	enum revoke_style style = provider->revoke.style;
	const char *template = revoke_endpoint(provider);
	const char *param = provider->revoke.token_param;

	if (template == NULL || strstr(template, "{refresh_token}") != NULL ||
	    strstr(template, "{access_token}") != NULL)
		return;
	if (style == REVOKE_SLACK || style == REVOKE_BEARER_NO_BODY || provider->revoke.body == BODY_NONE)
		return;
	message_param(message, param == NULL ? "token" : param, token->data, token->len);
	if (with_hint && revoke_sends_hint(provider))
		message_param(message, "token_type_hint", kind_name(kind), strlen(kind_name(kind)));
}

enum larder_code
revoke_build(const struct provider *provider, const struct oauth_client *client, enum token_kind kind,
    const struct secret *token, const struct secret *bearer, bool with_hint, struct http_request *ret,
    struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;

	message_init(&message, provider, client, "cannot revoke the token", &request, ret_error);
	message_var(&message, kind_name(kind), token);
	check_support(&message, kind);
	if (message.code == LARDER_OK)
		message_url(&message, revoke_endpoint(provider));
	if (secret_is_empty(token))
		message_fail(&message, LARDER_USAGE, NULL, "there is no token to revoke");
	add_token(&message, kind, token, with_hint);
	revoke_add_rest(&message, client, kind, token, bearer);
	return revoke_finish(&message, ret);
}
