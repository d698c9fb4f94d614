/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "oauth/client_auth.h"

static const char *
endpoint_template(const struct provider *provider)
{
	return provider->endpoints.refresh != NULL ? provider->endpoints.refresh : provider->endpoints.token;
}

/* What the first request said and this one has to repeat, as far as the client knows it. */
static void
add_needs(struct message *message)
{
	const struct strings *needs = &message->provider->refresh.needs;

	for (size_t i = 0; i < needs->count; i++) {
		for (size_t j = 0; j < message->vars_count; j++) {
			const struct name_value *var = &message->vars[j];

			if (strcmp(var->name, needs->items[i]) == 0)
				message_param(message, var->name, var->value, strlen(var->value));
		}
	}
}

enum larder_code
token_endpoint(
    const struct provider *provider, const struct oauth_client *client, struct buf *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;

	message_init(&message, provider, client, "cannot use the token endpoint", &request, ret_error);
	message_url(&message, endpoint_template(provider));
	if (message.code == LARDER_OK && !buf_append_str(ret, request.url))
		message.code = error_no_memory(ret_error);
	message_clear(&message);
	http_request_clear(&request);
	return message.code;
}

enum larder_code
refresh_build(const struct provider *provider, const struct oauth_client *client, const struct secret *refresh_token,
    const char *scope, const char *resource, struct http_request *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot build the refresh request", &request, ret_error);
	message_var(&message, provider->refresh.spends_access_token ? "access_token" : "refresh_token", refresh_token);
	message_url(&message, endpoint_template(provider));
	message_headers(&message, &provider->refresh.headers);
	if (secret_is_empty(refresh_token))
		message_fail(&message, LARDER_NEEDS_LOGIN, "log in again", "there is no refresh token");
	if (provider->refresh.grant_type != NULL)
		message_param(
		    &message, "grant_type", provider->refresh.grant_type, strlen(provider->refresh.grant_type));
	message_param(&message, provider->refresh.token_param, refresh_token->data, refresh_token->len);
	client_auth_add(&message, client, client_auth_method(provider, client));
	if (provider->refresh.sends_scope)
		message_scope(&message, scope);
	message_resources(&message, resource);
	add_needs(&message);
	message_extra(&message, &provider->refresh.extra);
	message.names = &provider->param_names.refresh;
	code = message_take(&message, provider->refresh.method, provider->refresh.body, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}
