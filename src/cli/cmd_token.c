/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/session.h"
#include "cli/token_format.h"
#include "cli/words.h"

enum { FORM = 1, ASK = 2 };

static const struct option options[] = {
	{ .name = "scope",
	    .value = "S",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "a token for these scopes only, of those that were granted" },
	OPT_TEXT("resource", "URL", "a token for this resource (RFC 8707)"),
	OPT_DURATION("min-ttl", "DUR", "refresh a token that ends sooner (default 60s)"),
	{ .name = "force", .kind = OPTION_FLAG, .group = ASK, .help = "ask the provider now" },
	{ .name = "offline", .kind = OPTION_FLAG, .group = ASK, .help = "never ask the provider" },
	{ .name = "json", .kind = OPTION_FLAG, .group = FORM, .help = "an object with expiry, scope and provider" },
	{ .name = "header", .kind = OPTION_FLAG, .group = FORM, .help = "as 'Authorization: Bearer TOKEN'" },
	{ .name = "bearer", .kind = OPTION_FLAG, .group = FORM, .help = "as 'Bearer TOKEN'" },
	{ .name = "format",
	    .value = "curl|env|xoauth2|TEMPLATE",
	    .kind = OPTION_TEXT,
	    .group = FORM,
	    .help = "for curl -K, as ACCESS_TOKEN=..., for mail programs, or your own" },
	OPT_END,
};

static enum larder_code
wanted_form(const struct session *session, enum token_form *ret_form, struct larder_error *ret_error)
{
	const char *format = args_text(session->args, "format");

	if (format != NULL)
		return token_form_parse(format, ret_form, ret_error);
	*ret_form = TOKEN_PLAIN;
	if (session->json)
		*ret_form = TOKEN_JSON;
	else if (args_has(session->args, "header"))
		*ret_form = TOKEN_HEADER;
	else if (args_has(session->args, "bearer"))
		*ret_form = TOKEN_BEARER;
	return LARDER_OK;
}

/* The token goes through an output of its own, in locked memory. */
static enum larder_code
print(struct session *session, const struct larder_token *token, enum token_form form, struct larder_error *ret_error)
{
	struct output secret;
	enum larder_code code;

	output_init(&secret, STDOUT_FILENO, false, true);
	code = token_format(&secret, token, form, args_text(session->args, "format"), ret_error);
	if (code == LARDER_OK)
		output_flush(&secret);
	session->out.failed = secret.failed;
	output_clear(&secret);
	return code;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_token_query query = { .name = args_operand(args, 0) };
	struct larder_token token = { 0 };
	enum token_form form;
	char *scope = NULL;
	enum larder_code code = wanted_form(session, &form, ret_error);

	if (code != LARDER_OK)
		return code;
	code = words_joined(args, "scope", &scope, ret_error);
	if (code != LARDER_OK)
		return code;
	query.scope = scope;
	query.resource = args_text(args, "resource");
	query.min_ttl_s = args_duration(args, "min-ttl", LARDER_MIN_TTL_DEFAULT);
	query.force = args_has(args, "force");
	query.offline = args_has(args, "offline");
	query.timeout_ms = session_timeout_ms(session);
	code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = larder_token_get(session->larder, &query, &token, ret_error);
	if (code == LARDER_OK)
		code = print(session, &token, form, ret_error);
	if (code == LARDER_OK && session->verbose)
		session_note(session, "%s: %s", token.name, token.refreshed ? "refreshed" : "from the vault");
	larder_token_clear(&token);
	words_free(scope);
	return code;
}

const struct command command_token = {
	.name = "token",
	.group = COMMAND_USE,
	.operands = "[NAME]",
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "print an access token that works now",
	.help = "Prints the access token of a credential and nothing else. A token that is still\n"
		"valid comes from the vault; one that ends soon is refreshed first, and a\n"
		"refresh token that the provider replaces is stored before anything is printed.\n"
		"NAME can be left out when there is only one credential. It opens no browser;\n"
		"exit status 4 means that a person has to log in again. A TEMPLATE is text with\n"
		"{access_token}, {expires_at}, {account} and {name} in it, or with {extra.FIELD}\n"
		"for what else the provider says ('larder show'); {{ and }} are braces.\n",
	.examples = "  larder token google\n"
		    "  curl -K <(larder token google --format curl) https://www.googleapis.com/oauth2/v3/userinfo\n"
		    "  larder token google --min-ttl 10m --json | jq .expires_at\n"
		    "  larder token mail --format '{account}:{access_token}'\n",
	.options = options,
	.run = run,
};
