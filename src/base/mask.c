/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mask.h"

#include <string.h>

#define STARS    ((size_t)3)
#define HELD_MAX ((size_t)1 << 20)

void
mask_init(struct mask *mask, const struct secret *words, size_t count)
{
	*mask = (struct mask){ .words = words, .count = count, .held = BUF_INIT_SECRET(HELD_MAX) };
}

/* The longest word that stands at data; 0: none. *ret_maybe: a longer one may, when more has come. */
static size_t
word_at(const struct mask *mask, const uint8_t *data, size_t len, bool *ret_maybe)
{
	size_t longest = 0;

	*ret_maybe = false;
	for (size_t i = 0; i < mask->count; i++) {
		const struct secret *word = &mask->words[i];
		size_t common = word->len < len ? word->len : len;

		if (word->data[0] != data[0] || memcmp(word->data, data, common) != 0)
			continue;
		if (common < word->len)
			*ret_maybe = true;
		else if (word->len > longest)
			longest = word->len;
	}
	return longest;
}

static void
add_stars(struct buf *ret, size_t count)
{
	while (count-- > 0)
		(void)buf_append_byte(ret, '*');
}

bool
mask_feed(struct mask *mask, const void *data, size_t len, bool last, struct buf *ret)
{
	struct buf *held = &mask->held;
	size_t at = 0, clean = 0;

	if (!buf_append(held, data, len))
		return false;
	while (at < held->len) {
		bool maybe;
		size_t found = word_at(mask, held->data + at, held->len - at, &maybe);

		if (maybe && !last)
			break;
		if (found == 0) {
			at++;
			continue;
		}
		(void)buf_append(ret, held->data + clean, at - clean);
		add_stars(ret, mask->keeps_length ? found : STARS);
		at += found;
		clean = at;
	}
	(void)buf_append(ret, held->data + clean, at - clean);
	memmove(held->data, held->data + at, held->len - at);
	held->len -= at;
	return !ret->failed;
}

void
mask_clear(struct mask *mask)
{
	buf_clear(&mask->held);
}
