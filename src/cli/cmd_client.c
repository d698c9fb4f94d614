/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/client_key.h"
#include "cli/client_view.h"
#include "cli/definition_view.h"
#include "cli/discovery.h"
#include "cli/session.h"

#define SECRET_MAX ((size_t)16 << 10) /* bytes of a client secret */
#define DAY_S      86400

static const struct option add_options[] = {
	{ .name = "provider",
	    .value = "ID",
	    .kind = OPTION_TEXT,
	    .required = true,
	    .help = "see 'larder provider list'; or an issuer's URL, to be discovered" },
	{ .name = "client-id",
	    .value = "ID",
	    .kind = OPTION_TEXT,
	    .required = true,
	    .help = "the client id that the provider gave you" },
	OPT_PATH("secret-file", "FILE|-", "where the client secret is; without it the client is public"),
	OPT_TEXT("auth", "METHOD", "how the client proves itself: basic, post, none ... (default: the provider's)"),
	{ .name = "var",
	    .value = "KEY=VALUE",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "a variable of the provider, such as its domain" },
	OPT_TEXT("dpop", "ALG", "bind its tokens to a key: auto, ES256, Ed25519, EdDSA, PS256 or RS256"),
	OPT_TEXT("proxy", "URL", "reach the provider through this HTTP proxy"),
	OPT_JSON,
	OPT_END,
};

static const struct option secret_options[] = {
	{ .name = "secret-file",
	    .value = "FILE|-",
	    .kind = OPTION_PATH,
	    .required = true,
	    .help = "where the new client secret is; - is standard input" },
	OPT_FLAG("keep-old", "try the old one where the provider refuses the new one, until that has worked"),
	OPT_TEXT("expires", "DATE", "the last day of the new one, YYYY-MM-DD, to be warned in time"),
	OPT_JSON,
	OPT_END,
};

static const struct option json_options[] = {
	OPT_JSON,
	OPT_END,
};

/* What was done to a client, for people and for programs. */
static void
print_done(struct session *session, const char *name, const char *done)
{
	if (session->json) {
		output_open(&session->out, NULL, '{');
		output_text(&session->out, "name", name);
		output_text(&session->out, "result", done);
		output_close(&session->out, '}');
		output_str(&session->out, "\n");
	} else if (!session->quiet)
		output_format(&session->out, "%s: %s\n", name, done);
}

static bool
is_given(const struct larder_variable *vars, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(vars[i].name) == len && memcmp(vars[i].name, name, len) == 0)
			return true;
	}
	return false;
}

/* Split KEY=VALUE; text gets a copy that the names and values point into, freed by the caller. */
static enum larder_code
parse_vars(const struct args *args, struct larder_variable *ret_vars, char **ret_texts, size_t *ret_count,
    struct larder_error *ret_error)
{
	const char *given;

	for (*ret_count = 0; (given = args_nth(args, "var", *ret_count)) != NULL; (*ret_count)++) {
		const char *equals = strchr(given, '=');

		if (*ret_count == LARDER_VARS_MAX)
			return args_usage(
			    args, ret_error, "too many variables", "a client has at most %d", LARDER_VARS_MAX);
		if (equals == NULL || equals == given)
			return args_usage(args, ret_error, "bad value", "'--var' wants KEY=VALUE");
		if (is_given(ret_vars, *ret_count, given, (size_t)(equals - given)))
			return args_usage(args, ret_error, "bad value", "'--var' gives a variable twice");
		ret_texts[*ret_count] = text_copy(given);
		if (ret_texts[*ret_count] == NULL)
			return error_no_memory(ret_error);
		ret_texts[*ret_count][equals - given] = '\0';
		ret_vars[*ret_count].name = ret_texts[*ret_count];
		ret_vars[*ret_count].value = ret_texts[*ret_count] + (equals - given) + 1;
	}
	return LARDER_OK;
}

/* http://user:password@host: the password would be the value of a flag. */
static enum larder_code
check_proxy(const struct args *args, struct larder_error *ret_error)
{
	const char *proxy = args_text(args, "proxy");

	if (proxy == NULL || strchr(proxy, '@') == NULL)
		return LARDER_OK;
	return args_usage(args, ret_error, "refused a secret on the command line",
	    "the URL of '--proxy' must not hold a user or password");
}

