/* SPDX-License-Identifier: Apache-2.0 */
#include "api/definition_id.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"

#define HASH_DIGITS 8

static bool
is_fit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
	    c == '_';
}

/* FNV-1a: to tell long paths apart, not to keep anything safe. */
static uint32_t
hash(const char *text)
{
	uint32_t value = 2166136261U;

	for (; *text != '\0'; text++)
		value = (value ^ (uint8_t)*text) * 16777619U;
	return value;
}

void
definition_id(const char *issuer, char ret[static PROVIDER_ID_MAX + 1])
{
	struct buf id = BUF_INIT(URL_MAX + 32);
	char why[128];
	struct url url = { .path = "" };

	(void)url_parse(issuer, &url, why, sizeof why);
	for (const char *at = url.host; *at != '\0'; at++)
		(void)buf_append_byte(&id, (uint8_t)(is_fit(*at) ? *at : '-'));
	if (id.len > 0 && id.data[0] == '-') /* [::1] */
		id.data[0] = '0';
	if (url.port != (strcmp(url.scheme, "https") == 0 ? 443 : 80))
		(void)buf_append_format(&id, ":%u", (unsigned)url.port);
	for (const char *at = url.path; *at != '\0'; at++) {
		bool last = at[1] == '\0';

		if (!(last && *at == '/'))
			(void)buf_append_byte(&id, (uint8_t)(is_fit(*at) ? *at : '-'));
	}
	if (!text_format(ret, PROVIDER_ID_MAX + 1, "%s", buf_str(&id)))
		(void)text_format(ret + PROVIDER_ID_MAX - HASH_DIGITS - 1, HASH_DIGITS + 2, "-%08x", hash(issuer));
	buf_clear(&id);
}
