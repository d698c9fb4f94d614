/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/private_file.h"
#include "cli/session.h"
#include "cli/spawn.h"

#define USUAL_VARIABLE "ACCESS_TOKEN"

static const struct option options[] = {
	{ .name = "env",
	    .letter = 'e',
	    .value = "VAR=NAME",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "put the token of NAME into the variable VAR" },
	{ .name = "file",
	    .letter = 'f',
	    .value = "VAR=NAME",
	    .kind = OPTION_TEXT,
	    .repeatable = true,
	    .help = "put it into a private file in memory, and the file's path into VAR" },
	OPT_DURATION("min-ttl", "DUR", "refresh a token that ends sooner (default 60s)"),
	OPT_END,
};

struct grantee { /* one variable of the command */
	char variable[128];
	const char *name; /* NULL: the only credential there is */
	bool as_file;
	struct secret token;
	struct secret setting; /* VARIABLE=value */
};

static bool
is_variable(const char *text, size_t len)
{
	bool good = len > 0 && !(text[0] >= '0' && text[0] <= '9');

	for (size_t i = 0; i < len; i++)
		good = good &&
		    (text[i] == '_' || (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z') ||
			(text[i] >= 'a' && text[i] <= 'z'));
	return good;
}

static enum larder_code
add_option(const struct args *args, const char *option, struct grantee *grantees, size_t *count,
    struct larder_error *ret_error)
{
	const char *text;

	for (size_t i = 0; (text = args_nth(args, option, i)) != NULL; i++) {
		const char *equals = strchr(text, '=');
		struct grantee *grantee = &grantees[*count];

		if (equals == NULL || !is_variable(text, (size_t)(equals - text)) ||
		    !text_format(grantee->variable, sizeof grantee->variable, "%.*s", (int)(equals - text), text) ||
		    !text_is_name(equals + 1))
			return args_usage(
			    args, ret_error, "bad value", "'--%s' wants VAR=NAME, a variable and a credential", option);
		for (size_t k = 0; k < *count; k++) {
			if (strcmp(grantees[k].variable, grantee->variable) == 0)
				return args_usage(args, ret_error, "variable given twice", "'%s'", grantee->variable);
		}
		grantee->name = equals + 1;
		grantee->as_file = strcmp(option, "file") == 0;
		(*count)++;
	}
	return LARDER_OK;
}

static enum larder_code
plan(const struct args *args, struct grantee *grantees, size_t *count, struct larder_error *ret_error)
{
	enum larder_code code;

	if (args->operands_count > 0 || (!args_has(args, "env") && !args_has(args, "file"))) {
		(void)text_format(grantees[0].variable, sizeof grantees[0].variable, USUAL_VARIABLE);
		grantees[0].name = args_operand(args, 0);
		*count = 1;
	}
	code = add_option(args, "env", grantees, count, ret_error);
	return code == LARDER_OK ? add_option(args, "file", grantees, count, ret_error) : code;
}

static enum larder_code
fetch(struct session *session, struct grantee *grantee, struct larder_error *ret_error)
{
	struct larder_token_query query = {
		.name = grantee->name,
		.min_ttl_s = args_duration(session->args, "min-ttl", LARDER_MIN_TTL_DEFAULT),
		.timeout_ms = session_timeout_ms(session),
	};
	struct larder_token token = { 0 };
	enum larder_code code = larder_token_get(session->larder, &query, &token, ret_error);

	if (code == LARDER_OK && !secret_copy(token.access_token, token.access_token_len, &grantee->token))
		code = error_no_memory(ret_error);
	larder_token_clear(&token);
	return code;
}

static enum larder_code
set(struct grantee *grantee, const struct private_dir *dir, struct larder_error *ret_error)
{
	struct buf setting = BUF_INIT_SECRET((size_t)1 << 17);
	char path[PRIVATE_PATH_SIZE + 64];
	enum larder_code code;
	bool taken;

	(void)buf_append_format(&setting, "%s=", grantee->variable);
	if (grantee->as_file) {
		code = private_dir_add(dir, grantee->variable, &grantee->token, path, ret_error);
		if (code != LARDER_OK) {
			buf_clear(&setting);
			return code;
		}
		(void)buf_append_str(&setting, path);
	} else {
		(void)buf_append(&setting, grantee->token.data, grantee->token.len);
	}
	taken = !setting.failed && buf_take_secret(&setting, &grantee->setting);
	buf_clear(&setting);
	return taken ? LARDER_OK : error_no_memory(ret_error);
}

static bool
is_replaced(const char *setting, const struct grantee *grantees, size_t count)
{
	static const char passphrase[] = "LARDER_PASSPHRASE_FD=";

	if (strncmp(setting, passphrase, sizeof passphrase - 1) == 0)
		return true; /* it has been read, and the number means nothing to the command */
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(grantees[i].variable);

		if (strncmp(setting, grantees[i].variable, len) == 0 && setting[len] == '=')
			return true;
	}
	return false;
}

