/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "cli/safe_text.h"
#include "cli/session.h"
#include "cli/words.h"

#define INPUT_MAX ((size_t)64 << 20) /* bytes of a body that is no file */
#define TEXT_MAX  ((size_t)4 << 20)

static const struct option options[] = {
	{ .name = "method",
	    .letter = 'X',
	    .value = "METHOD",
	    .kind = OPTION_TEXT,
	    .help = "GET, POST, ...; POST if there is a body" },
	{ .name = "header",
	    .letter = 'H',
	    .value = "HEADER",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "a line 'Name: value' for the head of the request" },
	{ .name = "data", .value = "FILE|-", .kind = OPTION_PATH, .help = "the body; - is standard input" },
	{ .name = "include", .letter = 'i', .kind = OPTION_FLAG, .help = "print the head of the reply too" },
	{ .name = "output",
	    .letter = 'o',
	    .value = "FILE",
	    .kind = OPTION_PATH,
	    .help = "write the reply into a file" },
	{ .name = "scope",
	    .value = "S",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "with a token for these scopes only" },
	OPT_TEXT("resource", "URL", "with a token for this resource (RFC 8707)"),
	OPT_END,
};

struct sink {
	int fd;
	bool terminal, include;
	int failed; /* errno of the first write that failed */
	struct safe_text text;
};

static int
put(struct sink *sink, const void *data, size_t len, bool last)
{
	struct buf safe = BUF_INIT(TEXT_MAX);
	int failed = 0;

	if (!sink->terminal) {
		if (len > 0 && io_write_all(sink->fd, data, len, -1) != IO_OK)
			failed = errno;
	} else if (!safe_text_feed(&sink->text, data, len, last, &safe)) {
		failed = ENOMEM;
	} else if (safe.len > 0 && io_write_all(sink->fd, safe.data, safe.len, -1) != IO_OK) {
		failed = errno;
	}
	buf_clear(&safe);
	sink->failed = failed;
	return failed;
}

static int
hear_head(void *ctx, int status, const char *lines, size_t len)
{
	struct sink *sink = ctx;

	(void)status;
	return sink->include ? put(sink, lines, len, false) : 0;
}

static int
hear_data(void *ctx, const void *data, size_t len)
{
	return put(ctx, data, len, false);
}

/* A body that is no file is kept in memory, so that it can be sent again when the first token was stale. */
static enum larder_code
keep_input(int from, int *ret_fd, struct larder_error *ret_error)
{
	uint8_t piece[16384];
	size_t all = 0;
	ssize_t got;
	int fd = memfd_create("larder-request", MFD_CLOEXEC);

	if (fd < 0)
		return error_set_errno(
		    ret_error, LARDER_INTERNAL, errno, "cannot read the body", NULL, "no memory for it");
	while ((got = read(from, piece, sizeof piece)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		all += got > 0 ? (size_t)got : 0;
		if (got < 0 || all > INPUT_MAX || io_write_all(fd, piece, (size_t)got, -1) != IO_OK) {
			(void)close(fd);
			return error_set(ret_error, LARDER_USAGE, "cannot read the body",
			    "write it into a file and give that with --data", "%s",
			    all > INPUT_MAX ? "there are more than 64 MiB of it" : strerror(errno));
		}
	}
	*ret_fd = fd;
	return LARDER_OK;
}

static enum larder_code
open_body(const char *path, int *ret_fd, struct larder_error *ret_error)
{
	enum larder_code code;
	struct stat status;
	int fd;

	if (strcmp(path, "-") == 0)
		return keep_input(STDIN_FILENO, ret_fd, ret_error);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
		int why = fd < 0 ? errno : EISDIR;

		if (fd >= 0)
			(void)close(fd);
		return error_set_errno(
		    ret_error, LARDER_USAGE, why, "cannot read the body", "check the file", "%.200s", path);
	}
	if (S_ISREG(status.st_mode)) {
		*ret_fd = fd;
		return LARDER_OK;
	}
	code = keep_input(fd, ret_fd, ret_error);
	(void)close(fd);
	return code;
}

/* "Name: value" taken apart in a copy; the lines are freed with the first. */
static enum larder_code
split_headers(const struct args *args, struct larder_header **ret, char **ret_text, size_t *ret_count,
    struct larder_error *ret_error)
{
	size_t count = 0, room = 0, at = 0;
	const char *line;

