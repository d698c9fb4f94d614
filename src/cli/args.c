/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/check.h"
#include "cli/suggest.h"

#define SHOWN_MAX 64 /* bytes of an argument that an error repeats */

struct parser {
	char **argv;
	int argc, at;
	bool only_words; /* "--" was seen */
	struct args *args;
	struct larder_error *error;
};

enum larder_code
args_usage(const struct args *args, struct larder_error *ret_error, const char *what, const char *why, ...)
{
	const struct command *command = args->command;
	char reason[256], hint[128];
	va_list list;

	va_start(list, why);
	(void)vsnprintf(reason, sizeof reason, why, list);
	va_end(list);
	if (command == NULL)
		(void)text_format(hint, sizeof hint, "see 'larder help'");
	else if (command->parent == NULL)
		(void)text_format(hint, sizeof hint, "see 'larder help %s'", command->name);
	else
		(void)text_format(hint, sizeof hint, "see 'larder help %s %s'", command->parent->name, command->name);
	return error_set(ret_error, LARDER_USAGE, what, hint, "%s", reason);
}

/* --key-file, --passphrase-fd: what is named there is where the secret is. */
static bool
names_a_place(const char *name)
{
	const char *end = strrchr(name, '-');

	return end != NULL && (strcmp(end, "-file") == 0 || strcmp(end, "-fd") == 0 || strcmp(end, "-command") == 0);
}

/* A name that looks like that of a secret: its value must not be repeated and must not stay in argv. */
static bool
names_a_secret(const char *name, size_t len)
{
	static const char *const words[] = { "secret", "token", "passw", "passphrase", "api-key", "apikey" };
	char lower[64];

	if (len >= sizeof lower)
		len = sizeof lower - 1;
	for (size_t i = 0; i < len; i++)
		lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	lower[len] = '\0';
	if (names_a_place(lower))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strstr(lower, words[i]) != NULL)
			return true;
	}
	return strcmp(lower, "pass") == 0 || strcmp(lower, "key") == 0;
}

static const char *
right_form(const struct args *args, const char *name, size_t len)
{
	const struct option *options = args->command == NULL ? NULL : args->command->options;

	if (option_find(options, "refresh-token-file", 18) != NULL)
		return "give --refresh-token-file FILE, or --refresh-token-file - for standard input";
	if (option_find(options, "secret-file", 11) != NULL)
		return "give --secret-file FILE, or --secret-file - for standard input";
	if (option_find(options, "passphrase-fd", 13) != NULL || (len >= 4 && memcmp(name, "pass", 4) == 0))
		return "give --passphrase-fd N or LARDER_PASSPHRASE_FD, or type it on the terminal";
	return "give it in a private file or on standard input, see --secret-file and --refresh-token-file";
}

/* Refuse without repeating the value, and take it out of argv, where every user of the machine can read it. */
static enum larder_code
refuse_secret(struct parser *parser, const char *name, size_t len)
{
	char *equals = strchr(parser->argv[parser->at], '=');

	if (equals != NULL)
		wipe(equals + 1, strlen(equals + 1));
	else if (parser->at + 1 < parser->argc)
		wipe(parser->argv[parser->at + 1], strlen(parser->argv[parser->at + 1]));
	return error_set(parser->error, LARDER_USAGE, "refused a secret on the command line",
	    right_form(parser->args, name, len),
	    "others can read the arguments of a process, so '--%.*s' takes no value", (int)(len < 32 ? len : 32), name);
}

static enum larder_code
unknown_option(struct parser *parser, const char *name, size_t len)
{
	const struct command *command = parser->args->command;
	const char *near = suggest_option(command == NULL ? NULL : command->options, name, len);
	char shown[SHOWN_MAX];

	if (names_a_secret(name, len))
		return refuse_secret(parser, name, len);
	(void)text_escape(shown, sizeof shown, name, len);
	if (near != NULL)
		return args_usage(
		    parser->args, parser->error, "unknown option", "there is no '--%s'; perhaps '--%s'", shown, near);
	return args_usage(parser->args, parser->error, "unknown option", "there is no '--%s'", shown);
}

static enum larder_code
record(struct parser *parser, const struct option *option, const char *text)
{
	struct args *args = parser->args;

	if (option->kind != OPTION_FLAG && !option->repeatable && args_has(args, option->name))
		return args_usage(
		    args, parser->error, "option given twice", "'--%s' can be given only once", option->name);
	if (check_value(option, text) != LARDER_OK) {
		char why[160];

		return args_usage(args, parser->error, "bad value", "%s", check_explain(option, text, why, sizeof why));
	}
	args->values[args->values_count++] = (struct args_value){ .name = option->name, .text = text };
	if (strcmp(option->name, "help") == 0)
		args->help = true;
	return LARDER_OK;
}

/* The value that follows in the next word. A word that looks like an option is one: the value was forgotten. */
static enum larder_code
record_next(struct parser *parser, const struct option *option)
{
	const char *next = parser->at + 1 < parser->argc ? parser->argv[parser->at + 1] : NULL;

	if (next == NULL || (next[0] == '-' && next[1] != '\0' && !parser->only_words))
		return args_usage(parser->args, parser->error, "value missing", "'--%s' needs a value: --%s %s",
		    option->name, option->name, option->value);
	parser->at++;
	return record(parser, option, next);
}

static const struct option *
lookup(const struct parser *parser, const char *name, size_t len)
{
	const struct command *command = parser->args->command;
	const struct option *option = option_find(command == NULL ? NULL : command->options, name, len);

	return option != NULL ? option : option_find(global_options, name, len);
}

