/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/text.h"

#define INTEGER_MAX 9007199254740991.0 /* 2^53 - 1: above it a double, and so cJSON, knows no single whole numbers */

void
json_use_locked_memory(void)
{
	cJSON_Hooks hooks = { .malloc_fn = arena_alloc, .free_fn = arena_free };

	cJSON_InitHooks(&hooks);
}

struct cJSON *
json_parse(const char *data, size_t len, unsigned depth_max, char *why, size_t why_size)
{
	cJSON *json;

	errno = 0;
	if (!json_scan(data, len, depth_max, why, why_size))
		return NULL;
	json = cJSON_ParseWithLengthOpts(data, len, NULL, 0);
	if (json == NULL) {
		(void)text_format(why, why_size, "out of memory");
		errno = ENOMEM;
	}
	return json;
}

static void
wipe_strings(cJSON *json)
{
	for (; json != NULL; json = json->next) {
		if ((json->type & cJSON_IsReference) == 0) {
			wipe_strings(json->child);
			if (json->valuestring != NULL)
				wipe(json->valuestring, strlen(json->valuestring));
		}
		if ((json->type & cJSON_StringIsConst) == 0 && json->string != NULL)
			wipe(json->string, strlen(json->string));
	}
}

void
json_free(struct cJSON *json)
{
	if (json == NULL)
		return;
	if (!arena_owns(json)) /* which wipes by itself */
		wipe_strings(json);
	cJSON_Delete(json);
}

static const cJSON *
find_member(const cJSON *object, const char *name, size_t len)
{
	const cJSON *member;

	if (!cJSON_IsObject(object))
		return NULL;
	cJSON_ArrayForEach(member, object)
	{
		if (member->string != NULL && strncmp(member->string, name, len) == 0 && member->string[len] == '\0')
			return member;
	}
	return NULL;
}

const struct cJSON *
json_get(const struct cJSON *object, const char *path)
{
	while (object != NULL) {
		size_t len = strcspn(path, ".");

		object = find_member(object, path, len);
		if (path[len] == '\0')
			break;
		path += len + 1;
	}
	return object;
}

const char *
json_string(const struct cJSON *object, const char *path)
{
	const cJSON *member = json_get(object, path);

	return cJSON_IsString(member) ? member->valuestring : NULL;
}

bool
json_integer(const struct cJSON *object, const char *path, int64_t *ret)
{
	const cJSON *member = json_get(object, path);
	double value;

	if (!cJSON_IsNumber(member))
		return false;
	value = member->valuedouble;
	if (!(value >= -INTEGER_MAX && value <= INTEGER_MAX) || (double)(int64_t)value != value)
		return false;
	*ret = (int64_t)value;
	return true;
}

bool
json_bool(const struct cJSON *object, const char *path, bool *ret)
{
	const cJSON *member = json_get(object, path);

	if (!cJSON_IsBool(member))
		return false;
	*ret = cJSON_IsTrue(member);
	return true;
}
