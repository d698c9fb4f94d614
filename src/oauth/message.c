/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define VALUE_MAX ((size_t)64 << 10) /* bytes of a parameter's value: the longest token */

void
message_fail(struct message *message, enum larder_code code, const char *hint, const char *why, ...)
{
	char text[320];
	va_list args;

	if (message->code != LARDER_OK)
		return;
	va_start(args, why);
	(void)text_vformat(text, sizeof(text), why, args);
	va_end(args);
	message->code = error_set(message->ret_error, code, message->what, hint, "%s", text);
	(void)error_name(message->ret_error, code, message->provider->id);
}

void
message_no_memory(struct message *message)
{
	if (message->code == LARDER_OK)
		message->code = error_no_memory(message->ret_error);
}

static void
fail_definition(struct message *message, const char *problem, const char *name)
{
	char safe[80];

	message_fail(message, LARDER_USAGE, "correct the provider's definition", "%s '%s'", problem,
	    text_escape(safe, sizeof(safe), name, strlen(name)));
}

static void
add_var(struct message *message, char *name, char *value)
{
	if (message->vars_count == MESSAGE_VARS_MAX)
		message_fail(message, LARDER_USAGE, NULL, "too many variables");
	else
		message->vars[message->vars_count++] = (struct name_value){ name, value };
}

void
message_init(struct message *message, const struct provider *provider, const struct oauth_client *client,
    const char *what, struct http_request *request, struct larder_error *ret_error)
{
	static char client_id[] = "client_id";

	*message = (struct message){ .provider = provider, .what = what, .request = request, .ret_error = ret_error };
	for (size_t i = 0; client->vars != NULL && i < client->vars->count; i++)
		add_var(message, client->vars->items[i].name, client->vars->items[i].value);
	message->client_id = text_copy(client->client_id);
	if (message->client_id == NULL)
		message_no_memory(message);
	else
		add_var(message, client_id, message->client_id);
}

void
message_clear(struct message *message)
{
	for (size_t i = 0; i < message->params_count; i++)
		secret_free(&message->params[i].value);
	message->params_count = 0;
	free(message->client_id);
	message->client_id = NULL;
}

void
message_var(struct message *message, const char *name, const struct secret *value)
{
	static char access_token[] = "access_token", refresh_token[] = "refresh_token";

	if (value != NULL && !secret_is_empty(value))
		add_var(message, strcmp(name, access_token) == 0 ? access_token : refresh_token, (char *)value->data);
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

static void
add_param(struct message *message, const char *name, const void *value, size_t value_len, bool repeats)
{
	struct message_param *param = &message->params[message->params_count];

	if (value_len == 0 || message->code != LARDER_OK)
		return;
	if (message->params_count == MESSAGE_PARAMS_MAX || !text_format(param->name, sizeof(param->name), "%s", name)) {
		fail_definition(message, "too many parameters, or too long a name:", name);
		return;
	}
	if (!secret_copy(value, value_len, &param->value)) {
		message_no_memory(message);
		return;
	}
	param->repeats = repeats;
	message->params_count++;
}

void
message_param(struct message *message, const char *name, const void *value, size_t value_len)
{
	if (value_len != 0 && has_param(message, name))
		fail_definition(message, "it would send a parameter twice:", name);
	add_param(message, name, value, value_len, false);
}

void
message_param_repeated(struct message *message, const char *name, const void *value, size_t value_len)
{
	add_param(message, name, value, value_len, true);
}

/* Fill a template; the caller clears the buffer. */
static bool
expand(struct message *message, const char *template, struct buf *ret)
{
	const struct name_values vars = { message->vars, message->vars_count };

	if (message->code == LARDER_OK)
		message->code = provider_expand_text(message->provider, template, &vars, ret, message->ret_error);
	return message->code == LARDER_OK;
}

void
message_extra(struct message *message, const struct name_values *extra)
{
	for (size_t i = 0; i < extra->count; i++) {
		struct buf value = BUF_INIT_SECRET(VALUE_MAX);

		if (expand(message, extra->items[i].value, &value))
			message_param(message, extra->items[i].name, value.data, value.len);
		buf_clear(&value);
	}
}

void
message_header(struct message *message, const char *name, const char *value, size_t value_len)
{
	if (message->code != LARDER_OK)
		return;
	for (size_t i = 0; i < message->request->headers_count; i++) {
		if (text_equal_nocase(message->request->headers[i].name, name))
			return;
	}
	errno = 0;
	if (http_request_add_header(message->request, name, value, value_len))
		return;
	if (errno == ENOMEM)
		message_no_memory(message);
	else
		fail_definition(message, "it has too many headers, or one that cannot be sent:", name);
}

void
message_headers(struct message *message, const struct name_values *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		struct buf value = BUF_INIT_SECRET(VALUE_MAX);

		if (expand(message, headers->items[i].value, &value))
			message_header(message, headers->items[i].name, buf_str(&value), value.len);
		buf_clear(&value);
	}
}

void
message_url(struct message *message, const char *template)
{
	const struct name_values vars = { message->vars, message->vars_count };
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	if (message->code == LARDER_OK)
		message->code = provider_expand(message->provider, template, &vars, &url, message->ret_error);
	if (message->code == LARDER_OK)
		(void)text_format(message->request->url, sizeof(message->request->url), "%s", buf_str(&url));
	buf_clear(&url);
}

