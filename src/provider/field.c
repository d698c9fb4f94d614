/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/field.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#define SECONDS_MAX 1e11 /* longest time, over 3000 years: more is a mistake */

void
reading_fail(struct reading *reading, const char *format, ...)
{
	char problem[256];
	va_list args;

	if (reading->code != LARDER_OK)
		return;
	va_start(args, format);
	(void)vsnprintf(problem, sizeof(problem), format, args);
	va_end(args);
	reading->code = error_set(reading->ret_error, LARDER_USAGE, "cannot use the provider definition",
	    "mend it, and look again with 'larder provider check FILE'", "%s: %s%s%s", reading->source, reading->place,
	    reading->place[0] != '\0' ? ": " : "", problem);
	if (reading->provider->id[0] != '\0')
		reading->code = error_name(reading->ret_error, reading->code, reading->provider->id);
}

void
reading_no_memory(struct reading *reading)
{
	if (reading->code == LARDER_OK)
		reading->code = error_no_memory(reading->ret_error);
}

size_t
reading_enter(struct reading *reading, const char *member)
{
	size_t mark = strlen(reading->place);
	char safe[80];

	(void)text_escape(safe, sizeof(safe), member, strlen(member));
	(void)text_format(reading->place + mark, sizeof(reading->place) - mark, "%s%s", mark > 0 ? "." : "", safe);
	return mark;
}

size_t
reading_enter_item(struct reading *reading, size_t index)
{
	size_t mark = strlen(reading->place);

	(void)text_format(reading->place + mark, sizeof(reading->place) - mark, "[%zu]", index);
	return mark;
}

void
reading_leave(struct reading *reading, size_t mark)
{
	reading->place[mark] = '\0';
}

const char *
field_text(struct reading *reading, const cJSON *json)
{
	const unsigned char *text;

	if (!cJSON_IsString(json)) {
		reading_fail(reading, "not a text");
		return NULL;
	}
	for (text = (const unsigned char *)json->valuestring; *text != '\0'; text++) {
		if (*text < 0x20 || *text == 0x7f) {
			reading_fail(reading, "a control character");
			return NULL;
		}
	}
	return json->valuestring;
}

void
field_keep(struct reading *reading, const char *text, size_t len, char **ret)
{
	char *copy = keep_text(reading->provider, text, len);

	if (copy == NULL)
		reading_no_memory(reading);
	else
		*ret = copy;
}

static void
bool_read(struct reading *reading, const cJSON *json, bool *ret)
{
	if (!cJSON_IsBool(json))
		reading_fail(reading, "neither true nor false");
	else
		*ret = cJSON_IsTrue(json);
}

static void
seconds_read(struct reading *reading, const cJSON *json, int64_t *ret)
{
	double value;

	if (!cJSON_IsNumber(json)) {
		reading_fail(reading, "not a number");
		return;
	}
	value = json->valuedouble;
	if (!(value >= 0 && value <= SECONDS_MAX) || fabs(value - floor(value)) > 0)
		reading_fail(reading, "not a whole number of seconds");
	else
		*ret = (int64_t)value;
}

void
field_strings(struct reading *reading, const cJSON *json, void *at)
{
	struct strings *list = at;
	const cJSON *item;
	size_t index = 0;

	if (!cJSON_IsArray(json)) {
		reading_fail(reading, "not a list");
		return;
	}
	cJSON_ArrayForEach(item, json)
	{
		size_t mark = reading_enter_item(reading, index++);
		const char *text = field_text(reading, item);

		if (text != NULL && !keep_string(reading->provider, list, text, strlen(text)))
			reading_no_memory(reading);
		reading_leave(reading, mark);
		if (reading->code != LARDER_OK)
			return;
	}
}

