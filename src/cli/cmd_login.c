/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "cli/prompt.h"
#include "cli/session.h"
#include "cli/words.h"

static const struct option options[] = {
	OPT_NAME("client", "CLIENT", "the client to log in with; a renewal takes its own"),
	{ .name = "scope",
	    .value = "S",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "what to ask for; a renewal asks for what it had" },
	{ .name = "resource",
	    .value = "URL",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "for this resource (RFC 8707)" },
	OPT_TEXT("account", "A", "refuse the log-in of anybody else"),
	OPT_CHOICE("flow", "auto|browser|device|paste", "how the person is asked"),
	OPT_FLAG("no-browser", "print the URL, open nothing"),
	OPT_NUMBER("port", "N", "of the redirect to this machine; any that is free"),
	OPT_TEXT("redirect-uri", "URL", "with --flow paste: as registered at the provider"),
	OPT_JSON,
	OPT_END,
};

static bool
has_screen(void)
{
	const char *display = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY"), *browser = getenv("BROWSER");

	return (display != NULL && display[0] != '\0') || (wayland != NULL && wayland[0] != '\0') ||
	    (browser != NULL && browser[0] != '\0');
}

/* The person's own browser, by the desktop's opener. The URL holds no secret: state and challenge are for this time. */
static bool
open_browser(const char *url)
{
	const char *browser = getenv("BROWSER");
	const char *program = browser != NULL && browser[0] != '\0' ? browser : "xdg-open";
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)url, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	bool opened;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	opened = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0) == 0 &&
	    posix_spawnp(&pid, program, &actions, NULL, argv, environ) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return opened;
}

static int
show_url(void *ctx, const char *url)
{
	struct session *session = ctx;

	if (!args_has(session->args, "no-browser") && has_screen() &&
	    strcmp(args_has(session->args, "flow") ? args_text(session->args, "flow") : "auto", "paste") != 0 &&
	    open_browser(url)) {
		session_note(session, "waiting for your browser; if it did not open, visit: %s", url);
		return 0;
	}
	/* told even with -q: without it nobody can go on */
	return dprintf(STDERR_FILENO, "larder: open this in a browser:\n\n  %s\n\n", url) < 0;
}

static int
show_code(void *ctx, const struct larder_login_code *code)
{
	(void)ctx;
	if (dprintf(STDERR_FILENO, "larder: open %s and enter the code %s\n", code->uri, code->user_code) < 0)
		return -1;
	if (code->complete_uri[0] != '\0' &&
	    dprintf(STDERR_FILENO, "        or just open %s\n", code->complete_uri) < 0)
		return -1;
	return 0;
}

/* From a terminal without echo, because the URL holds a code; or from standard input, for a script that drives it. */
static int
ask_url(void *ctx, char *answer, size_t size)
{
	struct session *session = ctx;
	size_t len = 0;

	if (session_can_ask(session))
		return prompt_ask(NULL, "URL that the browser ended at", 0, answer, size) > 0 ? 0 : -1;
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

static enum larder_login_flow
wanted_flow(const struct args *args)
{
	const char *flow = args_text(args, "flow");

	if (flow == NULL || strcmp(flow, "auto") == 0)
		return LARDER_LOGIN_AUTO;
	if (strcmp(flow, "device") == 0)
		return LARDER_LOGIN_DEVICE;
	return strcmp(flow, "paste") == 0 ? LARDER_LOGIN_PASTE : LARDER_LOGIN_BROWSER;
}

static enum larder_code
print(struct session *session, const char *name, struct larder_error *ret_error)
{
	struct larder_credential credential = { 0 };
	enum larder_code code = larder_credential_show(session->larder, name, &credential, ret_error);

	if (code != LARDER_OK)
		return code;
	if (session->json) {
		output_open(&session->out, NULL, '{');
		output_text(&session->out, "name", credential.name);
		output_text(&session->out, "account", text_or_null(credential.account));
		output_text(&session->out, "scope", credential.scope);
		output_unsigned(&session->out, "generation", credential.generation);
		output_text(&session->out, "state", credential.state);
		output_close(&session->out, '}');
		output_str(&session->out, "\n");
	} else if (!session->quiet) {
		output_format(&session->out, "%s: logged in", name);
		if (credential.account[0] != '\0') {
			output_str(&session->out, " as ");
			output_escaped(&session->out, credential.account);
		}
		output_format(&session->out, ", generation %" PRIu64 "; 'larder token %s' prints an access token\n",
		    credential.generation, name);
	}
	larder_credential_clear(&credential);
	return LARDER_OK;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_login login = {
		.name = args_operand(args, 0),
		.client = args_text(args, "client"),
		.account = args_text(args, "account"),
		.flow = wanted_flow(args),
		.port = (unsigned)args_number(args, "port", 0),
		.redirect_uri = args_text(args, "redirect-uri"),
		.timeout_ms = session_timeout_ms(session),
		.show_url = show_url,
		.show_code = show_code,
		.ask_url = ask_url,
		.ctx = session,
	};
	char *scope = NULL, *resource = NULL;
	enum larder_code code = words_joined(args, "scope", &scope, ret_error);

	if (code == LARDER_OK)
		code = words_joined(args, "resource", &resource, ret_error);
	login.scope = scope;
	login.resource = resource;
	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = larder_login(session->larder, &login, ret_error);
	words_free(scope);
	words_free(resource);
	return code == LARDER_OK ? print(session, login.name, ret_error) : code;
}

const struct command command_login = {
	.name = "login",
	.group = COMMAND_START,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "log in at a provider, and store what comes of it",
	.help = "Asks a person to allow a client something, and stores the tokens as the credential\n"
		"NAME. With a browser on this machine the answer comes back by itself; 'device'\n"
		"shows a code to type in elsewhere; 'paste' wants the URL that a browser on another\n"
		"machine ended at. Logging in to a credential that exists renews it, keeps the old\n"
		"grant until the new one is stored, and refuses another account.\n",
	.examples = "  larder login google --client work --scope https://mail.google.com/\n"
		    "  larder login google\n"
		    "  larder login server --client app --flow device\n",
	.options = options,
	.run = run,
};