/* What it proves itself with may have to be made first. */
static enum larder_code
add_done(struct session *session, const struct larder_client_new *client, struct larder_error *ret_error)
{
	struct larder_client *shown = calloc(1, sizeof *shown);
	enum larder_code code;
	bool signs, is_tls, is_public;

	if (shown == NULL)
		return error_no_memory(ret_error);
	code = larder_client_show(session->larder, client->name, shown, ret_error);
	signs =
	    strcmp(shown->auth, "private_key_jwt") == 0 || strcmp(shown->auth, "client_secret_post_signed_jwt") == 0;
	is_tls = strstr(shown->auth, "tls_client_auth") != NULL;
	is_public = strcmp(shown->auth, "none") == 0;
	if (code == LARDER_OK)
		print_done(session, client->name,
		    client->secret_len > 0  ? "added"
			: (signs || is_tls) ? "added, without its key"
			: is_public         ? "added, public client"
					    : "added, without its secret");
	if (code == LARDER_OK && client->secret_len == 0 && (signs || is_tls))
		session_note(
		    session, "it needs a key: 'larder client key %s%s'", client->name, is_tls ? " --use tls" : "");
	else if (code == LARDER_OK && client->secret_len == 0 && !is_public)
		session_note(
		    session, "it needs a secret: 'larder client set-secret %s --secret-file FILE'", client->name);
	if (code == LARDER_OK)
		definition_warn(session, shown->provider);
	free(shown);
	return code;
}

static enum larder_code
run_add(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_variable vars[LARDER_VARS_MAX];
	char *texts[LARDER_VARS_MAX] = { NULL };
	struct larder_client_new client = { .name = args_operand(args, 0), .vars = vars };
	struct secret secret = SECRET_INIT;
	struct larder_discovery *found = NULL;
	const char *file = args_text(args, "secret-file");
	enum larder_code code = check_proxy(args, ret_error);

	client.provider = args_text(args, "provider");
	client.client_id = args_text(args, "client-id");
	client.auth = args_text(args, "auth");
	client.dpop = args_text(args, "dpop");
	client.proxy = args_text(args, "proxy");
	if (code == LARDER_OK)
		code = parse_vars(args, vars, texts, &client.vars_count, ret_error);
	if (code == LARDER_OK && file != NULL)
		code = session_read_secret(session, file, SECRET_MAX, "client secret", &secret, ret_error);
	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	if (code == LARDER_OK && discovery_is_url(client.provider)) {
		found = calloc(1, sizeof *found);
		code = found == NULL ? error_no_memory(ret_error)
				     : discovery_find(session, client.provider, client.proxy, found, ret_error);
		client.provider = found == NULL ? NULL : found->provider;
	}
	if (code == LARDER_OK) {
		client.secret = secret.data;
		client.secret_len = secret.len;
		code = larder_client_add(session->larder, &client, ret_error);
	}
	if (code == LARDER_OK)
		code = add_done(session, &client, ret_error);
	secret_free(&secret);
	free(found);
	for (size_t i = 0; i < LARDER_VARS_MAX; i++)
		free(texts[i]);
	return code;
}

static enum larder_code
run_list(struct session *session, struct larder_error *ret_error)
{
	struct larder_client *list = NULL;
	size_t count = 0;
	enum larder_code code = session_open(session, ret_error);

	if (code == LARDER_OK)
		code = larder_client_list(session->larder, &list, &count, ret_error);
	if (code != LARDER_OK)
		return code;
	if (session->json)
		client_view_json_list(&session->out, list, count);
	else if (count == 0)
		session_note(session, "no clients yet; see 'larder help client add'");
	else
		code = client_view_table(&session->out, list, count, ret_error);
	larder_client_list_free(list);
	return code;
}

static enum larder_code
run_show(struct session *session, struct larder_error *ret_error)
{
	struct larder_client *client = calloc(1, sizeof *client);
	enum larder_code code;

	if (client == NULL)
		return error_no_memory(ret_error);
	code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = larder_client_show(session->larder, args_operand(session->args, 0), client, ret_error);
	if (code == LARDER_OK && session->json) {
		client_view_json(&session->out, client);
		output_str(&session->out, "\n");
	} else if (code == LARDER_OK)
		client_view_long(&session->out, client);
	free(client);
	return code;
}

/* A client that registered itself is taken back at its provider; what comes of that does not keep it from being removed. */
static enum larder_code
withdraw(struct session *session, const char *name, struct larder_error *ret_told, struct larder_error *ret_error)
{
	struct larder_client *client = calloc(1, sizeof *client);
	enum larder_code code;

	if (client == NULL)
		return error_no_memory(ret_error);
	code = larder_client_show(session->larder, name, client, ret_error);
	if (code == LARDER_OK && client->is_registered && client->credentials == 0 &&
	    larder_client_unregister(session->larder, name, ret_told) == LARDER_OK)
		ret_told->code = LARDER_OK;
	free(client);
	return code;
}

