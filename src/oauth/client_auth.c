/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_auth.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "oauth/client_assertion.h"

#define HEADER_MAX ((size_t)96 << 10) /* a bearer token of 64 KiB, or Basic with a long secret */

static bool
has_secret(const struct oauth_client *client)
{
	return client->client_secret != NULL && !secret_is_empty(client->client_secret);
}

static bool
uses_secret(enum auth_method method)
{
	return method == AUTH_BASIC || method == AUTH_POST || method == AUTH_SECRET_JWT || method == AUTH_SIGNED_POST ||
	    method == AUTH_KEY_BASIC;
}

/* The first method of the definition's list that a secret is for and that this version can do. */
static enum auth_method
first_with_secret(const struct provider *provider)
{
	for (size_t i = 0; i < provider->auth_methods_count; i++) {
		enum auth_method method = provider->auth_methods[i];

		if (uses_secret(method) && method != AUTH_SECRET_JWT)
			return method;
	}
	/* where only public clients are known a secret is of no use, and is told to nobody */
	return provider->auth_methods_count == 1 && provider->auth_methods[0] == AUTH_NONE ? AUTH_NONE : AUTH_BASIC;
}

bool
auth_method_signs(enum auth_method method)
{
	return method == AUTH_PRIVATE_KEY_JWT || method == AUTH_SIGNED_POST;
}

bool
auth_method_is_tls(enum auth_method method)
{
	return method == AUTH_TLS || method == AUTH_SELF_SIGNED_TLS;
}

enum auth_method
client_auth_method(const struct provider *provider, const struct oauth_client *client)
{
	enum auth_method method = provider->auth_default;

	if (client->auth != AUTH_UNSET)
		return client->auth;
	if (has_secret(client))
		return method == AUTH_UNSET || method == AUTH_NONE ? first_with_secret(provider) : method;
	return method == AUTH_UNSET || (uses_secret(method) && method != AUTH_SIGNED_POST) ? AUTH_NONE : method;
}

static void
append_base64(struct buf *dst, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16;

		if (i + 1 < len)
			bits |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			bits |= data[i + 2];
		(void)buf_append_byte(dst, (uint8_t)digits[bits >> 18]);
		(void)buf_append_byte(dst, (uint8_t)digits[bits >> 12 & 63]);
		(void)buf_append_byte(dst, i + 1 < len ? (uint8_t)digits[bits >> 6 & 63] : '=');
		(void)buf_append_byte(dst, i + 2 < len ? (uint8_t)digits[bits & 63] : '=');
	}
}

/* Set Authorization; one that the definition brings would be a second authentication. */
static void
set_authorization(struct message *message, struct buf *value)
{
	for (size_t i = 0; i < message->request->headers_count; i++) {
		if (text_equal_nocase(message->request->headers[i].name, "Authorization")) {
			message_fail(message, LARDER_REJECTED, "take the header out of the provider's definition",
			    "the definition sets an Authorization header besides the client's own");
			return;
		}
	}
	if (value->starved)
		message_no_memory(message);
	else if (value->failed)
		message_fail(message, LARDER_REJECTED, NULL, "the client's secret or the token is too long");
	else
		message_header(message, "Authorization", buf_str(value), value->len);
}

static void
append_basic_part(struct buf *dst, enum basic_encoding encoding, const char *text, size_t len)
{
	if (encoding == BASIC_RAW)
		(void)buf_append(dst, text, len);
	else
		(void)form_encode(dst, text, len);
}

static void
add_basic(struct message *message, const char *user, size_t user_len, const struct secret *password)
{
	enum basic_encoding encoding = message->provider->basic_encoding;
	struct buf plain = BUF_INIT_SECRET(HEADER_MAX), value = BUF_INIT_SECRET(HEADER_MAX);

	if (encoding == BASIC_RAW && memchr(user, ':', user_len) != NULL)
		message_fail(message, LARDER_REJECTED, "give 'larder client add' another --auth",
		    "the client id has a ':', which raw HTTP Basic cannot carry");
	append_basic_part(&plain, encoding, user, user_len);
	(void)buf_append_byte(&plain, ':');
	if (password != NULL && !secret_is_empty(password))
		append_basic_part(&plain, encoding, (const char *)password->data, password->len);
	(void)buf_append_str(&value, "Basic ");
	if (plain.failed) {
		value.failed = true;
		value.starved = plain.starved;
	} else {
		append_base64(&value, plain.data, plain.len);
	}
	set_authorization(message, &value);
	buf_clear(&plain);
	buf_clear(&value);
}

static void
add_post(struct message *message, const struct oauth_client *client)
{
	message_param(message, "client_id", client->client_id, strlen(client->client_id));
	if (has_secret(client))
		message_param(message, "client_secret", client->client_secret->data, client->client_secret->len);
}

/* The handshake proves it; the request says who it is (RFC 8705 section 2). */
static void
add_certificate(struct message *message, const struct oauth_client *client)
{
	if (!client->has_certificate)
		message_fail(message, LARDER_REJECTED, "give it with 'larder client key --use tls'",
		    "the client has no certificate");
	message_param(message, "client_id", client->client_id, strlen(client->client_id));
}

void
client_auth_add(struct message *message, const struct oauth_client *client, enum auth_method method)
{
	const char *name = auth_method_name(method);

	if (client->secret_expired && uses_secret(method) && has_secret(client)) {
		message_fail(message, LARDER_REJECTED,
		    "get a new one, then 'larder client set-secret', or register another client",
		    "the client's secret has expired");
		return;
	}
	switch (method) {
	case AUTH_NONE:
		message_param(message, "client_id", client->client_id, strlen(client->client_id));
		return;
	case AUTH_POST:
		add_post(message, client);
		return;
	case AUTH_SIGNED_POST:
		if (has_secret(client)) /* one that was signed elsewhere */
			add_post(message, client);
		else
			client_assertion_add(message, client, method);
		return;
	case AUTH_SECRET_JWT:
	case AUTH_PRIVATE_KEY_JWT:
		client_assertion_add(message, client, method);
		return;
	case AUTH_TLS:
	case AUTH_SELF_SIGNED_TLS:
		add_certificate(message, client);
		return;
	case AUTH_BASIC:
		add_basic(message, client->client_id, strlen(client->client_id), client->client_secret);
		return;
	case AUTH_KEY_BASIC:
		if (has_secret(client))
			add_basic(message, (const char *)client->client_secret->data, client->client_secret->len, NULL);
		else
			message_fail(message, LARDER_REJECTED, "store it with 'larder client set-secret'",
			    "the client has no secret key");
		return;
	default:
		message_fail(message, LARDER_REJECTED,
		    "use a client with another method: 'larder client add --auth basic|post|none'",
		    "this version cannot authenticate with %s", name == NULL ? "this method" : name);
	}
}

static void
add_scheme(struct message *message, const char *scheme, const struct secret *secret)
{
	struct buf value = BUF_INIT_SECRET(HEADER_MAX);

	(void)buf_append_format(&value, "%s ", scheme);
	(void)buf_append(&value, secret->data, secret->len);
	set_authorization(message, &value);
	buf_clear(&value);
}

void
client_auth_bearer(struct message *message, const struct secret *token)
{
	add_scheme(message, "Bearer", token);
}

void
client_auth_scheme(struct message *message, const struct oauth_client *client, const char *scheme)
{
	if (has_secret(client))
		add_scheme(message, scheme == NULL ? "Client" : scheme, client->client_secret);
	else
		message_fail(message, LARDER_REJECTED, "store it with 'larder client set-secret'",
		    "the provider wants the client's secret for it, and there is none");
}
