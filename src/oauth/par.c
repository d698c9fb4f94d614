/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/par.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/answer.h"
#include "oauth/client_auth.h"

#define LIFE_MAX (INT64_C(24) * 60 * 60) /* seconds; section 2.2 has 5 to 600 in mind */

bool
par_is_possible(const struct provider *provider, const struct oauth_client *client)
{
	const char *template = provider->endpoints.pushed_authorization_request;
	struct buf url = BUF_INIT(URL_MAX);
	struct larder_error ignored;
	bool possible;

	/* an optional variable of the endpoint that this client does not have says that it has no such endpoint */
	possible =
	    template != NULL && provider_expand(provider, template, client->vars, &url, &ignored) != LARDER_NOT_FOUND;
	buf_clear(&url);
	return possible;
}

enum larder_code
par_build(const struct provider *provider, const struct oauth_client *client, const struct authorize *authorize,
    struct http_request *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot push the log-in request", &request, ret_error);
	if (provider->endpoints.pushed_authorization_request == NULL)
		message_fail(&message, LARDER_NOT_FOUND, NULL,
		    "the provider's definition has no endpoint for pushed authorization requests");
	else
		message_url(&message, provider->endpoints.pushed_authorization_request);
	client_auth_add(&message, client, client_auth_method(provider, client));
	authorize_params(&message, client, authorize);
	code = message_take(&message, "POST", BODY_FORM, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
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
	if (error.found && strcmp(error.code, "access_denied") == 0) {
		code = LARDER_DENIED;
		hint = NULL;
	} else if (reply->status == 401 || reply->status == 405 || reply->status == 404 || reply->status == 413 ||
	    (error.found && reply->status >= 400 && reply->status < 500 && reply->status != 429)) {
		code = LARDER_REJECTED;
		hint = "check client id, secret, redirect URI and scopes at the provider";
	} else if (answer_is_mute(reply)) {
		hint = ANSWER_MUTE_ADVICE;
	}
	if (!error.found)
		return error_set(ret_error, code, "the log-in cannot begin", hint,
		    "the provider did not take the request, HTTP %d", reply->status);
	return error_set(ret_error, code, "the log-in cannot begin", hint, "%s%s%s, HTTP %d",
	    text_escape(text, sizeof text, error.code, strlen(error.code)), error.description[0] == '\0' ? "" : ": ",
	    error.description, reply->status);
}

static const char *
take_all(const cJSON *object, int64_t sent_at, struct pushed *ret)
{
	const char *uri = json_string(object, "request_uri");
	int64_t life;

	if (uri == NULL || uri[0] == '\0')
		return "it has no request_uri";
	if (strlen(uri) > REQUEST_URI_MAX || !text_is_token(uri, strlen(uri)))
		return "its request_uri is too long, or no URI";
	if (!answer_integer(json_get(object, "expires_in"), &life) || life <= 0)
		return "it has no expires_in";
	(void)text_format(ret->request_uri, sizeof ret->request_uri, "%s", uri);
	ret->expires_at = sent_at + (life < LIFE_MAX ? life : LIFE_MAX);
	return NULL;
}

enum larder_code
par_read(const struct provider *provider, const struct http_reply *reply, int64_t sent_at, struct pushed *ret,
    struct larder_error *ret_error)
{
	struct pushed pushed = { .expires_at = 0 };
	char why[ANSWER_WHY_MAX];
	cJSON *whole = answer_parse(reply, why);
	enum larder_code code = LARDER_OK;
	const char *problem;

	/* 200 in place of 201 is a known deviation */
	if ((reply->status != 201 && reply->status != 200) || whole == NULL ||
	    (json_get(whole, "request_uri") == NULL && json_get(whole, "error") != NULL)) {
		code = refuse(provider, reply, whole, ret_error);
		goto out;
	}
	problem = take_all(whole, sent_at, &pushed);
	if (problem == NULL)
		*ret = pushed;
	else
		code = error_set(ret_error, LARDER_UNAVAILABLE, "the log-in cannot begin", "try again later",
		    "the provider's answer cannot be used: %s", problem);
out:
	json_free(whole);
	return code;
}

enum larder_code
par_url(const struct provider *provider, const struct oauth_client *client, const struct pushed *pushed,
    struct buf *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot build the log-in URL", &request, ret_error);
	if (provider->endpoints.authorization == NULL)
		message_fail(&message, LARDER_NOT_FOUND, "choose another --flow",
		    "the provider's definition has no authorization endpoint");
	else
		message_url(&message, provider->endpoints.authorization);
	message_param(&message, "client_id", client->client_id, strlen(client->client_id));
	message_param(&message, "request_uri", pushed->request_uri, strlen(pushed->request_uri));
	code = message_query(&message, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}
