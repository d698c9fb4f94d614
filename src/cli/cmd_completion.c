/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "cli/completion.h"
#include "cli/session.h"

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const char *shell = args_operand(session->args, 0);
	char shown[40];

	if (strcmp(shell, "bash") == 0)
		completion_bash(&session->out);
	else if (strcmp(shell, "zsh") == 0)
		completion_zsh(&session->out);
	else if (strcmp(shell, "fish") == 0)
		completion_fish(&session->out);
	else
		return args_usage(session->args, ret_error, "unknown shell",
		    "'completion' wants bash, zsh or fish, not '%s'",
		    text_escape(shown, sizeof shown, shell, strlen(shell)));
	return LARDER_OK;
}

const struct command command_completion = {
	.name = "completion",
	.group = COMMAND_MORE,
	.operands = "bash|zsh|fish",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "print a completion script for a shell",
	.help = "Prints a script that lets the shell complete commands, options and, if the\n"
		"vault opens without asking, the names of credentials.\n",
	.examples = "  larder completion bash > ~/.local/share/bash-completion/completions/larder\n"
		    "  larder completion zsh > ~/.zfunc/_larder\n"
		    "  larder completion fish > ~/.config/fish/completions/larder.fish\n",
	.run = run,
};