	while ((line = args_nth(args, "header", count)) != NULL) {
		room += strlen(line) + 1;
		count++;
	}
	*ret = calloc(count + 1, sizeof **ret);
	*ret_text = malloc(room + 1);
	if (*ret == NULL || *ret_text == NULL)
		return error_no_memory(ret_error);
	for (size_t i = 0; i < count; i++) {
		char *copy = *ret_text + at, *colon;

		line = args_nth(args, "header", i);
		memcpy(copy, line, strlen(line) + 1);
		at += strlen(line) + 1;
		colon = strchr(copy, ':');
		if (colon == NULL || colon == copy)
			return args_usage(args, ret_error, "bad value", "'--header' wants 'Name: value'");
		*colon = '\0';
		(*ret)[i] = (struct larder_header){ copy, colon + 1 + strspn(colon + 1, " \t") };
	}
	*ret_count = count;
	return LARDER_OK;
}

/* An answer that says no: whose turn it is, in the terms of the exit statuses. */
static enum larder_code
judge(int status, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_REJECTED;
	const char *hint = NULL;

	if (status < 400)
		return LARDER_OK;
	if (status == 401) {
		code = LARDER_NEEDS_LOGIN;
		hint = "the API takes no token of this credential; log in again, or check --scope and --resource";
	} else if (status == 403) {
		code = LARDER_DENIED;
		hint = "the token may not do this; it may need another scope";
	} else if (status == 404 || status == 410) {
		code = LARDER_NOT_FOUND;
	} else if (status == 408 || status == 429 || status >= 500) {
		code = LARDER_UNAVAILABLE;
		hint = "try again later";
	}
	return error_set(ret_error, code, "the API refused", hint, "HTTP %d", status);
}

static enum larder_code
send_to(struct session *session, struct larder_request *request, const char *path, struct larder_error *ret_error)
{
	struct sink sink = { .fd = STDOUT_FILENO, .include = args_has(session->args, "include") };
	enum larder_code code;
	int status = 0;

	if (path != NULL)
		sink.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (sink.fd < 0)
		return error_set_errno(
		    ret_error, LARDER_USAGE, errno, "cannot write the reply", "check --output", "%.200s", path);
	sink.terminal = isatty(sink.fd) != 0;
	request->head = hear_head;
	request->data = hear_data;
	request->ctx = &sink;
	code = larder_request_send(session->larder, request, &status, ret_error);
	if (code == LARDER_OK)
		(void)put(&sink, NULL, 0, true);
	if (path != NULL && close(sink.fd) != 0 && sink.failed == 0)
		sink.failed = errno;
	if (sink.failed == EPIPE) {
		session->out.failed = EPIPE; /* the reader has gone and knows it */
		return LARDER_OK;
	}
	if (sink.failed != 0)
		return error_set_errno(ret_error, LARDER_STORAGE, sink.failed, "cannot write the reply",
		    "make room, then try again", "%.200s", path != NULL ? path : "standard output");
	if (code == LARDER_OK && session->verbose)
		session_note(session, "HTTP %d", status);
	return code == LARDER_OK ? judge(status, ret_error) : code;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_header *headers = NULL;
	struct larder_request request = {
		.name = args_operand(args, 0),
		.url = args_operand(args, 1),
		.method = args_text(args, "method"),
		.resource = args_text(args, "resource"),
		.timeout_ms = session_timeout_ms(session),
		.body_fd = -1,
	};
	char *scope = NULL, *text = NULL;
	enum larder_code code;

	if (!text_is_name(request.name))
		return args_usage(args, ret_error, "bad name", "the first argument is a credential, the second a URL");
	code = words_joined(args, "scope", &scope, ret_error);
	request.scope = scope;
	if (code == LARDER_OK)
		code = split_headers(args, &headers, &text, &request.headers_count, ret_error);
	request.headers = headers;
	if (code == LARDER_OK && args_has(args, "data")) {
		code = open_body(args_text(args, "data"), &request.body_fd, ret_error);
		request.has_body = 1;
	}
	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = send_to(session, &request, args_text(args, "output"), ret_error);
	if (request.body_fd >= 0)
		(void)close(request.body_fd);
	free(headers);
	free(text);
	words_free(scope);
	return code == LARDER_OK ? code : error_name(ret_error, code, request.name);
}

const struct command command_request = {
	.name = "request",
	.group = COMMAND_USE,
	.operands = "NAME URL",
	.operands_min = 2,
	.operands_max = 2,
	.summary = "call an API with a token that works",
	.help = "Sends a request with the access token of NAME and prints the reply's body. A\n"
		"token that the API calls stale is refreshed and the request repeated once. The\n"
		"token goes to the hosts of its credential only, see 'larder help allow', never\n"
		"into an argument, and no redirect is followed. The exit status is 0 for a\n"
		"status below 400; 4 for 401, 7 for 403, 3 for 404, 6 for 408, 429 and 5xx, and\n"
		"8 for others.\n",
	.examples =
	    "  larder request google https://openidconnect.googleapis.com/v1/userinfo\n"
	    "  larder request github https://api.github.com/user/repos -H 'Content-Type: application/json' --data new.json\n"
	    "  larder request work https://api.example.org/export -o export.zip\n",
	.options = options,
	.run = run,
};
