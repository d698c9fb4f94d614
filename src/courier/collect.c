/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/collect.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/url.h"
#include "courier/challenge.h"

#define HEAD_ENDLESS ((size_t)1 << 20) /* bytes of a head after which nobody waits for the body */

bool
collect_init(struct collect *collect, const char *url)
{
	*collect = (struct collect){
		.body = BUF_INIT_SECRET(HTTP_REPLY_MAX),
		.url = url,
		.head = BUF_INIT_SECRET(HTTP_HEAD_MAX),
	};
	return buf_reserve(&collect->body, HTTP_REPLY_MAX) != NULL;
}

/* A header's value without the white space around it; the first of several counts. */
static void
keep_text(char *dst, size_t dst_size, const char *value, size_t len)
{
	if (dst[0] != '\0')
		return;
	if (len >= dst_size)
		len = dst_size - 1;
	memcpy(dst, value, len);
	dst[len] = '\0';
}

/* As keep_text, but a value that does not fit is dropped: half a nonce is none (RFC 9449 section 8). */
static void
keep_whole(char *dst, size_t dst_size, const char *value, size_t len)
{
	if (len < dst_size)
		keep_text(dst, dst_size, value, len);
}

/* Only the origin: the rest of a redirect's target may hold secrets, and nobody follows it. */
static void
keep_origin(struct collect *collect, const char *value, size_t len)
{
	char target[URL_MAX + 1] = "";
	char why[64];
	struct url url;

	if (len > 0 && value[0] == '/' && (len == 1 || value[1] != '/')) {
		(void)text_format(target, sizeof(target), "%s", collect->url);
	} else {
		const char *fragment = memchr(value, '#', len);

		if (fragment != NULL)
			len = (size_t)(fragment - value);
		keep_text(target, sizeof(target), value, len);
	}
	if (collect->reply.location[0] == '\0' && url_parse(target, &url, why, sizeof(why)))
		(void)url_origin(collect->reply.location, sizeof(collect->reply.location), &url);
}

static void
keep_header(struct collect *collect, const char *name, size_t name_len, const char *value, size_t len)
{
	struct http_reply *reply = &collect->reply;
	const struct {
		const char *name;
		char *dst;
		size_t size;
		void (*keep)(char *dst, size_t dst_size, const char *value, size_t len);
	} kept[] = {
		{ "content-type", reply->content_type, sizeof(reply->content_type), keep_text },
		{ "retry-after", reply->retry_after, sizeof(reply->retry_after), keep_text },
		{ "date", reply->date, sizeof(reply->date), keep_text },
		{ "dpop-nonce", reply->dpop_nonce, sizeof(reply->dpop_nonce), keep_whole },
		{ "www-authenticate", reply->challenge, sizeof(reply->challenge), challenge_keep },
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (strlen(kept[i].name) == name_len && strncasecmp(name, kept[i].name, name_len) == 0)
			kept[i].keep(kept[i].dst, kept[i].size, value, len);
	}
	if (name_len == 8 && strncasecmp(name, "location", 8) == 0)
		keep_origin(collect, value, len);
	if (name_len == 16 && strncasecmp(name, "content-encoding", 16) == 0 && len > 0)
		reply->encoded |= len != 8 || strncasecmp(value, "identity", 8) != 0;
}

/* "HTTP/1.1 200 OK". A new status line after an interim one (1xx) begins the head anew. */
static void
begin_head(struct collect *collect, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	size_t at = space == NULL ? len : (size_t)(space - line) + 1;
	int status = 0;

	for (size_t i = at; i < at + 3 && i < len && line[i] >= '0' && line[i] <= '9'; i++)
		status = status * 10 + (line[i] - '0');
	http_reply_clear(&collect->reply);
	buf_reset(&collect->head);
	collect->reply.status = status >= 200 ? status : 0;
	collect->head_ended = false;
}

bool
collect_line(struct collect *collect, const char *line, size_t len)
{
	const char *colon;
	const char *value;
	size_t value_len;

	collect->head_bytes += len;
	collect->head_lines++;
	if (collect->head_bytes > HEAD_ENDLESS)
		return false;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		begin_head(collect, line, len);
	if (collect->keeps_head && !buf_append(&collect->head, line, len))
		return false;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		return true;
	collect->head_ended |= len > 0 && (line[0] == '\r' || line[0] == '\n');
	colon = memchr(line, ':', len);
	if (colon == NULL || collect->head_bytes > HTTP_HEAD_MAX || collect->head_lines > HTTP_HEAD_LINES_MAX)
		return true;
	value = colon + 1;
	value_len = len - (size_t)(value - line);
	while (value_len > 0 && strchr(" \t\r\n", value[value_len - 1]) != NULL)
		value_len--;
	while (value_len > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		value_len--;
	}
	keep_header(collect, line, (size_t)(colon - line), value, value_len);
	return true;
}

bool
collect_body(struct collect *collect, const void *data, size_t len)
{
	size_t room = HTTP_REPLY_MAX - collect->body.len;
	size_t kept = len < room ? len : room;

	if (kept > 0 && !buf_append(&collect->body, data, kept))
		kept = 0;
	collect->reply.truncated |= kept < len;
	return kept == len;
}

bool
collect_take(struct collect *collect, bool whole, struct http_reply *ret)
{
	if (collect->reply.status == 0)
		return false;
	*ret = collect->reply;
	memset(&collect->reply, 0, sizeof(collect->reply));
	ret->truncated |= !whole || !collect->head_ended;
	/* Cannot fail: the buffer is one block already. If it did, the head alone is still worth reporting. */
	if (!buf_take_secret(&collect->body, &ret->body))
		ret->truncated = true;
	return true;
}

void
collect_clear(struct collect *collect)
{
	http_reply_clear(&collect->reply);
	buf_clear(&collect->body);
	buf_clear(&collect->head);
}
