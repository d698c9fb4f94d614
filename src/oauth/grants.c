/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/grants.h"

#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "oauth/client_auth.h"

#define EXCHANGE_GRANT "urn:ietf:params:oauth:grant-type:token-exchange"

void
grants_url(struct message *message)
{
	if (message->provider->endpoints.token == NULL)
		message_fail(message, LARDER_NOT_FOUND, "see 'larder provider show'",
		    "the provider's definition has no token endpoint");
	else
		message_url(message, message->provider->endpoints.token);
}

enum larder_code
grants_endpoint(
    const struct provider *provider, const struct oauth_client *client, struct buf *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;

	message_init(&message, provider, client, "cannot use the token endpoint", &request, ret_error);
	grants_url(&message);
	if (message.code == LARDER_OK && !buf_append_str(ret, request.url))
		message.code = error_no_memory(ret_error);
	message_clear(&message);
	http_request_clear(&request);
	return message.code;
}

static void
add_text(struct message *message, const char *name, const char *value)
{
	message_param(message, name, value, strlen(value));
}

enum larder_code
client_credentials_build(const struct provider *provider, const struct oauth_client *client, const char *scope,
    const char *resource, const char *audience, struct http_request *ret, struct larder_error *ret_error)
{
	enum auth_method method = client_auth_method(provider, client);
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot ask for a token", &request, ret_error);
	if (method == AUTH_NONE)
		message_fail(&message, LARDER_REJECTED, "store its secret with 'larder client set-secret'",
		    "a client that cannot authenticate has no credentials to ask with");
	grants_url(&message);
	message_headers(&message, &provider->client_credentials.headers);
	add_text(&message, "grant_type", provider->client_credentials.grant_type);
	client_auth_add(&message, client, method);
	message_scope(&message, scope);
	message_resources(&message, resource);
	add_text(&message, "audience", audience);
	message_extra(&message, &provider->client_credentials.extra);
	code = message_take(&message, "POST", provider->client_credentials.body, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

static void
add_token(
    struct message *message, const char *name, const struct secret *token, const char *type_name, const char *type)
{
	if (secret_is_empty(token))
		return;
	if (type[0] == '\0')
		message_fail(message, LARDER_USAGE, NULL, "the type of the %s is not known", name);
	message_param(message, name, token->data, token->len);
	add_text(message, type_name, type);
}

enum larder_code
token_exchange_build(const struct provider *provider, const struct oauth_client *client,
    const struct token_exchange *exchange, const char *scope, const char *resource, struct http_request *ret,
    struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot exchange the token", &request, ret_error);
	if (secret_is_empty(exchange->subject_token))
		message_fail(&message, LARDER_USAGE, NULL, "there is no token to exchange");
	grants_url(&message);
	message_headers(&message, &provider->token_exchange.headers);
	add_text(&message, "grant_type", EXCHANGE_GRANT);
	add_token(
	    &message, "subject_token", exchange->subject_token, "subject_token_type", exchange->subject_token_type);
	add_token(&message, "actor_token", exchange->actor_token, "actor_token_type", exchange->actor_token_type);
	add_text(&message, "requested_token_type", exchange->requested_token_type);
	add_text(&message, "audience", exchange->audience);
	client_auth_add(&message, client, client_auth_method(provider, client));
	message_scope(&message, scope);
	message_resources(&message, resource);
	message_extra(&message, &provider->token_exchange.extra);
	code = message_take(&message, "POST", BODY_FORM, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

bool
token_type_uri(const char *text, char *dst, size_t dst_size)
{
	static const char *const words[] = { "access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt" };

	if (strchr(text, ':') != NULL)
		return text_is_token(text, strlen(text)) && text_format(dst, dst_size, "%s", text);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(text, words[i]) == 0)
			return text_format(dst, dst_size, "%s%s", TOKEN_TYPE_URN, text);
	}
	return false;
}

/* Types that are surely none for an API; a server's own may be. */
static bool
is_access_token(const char *issued_type)
{
	static const char *const others[] = { TOKEN_TYPE_URN "refresh_token", TOKEN_TYPE_URN "id_token",
		TOKEN_TYPE_URN "saml1", TOKEN_TYPE_URN "saml2" };

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (strcmp(issued_type, others[i]) == 0)
			return false;
	}
	return true;
}

void
grants_judge(struct token_reply *reply, bool *ret_dropped)
{
	*ret_dropped = reply->refresh_token_came || reply->refresh_token_refused;
	secret_free(&reply->refresh_token);
	reply->refresh_token_came = reply->refresh_token_refused = false;
	reply->refresh_expires_at = TIME_UNKNOWN;
	if (reply->usable && !is_access_token(reply->issued_token_type)) {
		reply->usable = false;
		(void)text_format(reply->complaint, sizeof reply->complaint,
		    "what was issued is no access token but %s", reply->issued_token_type);
	}
}