/* At the end, so that everything before goes by the names of the RFC. */
static void
rename_params(struct message *message)
{
	const struct name_values *names = message->names;

	for (size_t i = 0; names != NULL && i < message->params_count; i++) {
		struct message_param *param = &message->params[i];

		for (size_t j = 0; j < names->count; j++) {
			if (strcmp(names->items[j].name, param->name) != 0)
				continue;
			if (!text_format(param->name, sizeof(param->name), "%s", names->items[j].value))
				fail_definition(message, "too long a name:", names->items[j].value);
			break;
		}
	}
	message->names = NULL;
}

/* A parameter that the endpoint's own query has already would be sent twice. */
static void
check_query(struct message *message)
{
	const char *cursor = strchr(message->request->url, '?');
	struct buf name = BUF_INIT_SECRET(URL_MAX), value = BUF_INIT_SECRET(URL_MAX);
	size_t left;
	bool bad = false;

	if (cursor == NULL)
		return;
	cursor++;
	left = strlen(cursor);
	while (form_next(&cursor, &left, &name, &value, &bad)) {
		if (has_param(message, buf_str(&name)))
			fail_definition(message, "its URL repeats a parameter:", buf_str(&name));
	}
	buf_clear(&name);
	buf_clear(&value);
}

static void
write_form(const struct message *message, struct buf *body)
{
	for (size_t i = 0; i < message->params_count; i++)
		(void)form_append(body, message->params[i].name, (const char *)message->params[i].value.data,
		    message->params[i].value.len);
}

static void
write_json_value(const struct message *message, size_t index, struct buf *body)
{
	const struct secret *value = &message->params[index].value;

	(void)json_append_string(body, (const char *)value->data, value->len);
}

/* Parameters that repeat are one array; they stand next to each other. */
static void
write_json(const struct message *message, struct buf *body)
{
	size_t i = 0;

	(void)buf_append_byte(body, '{');
	while (i < message->params_count) {
		const struct message_param *param = &message->params[i];
		size_t end = i + 1;

		while (param->repeats && end < message->params_count && message->params[end].repeats)
			end++;
		(void)buf_append_str(body, i == 0 ? "" : ",");
		(void)json_append_string(body, param->name, strlen(param->name));
		(void)buf_append_str(body, end - i > 1 ? ":[" : ":");
		for (size_t j = i; j < end; j++) {
			(void)buf_append_str(body, j == i ? "" : ",");
			write_json_value(message, j, body);
		}
		(void)buf_append_str(body, end - i > 1 ? "]" : "");
		i = end;
	}
	(void)buf_append_byte(body, '}');
}

static void
write_query(struct message *message)
{
	struct buf query = BUF_INIT_SECRET(URL_MAX);
	char *url = message->request->url;
	size_t len = strlen(url);
	const char *mark = strchr(url, '?');

	write_form(message, &query);
	if (query.starved) {
		message_no_memory(message);
	} else if (query.failed || len + 1 + query.len > URL_MAX) {
		message_fail(message, LARDER_REJECTED, "use tokens that this provider issues",
		    "the token does not fit into a URL, where this provider wants it");
	} else if (query.len != 0) {
		/* "?" or "&" first, unless the URL ends with it already */
		if (mark == NULL)
			url[len++] = '?';
		else if (mark[1] != '\0' && url[len - 1] != '&')
			url[len++] = '&';
		memcpy(url + len, query.data, query.len + 1);
	}
	buf_clear(&query);
}

static void
write_body(struct message *message, enum body_format format)
{
	struct buf body = BUF_INIT_SECRET(HTTP_BODY_MAX);
	const char *type = format == BODY_JSON ? "application/json" : "application/x-www-form-urlencoded";

	if (format == BODY_JSON)
		write_json(message, &body);
	else
		write_form(message, &body);
	if (body.failed || (body.len != 0 && !buf_take_secret(&body, &message->request->body)))
		message_no_memory(message);
	buf_clear(&body);
	message_header(message, "Content-Type", type, strlen(type));
}

enum larder_code
message_finish(struct message *message, const char *method, enum body_format body)
{
	static const char accept[] = "application/json", cache[] = "no-store";

	rename_params(message);
	check_query(message);
	if (message->code != LARDER_OK)
		return message->code;
	(void)text_format(message->request->method, sizeof(message->request->method), "%s", method);
	message_header(message, "Accept", accept, sizeof(accept) - 1);
	message_header(message, "Cache-Control", cache, sizeof(cache) - 1);
	if (body == BODY_QUERY || strcmp(method, "GET") == 0)
		write_query(message);
	else if (body != BODY_NONE)
		write_body(message, body);
	return message->code;
}

enum larder_code
message_take(struct message *message, const char *method, enum body_format body, struct http_request *ret)
{
	enum larder_code code = message_finish(message, method, body);

	if (code == LARDER_OK) {
		*ret = *message->request;
		*message->request = (struct http_request){ .headers_count = 0 };
	}
	return code;
}

enum larder_code
message_query(struct message *message, struct buf *ret)
{
	const char *url = message->request->url;
	const char *mark = strchr(url, '?');
	struct buf query = BUF_INIT_SECRET(HTTP_BODY_MAX);

	rename_params(message);
	check_query(message);
	write_form(message, &query);
	if (query.failed)
		message_no_memory(message);
	if (message->code == LARDER_OK &&
	    !buf_append_format(ret, "%s%s%s", url,
		mark == NULL          ? "?"
		    : mark[1] == '\0' ? ""
				      : "&",
		buf_str(&query)))
		message_fail(message, LARDER_USAGE, "ask for fewer scopes", "the URL would be too long");
	buf_clear(&query);
	return message->code;
}
