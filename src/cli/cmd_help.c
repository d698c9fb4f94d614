/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "cli/suggest.h"
#include "cli/usage.h"

static enum larder_code
unknown(const struct args *args, const struct command *parent, const char *word, struct larder_error *ret_error)
{
	const char *near = parent != NULL && parent->subcommands == NULL ? NULL : suggest_command(parent, word);
	char shown[64];

	if (command_is_later(parent, word))
		return args_usage(
		    args, ret_error, "unknown command", "this version of Larder does not have '%s' yet", word);
	(void)text_escape(shown, sizeof shown, word, strlen(word));
	if (near != NULL)
		return args_usage(args, ret_error, "unknown command", "there is no '%s'; perhaps '%s'", shown, near);
	return args_usage(args, ret_error, "unknown command", "there is no '%s'", shown);
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct command *command = NULL;
	const char *word;

	for (size_t i = 0; (word = args_operand(session->args, i)) != NULL; i++) {
		const struct command *found = command_find(command, word);

		if (found == NULL)
			return unknown(session->args, command, word, ret_error);
		command = found;
	}
	return usage_show(session, command, ret_error);
}

const struct command command_help = {
	.name = "help",
	.group = COMMAND_MORE,
	.operands = "[COMMAND]",
	.operands_max = 2,
	.summary = "explain a command",
	.help = "Without COMMAND: all commands and the options that work everywhere. With\n"
		"COMMAND: what it does, its options and examples; -h and --help after a command\n"
		"do the same.\n",
	.examples = "  larder help token\n"
		    "  larder help client add\n",
	.run = run,
};
