/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/identity.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define PAYLOAD_MAX   ((size_t)64 << 10)
#define PAYLOAD_DEPTH 8
#define BAD_DIGIT     64

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

bool
identity_read(const char *id_token, size_t len, struct identity *ret)
{
	const char *first = memchr(id_token, '.', len), *second;
	struct buf payload = BUF_INIT_SECRET(PAYLOAD_MAX);
	struct cJSON *json = NULL;
	char why[128];

	*ret = (struct identity){ .subject = "" };
	if (first == NULL)
		return false;
	second = memchr(first + 1, '.', len - (size_t)(first + 1 - id_token));
	if (second != NULL && decode(first + 1, (size_t)(second - first - 1), &payload) && payload.len > 0)
		json = json_parse((const char *)payload.data, payload.len, PAYLOAD_DEPTH, why, sizeof why);
	buf_clear(&payload);
	if (json == NULL)
		return false;
	take(json, "sub", ret->subject);
	take(json, "email", ret->account);
	take(json, "preferred_username", ret->account);
	take(json, "name", ret->account);
	json_free(json);
	return true;
}
