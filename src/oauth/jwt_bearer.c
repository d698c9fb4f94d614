/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/jwt_bearer.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/client_auth.h"
#include "oauth/grants.h"

#define JWT_BEARER_GRANT "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define CLAIMS_MAX       (8 << 10)

static enum larder_code
cannot_sign(struct larder_error *ret_error, const char *hint, const char *why)
{
	return error_set(ret_error, LARDER_USAGE, "cannot make the assertion", hint, "%s", why);
}

/* On success the object, or NULL for none; the caller frees it. */
static enum larder_code
parse_claims(const char *text, struct cJSON **ret, struct larder_error *ret_error)
{
	static const char *const own[] = { "iss", "sub", "aud", "exp", "iat", "jti", "scope" };
	char why[128];
	struct cJSON *json;
	bool repeats = false;

	*ret = NULL;
	if (text[0] == '\0')
		return LARDER_OK;
	json = json_parse(text, strlen(text), JSON_DEPTH_MAX, why, sizeof why);
	if (!cJSON_IsObject(json)) {
		json_free(json);
		return cannot_sign(ret_error, NULL, "the further claims are no JSON object");
	}
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		repeats = repeats || json_get(json, own[i]) != NULL;
	if (repeats) {
		json_free(json);
		return cannot_sign(
		    ret_error, "leave them out", "iss, sub, aud, exp, iat, jti and scope are no further claims");
	}
	*ret = json;
	return LARDER_OK;
}

enum larder_code
assertion_check_claims(const char *text, struct larder_error *ret_error)
{
	struct cJSON *json = NULL;
	enum larder_code code = parse_claims(text, &json, ret_error);

	json_free(json);
	return code;
}

/* The server is named in the way that its documentation wants (RFC 7523 section 3, item 3). */
static enum larder_code
find_audience(const struct provider *provider, const struct oauth_client *client, const struct assertion *assertion,
    struct buf *ret, struct larder_error *ret_error)
{
	const char *rule = provider->jwt_bearer.audience;

	if (assertion->audience[0] != '\0')
		return buf_append_str(ret, assertion->audience) ? LARDER_OK : error_no_memory(ret_error);
	if (strcmp(rule, "token_endpoint") == 0)
		return grants_endpoint(provider, client, ret, ret_error);
	if (strcmp(rule, "issuer") != 0)
		return provider_expand_text(provider, rule, client->vars, ret, ret_error);
	if (provider->issuer == NULL)
		return cannot_sign(ret_error, "say it with --aud", "the provider's issuer is not known");
	return provider_expand(provider, provider->issuer, client->vars, ret, ret_error);
}

static bool
add_claims(struct cJSON *json, const struct provider *provider, const struct oauth_client *client,
    const struct assertion *assertion, const char *audience)
{
	const char *issuer = assertion->issuer[0] != '\0' ? assertion->issuer : client->client_id;
	const char *subject = assertion->subject;
	char id[2 * ASSERTION_ID_BYTES + 1];
	int64_t life_s = assertion->life_s == 0 ? ASSERTION_LIFE_S : assertion->life_s;
	bool ok;

	if (subject[0] == '\0' && !provider->jwt_bearer.subject_optional)
		subject = issuer;
	text_hex(id, sizeof id, assertion->id, sizeof assertion->id);
	ok = cJSON_AddStringToObject(json, "iss", issuer) != NULL &&
	    (subject[0] == '\0' || cJSON_AddStringToObject(json, "sub", subject) != NULL) &&
	    cJSON_AddStringToObject(json, "aud", audience) != NULL &&
	    cJSON_AddNumberToObject(json, "iat", (double)assertion->now) != NULL &&
	    cJSON_AddNumberToObject(json, "exp", (double)(assertion->now + life_s)) != NULL &&
	    cJSON_AddStringToObject(json, "jti", id) != NULL;
	if (ok && provider->jwt_bearer.scope_claim && assertion->scope[0] != '\0')
		ok = cJSON_AddStringToObject(json, "scope", assertion->scope) != NULL;
	return ok;
}

