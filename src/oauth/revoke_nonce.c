/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocations that are signed with the client's secret, and the nonce that some of them want from another endpoint.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/answer.h"
#include "oauth/extra.h"
#include "oauth/revoke.h"

#define SIGNED_MAX ((size_t)16 << 10)
#define MAC_SIZE   32

static const struct message_param *
find_param(const struct message *message, const char *name)
{
	for (size_t i = 0; i < message->params_count; i++) {
		if (strcmp(message->params[i].name, name) == 0)
			return &message->params[i];
	}
	return NULL;
}

static void
add_timestamp(struct message *message, const struct strings *names, int64_t now)
{
	char text[24];

	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], "timestamp") != 0 || find_param(message, "timestamp") != NULL)
			continue;
		(void)text_format(text, sizeof(text), "%lld", (long long)now);
		message_param(message, "timestamp", text, strlen(text));
	}
}

static void
join(struct message *message, const struct strings *names, struct buf *ret)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct message_param *param = find_param(message, names->items[i]);
		char safe[80];

		if (param == NULL) {
			message_fail(message, LARDER_USAGE, "correct the provider's definition",
			    "it signs a parameter that is not sent: '%s'",
			    text_escape(safe, sizeof(safe), names->items[i], strlen(names->items[i])));
			return;
		}
		if (i > 0)
			(void)buf_append_byte(ret, ',');
		(void)buf_append(ret, param->value.data, param->value.len);
	}
	if (ret->failed)
		message_fail(message, LARDER_REJECTED, NULL, "what is to be signed is too long");
}

void
revoke_sign(struct message *message, const struct oauth_client *client, const struct strings *names)
{
	struct buf text = BUF_INIT_SECRET(SIGNED_MAX), mac = BUF_INIT_SECRET(MAC_SIZE);
	struct client_proof proof = { .now = 0 };
	char digits[2 * MAC_SIZE + 1];

	if (names->count == 0 || message->code != LARDER_OK)
		return;
	if (client->prove == NULL)
		message_fail(message, LARDER_REJECTED, "store it with 'larder client set-secret'",
		    "the client has no secret to sign with");
	else
		message->code = client->prove(client->prove_ctx, AUTH_SECRET_JWT, &proof, message->ret_error);
	add_timestamp(message, names, proof.now);
	join(message, names, &text);
	if (message->code == LARDER_OK && proof.signer.sign != NULL)
		message->code = proof.signer.sign(proof.signer.ctx, text.data, text.len, &mac, message->ret_error);
	if (message->code == LARDER_OK) {
		text_hex(digits, sizeof(digits), mac.data, mac.len);
		message_param(message, "signature", digits, strlen(digits));
	}
	buf_clear(&text);
	buf_clear(&mac);
}

enum larder_code
revoke_nonce_build(const struct provider *provider, const struct oauth_client *client, struct http_request *ret,
    struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot ask for the nonce of a revocation", &request, ret_error);
	message_url(&message, provider->revoke.nonce.url);
	message_param(&message, "client_id", client->client_id, strlen(client->client_id));
	message_extra(&message, &provider->revoke.nonce.extra);
	revoke_sign(&message, client, &provider->revoke.nonce.signs);
	message.names = &provider->param_names.revoke;
	code = message_take(&message, "POST", BODY_FORM, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

void
revoke_nonce_judge(const struct provider *provider, const struct http_reply *reply, int64_t now,
    char ret_nonce[static EXTRA_VALUE_SIZE], struct revoke_verdict *ret)
{
	char why[ANSWER_WHY_MAX] = "";
	struct cJSON *body;

	ret_nonce[0] = '\0';
	revoke_judge(provider, TOKEN_ACCESS, false, reply, now, ret);
	if (ret->outcome != REVOKED)
		return;
	body = answer_parse(reply, why);
	if (!extra_text(json_get(body, provider->revoke.nonce.field), ret_nonce)) {
		ret_nonce[0] = '\0';
		ret->outcome = REVOKE_REFUSED;
		(void)text_format(ret->message, sizeof(ret->message),
		    "HTTP %d without the nonce that a revocation needs", reply->status);
	}
	json_free(body);
}
