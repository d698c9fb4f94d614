/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/close.h"

#include <string.h>

#include "base/text.h"

#define EDITS_MAX 2 /* further away it is another word */

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance; both at most PROVIDER_ID_MAX long. */
static size_t
edits(const char *a, const char *b)
{
	size_t row[PROVIDER_ID_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

/* Part of the other is near as well: "github" for "github-app". Larger than any edit counts behind it. */
static size_t
distance(const char *wanted, const char *candidate)
{
	size_t count = edits(wanted, candidate);

	if (count <= EDITS_MAX && count < strlen(wanted))
		return count;
	if (strlen(wanted) >= 3 && strstr(candidate, wanted) != NULL)
		return EDITS_MAX + strlen(candidate);
	if (strlen(candidate) >= 3 && strstr(wanted, candidate) != NULL)
		return EDITS_MAX + strlen(wanted);
	return SIZE_MAX;
}

void
close_ids_offer(struct close_ids *close, const char *wanted, const char *candidate)
{
	size_t far, at;

	if (strlen(wanted) > PROVIDER_ID_MAX || strlen(candidate) > PROVIDER_ID_MAX)
		return;
	far = distance(wanted, candidate);
	if (far == SIZE_MAX)
		return;
	for (at = 0; at < close->count; at++) {
		if (strcmp(close->ids[at], candidate) == 0)
			return;
	}
	for (at = 0; at < close->count && close->distances[at] <= far; at++)
		continue;
	if (at == CLOSE_IDS_MAX)
		return;
	if (close->count < CLOSE_IDS_MAX)
		close->count++;
	for (size_t i = close->count - 1; i > at; i--) {
		memcpy(close->ids[i], close->ids[i - 1], sizeof(close->ids[i]));
		close->distances[i] = close->distances[i - 1];
	}
	(void)text_format(close->ids[at], sizeof(close->ids[at]), "%s", candidate);
	close->distances[at] = far;
}

void
close_ids_hint(const struct close_ids *close, char *dst, size_t dst_size)
{
	switch (close->count) {
	case 0:
		(void)text_format(dst, dst_size, "see 'larder provider list'");
		break;
	case 1:
		(void)text_format(dst, dst_size, "did you mean %s?", close->ids[0]);
		break;
	case 2:
		(void)text_format(dst, dst_size, "did you mean %s or %s?", close->ids[0], close->ids[1]);
		break;
	default:
		(void)text_format(
		    dst, dst_size, "did you mean %s, %s or %s?", close->ids[0], close->ids[1], close->ids[2]);
		break;
	}
}
