/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/safe_text.h"

#include <string.h>

#include "base/text.h"

#define PIECE 256

/* How many bytes at the end may be a character that goes on: 1 to 3, 0 when it ends with a whole one. */
static size_t
unfinished(const char *data, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char byte = (unsigned char)data[len - back];

		if (byte >= 0xc0)
			return (byte >= 0xf0 ? 4U : byte >= 0xe0 ? 3U : 2U) > back ? back : 0;
		if (byte < 0x80)
			return 0;
	}
	return 0;
}

/* A piece that text_escape shows whole: cut where a character ends. */
static size_t
piece_len(const char *data, size_t len)
{
	size_t cut;

	if (len <= PIECE)
		return len;
	cut = unfinished(data, PIECE);
	return PIECE - cut;
}

static void
append_escaped(const char *data, size_t len, struct buf *ret)
{
	char safe[PIECE * 8];
	size_t piece;

	for (; len > 0; data += piece, len -= piece) {
		piece = piece_len(data, len);
		(void)buf_append_str(ret, text_escape(safe, sizeof safe, data, piece));
	}
}

static void
append(const char *data, size_t len, struct buf *ret)
{
	while (len > 0) {
		size_t plain = 0;

		while (plain < len && data[plain] != '\n' && data[plain] != '\t' &&
		    !(data[plain] == '\r' && plain + 1 < len && data[plain + 1] == '\n'))
			plain++;
		append_escaped(data, plain, ret);
		if (plain < len && data[plain] != '\r')
			(void)buf_append_byte(ret, (uint8_t)data[plain]);
		plain += plain < len;
		data += plain;
		len -= plain;
	}
}

bool
safe_text_feed(struct safe_text *text, const void *data, size_t len, bool last, struct buf *ret)
{
	struct buf all = BUF_INIT_SECRET((size_t)1 << 20);
	size_t later = 0;
	bool ok;

	(void)buf_append(&all, text->held, text->held_len);
	(void)buf_append(&all, data, len);
	ok = !all.failed;
	if (ok && !last) {
		later = unfinished((const char *)all.data, all.len);
		if (later == 0 && all.len > 0 && all.data[all.len - 1] == '\r')
			later = 1;
		memcpy(text->held, all.data + all.len - later, later);
	}
	text->held_len = later;
	if (ok)
		append((const char *)all.data, all.len - later, ret);
	buf_clear(&all);
	return ok && !ret->failed;
}
