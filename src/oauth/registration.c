/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/registration.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/answer.h"

#define SECRET_MAX  ((size_t)16 << 10)
#define REQUEST_MAX ((size_t)16 << 10)

static bool
takes(const struct provider *provider, enum auth_method method)
{
	for (size_t i = 0; i < provider->auth_methods_count; i++) {
		if (provider->auth_methods[i] == method)
			return true;
	}
	return false;
}

enum auth_method
registration_auth(const struct provider *provider)
{
	static const enum auth_method order[] = { AUTH_NONE, AUTH_BASIC, AUTH_POST };

	if (provider->auth_methods_count == 0)
		return AUTH_BASIC; /* the default of RFC 7591 section 2 */
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (takes(provider, order[i]))
			return order[i];
	}
	return AUTH_UNSET;
}

static bool
add_list(cJSON *object, const char *name, const char *first, const char *second)
{
	cJSON *list = cJSON_AddArrayToObject(object, name);

	return list != NULL && cJSON_AddItemToArray(list, cJSON_CreateString(first)) &&
	    (second == NULL || cJSON_AddItemToArray(list, cJSON_CreateString(second)));
}

/* With those that every log-in asks for besides: what is not registered may be refused. */
static bool
add_scope(const struct provider *provider, const char *scope, cJSON *object)
{
	struct buf all = BUF_INIT(REQUEST_MAX);
	bool ok = buf_append_str(&all, scope);

	for (size_t i = 0; i < provider->offline_scopes.count; i++)
		ok = ok && buf_append_format(&all, " %s", provider->offline_scopes.items[i]);
	ok = ok && cJSON_AddStringToObject(object, "scope", buf_str(&all)) != NULL;
	buf_clear(&all);
	return ok;
}

/* Grants and method are named, because their defaults are others (RFC 7591 section 2). */
static bool
add_members(
    const struct provider *provider, const struct registration_want *want, enum auth_method method, cJSON *object)
{
	static const char device[] = "urn:ietf:params:oauth:grant-type:device_code";
	cJSON *grants;

	if (cJSON_AddStringToObject(object, "client_name", want->client_name) == NULL ||
	    !add_list(object, "redirect_uris", want->redirect_uri, NULL) ||
	    !add_list(object, "grant_types", "authorization_code", "refresh_token") ||
	    !add_list(object, "response_types", "code", NULL) ||
	    cJSON_AddStringToObject(object, "token_endpoint_auth_method", auth_method_name(method)) == NULL ||
	    cJSON_AddStringToObject(object, "application_type", "native") == NULL)
		return false;
	grants = cJSON_GetObjectItemCaseSensitive(object, "grant_types");
	if (provider->endpoints.device_authorization != NULL &&
	    !cJSON_AddItemToArray(grants, cJSON_CreateString(device)))
		return false;
	return want->scope[0] == '\0' || add_scope(provider, want->scope, object);
}

static bool
write_request(const char *url, cJSON *object, struct http_request *request)
{
	static const char type[] = "application/json";
	struct buf body = BUF_INIT_SECRET(REQUEST_MAX);
	bool ok = json_print(object, false, &body) &&
	    http_request_add_header(request, "Content-Type", type, sizeof(type) - 1) &&
	    text_format(request->method, sizeof(request->method), "POST") &&
	    text_format(request->url, sizeof(request->url), "%s", url) && buf_take_secret(&body, &request->body);

	buf_clear(&body);
	return ok;
}

enum larder_code
registration_build(const struct provider *provider, const struct registration_want *want, struct http_request *ret,
    struct larder_error *ret_error)
{
	static const char *const what = "cannot register a client";
	struct http_request request = { .headers_count = 0 };
	enum auth_method method = registration_auth(provider);
	struct buf url = BUF_INIT(URL_MAX);
	enum larder_code code;
	cJSON *object;

	if (provider->endpoints.registration == NULL)
		return error_set(ret_error, LARDER_NOT_FOUND, what,
		    "register one in its pages, then use 'larder client add' with its client id",
		    "the provider does not let clients register themselves");
	if (method == AUTH_UNSET)
		return error_set(ret_error, LARDER_REJECTED, what,
		    "register one in its pages, then use 'larder client add'",
		    "the provider takes no client that proves itself by a secret or not at all");
	code = provider_expand(provider, provider->endpoints.registration, NULL, &url, ret_error);
	if (code != LARDER_OK) {
		buf_clear(&url);
		return code;
	}
	object = cJSON_CreateObject();
	if (object == NULL || !add_members(provider, want, method, object) ||
	    !write_request(buf_str(&url), object, &request))
		code = error_no_memory(ret_error);
	else
		*ret = request;
	if (code != LARDER_OK)
		http_request_clear(&request);
	buf_clear(&url);
	json_free(object);
	return code;
}

