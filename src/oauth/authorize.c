/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/authorize.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "oauth/client_auth.h"

#define VALUE_MAX ((size_t)16 << 10)

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += len) {
		if ((at == words || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	}
	return false;
}

/* What was asked for, and what it takes at this provider to get a refresh token. */
static void
add_scope(struct message *message, const char *scope)
{
	const struct strings *offline = &message->provider->offline_scopes;
	struct buf all = BUF_INIT(SCOPE_MAX);

	(void)buf_append_str(&all, scope);
	for (size_t i = 0; i < offline->count; i++) {
		if (!has_word(scope, offline->items[i]))
			(void)buf_append_format(&all, "%s%s", all.len == 0 ? "" : " ", offline->items[i]);
	}
	if (all.failed)
		message_fail(message, LARDER_USAGE, "ask for fewer", "the scope is too long");
	message_scope(message, buf_str(&all));
	buf_clear(&all);
}

static void
add_text(struct message *message, const char *name, const char *value)
{
	message_param(message, name, value, strlen(value));
}

static bool
has_param(const struct message *message, const char *name)
{
	for (size_t i = 0; i < message->params_count; i++) {
		if (strcmp(message->params[i].name, name) == 0)
			return true;
	}
	return false;
}

void
authorize_params(struct message *message, const struct oauth_client *client, const struct authorize *authorize)
{
	add_text(message, "response_type", "code");
	if (!has_param(message, "client_id"))
		add_text(message, "client_id", client->client_id);
	add_text(message, "redirect_uri", authorize->redirect_uri);
	add_scope(message, authorize->scope);
	add_text(message, "state", authorize->state);
	if (authorize->nonce != NULL && authorize->nonce[0] != '\0')
		add_text(message, "nonce", authorize->nonce);
	if (authorize->dpop_jkt != NULL && authorize->dpop_jkt[0] != '\0')
		add_text(message, "dpop_jkt", authorize->dpop_jkt);
	if (authorize->code_challenge[0] != '\0') {
		add_text(message, "code_challenge", authorize->code_challenge);
		add_text(message, "code_challenge_method", "S256");
	}
	message_resources(message, authorize->resource);
	message_extra(message, &message->provider->authorize_params);
}

enum larder_code
authorize_url(const struct provider *provider, const struct oauth_client *client, const struct authorize *authorize,
    struct buf *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot build the log-in URL", &request, ret_error);
	if (provider->endpoints.authorization == NULL)
		message_fail(&message, LARDER_NOT_FOUND,
		    "choose another --flow, or bring a refresh token to 'larder add'",
		    "the provider's definition has no authorization endpoint");
	else
		message_url(&message, provider->endpoints.authorization);
	authorize_params(&message, client, authorize);
	message.names = &provider->param_names.authorize;
	code = message_query(&message, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

struct answer_part {
	const char *name;
	struct buf value;
	bool came;
};

enum { PART_STATE, PART_CODE, PART_ISS, PART_ERROR, PART_DESCRIPTION, PARTS };

/* false: a parameter came twice (RFC 6749 section 3.1), or the coding is broken. */
static bool
read_parts(const char *query, size_t len, struct answer_part parts[static PARTS])
{
	struct buf name = BUF_INIT(256), value = BUF_INIT_SECRET(VALUE_MAX);
	bool bad = false, good = true;

	while (good && form_next(&query, &len, &name, &value, &bad)) {
		for (size_t i = 0; i < PARTS; i++) {
			if (strcmp(buf_str(&name), parts[i].name) != 0)
				continue;
			good = !parts[i].came && buf_append(&parts[i].value, value.data, value.len);
			parts[i].came = true;
		}
	}
	buf_clear(&name);
	buf_clear(&value);
	return good && !bad;
}

static enum larder_code
read_error(const struct answer_part parts[static PARTS], struct larder_error *ret_error)
{
	const char *error = buf_str(&parts[PART_ERROR].value), *description = buf_str(&parts[PART_DESCRIPTION].value);
	char code[80], text[256];
	enum larder_code kind = LARDER_REJECTED;
	const char *hint = "check client id, redirect URI and scopes at the provider";

	if (strcmp(error, "access_denied") == 0 || strcmp(error, "consent_required") == 0) {
		kind = LARDER_DENIED;
		hint = NULL;
	} else if (strcmp(error, "temporarily_unavailable") == 0 || strcmp(error, "server_error") == 0) {
		kind = LARDER_UNAVAILABLE;
		hint = "try again later";
	}
	(void)text_escape(code, sizeof code, error, strlen(error));
	(void)text_escape(text, sizeof text, description, strlen(description));
	return error_set(ret_error, kind, "the log-in was refused", hint, "%s%s%s%s", code, text[0] == '\0' ? "" : " (",
	    text, text[0] == '\0' ? "" : ")");
}

static bool
is_state(const struct buf *value, const char *state)
{
	const struct secret came = { .data = value->data, .len = value->len };
	const struct secret sent = { .data = (uint8_t *)(uintptr_t)state, .len = strlen(state) };

	return value->len > 0 && secret_equal(&came, &sent);
}

bool
redirect_is_ours(const char *query, size_t len, const char *state)
{
	struct buf name = BUF_INIT(256), value = BUF_INIT_SECRET(VALUE_MAX);
	bool bad = false, ours = false;

	while (!ours && form_next(&query, &len, &name, &value, &bad))
		ours = strcmp(buf_str(&name), "state") == 0 && is_state(&value, state);
	buf_clear(&name);
	buf_clear(&value);
	return ours;
}

bool
redirect_names_issuer(const char *query, size_t len)
{
	struct buf name = BUF_INIT(256), value = BUF_INIT_SECRET(VALUE_MAX);
	bool bad = false, named = false;

	while (!named && form_next(&query, &len, &name, &value, &bad))
		named = strcmp(buf_str(&name), "iss") == 0 && value.len > 0;
	buf_clear(&name);
	buf_clear(&value);
	return named;
}

enum larder_code
redirect_read(const char *query, size_t len, const char *state, const char *issuer, struct secret *ret_code,
    struct larder_error *ret_error)
{
	struct answer_part parts[PARTS] = {
		[PART_STATE] = { .name = "state", .value = BUF_INIT_SECRET(VALUE_MAX) },
		[PART_CODE] = { .name = "code", .value = BUF_INIT_SECRET(VALUE_MAX) },
		[PART_ISS] = { .name = "iss", .value = BUF_INIT(URL_MAX) },
		[PART_ERROR] = { .name = "error", .value = BUF_INIT(VALUE_MAX) },
		[PART_DESCRIPTION] = { .name = "error_description", .value = BUF_INIT(VALUE_MAX) },
	};
	bool whole = read_parts(query, len, parts);
	enum larder_code code = LARDER_OK;

	if (!is_state(&parts[PART_STATE].value, state))
		code = error_set(ret_error, LARDER_DENIED, "the log-in was refused", "start again with 'larder login'",
		    "what came back is no answer to this log-in (state differs)");
	else if (!whole)
		code = error_set(ret_error, LARDER_DENIED, "the log-in was refused", "start again with 'larder login'",
		    "the answer has a parameter twice, or is not form-encoded");
	else if (parts[PART_ISS].came && issuer != NULL && strcmp(buf_str(&parts[PART_ISS].value), issuer) != 0)
		code = error_set(ret_error, LARDER_DENIED, "the log-in was refused", "start again with 'larder login'",
		    "the answer is from another issuer than was asked");
	else if (parts[PART_ERROR].came)
		code = read_error(parts, ret_error);
	else if (parts[PART_CODE].value.len == 0)
		code = error_set(ret_error, LARDER_DENIED, "the log-in was refused", "start again with 'larder login'",
		    "the answer has no code");
	else if (!buf_take_secret(&parts[PART_CODE].value, ret_code))
		code = error_no_memory(ret_error);
	for (size_t i = 0; i < PARTS; i++)
		buf_clear(&parts[i].value);
	return code;
}

enum larder_code
code_build(const struct provider *provider, const struct oauth_client *client, const struct secret *authorization_code,
    const char *redirect_uri, const struct secret *verifier, const char *resource, struct http_request *ret,
    struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot exchange the code", &request, ret_error);
	message_url(&message, provider->endpoints.token);
	message_headers(&message, &provider->code_exchange.headers);
	add_text(&message, "grant_type", "authorization_code");
	message_param(&message, "code", authorization_code->data, authorization_code->len);
	add_text(&message, "redirect_uri", redirect_uri);
	message_param(&message, "code_verifier", verifier->data, verifier->len);
	client_auth_add(&message, client, client_auth_method(provider, client));
	message_resources(&message, resource);
	message_extra(&message, &provider->code_exchange.extra);
	message.names = &provider->param_names.code_exchange;
	code = message_take(&message, "POST", provider->code_exchange.body, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}
