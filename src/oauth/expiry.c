/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/expiry.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "base/json.h"
#include "oauth/answer.h"
#include "oauth/verdict.h"

#define MILLISECONDS_FROM ((int64_t)100000000000) /* as seconds this is the year 5138 */

static bool
read_number(const char **cursor, size_t digits, char after, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < digits; i++) {
		if ((*cursor)[i] < '0' || (*cursor)[i] > '9')
			return false;
		value = value * 10 + ((*cursor)[i] - '0');
	}
	*cursor += digits;
	if (after != '\0' && **cursor != after)
		return false;
	*cursor += after != '\0' ? 1 : 0;
	*ret = value;
	return true;
}

/* "Z", "+02:00", "+0200" or nothing, to the end of the text. */
static bool
read_offset(const char *cursor, int *ret_s)
{
	int hours = 0, minutes = 0;
	char sign = *cursor;

	*ret_s = 0;
	if (strcmp(cursor, "Z") == 0 || strcmp(cursor, "z") == 0 || *cursor == '\0')
		return true;
	if (sign != '+' && sign != '-')
		return false;
	cursor++;
	if (!read_number(&cursor, 2, '\0', &hours))
		return false;
	cursor += *cursor == ':' ? 1 : 0;
	if (!read_number(&cursor, 2, '\0', &minutes) || *cursor != '\0' || hours > 23 || minutes > 59)
		return false;
	*ret_s = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return true;
}

int64_t
expiry_date(const char *text)
{
	struct tm tm = { .tm_isdst = 0 };
	int offset_s = 0;

	if (!read_number(&text, 4, '-', &tm.tm_year) || !read_number(&text, 2, '-', &tm.tm_mon) ||
	    !read_number(&text, 2, '\0', &tm.tm_mday) || (*text != 'T' && *text != 't' && *text != ' '))
		return -1;
	text++;
	if (!read_number(&text, 2, ':', &tm.tm_hour) || !read_number(&text, 2, ':', &tm.tm_min) ||
	    !read_number(&text, 2, '\0', &tm.tm_sec))
		return -1;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!read_offset(text, &offset_s) || tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) - offset_s;
}

/* An absolute time; -1 if it is none. */
static int64_t
read_time(const cJSON *item)
{
	int64_t value;

	if (answer_integer(item, &value))
		return value >= MILLISECONDS_FROM ? value / 1000 : value;
	return cJSON_IsString(item) ? expiry_date(item->valuestring) : -1;
}

static bool
is_missing(const cJSON *item)
{
	return item == NULL || cJSON_IsNull(item) || (cJSON_IsString(item) && item->valuestring[0] == '\0');
}

static bool
is_life(int64_t life_s)
{
	return life_s > 0 && life_s <= EXPIRY_LIFE_MAX_S;
}

/* Seconds of life by a duration member; complaint is set when it is there and says nothing. */
static bool
life_by_duration(const cJSON *item, int64_t *ret_life_s, const char **complaint)
{
	int64_t value = 0;

	if (is_missing(item))
		return false;
	if (!answer_integer(item, &value))
		*complaint = "expires_in is not a number of seconds";
	else if (value == 0)
		*complaint = "expires_in is 0";
	else if (!is_life(value))
		*complaint = "expires_in is over 100 years";
	else
		*ret_life_s = value;
	return is_life(value);
}

static bool
life_by_time(const cJSON *item, int64_t sent_at, int64_t *ret_life_s, const char **complaint)
{
	int64_t at;

	if (is_missing(item))
		return false;
	at = read_time(item);
	if (at < 0)
		*complaint = "the time when the token ends is not understood";
	else if (at <= sent_at)
		*complaint = "the token ends in the past, by this clock";
	else if (!is_life(at - sent_at))
		*complaint = "the token ends in over 100 years";
	else
		*ret_life_s = at - sent_at;
	return at > sent_at && is_life(at - sent_at);
}