static enum larder_code
refuse(
    const struct provider *provider, const struct http_reply *reply, const cJSON *whole, struct larder_error *ret_error)
{
	static const char *const what = "the client was not registered";
	const char *hint = "register one in its pages, then use 'larder client add' with its client id";
	struct answer_error error = { .found = false };
	char text[80];

	answer_find_error(provider, reply->status, whole, &error);
	if (reply->status == 401 || reply->status == 403)
		return error_set(ret_error, LARDER_REJECTED, what, hint,
		    "the provider lets only those register that it knows, HTTP %d", reply->status);
	if (error.found && reply->status >= 400 && reply->status < 500 && reply->status != 429)
		return error_set(ret_error, LARDER_REJECTED, what, hint, "%s%s%s, HTTP %d",
		    text_escape(text, sizeof(text), error.code, strlen(error.code)),
		    error.description[0] == '\0' ? "" : ": ", error.description, reply->status);
	return error_set(ret_error, LARDER_UNAVAILABLE, what, "try again later", "HTTP %d", reply->status);
}

/* Only where it is on the origin of the registration endpoint does the token that goes with it stay with whom it is from. */
static void
take_management(const struct provider *provider, const cJSON *object, struct registration *ret)
{
	const char *uri = json_string(object, "registration_client_uri");
	const char *token = json_string(object, "registration_access_token");
	char why[128];
	struct url mine, known;

	if (uri == NULL || token == NULL || !text_is_token(token, strlen(token)) || strlen(token) > SECRET_MAX ||
	    !url_parse(uri, &mine, why, sizeof(why)) || provider->endpoints.registration == NULL ||
	    !url_parse(provider->endpoints.registration, &known, why, sizeof(why)) || !url_same_origin(&mine, &known))
		return;
	if (secret_copy(token, strlen(token), &ret->management_token))
		(void)text_format(ret->management_uri, sizeof(ret->management_uri), "%s", uri);
}

/* NULL, or what is wrong with it. */
static const char *
take_all(const struct provider *provider, const cJSON *object, struct registration *ret)
{
	const cJSON *secret = json_get(object, "client_secret"),
		    *expires = json_get(object, "client_secret_expires_at");
	const char *id = json_string(object, "client_id"), *auth = json_string(object, "token_endpoint_auth_method");

	if (id == NULL || id[0] == '\0' || !text_is_vschars(id, strlen(id)) ||
	    !text_format(ret->client_id, sizeof(ret->client_id), "%s", id))
		return "it has no client_id that could be used";
	if (auth != NULL && (!auth_method_parse(auth, &ret->auth) || ret->auth > AUTH_POST))
		return "it registered another way to prove oneself than was asked for";
	if (secret != NULL && !cJSON_IsNull(secret)) {
		if (!cJSON_IsString(secret) || strlen(secret->valuestring) > SECRET_MAX)
			return "its client_secret cannot be used";
		if (expires != NULL && !cJSON_IsNull(expires) && !answer_integer(expires, &ret->secret_expires_at))
			return "its client_secret_expires_at is no time";
		if (secret->valuestring[0] != '\0' &&
		    !secret_copy(secret->valuestring, strlen(secret->valuestring), &ret->client_secret))
			return "there is no memory for it";
	}
	if (secret_is_empty(&ret->client_secret) && (ret->auth == AUTH_BASIC || ret->auth == AUTH_POST))
		return "it has no client_secret";
	if (ret->auth == AUTH_NONE) /* a secret that nobody asks for is none */
		secret_free(&ret->client_secret);
	take_management(provider, object, ret);
	return NULL;
}

enum larder_code
registration_read(const struct provider *provider, const struct http_reply *reply, struct registration *ret,
    struct larder_error *ret_error)
{
	struct registration made = {
		.auth = AUTH_UNSET, .client_secret = SECRET_INIT, .management_token = SECRET_INIT
	};
	char why[ANSWER_WHY_MAX];
	cJSON *whole = answer_parse(reply, why);
	enum larder_code code = LARDER_OK;
	const char *problem;

	if ((reply->status != 201 && reply->status != 200) || !cJSON_IsObject(whole) || reply->truncated) {
		code = refuse(provider, reply, whole, ret_error);
	} else {
		problem = take_all(provider, whole, &made);
		if (problem != NULL)
			code = error_set(ret_error, LARDER_UNAVAILABLE, "the client was not registered",
			    "register one in the provider's pages, then use 'larder client add'",
			    "the provider's answer cannot be used: %s", problem);
	}
	if (code == LARDER_OK)
		*ret = made;
	else
		registration_clear(&made);
	json_free(whole);
	return code;
}

void
registration_clear(struct registration *registration)
{
	secret_free(&registration->client_secret);
	secret_free(&registration->management_token);
	*registration = (struct registration){ .auth = AUTH_UNSET };
}

bool
registration_delete_build(const char *management_uri, const struct secret *token, struct http_request *ret)
{
	struct http_request request = { .headers_count = 0 };
	struct buf value = BUF_INIT_SECRET(SECRET_MAX + 16);
	bool ok = buf_append_str(&value, "Bearer ") && buf_append(&value, token->data, token->len) &&
	    http_request_add_header(&request, "Authorization", (const char *)value.data, value.len) &&
	    text_format(request.method, sizeof(request.method), "DELETE") &&
	    text_format(request.url, sizeof(request.url), "%s", management_uri);

	buf_clear(&value);
	if (ok)
		*ret = request;
	else
		http_request_clear(&request);
	return ok;
}
