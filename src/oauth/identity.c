/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/identity.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define PAYLOAD_MAX   ((size_t)64 << 10)
#define PAYLOAD_DEPTH 8
#define BAD_DIGIT     64
#define SKEW_S        600 /* between the clocks of two machines */

static unsigned
digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return (unsigned)(digit - 'A');
	if (digit >= 'a' && digit <= 'z')
		return (unsigned)(digit - 'a') + 26;
	if (digit >= '0' && digit <= '9')
		return (unsigned)(digit - '0') + 52;
	return digit == '-' ? 62 : digit == '_' ? 63 : BAD_DIGIT;
}

static bool
decode(const char *text, size_t len, struct buf *ret)
{
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned value = digit_value(text[i]);

		if (value == BAD_DIGIT)
			return false;
		bits = (bits << 6 | value) & 0xffffff;
		count += 6;
		if (count >= 8) {
			count -= 8;
			(void)buf_append_byte(ret, (uint8_t)(bits >> count));
		}
	}
	return !ret->failed;
}

static void
take(const struct cJSON *payload, const char *name, char dst[static IDENTITY_SIZE])
{
	const char *text = json_string(payload, name);

	if (dst[0] == '\0' && text != NULL)
		(void)text_escape(dst, IDENTITY_SIZE, text, strlen(text));
}

static void
take_audience(const struct cJSON *payload, struct identity *ret)
{
	const struct cJSON *value = cJSON_GetObjectItemCaseSensitive(payload, "aud"), *one;
	struct buf all = BUF_INIT(sizeof ret->audience - 1);
	char text[IDENTITY_SIZE];

	if (cJSON_IsString(value)) {
		(void)buf_append_format(
		    &all, "%s\n", text_escape(text, sizeof text, value->valuestring, strlen(value->valuestring)));
	} else if (cJSON_IsArray(value)) {
		cJSON_ArrayForEach(one, value)
		{
			if (cJSON_IsString(one))
				(void)buf_append_format(&all, "%s\n",
				    text_escape(text, sizeof text, one->valuestring, strlen(one->valuestring)));
		}
	}
	(void)text_format(ret->audience, sizeof ret->audience, "%s", buf_str(&all));
	buf_clear(&all);
}

static int64_t
time_of(const struct cJSON *payload, const char *name)
{
	const struct cJSON *value = cJSON_GetObjectItemCaseSensitive(payload, name);

	if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble < 1e15))
		return -1;
	return (int64_t)value->valuedouble;
}

struct cJSON *
identity_claims(const char *token, size_t len)
{
	const char *first = memchr(token, '.', len), *second;
	struct buf payload = BUF_INIT_SECRET(PAYLOAD_MAX);
	struct cJSON *json = NULL;
	char why[128];

	if (first == NULL)
		return NULL;
	second = memchr(first + 1, '.', len - (size_t)(first + 1 - token));
	if (second != NULL && decode(first + 1, (size_t)(second - first - 1), &payload) && payload.len > 0)
		json = json_parse((const char *)payload.data, payload.len, PAYLOAD_DEPTH, why, sizeof why);
	buf_clear(&payload);
	return json;
}

bool
identity_read(const char *id_token, size_t len, struct identity *ret)
{
	struct cJSON *json = identity_claims(id_token, len);

	*ret = (struct identity){ .subject = "" };
	if (json == NULL)
		return false;
	take(json, "sub", ret->subject);
	take(json, "email", ret->account);
	take(json, "preferred_username", ret->account);
	take(json, "name", ret->account);
	take(json, "iss", ret->issuer);
	take(json, "azp", ret->party);
	take(json, "nonce", ret->nonce);
	take_audience(json, ret);
	ret->issued_at = time_of(json, "iat");
	ret->expires_at = time_of(json, "exp");
	ret->is_id_token = true;
	json_free(json);
	return true;
}

static bool
is_issuer(const char *said, const char *issuer)
{
	static const char scheme[] = "https://";

	return strcmp(said, issuer) == 0 ||
	    (strncmp(issuer, scheme, sizeof scheme - 1) == 0 && strcmp(said, issuer + sizeof scheme - 1) == 0);
}

static bool
is_at_host_of(const char *said, const char *issuer)
{
	struct url a, b;
	char why[128];

	return url_parse(said, &a, why, sizeof why) && url_parse(issuer, &b, why, sizeof why) &&
	    url_same_origin(&a, &b);
}

static bool
is_for(const char *audience, const char *client_id)
{
	size_t len = strlen(client_id);

	for (const char *line = audience; *line != '\0'; line = strchr(line, '\n') + 1) {
		if (strncmp(line, client_id, len) == 0 && line[len] == '\n')
			return true;
	}
	return false;
}

const char *
identity_objection(const struct identity *identity, const struct identity_terms *terms)
{
	if (terms->issuer != NULL && !is_issuer(identity->issuer, terms->issuer) &&
	    !(terms->is_issuer_alias && is_at_host_of(identity->issuer, terms->issuer)))
		return "its ID token is of another issuer";
	if (terms->client_id != NULL && !is_for(identity->audience, terms->client_id))
		return "its ID token is of another client";
	if (terms->client_id != NULL && identity->party[0] != '\0' && strcmp(identity->party, terms->client_id) != 0)
		return "its ID token was issued to another client";
	if (terms->subject != NULL && strcmp(identity->subject, terms->subject) != 0)
		return "its ID token is of another account";
	if (terms->nonce != NULL && strcmp(identity->nonce, terms->nonce) != 0)
		return "its ID token is of another log-in (nonce differs)";
	if (terms->now != 0 && (identity->expires_at < 0 || identity->expires_at < terms->now - SKEW_S))
		return "its ID token has expired, or this machine's clock is wrong";
	if (terms->now != 0 && identity->issued_at > terms->now + SKEW_S)
		return "its ID token is from the future, or this machine's clock is wrong";
	return NULL;
}
