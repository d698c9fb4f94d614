/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/metadata.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/json.h"
#include "base/text.h"
#include "oauth/metadata_list.h"
#include "provider/definition.h"

#define DEPTH_MAX  16
#define SCOPES_MAX 500

static const char *const what = "cannot use the provider's metadata";

struct making { /* a definition in the making */
	const struct metadata_source *source;
	const cJSON *document;
	cJSON *definition;
	enum larder_code code; /* the first failure */
	struct larder_error *ret_error;
};

enum larder_code
metadata_check_reply(const struct http_reply *reply, struct larder_error *ret_error)
{
	static const char json[] = "application/json";
	const char *type = reply->content_type;
	char safe[160];

	if (reply->status >= 300 && reply->status < 400)
		return error_set(ret_error, LARDER_DENIED, what, "if that is the issuer you mean, give its URL",
		    "it redirects%s%s, and redirects are not followed", reply->location[0] == '\0' ? "" : " to ",
		    text_escape(safe, sizeof(safe), reply->location, strlen(reply->location)));
	if (reply->status >= 500 || reply->status == 429 || reply->status == 408)
		return error_set(ret_error, LARDER_UNAVAILABLE, what, "try again later", "HTTP %d", reply->status);
	if (reply->status != 200)
		return error_set(ret_error, LARDER_NOT_FOUND, what, NULL, "HTTP %d", reply->status);
	if (reply->truncated || reply->encoded)
		return error_set(ret_error, LARDER_UNAVAILABLE, what, NULL, "it is %s",
		    reply->truncated ? "longer than 256 KiB, or broken off" : "compressed");
	if (strncasecmp(type, json, sizeof(json) - 1) != 0 || strchr("; \t", type[sizeof(json) - 1]) == NULL)
		return error_set(ret_error, LARDER_NOT_FOUND, what, NULL, "what is there is no JSON");
	return LARDER_OK;
}

static void
fail(struct making *making, enum larder_code code, const char *hint, const char *member, const char *problem)
{
	if (making->code == LARDER_OK)
		making->code = error_set(making->ret_error, code, what, hint, "%s: %s", member, problem);
}

static void
no_memory(struct making *making)
{
	if (making->code == LARDER_OK)
		making->code = error_no_memory(making->ret_error);
}

static void
put(struct making *making, cJSON *object, const char *name, cJSON *value)
{
	if (value == NULL || !cJSON_AddItemToObject(object, name, value)) {
		cJSON_Delete(value);
		no_memory(making);
	}
}

static void
put_text(struct making *making, cJSON *object, const char *name, const char *text)
{
	put(making, object, name, cJSON_CreateString(text));
}

/* A member's text; NULL if it is absent, null, or (a failure) something else. */
static const char *
text_of(struct making *making, const char *member)
{
	const cJSON *item = json_get(making->document, member);

	if (item == NULL || cJSON_IsNull(item))
		return NULL;
	if (!cJSON_IsString(item) || item->valuestring[0] == '\0') {
		fail(making, LARDER_UNAVAILABLE, NULL, member, "not a text");
		return NULL;
	}
	return item->valuestring;
}

static bool
flag_of(struct making *making, const char *member)
{
	const cJSON *item = json_get(making->document, member);

	if (item != NULL && !cJSON_IsBool(item) && !cJSON_IsNull(item))
		fail(making, LARDER_UNAVAILABLE, NULL, member, "neither true nor false");
	return cJSON_IsTrue(item);
}

/* A member that is a list of texts; NULL if it is absent, null, or (a failure) something else. */
static const cJSON *
list_of(struct making *making, const char *member)
{
	const cJSON *list = json_get(making->document, member), *item;

	if (list == NULL || cJSON_IsNull(list))
		return NULL;
	if (!cJSON_IsArray(list))
		fail(making, LARDER_UNAVAILABLE, NULL, member, "not a list");
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item))
			fail(making, LARDER_UNAVAILABLE, NULL, member, "not a list of texts");
	}
	return making->code == LARDER_OK ? list : NULL;
}

