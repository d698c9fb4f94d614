/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/usage.h"

#include <string.h>

#include "base/text.h"

#define LINE_WIDTH   80
#define PART_SIZE    192
#define OPTION_WIDTH 26 /* an option that is longer has its help on the next line */

const char *
usage_full_name(char *dst, size_t dst_size, const struct command *command)
{
	if (command->parent == NULL)
		(void)text_format(dst, dst_size, "larder %s", command->name);
	else
		(void)text_format(dst, dst_size, "larder %s %s", command->parent->name, command->name);
	return dst;
}

const char *
usage_option(char *dst, size_t dst_size, const struct option *option)
{
	char letter[8] = "";

	if (option->letter != 0)
		(void)text_format(letter, sizeof letter, "-%c, ", option->letter);
	(void)text_format(dst, dst_size, "%s--%s%s%s", letter, option->name, option->value == NULL ? "" : " ",
	    option->value == NULL ? "" : option->value);
	return dst;
}

const char *
usage_group_title(enum command_group group)
{
	static const char *const titles[] = {
		[COMMAND_START] = "Set up",
		[COMMAND_USE] = "Use",
		[COMMAND_STOP] = "Take rights back",
		[COMMAND_KEEP] = "Look after the vault",
		[COMMAND_MORE] = "More",
	};

	return titles[group];
}

static bool
is_first_of_group(const struct command *command, const struct option *option)
{
	for (const struct option *at = command->options; at != option; at++) {
		if (at->group == option->group)
			return false;
	}
	return true;
}

static void
append(char *dst, size_t dst_size, const char *separator, const char *text)
{
	size_t len = strlen(dst);

	(void)text_format(dst + len, dst_size - len, "%s%s", len == 0 ? "" : separator, text);
}

/* "a | b | c" of all options of a group, behind what dst holds already. */
static void
append_group(char *dst, size_t dst_size, const struct command *command, unsigned char group)
{
	char text[PART_SIZE];

	for (const struct option *at = command->options; at->name != NULL; at++) {
		if (at->group == group)
			append(dst, dst_size, " | ", usage_option(text, sizeof text, at));
	}
}

static bool
operands_part(const struct command *command, char *dst, size_t dst_size)
{
	if (command->subcommands != NULL) {
		(void)text_format(dst, dst_size, "COMMAND ...");
		return true;
	}
	if (command->operands == NULL)
		return false;
	(void)text_format(dst, dst_size, "%s", command->operands);
	if (command->operands_group != 0)
		append_group(dst, dst_size, command, command->operands_group);
	return true;
}

static bool
option_part(const struct command *command, const struct option *option, char *dst, size_t dst_size)
{
	char text[PART_SIZE] = "";

	if (option->group == 0)
		(void)usage_option(text, sizeof text, option);
	else if (option->group == command->operands_group || !is_first_of_group(command, option))
		return false;
	else
		append_group(text, sizeof text, command, option->group);
	(void)text_format(dst, dst_size, option->required ? "%s%s" : "[%s]%s", text, option->repeatable ? "..." : "");
	return true;
}

bool
usage_synopsis_part(const struct command *command, size_t *cursor, char *dst, size_t dst_size)
{
	if (*cursor == 0) {
		*cursor = 1;
		if (operands_part(command, dst, dst_size))
			return true;
	}
	while (*cursor != SIZE_MAX && command->options != NULL && command->options[*cursor - 1].name != NULL) {
		const struct option *option = &command->options[*cursor - 1];

		(*cursor)++;
		if (option_part(command, option, dst, dst_size))
			return true;
	}
	if (!command->takes_command || *cursor == SIZE_MAX)
		return false;
	*cursor = SIZE_MAX;
	(void)text_format(dst, dst_size, "-- COMMAND...");
	return true;
}

