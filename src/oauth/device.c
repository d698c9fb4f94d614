/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/device.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "oauth/answer.h"
#include "oauth/client_auth.h"

#define EXPIRES_MAX (INT64_C(24) * 60 * 60)

enum larder_code
device_begin_build(const struct provider *provider, const struct oauth_client *client, const char *scope,
    const char *resource, struct http_request *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot begin the log-in", &request, ret_error);
	if (provider->endpoints.device_authorization == NULL)
		message_fail(&message, LARDER_NOT_FOUND, "choose another --flow",
		    "the provider's definition has no device authorization endpoint");
	else
		message_url(&message, provider->endpoints.device_authorization);
	client_auth_add(&message, client,
	    provider->device.client_auth == AUTH_SAME ? client_auth_method(provider, client)
						      : provider->device.client_auth);
	message_scope(&message, scope);
	message_resources(&message, resource);
	message_extra(&message, &provider->device.extra);
	message.names = &provider->param_names.device;
	code = message_take(&message, "POST", provider->device.body, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

static bool
take_text(const cJSON *object, const char *name, char *dst, size_t dst_size)
{
	const cJSON *item = json_get(object, name);

	return cJSON_IsString(item) && item->valuestring[0] != '\0' &&
	    text_format(dst, dst_size, "%s", item->valuestring);
}

/* A person opens it, so it has to be a plain web address; http is for a server on this machine. */
static bool
is_web_address(const struct provider *provider, const char *text)
{
	char why[128];
	struct url url;

	return url_parse(text, &url, why, sizeof why) &&
	    (strcmp(url.scheme, "https") == 0 || (provider->insecure_loopback && url_is_loopback(&url)));
}

static const char *
take_all(const struct provider *provider, const cJSON *object, int64_t now, struct device_grant *grant)
{
	char code[128];
	const cJSON *device_code = json_get(object, "device_code");
	int64_t number;

	if (!cJSON_IsString(device_code) || device_code->valuestring[0] == '\0' ||
	    strlen(device_code->valuestring) > TOKEN_MAX)
		return "it has no device_code";
	if (!take_text(object, "user_code", code, sizeof code))
		return "it has no user_code";
	(void)text_escape(grant->user_code, sizeof grant->user_code, code, strlen(code));
	if (!take_text(object, "verification_uri", grant->verification_uri, sizeof grant->verification_uri) &&
	    !take_text(object, "verification_url", grant->verification_uri, sizeof grant->verification_uri))
		return "it has no verification_uri";
	if (!is_web_address(provider, grant->verification_uri))
		return "its verification_uri is no https address";
	if (!take_text(object, "verification_uri_complete", grant->verification_complete,
		sizeof grant->verification_complete) ||
	    !is_web_address(provider, grant->verification_complete))
		grant->verification_complete[0] = '\0';
	if (!answer_integer(json_get(object, "expires_in"), &number) || number <= 0)
		return "it has no expires_in";
	grant->expires_at = now + (number < EXPIRES_MAX ? number : EXPIRES_MAX);
	grant->interval_s = DEVICE_INTERVAL_S;
	if (answer_integer(json_get(object, "interval"), &number) && number > 0)
		grant->interval_s = number < 60 ? number : 60;
	return secret_copy(device_code->valuestring, strlen(device_code->valuestring), &grant->device_code)
	    ? NULL
	    : "there is no memory for it";
}

static enum larder_code
refuse(
    const struct provider *provider, const struct http_reply *reply, const cJSON *whole, struct larder_error *ret_error)
{
	struct answer_error error = { .found = false };
	enum larder_code code = LARDER_UNAVAILABLE;
	const char *hint = "try again later";
	char text[80];

	answer_find_error(provider, reply->status, whole, &error);
	if (reply->status == 401 ||
	    (error.found && reply->status >= 400 && reply->status < 500 && reply->status != 429)) {
		code = LARDER_REJECTED;
		hint = "check the client at the provider, and whether it may use the device flow";
	} else if (answer_is_mute(reply)) {
		hint = ANSWER_MUTE_ADVICE;
	}
	if (!error.found)
		return error_set(ret_error, code, "the log-in cannot begin", hint, "HTTP %d", reply->status);
	return error_set(ret_error, code, "the log-in cannot begin", hint, "%s%s%s, HTTP %d",
	    text_escape(text, sizeof text, error.code, strlen(error.code)), error.description[0] == '\0' ? "" : ": ",
	    error.description, reply->status);
}

enum larder_code
device_begin_read(const struct provider *provider, const struct http_reply *reply, int64_t now,
    struct device_grant *ret, struct larder_error *ret_error)
{
	struct device_grant grant = { .interval_s = DEVICE_INTERVAL_S };
	char why[ANSWER_WHY_MAX];
	cJSON *whole = answer_parse(reply, why);
	const cJSON *inside;
	enum larder_code code;
	const char *problem;

	inside = whole == NULL ? NULL : answer_inside(provider, whole);
	if (reply->status != 200 || inside == NULL || json_get(inside, "device_code") == NULL) {
		code = refuse(provider, reply, whole, ret_error);
		goto out;
	}
	problem = take_all(provider, inside, now, &grant);
	code = problem == NULL ? LARDER_OK
			       : error_set(ret_error, LARDER_UNAVAILABLE, "the log-in cannot begin", "try again later",
				     "the provider's answer cannot be used: %s", problem);
	if (code == LARDER_OK)
		*ret = grant;
	else
		device_grant_clear(&grant);
out:
	json_free(whole);
	return code;
}

void
device_grant_clear(struct device_grant *grant)
{
	secret_free(&grant->device_code);
	wipe(grant, sizeof *grant);
}

enum larder_code
device_poll_build(const struct provider *provider, const struct oauth_client *client, const struct device_grant *grant,
    struct http_request *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot ask for the tokens", &request, ret_error);
	message_url(&message,
	    provider->endpoints.device_token == NULL ? provider->endpoints.token : provider->endpoints.device_token);
	message_headers(&message, &provider->code_exchange.headers);
	if (provider->device.grant_type != NULL)
		message_param(&message, "grant_type", provider->device.grant_type, strlen(provider->device.grant_type));
	message_param(&message, "device_code", grant->device_code.data, grant->device_code.len);
	if (provider->device.sends_user_code)
		message_param(&message, "user_code", grant->user_code, strlen(grant->user_code));
	client_auth_add(&message, client, client_auth_method(provider, client));
	message.names = &provider->param_names.device_token;
	code = message_take(&message, "POST", provider->code_exchange.body, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

/* What the definition says that a status means, where the reply itself names no error. */
static const char *
status_error(const struct provider *provider, int status)
{
	const struct name_values *statuses = &provider->device.statuses;
	char text[8];

	(void)text_format(text, sizeof text, "%d", status);
	for (size_t i = 0; i < statuses->count; i++) {
		if (strcmp(statuses->items[i].name, text) == 0)
			return statuses->items[i].value;
	}
	return "";
}

enum device_poll
device_poll_judge(const struct provider *provider, const struct token_reply *reply)
{
	static const struct {
		const char *error;
		enum device_poll means;
	} table[] = {
		{ "authorization_pending", DEVICE_PENDING },
		{ "slow_down", DEVICE_SLOWER },
		{ "access_denied", DEVICE_DENIED },
		{ "authorization_declined", DEVICE_DENIED }, /* Microsoft */
		{ "expired_token", DEVICE_EXPIRED },
		{ "code_expired", DEVICE_EXPIRED },
		{ "invalid_grant", DEVICE_FAILED },
	};

	const char *error = reply->error[0] != '\0' ? reply->error : status_error(provider, reply->http_status);

	if (reply->outcome == GRANT_TOKENS && reply->usable)
		return DEVICE_TOKENS;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(error, table[i].error) == 0)
			return table[i].means;
	}
	if (reply->outcome == GRANT_TEMPORARY || reply->outcome == GRANT_UNKNOWN)
		return DEVICE_RETRY;
	return DEVICE_FAILED;
}
