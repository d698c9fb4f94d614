/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <string.h>

#include "base/text.h"

#define RETRY_AFTER_MIN_S 1
#define RETRY_AFTER_MAX_S 3600 /* a provider can ask us to wait, not to give up */

/* tchar of RFC 9110 section 5.6.2 */
static bool
is_header_name(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++) {
		char c = name[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			continue;
		if (strchr("!#$%&'*+-.^_`|~", c) == NULL)
			return false;
	}
	return i != 0 && i < sizeof(((struct http_header *)0)->name);
}

static bool
is_header_value(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return false;
	}
	return true;
}

bool
http_method_is_valid(const char *method)
{
	size_t len = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return len > 0 && method[len] == '\0' && len < sizeof(((struct http_request *)0)->method);
}

bool
http_request_add_header(struct http_request *request, const char *name, const char *value, size_t value_len)
{
	struct http_header *header;

	if (request->headers_count == HTTP_HEADERS_MAX || !is_header_name(name) || !is_header_value(value, value_len))
		return false;
	header = &request->headers[request->headers_count];
	if (!secret_copy(value, value_len, &header->value))
		return false;
	(void)text_format(header->name, sizeof(header->name), "%s", name);
	request->headers_count++;
	return true;
}

void
http_request_clear(struct http_request *request)
{
	size_t i;

	if (request == NULL)
		return;
	for (i = 0; i < request->headers_count; i++)
		secret_free(&request->headers[i].value);
	secret_free(&request->body);
	wipe(request, sizeof(*request)); /* an access token may stand in a URL */
}

void
http_reply_clear(struct http_reply *reply)
{
	if (reply == NULL)
		return;
	secret_free(&reply->body);
	wipe(reply, sizeof(*reply));
}

struct date {
	int64_t year, month, day, hour, minute, second; /* month from 0 */
};

static bool
eat(const char **cursor, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*cursor, text, len) != 0)
		return false;
	*cursor += len;
	return true;
}

/* One of several words of any length; its index, -1 if none. */
static int
eat_word(const char **cursor, const char *const *words, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (eat(cursor, words[i]))
			return i;
	}
	return -1;
}

static bool
eat_number(const char **cursor, size_t digits, int64_t *ret)
{
	int64_t value = 0;
	size_t i;

	for (i = 0; i < digits; i++) {
		char c = (*cursor)[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*cursor += digits;
	*ret = value;
	return true;
}

static bool
eat_month(const char **cursor, int64_t *ret)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
		"Nov", "Dec" };

	*ret = eat_word(cursor, months, 12);
	return *ret >= 0;
}

static bool
eat_time(const char **cursor, struct date *ret)
{
	return eat_number(cursor, 2, &ret->hour) && eat(cursor, ":") && eat_number(cursor, 2, &ret->minute) &&
	    eat(cursor, ":") && eat_number(cursor, 2, &ret->second);
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool
parse_imf(const char *cursor, struct date *ret)
{
	return eat_number(&cursor, 2, &ret->day) && eat(&cursor, " ") && eat_month(&cursor, &ret->month) &&
	    eat(&cursor, " ") && eat_number(&cursor, 4, &ret->year) && eat(&cursor, " ") && eat_time(&cursor, ret) &&
	    strcmp(cursor, " GMT") == 0;
}

/* "06-Nov-94 08:49:37 GMT"; the century is the one that Unix time is in */
static bool
parse_rfc850(const char *cursor, struct date *ret)
{
	if (!eat_number(&cursor, 2, &ret->day) || !eat(&cursor, "-") || !eat_month(&cursor, &ret->month) ||
	    !eat(&cursor, "-") || !eat_number(&cursor, 2, &ret->year) || !eat(&cursor, " ") ||
	    !eat_time(&cursor, ret) || strcmp(cursor, " GMT") != 0)
		return false;
	ret->year += ret->year < 70 ? 2000 : 1900;
	return true;
}

/* "Nov  6 08:49:37 1994" */
static bool
parse_asctime(const char *cursor, struct date *ret)
{
	if (!eat_month(&cursor, &ret->month) || !eat(&cursor, " "))
		return false;
	if (eat(&cursor, " ") ? !eat_number(&cursor, 1, &ret->day) : !eat_number(&cursor, 2, &ret->day))
		return false;
	return eat(&cursor, " ") && eat_time(&cursor, ret) && eat(&cursor, " ") && eat_number(&cursor, 4, &ret->year) &&
	    *cursor == '\0';
}

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
date_unix(const struct date *date)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t before = date->year - 1;
	int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162; /* of the years from 1970 on */
	int64_t month;

	if (date->year < 1970 || date->day < 1 || date->hour > 23 || date->minute > 59 || date->second > 60)
		return -1;
	if (date->day > month_days[date->month] + (date->month == 1 && is_leap(date->year) ? 1 : 0))
		return -1;
	for (month = 0; month < date->month; month++)
		days += month_days[month] + (month == 1 && is_leap(date->year) ? 1 : 0);
	return (days + date->day - 1) * 86400 + date->hour * 3600 + date->minute * 60 + date->second;
}

int64_t
http_date(const char *value)
{
	/* the long names first: the short ones are how they begin */
	static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
		"Sunday", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	struct date date = { 0 };
	const char *cursor = value;
	int day = eat_word(&cursor, days, 14);
	bool parsed;

	if (day < 0)
		return -1;
	if (day < 7)
		parsed = eat(&cursor, ", ") && parse_rfc850(cursor, &date);
	else if (eat(&cursor, ", "))
		parsed = parse_imf(cursor, &date);
	else
		parsed = eat(&cursor, " ") && parse_asctime(cursor, &date);
	return parsed ? date_unix(&date) : -1;
}

int64_t
http_retry_after(const char *value, int64_t now)
{
	int64_t wait_s = 0;
	size_t i;

	for (i = 0; value[i] >= '0' && value[i] <= '9'; i++) {
		if (wait_s <= RETRY_AFTER_MAX_S)
			wait_s = wait_s * 10 + (value[i] - '0');
	}
	if (i == 0 || value[i] != '\0') {
		int64_t date = http_date(value);

		if (date < 0)
			return -1;
		wait_s = date - now;
	}
	if (wait_s < RETRY_AFTER_MIN_S)
		return RETRY_AFTER_MIN_S;
	return wait_s < RETRY_AFTER_MAX_S ? wait_s : RETRY_AFTER_MAX_S;
}
