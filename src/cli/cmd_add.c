/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/error.h"
#include "cli/session.h"
#include "cli/words.h"

static const struct option options[] = {
	{ .name = "client",
	    .value = "CLIENT",
	    .kind = OPTION_NAME,
	    .required = true,
	    .help = "the client that obtained it" },
	{ .name = "scope",
	    .value = "S",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "a scope that was granted; all of them, if you know them" },
	OPT_TEXT("account", "A", "whose account it is, for example a mail address"),
	{ .name = "refresh-token-file",
	    .value = "FILE|-",
	    .kind = OPTION_PATH,
	    .required = true,
	    .help = "where the refresh token is; - is standard input" },
	OPT_FLAG("replace", "store a new refresh token under an existing name"),
	OPT_JSON,
	OPT_END,
};

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
		output_unsigned(&session->out, "generation", credential.generation);
		output_text(&session->out, "state", credential.state);
		output_close(&session->out, '}');
		output_str(&session->out, "\n");
	} else if (!session->quiet)
		output_format(&session->out,
		    "%s: stored, generation %" PRIu64 "; 'larder token %s' prints an access token\n", name,
		    credential.generation, name);
	larder_credential_clear(&credential);
	return LARDER_OK;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_credential_new credential = { .name = args_operand(args, 0) };
	struct secret token = SECRET_INIT;
	char *scope = NULL;
	enum larder_code code;

	code = session_read_secret(
	    session, args_text(args, "refresh-token-file"), LARDER_TOKEN_MAX, "refresh token", &token, ret_error);
	if (code == LARDER_OK)
		code = words_joined(args, "scope", &scope, ret_error);
	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	if (code == LARDER_OK) {
		credential.client = args_text(args, "client");
		credential.account = args_text(args, "account");
		credential.scope = scope;
		credential.replace = args_has(args, "replace");
		credential.refresh_token = token.data;
		credential.refresh_token_len = token.len;
		code = larder_credential_add(session->larder, &credential, ret_error);
	}
	secret_free(&token);
	words_free(scope);
	return code == LARDER_OK ? print(session, credential.name, ret_error) : code;
}

const struct command command_add = {
	.name = "add",
	.group = COMMAND_START,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "store a refresh token that you have",
	.help = "Stores a refresh token as the credential NAME; from then on 'larder token NAME'\n"
		"works. The token comes from a file that only you can read, or from standard\n"
		"input; on a terminal '-' asks for it without showing it. Give it to Larder\n"
		"alone: where providers replace refresh tokens, a second user of the same token\n"
		"would end it for both. CLIENT is the client the token was issued to, see\n"
		"'larder help client'. --replace stores a new refresh token under a name that\n"
		"exists, for example after a log-in.\n",
	.examples =
	    "  larder add google --client work --refresh-token-file token.txt\n"
	    "  pass show google-refresh | larder add google --client work --scope openid --refresh-token-file -\n",
	.options = options,
	.run = run,
};