const char *
expiry_judge(const struct provider *provider, const struct cJSON *tokens, int64_t sent_at, struct token_reply *ret)
{
	bool by_time = provider->response.expiry == EXPIRES_AT;
	const char *field = provider->response.expiry_field;
	const cJSON *duration = json_get(tokens, by_time || field == NULL ? "expires_in" : field);
	const cJSON *time = json_get(tokens, by_time && field != NULL ? field : "expires_at");
	const char *complaint = NULL;
	int64_t life_s = TIME_UNKNOWN;
	bool found;

	if (by_time)
		found =
		    life_by_time(time, sent_at, &life_s, &complaint) || life_by_duration(duration, &life_s, &complaint);
	else
		found =
		    life_by_duration(duration, &life_s, &complaint) || life_by_time(time, sent_at, &life_s, &complaint);
	if (!found && is_life(provider->access_token_ttl_s))
		life_s = provider->access_token_ttl_s;
	ret->expires_in_s = life_s;
	ret->expires_at = life_s == TIME_UNKNOWN ? TIME_UNKNOWN : sent_at + life_s;
	return found ? NULL : complaint;
}

static void
take_earliest(int64_t at, int64_t *earliest)
{
	if (at != TIME_UNKNOWN && (*earliest == TIME_UNKNOWN || at < *earliest))
		*earliest = at;
}

/* The end that one member names; TIME_UNKNOWN. Names that end with _at are times. */
static int64_t
end_by(const cJSON *tokens, const char *name, int64_t sent_at)
{
	const cJSON *item = json_get(tokens, name);
	size_t len = strlen(name);
	int64_t value = 0;

	if (is_missing(item))
		return TIME_UNKNOWN;
	if (len > 3 && strcmp(name + len - 3, "_at") == 0) {
		value = read_time(item);
		return value > sent_at ? value : TIME_UNKNOWN;
	}
	return answer_integer(item, &value) && value > 0 && value <= INT64_MAX - sent_at ? sent_at + value
											 : TIME_UNKNOWN;
}

static int64_t
earliest_of(const cJSON *tokens, const struct strings *fields, int64_t sent_at)
{
	int64_t earliest = TIME_UNKNOWN;

	for (size_t i = 0; i < fields->count; i++)
		take_earliest(end_by(tokens, fields->items[i], sent_at), &earliest);
	return earliest;
}

void
expiry_of_refresh_token(
    const struct provider *provider, const struct cJSON *tokens, int64_t sent_at, struct token_reply *ret)
{
	static const char *const idle[] = { "refresh_token_timeout", "refresh_expires_in",
		"x_refresh_token_expires_in" };
	static const char *const absolute[] = { "authorization_expires_in" };
	static const char *const either[] = { "refresh_token_expires_in", "refresh_token_expires_at",
		"refresh_expires_at" };
	const struct strings *own_idle = &provider->response.refresh_idle_fields;
	const struct strings *own_absolute = &provider->response.refresh_absolute_fields;
	bool stays = provider->rotation.kind == ROTATION_NEVER || provider->rotation.kind == ROTATION_NO_REFRESH_TOKEN;
	int64_t *loose = stays ? &ret->refresh_absolute_end_at : &ret->refresh_idle_end_at;

	ret->refresh_idle_end_at = earliest_of(tokens, own_idle, sent_at);
	ret->refresh_absolute_end_at = earliest_of(tokens, own_absolute, sent_at);
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
		if (!verdict_is_listed(own_absolute, idle[i]))
			take_earliest(end_by(tokens, idle[i], sent_at), &ret->refresh_idle_end_at);
	}
	for (size_t i = 0; i < sizeof(absolute) / sizeof(absolute[0]); i++) {
		if (!verdict_is_listed(own_idle, absolute[i]))
			take_earliest(end_by(tokens, absolute[i], sent_at), &ret->refresh_absolute_end_at);
	}
	for (size_t i = 0; i < sizeof(either) / sizeof(either[0]); i++) {
		if (!verdict_is_listed(own_idle, either[i]) && !verdict_is_listed(own_absolute, either[i]))
			take_earliest(end_by(tokens, either[i], sent_at), loose);
	}
	ret->refresh_expires_at = ret->refresh_idle_end_at;
	take_earliest(ret->refresh_absolute_end_at, &ret->refresh_expires_at);
}
