/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "oauth/client_auth.h"

static const char *
endpoint_template(const struct provider *provider)
{
	return provider->endpoints.refresh != NULL ? provider->endpoints.refresh : provider->endpoints.token;
}

/* The scope in the definition's own separator. */
static void
add_scope(struct message *message, const char *scope)
{
	const char *separator = message->provider->scope_separator;
	struct buf value = BUF_INIT(SCOPE_MAX * sizeof(message->provider->scope_separator));

	if (scope == NULL || *scope == '\0' || !message->provider->refresh.sends_scope)
		return;
	if (!scope_is_valid(scope) || strlen(scope) > SCOPE_MAX)
		message_fail(message, LARDER_USAGE, "give scopes as 'larder provider show' lists them",
		    "the scope has characters that no scope may have, or is too long");
	while (*(scope += strspn(scope, " ")) != '\0') {
		size_t len = strcspn(scope, " ");

		if (value.len != 0)
			(void)buf_append_str(&value, *separator != '\0' ? separator : " ");
		(void)buf_append(&value, scope, len);
		scope += len;
	}
	message_param(message, "scope", value.data, value.len);
	buf_clear(&value);
}

/* An absolute URI without a fragment: RFC 8707 section 2. */
static bool
is_resource(const char *text, size_t len)
{
	size_t scheme = 0;

	while (scheme < len &&
	    ((text[scheme] >= 'a' && text[scheme] <= 'z') || (text[scheme] >= 'A' && text[scheme] <= 'Z') ||
		(scheme > 0 && strchr("0123456789+-.", text[scheme]) != NULL)))
		scheme++;
	return scheme > 0 && scheme + 1 < len && text[scheme] == ':' && text_is_token(text, len) &&
	    memchr(text, '#', len) == NULL;
}

/* One or several, with spaces between them, as they cannot have any themselves. */
static void
add_resources(struct message *message, const char *resource)
{
	while (resource != NULL && *(resource += strspn(resource, " ")) != '\0') {
		size_t len = strcspn(resource, " ");

		if (!is_resource(resource, len))
			message_fail(message, LARDER_USAGE, "give an absolute URI, as https://api.example",
			    "the resource is not an absolute URI without a fragment");
		message_param_repeated(message, "resource", resource, len);
		resource += len;
	}
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
	add_scope(&message, scope);
	add_resources(&message, resource);
	add_needs(&message);
	message_extra(&message, &provider->refresh.extra);
	code = message_finish(&message, provider->refresh.method, provider->refresh.body);
	if (code == LARDER_OK) {
		*ret = request;
		request = (struct http_request){ .headers_count = 0 };
	}
	message_clear(&message);
	http_request_clear(&request);
	return code;
}