static enum larder_code
long_option(struct parser *parser)
{
	const char *name = parser->argv[parser->at] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
	const struct option *option = lookup(parser, name, len);

	/* what every other program answers to */
	if (option == NULL && parser->args->command == NULL && strcmp(name, "version") == 0) {
		parser->args->command = command_find(NULL, name);
		return LARDER_OK;
	}
	if (option == NULL)
		return unknown_option(parser, name, len);
	if (option->kind != OPTION_FLAG)
		return equals == NULL ? record_next(parser, option) : record(parser, option, equals + 1);
	if (equals == NULL)
		return record(parser, option, NULL);
	if (names_a_secret(name, len))
		return refuse_secret(parser, name, len);
	return args_usage(parser->args, parser->error, "value not wanted", "'--%s' takes no value", option->name);
}

static enum larder_code
short_options(struct parser *parser)
{
	const char *letters = parser->argv[parser->at] + 1;

	for (; *letters != '\0'; letters++) {
		const struct command *command = parser->args->command;
		const struct option *option = option_find_letter(command == NULL ? NULL : command->options, *letters);
		enum larder_code code;
		char shown[8];

		if (option == NULL)
			option = option_find_letter(global_options, *letters);
		if (option == NULL)
			return args_usage(parser->args, parser->error, "unknown option", "there is no '-%s'",
			    text_escape(shown, sizeof shown, letters, 1));
		if (option->kind != OPTION_FLAG)
			return letters[1] == '\0' ? record_next(parser, option) : record(parser, option, letters + 1);
		code = record(parser, option, NULL);
		if (code != LARDER_OK)
			return code;
	}
	return LARDER_OK;
}

static enum larder_code
unknown_command(struct parser *parser, const char *word)
{
	const struct command *parent = parser->args->command;
	const char *near = suggest_command(parent, word);
	const char *in = parent == NULL ? "" : parent->name, *space = parent == NULL ? "" : " ";
	char shown[SHOWN_MAX];

	if (command_is_later(parent, word))
		return args_usage(parser->args, parser->error, "unknown command",
		    "this version of Larder does not have '%s%s%s' yet", in, space, word);
	(void)text_escape(shown, sizeof shown, word, strlen(word));
	if (near != NULL)
		return args_usage(parser->args, parser->error, "unknown command", "there is no '%s%s%s'; perhaps '%s'",
		    in, space, shown, near);
	return args_usage(parser->args, parser->error, "unknown command", "there is no '%s%s%s'", in, space, shown);
}

static enum larder_code
operand(struct parser *parser)
{
	struct args *args = parser->args;
	const char *word = parser->argv[parser->at];

	if (args->command == NULL || args->command->subcommands != NULL) {
		const struct command *found = command_find(args->command, word);

		if (found == NULL)
			return unknown_command(parser, word);
		args->command = found;
		return LARDER_OK;
	}
	args->operands[args->operands_count++] = word;
	return LARDER_OK;
}

enum larder_code
args_parse(int argc, char **argv, struct args *ret, struct larder_error *ret_error)
{
	struct parser parser = { .argv = argv, .argc = argc, .at = 1, .args = ret, .error = ret_error };
	size_t words = argc > 0 ? (size_t)argc : 1;

	*ret = (struct args){ 0 };
	ret->operands = calloc(words + 1, sizeof *ret->operands);
	/* a word of short options can hold more options than there are words; each is a flag and counts once */
	for (int i = 1; i < argc; i++)
		words += argv[i][0] == '-' ? strlen(argv[i]) : 0;
	ret->values = calloc(words, sizeof *ret->values);
	if (ret->operands == NULL || ret->values == NULL)
		return error_no_memory(ret_error);
	for (; parser.at < argc; parser.at++) {
		const char *word = argv[parser.at];
		enum larder_code code;

		if (parser.only_words || word[0] != '-' || word[1] == '\0')
			code = operand(&parser);
		else if (strcmp(word, "--") == 0) {
			if (ret->command != NULL && ret->command->takes_command) {
				ret->command_line = &argv[parser.at + 1];
				break;
			}
			parser.only_words = true;
			continue;
		} else
			code = word[1] == '-' ? long_option(&parser) : short_options(&parser);
		if (code != LARDER_OK)
			return code;
	}
	if (ret->help)
		return LARDER_OK;
	return check_complete(ret, ret_error);
}

void
args_clear(struct args *args)
{
	free(args->operands);
	free(args->values);
	*args = (struct args){ 0 };
}

bool
args_wants_json(int argc, char *const *argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

const char *
args_nth(const struct args *args, const char *name, size_t i)
{
	for (size_t at = 0; at < args->values_count; at++) {
		if (strcmp(args->values[at].name, name) == 0 && i-- == 0)
			return args->values[at].text;
	}
	return NULL;
}

bool
args_has(const struct args *args, const char *name)
{
	for (size_t at = 0; at < args->values_count; at++) {
		if (args->values[at].name != NULL && strcmp(args->values[at].name, name) == 0)
			return true;
	}
	return false;
}

const char *
args_text(const struct args *args, const char *name)
{
	return args_nth(args, name, 0);
}

int64_t
args_duration(const struct args *args, const char *name, int64_t fallback)
{
	const char *text = args_text(args, name);
	int64_t span = fallback;

	if (text != NULL)
		(void)duration_parse(text, &span); /* the parser has checked it */
	return span;
}

long
args_number(const struct args *args, const char *name, long fallback)
{
	const char *text = args_text(args, name);

	return text == NULL ? fallback : strtol(text, NULL, 10);
}

const char *
args_operand(const struct args *args, size_t n)
{
	return n < args->operands_count ? args->operands[n] : NULL;
}
