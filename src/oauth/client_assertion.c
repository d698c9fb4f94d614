/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_assertion.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define CLAIMS_MAX    ((size_t)16 << 10)
#define ASSERTION_MAX ((size_t)32 << 10)

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/* A text of the definition with the client's values in it; what there is none for stays empty. */
static void
fill(struct message *message, const char *template, struct buf *ret)
{
	const struct name_values vars = { message->vars, message->vars_count };

	if (message->code == LARDER_OK)
		message->code = provider_expand_text(message->provider, template, &vars, ret, message->ret_error);
}

/* Which server it is for: the assertion is worth nothing anywhere else (RFC 7523 section 3, item 3). */
static void
fill_audience(struct message *message, const struct oauth_client *client, struct buf *ret)
{
	const char *rule = message->provider->client_assertion.audience;

	if (strcmp(rule, "token_endpoint") == 0)
		message->code = token_endpoint(message->provider, client, ret, message->ret_error);
	else if (strcmp(rule, "endpoint") == 0 && message->request->url[0] != '\0')
		message->code =
		    buf_append_str(ret, message->request->url) ? LARDER_OK : error_no_memory(message->ret_error);
	else if (strcmp(rule, "issuer") != 0)
		fill(message, rule, ret);
	else if (message->provider->issuer != NULL)
		fill(message, message->provider->issuer, ret);
	else
		message_fail(message, LARDER_USAGE, "name it in the definition as 'issuer'",
		    "the issuer that assertions are for is not known");
}

static bool
write_claims(const struct oauth_client *client, const struct client_proof *proof, const char *issuer,
    const char *audience, struct buf *ret)
{
	struct cJSON *json = cJSON_CreateObject();
	char id[2 * sizeof(proof->id) + 1];
	bool ok;

	text_hex(id, sizeof(id), proof->id, sizeof(proof->id));
	ok = json != NULL && cJSON_AddStringToObject(json, "iss", issuer) != NULL &&
	    cJSON_AddStringToObject(json, "sub", client->client_id) != NULL &&
	    cJSON_AddStringToObject(json, "aud", audience) != NULL &&
	    cJSON_AddNumberToObject(json, "iat", (double)proof->now) != NULL &&
	    cJSON_AddNumberToObject(json, "exp", (double)(proof->now + CLIENT_ASSERTION_LIFE_S)) != NULL &&
	    cJSON_AddStringToObject(json, "jti", id) != NULL && json_print(json, false, ret);
	json_free(json);
	return ok;
}

static void
make(struct message *message, const struct oauth_client *client, struct client_proof *proof, struct buf *ret)
{
	const char *issuer_rule = message->provider->client_assertion.issuer;
	const char *key_rule = message->provider->client_assertion.key_id;
	struct buf issuer = BUF_INIT(CLAIMS_MAX), audience = BUF_INIT(URL_MAX), key_id = BUF_INIT(CLAIMS_MAX);
	struct buf claims = BUF_INIT(CLAIMS_MAX);

	fill_audience(message, client, &audience);
	if (issuer_rule != NULL)
		fill(message, issuer_rule, &issuer);
	if (key_rule != NULL)
		fill(message, key_rule, &key_id);
	if (key_id.len > 0)
		proof->signer.kid = buf_str(&key_id);
	if (message->code == LARDER_OK &&
	    !write_claims(
		client, proof, issuer.len > 0 ? buf_str(&issuer) : client->client_id, buf_str(&audience), &claims))
		message_no_memory(message);
	if (message->code == LARDER_OK)
		message->code = jwt_make(&proof->signer, "\"typ\":\"JWT\"", buf_str(&claims), ret, message->ret_error);
	buf_clear(&issuer);
	buf_clear(&audience);
	buf_clear(&key_id);
	buf_clear(&claims);
}

void
client_assertion_add(struct message *message, const struct oauth_client *client, enum auth_method method)
{
	struct client_proof proof = { .now = 0 };
	struct buf text = BUF_INIT_SECRET(ASSERTION_MAX);

	if (client->prove == NULL)
		message_fail(message, LARDER_REJECTED, "make one with 'larder client key'",
		    "the client has no key to sign with");
	else if (message->code == LARDER_OK)
		message->code = client->prove(client->prove_ctx, method, &proof, message->ret_error);
	if (message->code == LARDER_OK)
		make(message, client, &proof, &text);
	message_param(message, "client_id", client->client_id, strlen(client->client_id));
	if (method == AUTH_SIGNED_POST) {
		message_param(message, "client_secret", text.data, text.len);
	} else {
		message_param(message, "client_assertion_type", assertion_type, sizeof(assertion_type) - 1);
		message_param(message, "client_assertion", text.data, text.len);
	}
	buf_clear(&text);
}
