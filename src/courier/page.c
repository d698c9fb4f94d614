/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/page.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/io.h"

#define PAGE_MAX ((size_t)8192)
#define SEND_MS  5000

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 421, "Misdirected Request" },
		{ 431, "Request Header Fields Too Large" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].text;
	}
	return "Error";
}

static void
append_escaped(struct buf *ret, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '&')
			(void)buf_append_str(ret, "&amp;");
		else if (*text == '<')
			(void)buf_append_str(ret, "&lt;");
		else if (*text == '>')
			(void)buf_append_str(ret, "&gt;");
		else if (*text == '"')
			(void)buf_append_str(ret, "&quot;");
		else
			(void)buf_append_byte(ret, (uint8_t)*text);
	}
}

void
page_write(int status, const char *text, struct buf *ret)
{
	struct buf page = BUF_INIT(PAGE_MAX);

	(void)buf_append_str(&page,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Larder</title></head>\n<body><h1>");
	append_escaped(&page, text);
	(void)buf_append_str(&page, "</h1><p>Larder, on this machine.</p></body></html>\n");
	(void)buf_append_format(ret,
	    "HTTP/1.1 %d %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n"
	    "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'; "
	    "form-action 'none'; base-uri 'none'\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\nCross-Origin-Opener-Policy: same-origin\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n\r\n%s",
	    status, reason(status), page.len, buf_str(&page));
	buf_clear(&page);
}

void
page_send(int fd, int status, const char *text)
{
	struct buf answer = BUF_INIT(2 * PAGE_MAX);
	int64_t until_ms = io_clock_ms() + SEND_MS;
	size_t at = 0;

	page_write(status, text, &answer);
	while (at < answer.len && io_clock_ms() < until_ms) {
		struct pollfd waited = { .fd = fd, .events = POLLOUT };
		ssize_t sent = send(fd, answer.data + at, answer.len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0)
			at += (size_t)sent;
		else if (poll(&waited, 1, 1000) < 0 || (waited.revents & (POLLERR | POLLHUP)) != 0)
			break;
	}
	(void)shutdown(fd, SHUT_WR);
	buf_clear(&answer);
}
