/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"

#include <string.h>

#include "cli/command.h"

/* The names of credentials, without ever asking for a passphrase. */
#define NAMES "larder list --no-input --quiet --color never 2>/dev/null | sed -e 1d -e 's/ .*//'"

static void
print_words(struct output *out, const struct command *const *list)
{
	for (const struct command *const *at = list; *at != NULL; at++)
		output_format(out, "%s%s", at == list ? "" : " ", (*at)->name);
}

static void
print_options(struct output *out, const struct option *options)
{
	for (; options != NULL && options->name != NULL; options++)
		output_format(out, " --%s", options->name);
}

/* Values with bars are choices when all of it is lower case: "bash|zsh", not "FILE|-". */
static bool
is_choice(const char *value)
{
	return value != NULL && strchr(value, '|') != NULL && strpbrk(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == NULL;
}

static void
print_choice(struct output *out, const char *choices)
{
	for (; *choices != '\0'; choices++)
		output_bytes(out, *choices == '|' ? " " : choices, 1);
}

/* "client add) ..." for a command, then for each of its sub-commands. */
static void
print_bash_case(struct output *out, const struct command *command)
{
	output_str(out, "\t'");
	if (command->parent != NULL)
		output_format(out, "%s ", command->parent->name);
	output_format(out, "%s') words='", command->name);
	if (command->subcommands != NULL)
		print_words(out, command->subcommands);
	else if (is_choice(command->operands))
		print_choice(out, command->operands);
	output_str(out, "'; options='");
	print_options(out, command->options);
	output_format(out, "'; names=%d;;\n", command->operands_are_names && command->parent == NULL ? 1 : 0);
	for (const struct command *const *at = command->subcommands; at != NULL && *at != NULL; at++)
		print_bash_case(out, *at);
}

/* Options that take a value: the word after one is no command, and is completed as a file or from its choices. */
static void
print_bash_values(struct output *out, const struct option *options, bool choices)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (options->value == NULL || is_choice(options->value) != choices)
			continue;
		output_format(out, "\t--%s) ", options->name);
		if (choices) {
			output_str(out, "COMPREPLY=($(compgen -W '");
			print_choice(out, options->value);
			output_str(out, "' -- \"$current\")); return;;\n");
		} else
			output_str(out,
			    options->kind == OPTION_PATH ? "COMPREPLY=($(compgen -f -- \"$current\")); return;;\n"
							 : "return;;\n");
	}
}

static void
print_bash_all_values(struct output *out, const struct command *const *list, bool choices)
{
	for (; list != NULL && *list != NULL; list++) {
		print_bash_values(out, (*list)->options, choices);
		print_bash_all_values(out, (*list)->subcommands, choices);
	}
}

void
completion_bash(struct output *out)
{
	output_str(out,
	    "# bash completion for larder\n"
	    "_larder() {\n"
	    "\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= word words= options= names=0\n"
	    "\tcase $before in\n");
	print_bash_values(out, global_options, true);
	print_bash_all_values(out, commands, true);
	print_bash_values(out, global_options, false);
	print_bash_all_values(out, commands, false);
	output_str(out,
	    "\tesac\n"
	    "\tfor word in \"${COMP_WORDS[@]:1:$((COMP_CWORD-1))}\"; do\n"
	    "\t\tcase $word in\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) case $command in\n"
	    "\t\t\t'') command=$word;;\n"
	    "\t\t\tclient|key|provider) command=\"$command $word\";;\n"
	    "\t\t\tesac;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tcase $command in\n"
	    "\t'') words='");
	print_words(out, commands);
	output_str(out, "';;\n");
	for (const struct command *const *at = commands; *at != NULL; at++)
		print_bash_case(out, *at);
	output_str(out, "\tesac\n\tcase $current in\n\t-*) words=\"$options");
	print_options(out, global_options);
	output_str(out,
	    "\";;\n"
	    "\t*) [ $names = 1 ] && words=$(" NAMES ");;\n"
	    "\tesac\n"
	    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
	    "\t[ -z \"$words\" ] && COMPREPLY=($(compgen -f -- \"$current\"))\n"
	    "}\n"
	    "complete -F _larder larder\n");
}

/* zsh runs the bash script through its own emulation, so that there is one list to keep right. */
void
completion_zsh(struct output *out)
{
	output_str(out, "#compdef larder\nautoload -U +X bashcompinit && bashcompinit\n");
	completion_bash(out);
	output_str(out, "[ \"$funcstack[1]\" = _larder ] && _bash_complete -F _larder\n");
}

/* Text inside single quotes of fish. */
static void
print_quoted(struct output *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			output_bytes(out, "\\", 1);
		output_bytes(out, text, 1);
	}
}

static void
print_fish_option(struct output *out, const char *condition, const struct option *option)
{
	output_format(out, "complete -c larder%s -l %s", condition, option->name);
	if (option->letter != 0)
		output_format(out, " -s %c", option->letter);
	if (option->kind == OPTION_PATH)
		output_str(out, " -r -F");
	else if (is_choice(option->value)) {
		output_str(out, " -x -a '");
		print_choice(out, option->value);
		output_str(out, "'");
	} else if (option->value != NULL)
		output_str(out, " -x");
	output_str(out, " -d '");
	print_quoted(out, option->help);
	output_str(out, "'\n");
}

static void
print_fish_command(struct output *out, const struct command *command)
{
	char condition[160];
	const char *parent = command->parent == NULL ? "" : command->parent->name;
	struct buf buf = BUF_INIT(sizeof condition - 1);

	(void)buf_append_format(&buf,
	    command->parent == NULL ? " -n '%s__fish_seen_subcommand_from %s'"
				    : " -n '__fish_seen_subcommand_from %s; and __fish_seen_subcommand_from %s'",
	    parent, command->name);
	for (const struct option *at = command->options; at != NULL && at->name != NULL; at++)
		print_fish_option(out, buf_str(&buf), at);
	if (command->operands_are_names && command->parent == NULL)
		output_format(out,
		    "complete -c larder%s -x -a '("
		    "larder list --no-input --quiet --color never 2>/dev/null"
		    " | sed -e 1d -e \"s/ .*//\")'\n",
		    buf_str(&buf));
	else if (is_choice(command->operands)) {
		output_format(out, "complete -c larder%s -x -a '", buf_str(&buf));
		print_choice(out, command->operands);
		output_str(out, "'\n");
	}
	for (const struct command *const *at = command->subcommands; at != NULL && *at != NULL; at++) {
		output_format(out, "complete -c larder%s -x -a %s -d '", buf_str(&buf), (*at)->name);
		print_quoted(out, (*at)->summary);
		output_str(out, "'\n");
		print_fish_command(out, *at);
	}
	buf_clear(&buf);
}

void
completion_fish(struct output *out)
{
	output_str(out, "# fish completion for larder\n");
	for (const struct option *at = global_options; at->name != NULL; at++)
		print_fish_option(out, "", at);
	for (const struct command *const *at = commands; *at != NULL; at++) {
		output_format(out, "complete -c larder -n __fish_use_subcommand -x -a %s -d '", (*at)->name);
		print_quoted(out, (*at)->summary);
		output_str(out, "'\n");
		print_fish_command(out, *at);
	}
}
