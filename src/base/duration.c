/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static const struct unit {
	char letter;
	const char *word;
	int64_t span_s;
} units[] = {
	{ 'd', "d", 86400 },
	{ 'h', "h", 3600 },
	{ 'm', "min", 60 },
	{ 's', "s", 1 },
};

#define UNITS (sizeof(units) / sizeof(units[0]))

static bool
unit_span(const char *text, int64_t *ret_span_s)
{
	size_t i;

	if (text[0] == '\0') {
		*ret_span_s = 1;
		return true;
	}
	for (i = 0; i < UNITS; i++) {
		if (text[0] == units[i].letter && text[1] == '\0') {
			*ret_span_s = units[i].span_s;
			return true;
		}
	}
	return false;
}

bool
duration_parse(const char *text, int64_t *ret_s)
{
	int64_t count = 0, span_s;

	if (text == NULL || *text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		count = count * 10 + (*text - '0');
		if (count > DURATION_MAX_S)
			return false;
	}
	if (!unit_span(text, &span_s) || count > DURATION_MAX_S / span_s)
		return false;
	*ret_s = count * span_s;
	return true;
}

/* Two units, the second one only where it still says something: 1 h 5 min, but 12 d. */
const char *
duration_format(char *dst, size_t dst_size, int64_t span_s)
{
	const char *sign = span_s < 0 ? "-" : "";
	uint64_t left = span_s < 0 ? 0 - (uint64_t)span_s : (uint64_t)span_s;
	uint64_t count, second;
	size_t i = 0;

	while (i + 1 < UNITS && left < (uint64_t)units[i].span_s)
		i++;
	count = left / (uint64_t)units[i].span_s;
	second = i + 1 < UNITS ? left % (uint64_t)units[i].span_s / (uint64_t)units[i + 1].span_s : 0;
	if (count >= 10 || second == 0)
		(void)text_format(dst, dst_size, "%s%" PRIu64 " %s", sign, count, units[i].word);
	else
		(void)text_format(dst, dst_size, "%s%" PRIu64 " %s %" PRIu64 " %s", sign, count, units[i].word, second,
		    units[i + 1].word);
	return dst;
}
