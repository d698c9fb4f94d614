/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the manual pages into a directory: larder.1 and one page per command, from the tables of the commands. The
 * pages are committed; a test compares them with what this prints.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/man_text.h"
#include "cli/usage.h"

/* Text as roff: a backslash is escaped, hyphens stay hyphens, a line never begins with a control character. */
static void
print_roff(struct output *out, const char *text)
{
	bool at_start = true;

	for (; *text != '\0'; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			output_str(out, "\\&");
		if (*text == '\\')
			output_str(out, "\\e");
		else if (*text == '-')
			output_str(out, "\\-");
		else
			output_bytes(out, text, 1);
		at_start = *text == '\n';
	}
}

static void
print_head(struct output *out, const char *page)
{
	output_str(out,
	    ".\\\" SPDX-License-Identifier: Apache-2.0\n.\\\" Made by larder-man from the tables in src/cli.\n.TH ");
	for (const char *at = page; *at != '\0'; at++) {
		char upper = (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);

		output_bytes(out, &upper, 1);
	}
	output_format(out, " 1 \"\" \"larder %s\" \"Larder\"\n", larder_version());
}

static void
print_synopsis(struct output *out, const struct command *command)
{
	char name[64], part[256];
	size_t cursor = 0;

	output_str(out, ".HP\n.B ");
	print_roff(out, usage_full_name(name, sizeof name, command));
	output_str(out, "\n");
	while (usage_synopsis_part(command, &cursor, part, sizeof part)) {
		print_roff(out, part);
		output_str(out, "\n");
	}
}

static void
print_options(struct output *out, const struct option *options)
{
	char text[192];

	for (const struct option *at = options; at != NULL && at->name != NULL; at++) {
		output_str(out, ".TP\n.B ");
		print_roff(out, usage_option(text, sizeof text, at));
		output_str(out, "\n");
		print_roff(out, at->help);
		output_str(out, "\n");
	}
}

static void
print_body(struct output *out, const struct command *command)
{
	print_roff(out, command->help);
	if (command->options != NULL) {
		output_str(out, ".PP\n");
		print_options(out, command->options);
	}
	if (command->examples != NULL) {
		output_str(out, ".PP\nExamples:\n.PP\n.nf\n");
		print_roff(out, command->examples);
		output_str(out, ".fi\n");
	}
}

static void
print_page(struct output *out, const struct command *command)
{
	char name[64], page[64];

	(void)text_format(page, sizeof page, "larder-%s", command->name);
	print_head(out, page);
	output_str(out, ".SH NAME\n");
	print_roff(out, page);
	output_str(out, " \\- ");
	print_roff(out, command->summary);
	output_str(out, "\n.SH SYNOPSIS\n");
	if (command->subcommands == NULL)
		print_synopsis(out, command);
	for (const struct command *const *sub = command->subcommands; sub != NULL && *sub != NULL; sub++)
		print_synopsis(out, *sub);
	output_str(out, ".SH DESCRIPTION\n");
	print_body(out, command);
	for (const struct command *const *sub = command->subcommands; sub != NULL && *sub != NULL; sub++) {
		output_str(out, ".SS ");
		print_roff(out, usage_full_name(name, sizeof name, *sub));
		output_str(out, "\n");
		print_body(out, *sub);
	}
	output_str(out,
	    ".SH SEE ALSO\n.BR larder (1)\nfor the options of every command, files, environment and exit status\n");
}

static void
print_main_page(struct output *out)
{
	print_head(out, "larder");
	output_str(out,
	    ".SH NAME\nlarder \\- keep OAuth tokens fresh and never lose one\n"
	    ".SH SYNOPSIS\n.B larder\n[OPTION...] COMMAND [ARGUMENT...]\n"
	    ".SH DESCRIPTION\n");
	output_str(out, man_description);
	output_str(out, ".SH COMMANDS\n");
	for (enum command_group group = COMMAND_START; group <= COMMAND_MORE; group++) {
		output_format(out, ".SS %s\n", usage_group_title(group));
		for (const struct command *const *at = commands; *at != NULL; at++) {
			if ((*at)->group != group)
				continue;
			output_format(out, ".TP\n.BR larder\\-%s (1)\n", (*at)->name);
			print_roff(out, (*at)->summary);
			output_str(out, "\n");
		}
	}
	output_str(out, ".SH OPTIONS\nThese belong to every command and may stand anywhere on the line.\n");
	print_options(out, global_options);
	output_str(out, man_rest);
}

static bool
write_page(const char *dir, const char *name, const struct command *command)
{
	char path[1024];
	struct output out;
	bool good;
	int fd;

	if (!text_format(path, sizeof path, "%s/%s%s%s.1", dir, name, command == NULL ? "" : "-",
		command == NULL ? "" : command->name))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	output_init(&out, fd, false, false);
	if (command == NULL)
		print_main_page(&out);
	else
		print_page(&out, command);
	output_flush(&out);
	good = out.failed == 0;
	output_clear(&out);
	return close(fd) == 0 && good;
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: larder-man DIRECTORY\n");
		return 2;
	}
	for (const struct command *const *at = commands; *at != NULL; at++) {
		if (!write_page(argv[1], "larder", *at)) {
			(void)fprintf(
			    stderr, "larder-man: cannot write the page of %s into %s\n", (*at)->name, argv[1]);
			return 1;
		}
	}
	return write_page(argv[1], "larder", NULL) ? 0 : 1;
}
