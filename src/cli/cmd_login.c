/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/browser.h"
#include "cli/login_grant.h"
#include "cli/login_person.h"
#include "cli/words.h"

#define SECRET_MAX ((size_t)16 << 10)

static const struct option options[] = {
	{ .name = "client",
	    .value = "CLIENT",
	    .kind = OPTION_NAME,
	    .group = 1,
	    .help = "the client to log in with; a renewal takes its own" },
	{ .name = "provider",
	    .value = "ID",
	    .kind = OPTION_TEXT,
	    .group = 1,
	    .help = "its only client, or a new one with --client-id" },
	OPT_TEXT("client-id", "ID", "of a new client, which stays if the log-in succeeds"),
	OPT_PATH("secret-file", "FILE", "with its secret; '-' is standard input"),
	{ .name = "scope",
	    .value = "S",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "what to ask for; a renewal asks for what it had, too" },
	{ .name = "resource",
	    .value = "URL",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "for this resource (RFC 8707)" },
	OPT_TEXT("account", "A", "refuse the log-in of anybody else"),
	OPT_CHOICE("flow", "auto|browser|device|paste|" LOGIN_GRANT_FLOWS, "how the person is asked, or that none is"),
	OPT_FLAG("no-browser", "print the URL, open nothing"),
	OPT_NUMBER("port", "N", "of the redirect to this machine, 0 for any; otherwise what the provider takes"),
	OPT_TEXT("redirect-uri", "URL", "as registered at the provider"),
	LOGIN_GRANT_OPTIONS,
	OPT_JSON,
	OPT_END,
};

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
		if (credential.granted_at < 0 && strcmp(credential.grant, "refresh-token") == 0)
			output_str(&session->out,
			    "no refresh token came with it: the log-in ends with that access token; the provider may "
			    "give one for a scope such as offline_access\n");
	}
	larder_credential_clear(&credential);
	return LARDER_OK;
}

static enum larder_code
log_in(struct session *session, struct larder_login *login, struct larder_error *ret_error)
{
	const char *file = args_text(session->args, "secret-file");
	struct secret secret = SECRET_INIT;
	char name[LARDER_NAME_MAX + 1] = "";
	enum larder_code code = LARDER_OK;

	if (file != NULL)
		code = session_read_secret(session, file, SECRET_MAX, "client secret", &secret, ret_error);
	login->secret = secret.data;
	login->secret_len = secret.len;
	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = larder_login(session->larder, login, name, ret_error);
	secret_free(&secret);
	return code == LARDER_OK ? print(session, name, ret_error) : code;
}

static unsigned
wanted_port(const struct args *args)
{
	long port = args_number(args, "port", -1);

	return port == 0 ? LARDER_PORT_ANY : port < 0 ? 0 : (unsigned)port;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_login login = {
		.name = args_operand(args, 0),
		.client = args_text(args, "client"),
		.provider = args_text(args, "provider"),
		.client_id = args_text(args, "client-id"),
		.account = args_text(args, "account"),
		.flow = wanted_flow(args),
		.has_browser = args_has(args, "no-browser") || browser_is_there(),
		.has_terminal = session_can_ask(session),
		.port = wanted_port(args),
		.redirect_uri = args_text(args, "redirect-uri"),
		.timeout_ms = session_timeout_ms(session),
		.show_url = person_show_url,
		.show_code = person_show_code,
		.ask_url = person_ask_url,
		.ctx = session,
	};
	struct login_grant grant = { .token_file = NULL };
	bool has_grant = false;
	char *scope = NULL, *resource = NULL;
	enum larder_code code = words_joined(args, "scope", &scope, ret_error);

	if (code == LARDER_OK)
		code = words_joined(args, "resource", &resource, ret_error);
	if (code == LARDER_OK)
		code = login_grant_read(session, &grant, &login.flow, &has_grant, ret_error);
	login.scope = scope;
	login.resource = resource;
	login.grant = has_grant ? &grant.grant : NULL;
	if (code == LARDER_OK)
		code = log_in(session, &login, ret_error);
	words_free(scope);
	words_free(resource);
	login_grant_clear(&grant);
	return code;
}

const struct command command_login = {
	.name = "login",
	.group = COMMAND_START,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "log in at a provider, and store what comes of it",
	.help = "Asks a person to allow a client something, and stores the tokens as the credential\n"
		"NAME. With a browser on this machine the answer comes back by itself; 'device'\n"
		"shows a code to type in elsewhere, and the same command goes on with it if it was\n"
		"stopped; 'paste' wants the URL that a browser on another machine ended at. A NAME\n"
		"that is a provider's id means that provider. Where a provider wants the redirect\n"
		"URI registered, it is http://127.0.0.1:8765/callback, unless its definition says\n"
		"another or that any port will do.\n"
		"Logging in to a credential that exists renews it: it asks for the old scopes too,\n"
		"keeps the old grant until the new one is stored, and refuses another account. The\n"
		"old refresh token is not revoked, as that would end the new one at many providers.\n"
		"Three flows need no person: 'client-credentials' asks as the client itself,\n"
		"'jwt-bearer' with assertions that a key signs, 'token-exchange' for another token.\n"
		"What they ask with is stored, and each later token is asked for in the same way.\n",
	.examples = "  larder login google --client-id ID --secret-file - --scope https://mail.google.com/\n"
		    "  larder login google --scope https://mail.google.com/\n"
		    "  larder login server --client app --flow device\n"
		    "  larder login robot --client app --flow client-credentials --scope read\n",
	.options = options,
	.run = run,
};
