/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/io.h"
#include "base/text.h"
#include "cli/prompt.h"

static bool
wants_colour(const struct args *args)
{
	const char *when = args_text(args, "color");
	const char *terminal;

	if (when != NULL && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	if (!isatty(STDOUT_FILENO) || getenv("NO_COLOR") != NULL)
		return false;
	terminal = getenv("TERM");
	return terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* Whether the command takes a secret from standard input, which then need not be a terminal for a question. */
static bool
reads_stdin(const struct args *args)
{
	const char *token = args_text(args, "refresh-token-file"), *secret = args_text(args, "secret-file");

	return (token != NULL && strcmp(token, "-") == 0) || (secret != NULL && strcmp(secret, "-") == 0);
}

bool
session_can_ask(const struct session *session)
{
	return !session->no_input && isatty(STDERR_FILENO) && (isatty(STDIN_FILENO) || reads_stdin(session->args));
}

enum larder_code
session_begin(struct session *session, const struct args *args, struct larder_error *ret_error)
{
	*session = (struct session){ .args = args };
	session->json = args_has(args, "json");
	session->quiet = args_has(args, "quiet");
	session->verbose = args_has(args, "verbose") && !session->quiet;
	session->no_input = args_has(args, "no-input");
	output_init(&session->out, STDOUT_FILENO, wants_colour(args), false);
	session->options.vault = args_text(args, "vault");
	session->options.passphrase_fd = args_text(args, "passphrase-fd");
	session->options.timeout_ms = session_timeout_ms(session);
	if (args_has(args, "timeout") && session->options.timeout_ms == 0)
		return args_usage(args, ret_error, "bad value", "'--timeout' wants a second at least");
	if (session->options.vault != NULL && strstr(session->options.vault, "://") != NULL)
		return args_usage(args, ret_error, "bad value",
		    "this version of Larder keeps a vault in a directory; '--vault' takes no URL yet");
	if (session_can_ask(session))
		session->options.ask = prompt_ask;
	return LARDER_OK;
}

void
session_end(struct session *session)
{
	larder_close(session->larder);
	session->larder = NULL;
	output_clear(&session->out);
}

enum larder_code
session_open(struct session *session, struct larder_error *ret_error)
{
	enum larder_code code = larder_open(&session->options, &session->larder, ret_error);

	if (code == LARDER_OK && session->verbose)
		session_note(session, "vault %s", larder_path(session->larder));
	return code;
}

enum larder_code
session_read_secret(const struct session *session, const char *path, size_t max, const char *what, struct secret *ret,
    struct larder_error *ret_error)
{
	enum larder_code code;

	if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO) && session_can_ask(session))
		return prompt_secret(what, max, ret, ret_error);
	code = file_read_secret(path, max, what, ret, ret_error);
	if (code == LARDER_USAGE && ret_error->hint[0] == '\0')
		(void)text_format(ret_error->hint, sizeof ret_error->hint,
		    "give 1 to %zu bytes of text; one line end after it is removed", max);
	return code;
}

int64_t
session_timeout_ms(const struct session *session)
{
	return args_duration(session->args, "timeout", 0) * 1000;
}

void
session_note(const struct session *session, const char *format, ...)
{
	char text[512], safe[600], line[640];
	va_list list;

	if (session->quiet)
		return;
	va_start(list, format);
	(void)vsnprintf(text, sizeof text, format, list);
	va_end(list);
	(void)text_format(line, sizeof line, "larder: %s\n", text_escape(safe, sizeof safe, text, strlen(text)));
	/* a remark that does not arrive is no reason to fail */
	(void)io_write_all(STDERR_FILENO, line, strlen(line), -1);
}

const char *
session_vault_path(const struct session *session, char *dst, size_t dst_size)
{
	const char *vault = session->options.vault != NULL ? session->options.vault : getenv("LARDER_VAULT");
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (vault != NULL && vault[0] != '\0')
		(void)text_format(dst, dst_size, "%s", vault);
	else if (data != NULL && data[0] == '/')
		(void)text_format(dst, dst_size, "%s/larder", data);
	else
		(void)text_format(dst, dst_size, "%s/.local/share/larder", home == NULL ? "~" : home);
	return dst;
}
