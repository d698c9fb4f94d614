/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own printer: cJSON's would print into memory that is not locked, and leaves alone what moves a terminal.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define PRINT_DEPTH_MAX 64
#define EXACT_MAX       9007199254740991.0 /* 2^53 - 1 */

static bool
append_escape(struct buf *buf, uint32_t c)
{
	static const char letters[] = "btnfr", meanings[] = "\b\t\n\f\r";
	const char *meaning = c != 0 && c < 0x20 ? strchr(meanings, (int)c) : NULL;

	if (meaning != NULL)
		return buf_append_byte(buf, '\\') && buf_append_byte(buf, (uint8_t)letters[meaning - meanings]);
	if (c >= 0x10000)
		return buf_append_format(buf, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
		    (unsigned)(0xdc00 + (c & 0x3ff)));
	return buf_append_format(buf, "\\u%04x", (unsigned)c);
}

bool
json_append_string(struct buf *buf, const char *str, size_t len)
{
	(void)buf_append_byte(buf, '"');
	while (len != 0) {
		uint32_t c = 0xfffd; /* stands for a byte that is no UTF-8 */
		size_t used = text_utf8_next(str, len, &c);

		if (used == 0 || text_is_unsafe(c)) {
			(void)append_escape(buf, c);
		} else {
			if (c == '"' || c == '\\')
				(void)buf_append_byte(buf, '\\');
			(void)buf_append(buf, str, used);
		}
		used += used == 0;
		str += used;
		len -= used;
	}
	return buf_append_byte(buf, '"');
}

static void
print_number(double value, struct buf *ret)
{
	char text[40];
	char *comma;

	if (value >= -EXACT_MAX && value <= EXACT_MAX && (double)(int64_t)value == value) {
		(void)buf_append_format(ret, "%" PRId64, (int64_t)value);
	} else if (value - value != 0) { /* infinite or no number */
		(void)buf_append_str(ret, "null");
	} else {
		(void)text_format(text, sizeof(text), "%.17g", value);
		comma = strchr(text, ','); /* of a locale */
		if (comma != NULL)
			*comma = '.';
		(void)buf_append_str(ret, text);
	}
}

static void
new_line(bool indented, unsigned depth, struct buf *ret)
{
	if (!indented)
		return;
	(void)buf_append_byte(ret, '\n');
	for (; depth != 0; depth--)
		(void)buf_append_str(ret, "  ");
}

static void print_value(const cJSON *json, bool indented, unsigned depth, struct buf *ret);

static void
print_container(const cJSON *json, bool indented, unsigned depth, struct buf *ret)
{
	bool is_object = cJSON_IsObject(json);
	const cJSON *member;

	(void)buf_append_byte(ret, is_object ? '{' : '[');
	cJSON_ArrayForEach(member, json)
	{
		if (member != json->child)
			(void)buf_append_byte(ret, ',');
		new_line(indented, depth + 1, ret);
		if (is_object) {
			(void)json_append_string(ret, member->string, strlen(member->string));
			(void)buf_append_str(ret, indented ? ": " : ":");
		}
		print_value(member, indented, depth + 1, ret);
	}
	if (json->child != NULL)
		new_line(indented, depth, ret);
	(void)buf_append_byte(ret, is_object ? '}' : ']');
}

static void
print_value(const cJSON *json, bool indented, unsigned depth, struct buf *ret)
{
	if (depth > PRINT_DEPTH_MAX)
		ret->failed = true;
	else if (cJSON_IsString(json))
		(void)json_append_string(ret, json->valuestring, strlen(json->valuestring));
	else if (cJSON_IsNumber(json))
		print_number(json->valuedouble, ret);
	else if (cJSON_IsObject(json) || cJSON_IsArray(json))
		print_container(json, indented, depth, ret);
	else
		(void)buf_append_str(ret, cJSON_IsTrue(json) ? "true" : cJSON_IsFalse(json) ? "false" : "null");
}

bool
json_print(const struct cJSON *json, bool indented, struct buf *ret)
{
	print_value(json, indented, 0, ret);
	return !ret->failed;
}
