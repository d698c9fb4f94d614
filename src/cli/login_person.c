/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/login_person.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli/browser.h"
#include "cli/prompt.h"
#include "cli/qr.h"

#define PICTURE_MAX ((size_t)16 << 10)

static bool
is_flow(const struct session *session, const char *flow)
{
	const char *given = args_text(session->args, "flow");

	return strcmp(given == NULL ? "auto" : given, flow) == 0;
}

int
person_show_url(void *ctx, const char *url, int64_t life_s)
{
	struct session *session = ctx;

	if (!args_has(session->args, "no-browser") && !is_flow(session, "paste") && browser_is_there() &&
	    browser_open(url)) {
		session_note(session, "waiting for your browser; if it did not open, visit: %s", url);
		return 0;
	}
	/* told even with -q: without it nobody can go on */
	if (dprintf(STDERR_FILENO, "larder: open this in a browser:\n\n  %s\n\n", url) < 0)
		return -1;
	if (life_s >= 0)
		session_note(session, "it can be opened once, in the next %" PRId64 " seconds", life_s);
	return 0;
}

static bool
has_colours(const struct session *session)
{
	const char *terminal = getenv("TERM"), *when = args_text(session->args, "color");

	if (when != NULL && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return getenv("NO_COLOR") == NULL && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* For a phone; whoever has no terminal that can show it has the text. */
static void
draw_code(const struct session *session, const char *text)
{
	struct buf picture = BUF_INIT(PICTURE_MAX);
	struct qr qr;
	size_t at = 0;

	if (isatty(STDERR_FILENO) && qr_encode(text, strlen(text), &qr) &&
	    qr_draw(&qr, 2, has_colours(session), &picture)) {
		while (at < picture.len) {
			ssize_t wrote = write(STDERR_FILENO, picture.data + at, picture.len - at);

			if (wrote < 0 && errno != EINTR)
				break;
			at += wrote > 0 ? (size_t)wrote : 0;
		}
	}
	buf_clear(&picture);
}

int
person_show_code(void *ctx, const struct larder_login_code *code)
{
	struct session *session = ctx;
	char safe[512];

	if (code->resumed)
		session_note(session, "this goes on with the log-in that was begun before");
	if (dprintf(STDERR_FILENO, "larder: open %s and enter the code %s\n", code->uri, code->user_code) < 0)
		return -1;
	if (code->complete_uri[0] != '\0' &&
	    dprintf(STDERR_FILENO, "        or just open %s\n", code->complete_uri) < 0)
		return -1;
	draw_code(session, code->complete_uri[0] != '\0' ? code->complete_uri : code->uri);
	/* a page that names something else was sent by somebody else */
	session_note(session, "it is %s that asks, as the client %s%s%s", code->provider,
	    text_escape(safe, sizeof safe, code->client_id, strlen(code->client_id)),
	    code->scope[0] == '\0' ? "" : ", for ", code->scope);
	return 0;
}

/* From a terminal without echo, because the URL holds a code; or from standard input, for a script that drives it. */
int
person_ask_url(void *ctx, char *answer, size_t size)
{
	struct session *session = ctx;
	size_t len = 0;

	if (session_can_ask(session))
		return prompt_ask(NULL, "URL that the browser ended at (it is not shown): ", 0, answer, size) > 0 ? 0
														  : -1;
	while (len + 1 < size) {
		ssize_t got = read(STDIN_FILENO, answer + len, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || answer[len] == '\n')
			break;
		len++;
	}
	answer[len] = '\0';
	return len > 0 ? 0 : -1;
}