static enum larder_code
run_remove(struct session *session, struct larder_error *ret_error)
{
	const char *name = args_operand(session->args, 0);
	struct larder_error told = { .code = LARDER_OK };
	enum larder_code code = session_open(session, ret_error);

	if (code == LARDER_OK)
		code = withdraw(session, name, &told, ret_error);
	if (code == LARDER_OK)
		code = larder_client_remove(session->larder, name, ret_error);
	if (code == LARDER_OK && told.code != LARDER_OK)
		session_note(session, "%s: %s; %s", told.what, told.why, told.hint);
	if (code == LARDER_OK)
		print_done(session, name, "removed");
	return code;
}

/* The end of that day, UTC. */
static enum larder_code
read_date(const struct args *args, int64_t *ret, struct larder_error *ret_error)
{
	const char *text = args_text(args, "expires");
	struct tm day = { 0 };
	const char *end;

	if (text == NULL)
		return LARDER_OK;
	end = strptime(text, "%Y-%m-%d", &day);
	if (end == NULL || *end != '\0' || strlen(text) != sizeof "2026-01-31" - 1)
		return args_usage(args, ret_error, "bad value", "'--expires' wants a day as YYYY-MM-DD");
	*ret = (int64_t)timegm(&day) + DAY_S - 1;
	return LARDER_OK;
}

static enum larder_code
run_set_secret(struct session *session, struct larder_error *ret_error)
{
	const char *name = args_operand(session->args, 0);
	struct larder_client_secret wanted = { .keep_old = args_has(session->args, "keep-old") };
	struct secret secret = SECRET_INIT;
	enum larder_code code = session_read_secret(
	    session, args_text(session->args, "secret-file"), SECRET_MAX, "client secret", &secret, ret_error);

	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = read_date(session->args, &wanted.expires_at, ret_error);
	wanted.secret = secret.data;
	wanted.secret_len = secret.len;
	if (code == LARDER_OK)
		code = larder_client_renew_secret(session->larder, name, &wanted, ret_error);
	if (code == LARDER_OK)
		print_done(session, name, "secret replaced");
	secret_free(&secret);
	return code;
}

static const struct command client_add = {
	.name = "add",
	.parent = &command_client,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "register a client",
	.help = "Stores a client under NAME: the client id, and the client secret if the\n"
		"provider gave you one. The secret comes from a file that only you can read, or\n"
		"from standard input; on a terminal '-' asks for it without showing it. Some\n"
		"providers need variables, which 'larder provider show ID' names, for example\n"
		"--var domain=example.eu.auth0.com. METHOD is basic or post, or a registered\n"
		"name such as client_secret_basic or none.\n",
	.examples = "  larder client add work --provider google --client-id 12.apps.example --secret-file secret.txt\n"
		    "  larder client add cli --provider github --client-id Iv1.8a61\n",
	.options = add_options,
	.run = run_add,
};

static const struct command client_list = {
	.name = "list",
	.parent = &command_client,
	.summary = "list the clients",
	.help = "Prints one row per client: provider, client id, how it proves itself, and how\n"
		"many credentials use it. No secret is shown.\n",
	.examples = "  larder client list\n",
	.options = json_options,
	.run = run_list,
};

static const struct command client_show = {
	.name = "show",
	.parent = &command_client,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "show one client",
	.help = "Prints all that is known of a client except its secret.\n",
	.examples = "  larder client show work --json\n",
	.options = json_options,
	.run = run_show,
};

static const struct command client_remove = {
	.name = "remove",
	.parent = &command_client,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "remove a client that no credential uses",
	.help = "Removes a client and its secret from the vault. It is refused while credentials\n"
		"use it: log out of those first.\n",
	.examples = "  larder client remove work\n",
	.options = json_options,
	.run = run_remove,
};

static const struct command client_set_secret = {
	.name = "set-secret",
	.parent = &command_client,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "replace a client's secret",
	.help = "Stores a new client secret, for example after it was renewed at the provider.\n"
		"The credentials of the client stay as they are. With --keep-old the old secret is\n"
		"shown where the provider does not know the new one yet, never both at once; it is\n"
		"forgotten when the new one has worked.\n",
	.examples = "  larder client set-secret work --secret-file -\n",
	.options = secret_options,
	.run = run_set_secret,
};

static const struct command *const subcommands[] = {
	&client_add,
	&client_list,
	&client_show,
	&client_remove,
	&client_set_secret,
	&command_client_key,
	NULL,
};

const struct command command_client = {
	.name = "client",
	.group = COMMAND_START,
	.summary = "register the applications that you act as",
	.help = "A client is what you registered in a provider's developer pages: a client id,\n"
		"and often a client secret. Credentials belong to a client. There can be several\n"
		"clients per provider and several credentials per client.\n",
	.subcommands = subcommands,
};
