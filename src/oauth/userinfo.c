/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/userinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/answer.h"
#include "oauth/client_auth.h"

enum larder_code
userinfo_build(const struct provider *provider, const struct oauth_client *client, const struct secret *access_token,
    struct http_request *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct message message;
	enum larder_code code;

	message_init(&message, provider, client, "cannot ask whose account it is", &request, ret_error);
	message_var(&message, "access_token", access_token);
	if (provider->endpoints.userinfo == NULL)
		message_fail(&message, LARDER_NOT_FOUND, NULL, "the provider's definition has no userinfo endpoint");
	else
		message_url(&message, provider->endpoints.userinfo);
	message_headers(&message, &provider->userinfo.headers);
	client_auth_bearer(&message, access_token);
	code = message_take(&message, provider->userinfo.method, BODY_NONE, ret);
	message_clear(&message);
	http_request_clear(&request);
	return code;
}

/* Identifiers are numbers at many providers; those beyond 2^53 are sent as texts by all that have them. */
static void
take(const cJSON *object, const char *path, char dst[static IDENTITY_SIZE])
{
	const char *text = json_string(object, path);
	int64_t number;

	if (dst[0] != '\0')
		return;
	if (text != NULL)
		(void)text_escape(dst, IDENTITY_SIZE, text, strlen(text));
	else if (json_integer(object, path, &number))
		(void)text_format(dst, IDENTITY_SIZE, "%" PRId64, number);
}

bool
userinfo_read(const struct provider *provider, const struct http_reply *reply, struct identity *ret)
{
	const char *subject = provider->userinfo.subject_field, *account = provider->userinfo.account_field;
	char why[ANSWER_WHY_MAX];
	cJSON *whole;

	*ret = (struct identity){ .subject = "" };
	if (reply->status != 200)
		return false;
	whole = answer_parse(reply, why);
	if (whole == NULL)
		return false;
	take(whole, subject != NULL ? subject : "sub", ret->subject);
	if (account != NULL)
		take(whole, account, ret->account);
	take(whole, "email", ret->account);
	take(whole, "preferred_username", ret->account);
	take(whole, "name", ret->account);
	json_free(whole);
	return ret->subject[0] != '\0' || ret->account[0] != '\0';
}