/* The same rules as for an endpoint of a definition, and where the name came from a document, none of a private network. */
static void
check_url(struct making *making, const char *member, const char *text)
{
	enum address_kind kind;
	char why[128];
	struct url url;

	if (!url_parse(text, &url, why, sizeof(why))) {
		fail(making, LARDER_DENIED, NULL, member, why);
		return;
	}
	if (strcmp(url.scheme, "https") != 0 && !(making->source->insecure_loopback && url_is_loopback(&url)))
		fail(making, LARDER_DENIED, NULL, member, "is not https");
	kind = address_kind(url.host);
	if (kind == ADDRESS_NOWHERE ||
	    (kind != ADDRESS_NONE && kind != ADDRESS_PUBLIC && making->source->public_only) ||
	    (url_is_loopback(&url) && making->source->public_only))
		fail(making, LARDER_DENIED, NULL, member, "is at an address of a private network or of this machine");
}

/* The document stands at one place for both spellings (RFC 8414 section 3.1), so that this lets nobody else in. */
static bool
is_issuer(const struct metadata_source *source, const char *issuer)
{
	size_t len = strlen(issuer);

	if (strncmp(issuer, source->issuer, len) != 0)
		return false;
	return source->issuer[len] == '\0' || (source->is_typed && strcmp(source->issuer + len, "/") == 0);
}

static void
take_issuer(struct making *making)
{
	const char *issuer = text_of(making, "issuer");
	char safe[160], problem[256];

	if (issuer == NULL) {
		fail(making, LARDER_UNAVAILABLE, NULL, "issuer", "missing");
		return;
	}
	if (!is_issuer(making->source, issuer)) {
		(void)text_format(problem, sizeof(problem), "it is of %s, not of the issuer that was asked",
		    text_escape(safe, sizeof(safe), issuer, strlen(issuer)));
		fail(making, LARDER_DENIED, "if that is the issuer you mean, give exactly its URL", "issuer", problem);
	}
}

