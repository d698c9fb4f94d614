/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/extra.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "oauth/fields.h"

bool
extra_text(const struct cJSON *item, char ret[static EXTRA_VALUE_SIZE])
{
	if (cJSON_IsBool(item))
		return text_format(ret, EXTRA_VALUE_SIZE, "%s", cJSON_IsTrue(item) ? "true" : "false");
	if (cJSON_IsNumber(item))
		return text_format(ret, EXTRA_VALUE_SIZE, "%.15g", item->valuedouble);
	if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
		return false;
	for (const unsigned char *at = (const unsigned char *)item->valuestring; *at != '\0'; at++) {
		if (*at < 0x20 || *at == 0x7f)
			return false;
	}
	return text_format(ret, EXTRA_VALUE_SIZE, "%s", item->valuestring);
}

/* false: no room, and nothing changes. */
static bool
append(char extra[static EXTRA_SIZE], const char *name, size_t name_len, const char *value, size_t value_len)
{
	size_t len = strlen(extra);

	return len + name_len + value_len + 3 <= EXTRA_SIZE &&
	    text_format(extra + len, EXTRA_SIZE - len, "%.*s=%.*s\n", (int)name_len, name, (int)value_len, value);
}

void
extra_take(const struct judging *judging, char ret[static EXTRA_SIZE])
{
	const struct strings *names = &judging->provider->response.extra_fields_to_keep;
	char value[EXTRA_VALUE_SIZE];

	ret[0] = '\0';
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		const cJSON *item = json_get(judging->tokens, name);

		if (item == NULL)
			item = json_get(judging->inside, name);
		if (item == NULL)
			item = json_get(judging->whole, name);
		if (strchr(name, '=') == NULL && extra_text(item, value))
			(void)append(ret, name, strlen(name), value, strlen(value));
	}
}

bool
extra_next(
    const char **cursor, const char **ret_name, size_t *ret_name_len, const char **ret_value, size_t *ret_value_len)
{
	const char *end = strchr(*cursor, '\n'), *equals = strchr(*cursor, '=');

	if (end == NULL || equals == NULL || equals > end)
		return false;
	*ret_name = *cursor;
	*ret_name_len = (size_t)(equals - *cursor);
	*ret_value = equals + 1;
	*ret_value_len = (size_t)(end - equals - 1);
	*cursor = end + 1;
	return true;
}

bool
extra_find(const char *extra, const char *name, size_t name_len, const char **ret_value, size_t *ret_value_len)
{
	const char *found;
	size_t found_len;

	while (extra_next(&extra, &found, &found_len, ret_value, ret_value_len)) {
		if (found_len == name_len && memcmp(found, name, name_len) == 0)
			return true;
	}
	return false;
}

void
extra_merge(char old[static EXTRA_SIZE], const char *newer)
{
	char merged[EXTRA_SIZE] = "";
	const char *cursor, *name, *value, *ignored;
	size_t name_len, value_len, ignored_len;

	for (cursor = newer; extra_next(&cursor, &name, &name_len, &value, &value_len);)
		(void)append(merged, name, name_len, value, value_len);
	for (cursor = old; extra_next(&cursor, &name, &name_len, &value, &value_len);) {
		if (!extra_find(newer, name, name_len, &ignored, &ignored_len))
			(void)append(merged, name, name_len, value, value_len);
	}
	memcpy(old, merged, sizeof(merged));
}