static void
pair_read(struct reading *reading, const cJSON *json, struct name_values *list)
{
	char number[32];
	const char *text;

	if (cJSON_IsNull(json))
		return;
	if (cJSON_IsBool(json)) {
		text = cJSON_IsTrue(json) ? "true" : "false";
	} else if (cJSON_IsNumber(json)) {
		(void)text_format(number, sizeof(number), "%.15g", json->valuedouble);
		text = number;
	} else {
		text = field_text(reading, json);
	}
	if (text != NULL && json->string[0] == '\0')
		reading_fail(reading, "an empty name");
	else if (text != NULL && !keep_pair(reading->provider, list, json->string, text))
		reading_no_memory(reading);
}

static void
pairs_read(struct reading *reading, const cJSON *json, struct name_values *list)
{
	const cJSON *member;

	if (!cJSON_IsObject(json)) {
		reading_fail(reading, "not an object");
		return;
	}
	cJSON_ArrayForEach(member, json)
	{
		size_t mark = reading_enter(reading, member->string);

		pair_read(reading, member, list);
		reading_leave(reading, mark);
		if (reading->code != LARDER_OK)
			return;
	}
}

static void
fail_word(struct reading *reading, const char *text, const struct word *words)
{
	char safe[48];
	char list[160] = "";
	size_t len = 0;

	for (; words->text != NULL && len < sizeof(list); words++, len = strlen(list))
		(void)text_format(list + len, sizeof(list) - len, "%s%s", len > 0 ? ", " : "", words->text);
	reading_fail(reading, "\"%s\" is none of %s", text_escape(safe, sizeof(safe), text, strlen(text)), list);
}

static void
word_read(struct reading *reading, const cJSON *json, const struct word *words, void *at)
{
	const char *text = field_text(reading, json);
	int value;

	if (text == NULL)
		return;
	if (word_parse(words, text, strlen(text), &value))
		memcpy(at, &value, sizeof(value)); /* an enum without negative values is an int in size */
	else
		fail_word(reading, text, words);
}

void
field_json(struct reading *reading, const struct cJSON *json, void *at)
{
	struct buf text = BUF_INIT(JSON_BYTES_MAX);

	if (!cJSON_IsObject(json) && !cJSON_IsArray(json))
		reading_fail(reading, "neither an object nor a list");
	else if (!json_print(json, false, &text))
		reading_no_memory(reading);
	else
		field_keep(reading, buf_str(&text), text.len, at);
	buf_clear(&text);
}

static void
field_read(struct reading *reading, const cJSON *json, const struct field *field, void *base)
{
	void *at = (char *)base + field->offset;
	const char *text;

	switch (field->kind) {
	case FIELD_TEXT:
		text = field_text(reading, json);
		if (text != NULL)
			field_keep(reading, text, strlen(text), at);
		break;
	case FIELD_BOOL:
		bool_read(reading, json, at);
		break;
	case FIELD_SECONDS:
		seconds_read(reading, json, at);
		break;
	case FIELD_STRINGS:
		field_strings(reading, json, at);
		break;
	case FIELD_PAIRS:
		pairs_read(reading, json, at);
		break;
	case FIELD_WORD:
		word_read(reading, json, field->words, at);
		break;
	case FIELD_OBJECT:
		field_object(reading, json, field->fields, base);
		break;
	case FIELD_JSON:
		field_json(reading, json, at);
		break;
	case FIELD_OWN:
		field->read(reading, json, at);
		break;
	}
}

static const struct field *
field_by_name(const struct field *fields, const char *name)
{
	for (; fields->name != NULL; fields++) {
		if (strcmp(fields->name, name) == 0)
			return fields;
	}
	return NULL;
}

void
field_object(struct reading *reading, const cJSON *object, const struct field *fields, void *base)
{
	const cJSON *member;

	if (!cJSON_IsObject(object)) {
		reading_fail(reading, "not an object");
		return;
	}
	cJSON_ArrayForEach(member, object)
	{
		const struct field *field = field_by_name(fields, member->string);
		size_t mark = reading_enter(reading, member->string);

		if (field == NULL)
			reading_fail(reading, "unknown field");
		else if (!cJSON_IsNull(member) || field->kind == FIELD_OWN)
			field_read(reading, member, field, base);
		reading_leave(reading, mark);
		if (reading->code != LARDER_OK)
			return;
	}
}