enum larder_code
assertion_make(const struct provider *provider, const struct oauth_client *client, const struct assertion *assertion,
    const struct jwt_signer *signer, struct buf *ret, struct larder_error *ret_error)
{
	struct buf audience = BUF_INIT(URL_MAX), text = BUF_INIT(CLAIMS_MAX);
	struct cJSON *json = NULL;
	enum larder_code code;

	code = parse_claims(assertion->claims, &json, ret_error);
	if (code == LARDER_OK)
		code = find_audience(provider, client, assertion, &audience, ret_error);
	if (code != LARDER_OK)
		goto out;
	if (json == NULL)
		json = cJSON_CreateObject();
	if (json == NULL || !add_claims(json, provider, client, assertion, buf_str(&audience)) ||
	    !json_print(json, false, &text)) {
		code = text.failed && !text.starved ? cannot_sign(ret_error, NULL, "its claims are too long")
						    : error_no_memory(ret_error);
		goto out;
	}
	code = jwt_make(signer, "\"typ\":\"JWT\"", buf_str(&text), ret, ret_error);
out:
	json_free(json);
	buf_clear(&audience);
	buf_clear(&text);
	return code;
}

enum larder_code
jwt_bearer_build(const struct provider *provider, const struct oauth_client *client, const struct secret *assertion,
    const char *scope, const char *resource, struct http_request *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot ask for a token", &request, ret_error);
	if (secret_is_empty(assertion))
		message_fail(&message, LARDER_USAGE, NULL, "the assertion is empty");
	grants_url(&message);
	message_headers(&message, &provider->jwt_bearer.headers);
	message_param(&message, "grant_type", JWT_BEARER_GRANT, sizeof JWT_BEARER_GRANT - 1);
	message_param(&message, "assertion", assertion->data, assertion->len);
	/* The assertion tells who asks; authentication besides is optional (RFC 7521 section 4.1). */
	if (provider->jwt_bearer.client_auth)
		client_auth_add(&message, client, client_auth_method(provider, client));
	if (!provider->jwt_bearer.scope_claim)
		message_scope(&message, scope);
	message_resources(&message, resource);
	message_extra(&message, &provider->jwt_bearer.extra);
	code = message_take(&message, "POST", BODY_FORM, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

static bool
take(const struct cJSON *json, const char *name, char *dst, size_t dst_size)
{
	const char *text = json_string(json, name);

	return text == NULL || text_format(dst, dst_size, "%s", text);
}

enum larder_code
service_account_read(const struct secret *file, struct service_account *ret, struct larder_error *ret_error)
{
	struct service_account account = { .key_id = "" };
	struct cJSON *json = NULL;
	char why[128] = "";
	const char *key;
	enum larder_code code = LARDER_OK;

	if (file->len == 0 || file->data[0] != '{')
		return LARDER_NOT_FOUND;
	json = json_parse((const char *)file->data, file->len, JSON_DEPTH_MAX, why, sizeof why);
	key = json_string(json, "private_key");
	if (key == NULL || !take(json, "private_key_id", account.key_id, sizeof account.key_id) ||
	    !take(json, "client_email", account.issuer, sizeof account.issuer) ||
	    !take(json, "token_uri", account.audience, sizeof account.audience))
		code = error_set(ret_error, LARDER_USAGE, "cannot read the key file",
		    "give the JSON key of a service account, or a private key as PEM", "%s",
		    why[0] != '\0' ? why : "it is JSON without a private_key");
	else if (!secret_copy(key, strlen(key), &account.private_key))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		*ret = account;
	json_free(json);
	return code;
}

void
service_account_clear(struct service_account *account)
{
	secret_free(&account->private_key);
	*account = (struct service_account){ .key_id = "" };
}