static bool
has_text(const cJSON *list, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		if (strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

/* The code grant is what a server does that does not list its grants (S077); it needs both endpoints (S074). */
static void
take_endpoints(struct making *making, cJSON *definition)
{
	const cJSON *grants = list_of(making, "grant_types_supported");
	bool has_code = grants == NULL || has_text(grants, "authorization_code");
	cJSON *endpoints = cJSON_CreateObject();
	const struct metadata_endpoint *row;

	for (row = metadata_endpoints; row->member != NULL; row++) {
		const char *text = text_of(making, row->member);

		if (text != NULL) {
			check_url(making, row->member, text);
			put_text(making, endpoints, row->field, text);
		} else if (row->needed == METADATA_ALWAYS || (row->needed == METADATA_FOR_CODE && has_code)) {
			fail(making, LARDER_UNAVAILABLE, NULL, row->member, "missing");
		}
	}
	put(making, definition, "endpoints", endpoints);
}

/* Those of a list that have a name in definitions, each once. */
static cJSON *
known_methods(struct making *making, const cJSON *list)
{
	cJSON *known = cJSON_CreateArray();
	enum auth_method method;
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		if (!auth_method_parse(item->valuestring, &method) || has_text(known, auth_method_name(method)) ||
		    method > AUTH_SELF_SIGNED_TLS)
			continue;
		if (!cJSON_AddItemToArray(known, cJSON_CreateString(auth_method_name(method))))
			no_memory(making);
	}
	return known;
}

/* Without a list it is client_secret_basic (S075). */
static void
take_auth(struct making *making, cJSON *definition)
{
	const cJSON *list = list_of(making, "token_endpoint_auth_methods_supported");
	cJSON *methods = known_methods(making, list);

	if (list == NULL && !cJSON_AddItemToArray(methods, cJSON_CreateString("client_secret_basic")))
		no_memory(making);
	if (cJSON_GetArraySize(methods) == 0)
		fail(making, LARDER_UNAVAILABLE, NULL, "token_endpoint_auth_methods_supported",
		    "none of them is known here");
	put(making, definition, "token_auth_methods", methods);
}

/* Without a list it is client_secret_basic here too, whatever the token endpoint takes (S076). */
static void
take_revocation(struct making *making, cJSON *definition)
{
	const cJSON *list = list_of(making, "revocation_endpoint_auth_methods_supported");
	const cJSON *token_methods = json_get(definition, "token_auth_methods"), *item;
	const char *method = "client_secret_basic";
	bool same = true;
	cJSON *known, *revoke;

	if (text_of(making, "revocation_endpoint") == NULL)
		return;
	cJSON_ArrayForEach(item, token_methods)
	{
		if (strcmp(item->valuestring, "none") != 0)
			same = same &&
			    (list == NULL ? strcmp(item->valuestring, method) == 0 : has_text(list, item->valuestring));
	}
	known = known_methods(making, list);
	if (list != NULL && cJSON_GetArraySize(known) > 0)
		method = cJSON_GetArrayItem(known, 0)->valuestring;
	if (!same) {
		revoke = cJSON_CreateObject();
		put_text(making, revoke, "client_auth", method);
		put(making, definition, "revoke", revoke);
	}
	cJSON_Delete(known);
}

/* A list without S256 is a downgrade of what every request here does (I138). */
static void
take_pkce(struct making *making, cJSON *definition)
{
	const char *member = "code_challenge_methods_supported";
	const cJSON *list = list_of(making, member);
	bool accepts = making->source->accepts_no_s256;

	if (list != NULL && has_text(list, "S256"))
		put_text(making, definition, "pkce", "supported");
	else if (list != NULL && !accepts)
		fail(making, LARDER_DENIED,
		    "if you trust it all the same, confirm with 'larder provider discover --accept'", member,
		    "S256 is not among them, so a stolen code could be used");
	else if (list == NULL && making->source->needs_s256 && !accepts)
		fail(making, LARDER_DENIED,
		    "if you trust it all the same, confirm with 'larder provider discover --accept'", member,
		    "missing, so nobody knows whether a stolen code could be used");
}

/* offline_access is what OpenID providers want for a refresh token, and that the person is asked (S084). */
static void
take_scopes(struct making *making, cJSON *definition)
{
	const cJSON *list = list_of(making, "scopes_supported"), *item;
	cJSON *scopes = list == NULL ? NULL : cJSON_CreateArray();
	size_t count = 0;

	if (list == NULL)
		return;
	cJSON_ArrayForEach(item, list)
	{
		if (text_is_token(item->valuestring, strlen(item->valuestring)) && count++ < SCOPES_MAX &&
		    !cJSON_AddItemToArray(scopes, cJSON_CreateString(item->valuestring)))
			no_memory(making);
	}
	put(making, definition, "scopes_supported", scopes);
	if (has_text(list, "offline_access")) {
		cJSON *offline = cJSON_CreateArray(), *params;

		if (!cJSON_AddItemToArray(offline, cJSON_CreateString("offline_access")))
			no_memory(making);
		put(making, definition, "offline_scopes", offline);
		if (has_text(list, "openid")) {
			params = cJSON_CreateObject();
			put_text(making, params, "prompt", "consent");
			put(making, definition, "authorize_params", params);
		}
	}
}

/* RFC 9449 section 5.1 */
static void
take_dpop(struct making *making, cJSON *definition)
{
	const cJSON *list = list_of(making, "dpop_signing_alg_values_supported"), *item;
	cJSON *algs = list == NULL ? NULL : cJSON_CreateArray();

	if (list == NULL)
		return;
	cJSON_ArrayForEach(item, list)
	{
		if (text_is_token(item->valuestring, strlen(item->valuestring)) && strlen(item->valuestring) <= 16 &&
		    cJSON_GetArraySize(algs) < 32 && !cJSON_AddItemToArray(algs, cJSON_CreateString(item->valuestring)))
			no_memory(making);
	}
	put(making, definition, "dpop_algs", algs);
}

static void
take_rest(struct making *making, cJSON *definition)
{
	take_dpop(making, definition);
	if (flag_of(making, "authorization_response_iss_parameter_supported"))
		put(making, definition, "iss_in_response", cJSON_CreateTrue());
	if (flag_of(making, "require_pushed_authorization_requests"))
		put(making, definition, "require_par", cJSON_CreateTrue());
}

static void
put_origin(struct making *making, cJSON *definition)
{
	const struct metadata_source *source = making->source;
	cJSON *sources = cJSON_CreateObject(), *list = cJSON_CreateArray();
	char why[128];
	struct url url;

	put_text(making, definition, "id", source->id);
	put_text(making, definition, "name", url_parse(source->issuer, &url, why, sizeof(why)) ? url.host : source->id);
	put_text(making, definition, "issuer", text_of(making, "issuer"));
	put_text(making, definition, "discovery", source->document);
	put(making, definition, "discovered_at", cJSON_CreateNumber((double)source->discovered_at));
	if (source->insecure_loopback)
		put(making, definition, "insecure_loopback", cJSON_CreateTrue());
	if (source->public_only)
		put(making, definition, "public_only", cJSON_CreateTrue());
	if (!cJSON_AddItemToArray(list, cJSON_CreateString(source->document)))
		no_memory(making);
	put(making, sources, "endpoints", list);
	put(making, definition, "sources", sources);
}

/* The reader of definitions has the last word: what it refuses is no definition, whoever wrote it. */
static enum larder_code
finish(struct making *making, struct buf *ret_definition)
{
	struct buf text = BUF_INIT(DEFINITION_MAX);
	struct provider *provider = NULL;
	struct larder_error error = { .code = LARDER_OK };
	enum larder_code code = LARDER_OK;

	if (!json_print(making->definition, true, &text) || !buf_append_byte(&text, '\n'))
		code = error_no_memory(making->ret_error);
	if (code == LARDER_OK &&
	    definition_parse(buf_str(&text), text.len, making->source->id, &provider, &error) != LARDER_OK)
		code = error.code == LARDER_INTERNAL
		    ? error_no_memory(making->ret_error)
		    : error_set(making->ret_error, LARDER_UNAVAILABLE, what, NULL, "%s", error.why);
	if (code == LARDER_OK && !buf_append(ret_definition, text.data, text.len))
		code = error_no_memory(making->ret_error);
	provider_free(provider);
	buf_clear(&text);
	return code;
}

enum larder_code
metadata_read(const struct metadata_source *source, const void *data, size_t len, struct buf *ret_definition,
    struct larder_error *ret_error)
{
	struct making making = { .source = source, .ret_error = ret_error };
	char why[128] = "";
	cJSON *document = json_parse(data, len, DEPTH_MAX, why, sizeof(why));

	if (document == NULL && errno == ENOMEM)
		return error_no_memory(ret_error);
	if (document == NULL || !cJSON_IsObject(document)) {
		json_free(document);
		return error_set(
		    ret_error, LARDER_UNAVAILABLE, what, NULL, "%s", document == NULL ? why : "it is no JSON object");
	}
	making.document = document;
	making.definition = cJSON_CreateObject();
	if (making.definition == NULL)
		no_memory(&making);
	take_issuer(&making);
	if (making.code == LARDER_OK) {
		put_origin(&making, making.definition);
		take_endpoints(&making, making.definition);
		take_auth(&making, making.definition);
		take_revocation(&making, making.definition);
		take_pkce(&making, making.definition);
		take_scopes(&making, making.definition);
		take_rest(&making, making.definition);
	}
	if (making.code == LARDER_OK)
		making.code = finish(&making, ret_definition);
	cJSON_Delete(making.definition);
	json_free(document);
	return making.code;
}
