/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a revocation endpoint's reply means. The first row that fits counts:
 *
 *   status, body                                                       verdict
 *   a success of the definition (200 and 204 by the RFC), whatever     REVOKED
 *     the body is; with success_field only if that says so
 *   an error of the definition's unknown_errors                        REVOKED
 *   invalid_client, unauthorized_client                                REFUSED
 *   400 with unknown_is_success_400, one of unknown_statuses           REVOKED
 *   429, 408, 5xx, temporarily_unavailable, slow_down                  RETRY
 *   unsupported_token_type                                             UNSUPPORTED
 *   with a hint: invalid_request, a 400 without an OAuth error         TRY_NO_HINT
 *   anything else; a redirect too, as nobody follows it and asking     REFUSED
 *     again brings the same: the definition's URL has to be corrected
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/answer.h"
#include "oauth/revoke.h"
#include "oauth/verdict.h"

static bool
is_listed(const int *statuses, size_t count, int status)
{
	for (size_t i = 0; i < count; i++) {
		if (statuses[i] == status)
			return true;
	}
	return false;
}

/* Whether a member says what it must: "true" is a JSON true or that string, "0" a number or that string. */
static bool
field_says(const cJSON *item, const char *value)
{
	int64_t number;
	char text[24];

	if (value == NULL)
		value = "true";
	if (cJSON_IsBool(item))
		return strcmp(value, cJSON_IsTrue(item) ? "true" : "false") == 0;
	if (cJSON_IsString(item))
		return strcmp(value, item->valuestring) == 0;
	if (!cJSON_IsNumber(item) || !answer_integer(item, &number))
		return false;
	(void)text_format(text, sizeof(text), "%lld", (long long)number);
	return strcmp(value, text) == 0;
}

static bool
is_success(const struct provider *provider, const struct cJSON *body, const struct answer_error *error, int status)
{
	bool by_rfc = provider->revoke.success_count == 0 ||
	    is_listed(provider->revoke.success, provider->revoke.success_count, 200);

	if (!is_listed(provider->revoke.success, provider->revoke.success_count, status) &&
	    !(by_rfc && (status == 200 || status == 204)))
		return false;
	if (provider->revoke.success_field != NULL)
		return field_says(json_get(body, provider->revoke.success_field), provider->revoke.success_value);
	return !(provider->response.error_at_http_200 && error->found && json_get(body, "error") != NULL);
}

static enum revoke_outcome
judge_error(const struct provider *provider, const struct answer_error *error, int status, bool with_hint)
{
	const char *code = error->code;

	if (verdict_is_listed(&provider->revoke.unknown_errors, code))
		return REVOKED;
	if (strcmp(code, "invalid_client") == 0 || strcmp(code, "unauthorized_client") == 0)
		return REVOKE_REFUSED;
	if ((status == 400 && provider->revoke.unknown_is_success_400) ||
	    is_listed(provider->revoke.unknown_statuses, provider->revoke.unknown_statuses_count, status))
		return REVOKED;
	if (status == 429 || status == 408 || status < 200 || status > 499 ||
	    strcmp(code, "temporarily_unavailable") == 0 || strcmp(code, "slow_down") == 0)
		return REVOKE_RETRY;
	if (strcmp(code, "unsupported_token_type") == 0)
		return REVOKE_UNSUPPORTED;
	if (with_hint && revoke_sends_hint(provider) &&
	    (strcmp(code, "invalid_request") == 0 || (status == 400 && !error->found)))
		return REVOKE_TRY_NO_HINT;
	return REVOKE_REFUSED;
}

static void
say(const struct answer_error *error, const struct http_reply *reply, struct revoke_verdict *ret)
{
	int status = reply->status;
	char code[64], target[160];

	if (ret->outcome == REVOKED)
		return;
	if (status >= 300 && status <= 399) {
		(void)text_format(ret->message, sizeof(ret->message),
		    "HTTP %d, a redirect to %s, which is not followed", status,
		    reply->location[0] == '\0'
			? "nowhere"
			: text_escape(target, sizeof(target), reply->location, strlen(reply->location)));
		return;
	}
	(void)text_escape(code, sizeof(code), error->code, strlen(error->code));
	(void)text_format(ret->message, sizeof(ret->message), "HTTP %d%s%s%s%s%s", status, code[0] == '\0' ? "" : ", ",
	    code, error->description[0] == '\0' ? "" : " (", error->description,
	    error->description[0] == '\0' ? "" : ")");
}

void
revoke_judge(const struct provider *provider, enum token_kind kind, bool with_hint, const struct http_reply *reply,
    int64_t now, struct revoke_verdict *ret)
{
	char why[ANSWER_WHY_MAX] = "";
	struct cJSON *body = answer_parse(reply, why);
	struct answer_error error;

	(void)kind; /* no definition tells the kinds apart in a reply */
	*ret = (struct revoke_verdict){ .retry_after_s = http_retry_after(reply->retry_after, now) };
	answer_find_error(provider, reply->status, body, &error);
	if (is_success(provider, body, &error, reply->status))
		ret->outcome = REVOKED;
	else
		ret->outcome = judge_error(provider, &error, reply->status, with_hint);
	ret->of_client = ret->outcome == REVOKE_REFUSED &&
	    (strcmp(error.code, "invalid_client") == 0 || (reply->status == 401 && !error.found));
	say(&error, reply, ret);
	json_free(body);
}