/* Our own environment with the variables in it; the texts are borrowed. */
static char **
environment_for(const struct grantee *grantees, size_t count)
{
	size_t room = 0, filled = 0;
	char **all;

	while (environ[room] != NULL)
		room++;
	all = calloc(room + count + 1, sizeof *all);
	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < room; i++) {
		if (!is_replaced(environ[i], grantees, count))
			all[filled++] = environ[i];
	}
	for (size_t i = 0; i < count; i++)
		all[filled++] = (char *)grantees[i].setting.data;
	return all;
}

/* The vault is closed before: the command may run for days, and nothing of it is left open for it. */
static enum larder_code
run_with(struct session *session, struct grantee *grantees, size_t count, struct larder_error *ret_error)
{
	struct private_dir dir = PRIVATE_DIR_INIT;
	struct secret *secrets = calloc(count + 1, sizeof *secrets);
	struct spawn spawn = { .argv = session->args->command_line, .secrets = secrets, .secrets_count = count };
	enum larder_code code = secrets == NULL ? error_no_memory(ret_error) : LARDER_OK;

	if (code == LARDER_OK && args_has(session->args, "file"))
		code = private_dir_make(&dir, ret_error);
	for (size_t i = 0; code == LARDER_OK && i < count; i++) {
		secrets[i] = grantees[i].token; /* borrowed */
		code = set(&grantees[i], &dir, ret_error);
	}
	if (code == LARDER_OK) {
		spawn.environment = environment_for(grantees, count);
		code = spawn.environment == NULL ? error_no_memory(ret_error)
						 : spawn_run(&spawn, &session->exit_status, ret_error);
	}
	free(spawn.environment);
	free(secrets);
	private_dir_remove(&dir);
	return code;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct grantee *grantees;
	enum larder_code code;
	size_t count = 0;

	session->exit_status = EXIT_LARDER_FAILED;
	if (args->command_line == NULL || args->command_line[0] == NULL)
		return args_usage(args, ret_error, "command missing", "write it after '--'");
	grantees = calloc(args->values_count + 1, sizeof *grantees);
	if (grantees == NULL)
		return error_no_memory(ret_error);
	code = plan(args, grantees, &count, ret_error);
	if (code == LARDER_OK)
		code = session_open(session, ret_error);
	for (size_t i = 0; code == LARDER_OK && i < count; i++)
		code = fetch(session, &grantees[i], ret_error);
	larder_close(session->larder);
	session->larder = NULL;
	if (code == LARDER_OK)
		code = run_with(session, grantees, count, ret_error);
	for (size_t i = 0; i < count; i++) {
		secret_free(&grantees[i].token);
		secret_free(&grantees[i].setting);
	}
	free(grantees);
	return code;
}

const struct command command_run = {
	.name = "run",
	.group = COMMAND_USE,
	.operands = "[NAME]",
	.operands_max = 1,
	.operands_are_names = true,
	.takes_command = true,
	.failure_status = EXIT_LARDER_FAILED,
	.summary = "run a command with access tokens in its environment",
	.help = "Runs a command that finds the access token of NAME in ACCESS_TOKEN, or the tokens\n"
		"of several credentials in variables of your choice. With -f a token is a file in\n"
		"memory that only you can read, and that is gone when the command ends. What the\n"
		"command writes into a pipe or a file shows *** where a token would stand. Signals\n"
		"reach the command, and its exit status is the result; 125 means that Larder failed,\n"
		"126 that the command cannot be executed, 127 that it was not found.\n",
	.examples = "  larder run google -- ./report.py\n"
		    "  larder run -e GITHUB_TOKEN=github -e SLACK_TOKEN=slack -- make release\n"
		    "  larder run -f TOKEN_FILE=backup -- rclone sync data remote:data\n",
	.options = options,
	.run = run,
};