static void
print_synopsis(struct output *out, const struct command *command)
{
	char name[64], part[PART_SIZE];
	size_t cursor = 0, indent, column;

	output_str(out, usage_full_name(name, sizeof name, command));
	indent = strlen("usage: ") + strlen(name);
	column = indent;
	while (usage_synopsis_part(command, &cursor, part, sizeof part)) {
		if (column + 1 + strlen(part) > LINE_WIDTH) {
			output_format(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		output_format(out, " %s", part);
		column += 1 + strlen(part);
	}
	output_str(out, "\n");
}

/* Words wrapped into lines that begin at a column, where the cursor is already. */
static void
print_wrapped(struct output *out, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > indent && column + 1 + len > LINE_WIDTH) {
			output_format(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			output_str(out, " ");
			column++;
		}
		output_bytes(out, text, len);
		column += len;
		text += len;
		text += *text == ' ';
	}
	output_str(out, "\n");
}

static void
print_options(struct output *out, const struct option *options)
{
	char text[PART_SIZE];
	size_t width = 0;

	for (const struct option *at = options; at->name != NULL; at++) {
		size_t len = strlen(usage_option(text, sizeof text, at));

		if (len <= OPTION_WIDTH && len > width)
			width = len;
	}
	for (const struct option *at = options; at->name != NULL; at++) {
		if (strlen(usage_option(text, sizeof text, at)) > width)
			output_format(out, "  %s\n%*s", text, (int)width + 4, "");
		else
			output_format(out, "  %-*s  ", (int)width, text);
		print_wrapped(out, at->help, width + 4);
	}
}

static void
print_head(struct output *out, const char *title)
{
	output_str(out, "\n");
	output_colour(out, COLOUR_HEAD);
	output_str(out, title);
	output_colour(out, COLOUR_NONE);
	output_str(out, ":\n");
}

static void
print_commands(struct output *out, const struct command *const *list)
{
	for (; *list != NULL; list++)
		output_format(out, "  %-10s  %s\n", (*list)->name, (*list)->summary);
}

static void
print_command(struct output *out, const struct command *command)
{
	char name[64];

	output_format(out, "%s - %s\n\nusage: ", usage_full_name(name, sizeof name, command), command->summary);
	print_synopsis(out, command);
	output_format(out, "\n%s", command->help);
	if (command->subcommands != NULL) {
		print_head(out, "Commands");
		print_commands(out, command->subcommands);
		output_format(out, "\n'%s COMMAND --help' explains each.\n", name);
		return;
	}
	if (command->options != NULL) {
		print_head(out, "Options");
		print_options(out, command->options);
	}
	if (command->examples != NULL) {
		print_head(out, "Examples");
		output_str(out, command->examples);
	}
	output_str(out, "\nOptions of every command, such as --vault and --json: see 'larder help'.\n");
}

static void
print_overview(struct output *out)
{
	output_str(out,
	    "Larder keeps OAuth tokens fresh and never loses one.\n\n"
	    "usage: larder COMMAND [ARGUMENT...]\n\n"
	    "A credential is what you once allowed an application to do, kept as a refresh\n"
	    "token in an encrypted vault. 'larder token NAME' turns it into an access token\n"
	    "that works now. First: 'larder init', then 'larder client add', 'larder add'.\n");
	for (enum command_group group = COMMAND_START; group <= COMMAND_MORE; group++) {
		print_head(out, usage_group_title(group));
		for (const struct command *const *at = commands; *at != NULL; at++) {
			if ((*at)->group == group)
				output_format(out, "  %-10s  %s\n", (*at)->name, (*at)->summary);
		}
	}
	print_head(out, "Options of every command, anywhere on the line");
	print_options(out, global_options);
	output_str(out, "\nDUR is a time such as 90, 90s, 5m, 8h or 30d. 'larder help COMMAND' explains one.\n");
}

enum larder_code
usage_show(struct session *session, const struct command *command, struct larder_error *ret_error)
{
	(void)ret_error;
	if (command == NULL)
		print_overview(&session->out);
	else
		print_command(&session->out, command);
	return LARDER_OK;
}
