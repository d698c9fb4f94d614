/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include <string.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/usage.h"

#define NUMBER_DIGITS_MAX 5
#define NAME_RULE         "1 to 64 of A-Z a-z 0-9 . _ @ : + - starting with a letter or digit"

bool
check_is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		const char *end = strchr(choices, '|');
		size_t choice_len = end == NULL ? strlen(choices) : (size_t)(end - choices);

		if (choice_len == len && memcmp(choices, text, len) == 0)
			return true;
		if (end == NULL)
			break;
		choices = end + 1;
	}
	return false;
}

static bool
is_number(const char *text)
{
	size_t len = strlen(text);
	long value = 0;

	if (len == 0 || len > NUMBER_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	return value <= 65535;
}

enum larder_code
check_value(const struct option *option, const char *text)
{
	int64_t span;
	bool good = true;

	switch (option->kind) {
	case OPTION_FLAG:
		break;
	case OPTION_TEXT:
		good = text[0] != '\0' && text_is_utf8(text, strlen(text));
		break;
	case OPTION_PATH:
		good = text[0] != '\0';
		break;
	case OPTION_NAME:
		good = text_is_name(text);
		break;
	case OPTION_DURATION:
		good = duration_parse(text, &span);
		break;
	case OPTION_NUMBER:
		good = is_number(text);
		break;
	case OPTION_CHOICE:
		good = check_is_choice(option->value, text);
		break;
	}
	return good ? LARDER_OK : LARDER_USAGE;
}

static const char *
rule(const struct option *option)
{
	switch (option->kind) {
	case OPTION_NAME:
		return NAME_RULE;
	case OPTION_DURATION:
		return "90, 90s, 5m, 8h or 30d";
	case OPTION_NUMBER:
		return "a number up to 65535";
	case OPTION_CHOICE:
		return option->value;
	default:
		return "text in UTF-8 that is not empty";
	}
}

const char *
check_explain(const struct option *option, const char *text, char *dst, size_t dst_size)
{
	char shown[40];

	(void)text_escape(shown, sizeof shown, text, strlen(text));
	(void)text_format(dst, dst_size, "'--%s' wants %s, not '%s'", option->name, rule(option), shown);
	return dst;
}

static enum larder_code
check_command(const struct args *args, struct larder_error *ret_error)
{
	char list[160] = "";

	if (args->command == NULL)
		return error_set(ret_error, LARDER_USAGE, "no command", "see 'larder help'",
		    "say what to do, for example 'larder list'");
	if (args->command->subcommands == NULL)
		return LARDER_OK;
	for (const struct command *const *sub = args->command->subcommands; *sub != NULL; sub++) {
		size_t len = strlen(list);

		(void)text_format(list + len, sizeof list - len, "%s%s", len == 0 ? "" : ", ", (*sub)->name);
	}
	return args_usage(args, ret_error, "sub-command missing", "'%s' wants one of %s", args->command->name, list);
}

static enum larder_code
check_group(const struct args *args, unsigned char group, const char **ret_given, struct larder_error *ret_error)
{
	*ret_given = NULL;
	for (const struct option *option = args->command->options; option != NULL && option->name != NULL; option++) {
		if (option->group != group || !args_has(args, option->name))
			continue;
		if (*ret_given != NULL)
			return args_usage(args, ret_error, "options exclude each other",
			    "give '--%s' or '--%s', not both", *ret_given, option->name);
		*ret_given = option->name;
	}
	return LARDER_OK;
}

static enum larder_code
check_options(const struct args *args, struct larder_error *ret_error)
{
	for (const struct option *option = args->command->options; option != NULL && option->name != NULL; option++) {
		const char *given;

		if (option->required && !args_has(args, option->name))
			return args_usage(args, ret_error, "option missing", "'%s' wants --%s %s", args->command->name,
			    option->name, option->value);
		if (option->group != 0) {
			enum larder_code code = check_group(args, option->group, &given, ret_error);

			if (code != LARDER_OK)
				return code;
		}
	}
	return LARDER_OK;
}

static enum larder_code
check_names(const struct args *args, struct larder_error *ret_error)
{
	char shown[40];

	for (size_t i = 0; i < args->operands_count; i++) {
		const char *word = args->operands[i];

		if (!text_is_name(word))
			return args_usage(args, ret_error, "bad name", "'%s' is not " NAME_RULE,
			    text_escape(shown, sizeof shown, word, strlen(word)));
		for (size_t k = 0; k < i; k++) {
			if (strcmp(args->operands[k], word) == 0)
				return args_usage(args, ret_error, "name given twice", "'%s'", word);
		}
	}
	return LARDER_OK;
}

static enum larder_code
check_operands(const struct args *args, struct larder_error *ret_error)
{
	const struct command *command = args->command;
	unsigned min = command->operands_min;
	const char *given = NULL;
	char shown[40];

	if (command->operands_group != 0) {
		enum larder_code code = check_group(args, command->operands_group, &given, ret_error);

		if (code != LARDER_OK)
			return code;
		if (given != NULL && args->operands_count > 0)
			return args_usage(args, ret_error, "names not wanted", "give names or '--%s', not both", given);
		if (given != NULL)
			min = 0;
	}
	if (args->operands_count < min) {
		char part[128];
		size_t cursor = 0;

		(void)usage_synopsis_part(command, &cursor, part, sizeof part);
		return args_usage(args, ret_error, "argument missing", "'%s' wants %s", command->name, part);
	}
	if (args->operands_count > command->operands_max) {
		/* it may be the passphrase that somebody wrote after the flag */
		if (args_has(args, "passphrase"))
			return args_usage(
			    args, ret_error, "too many arguments", "'--passphrase' takes no value: it is asked for");
		return args_usage(args, ret_error, "too many arguments", "'%s' does not want '%s'", command->name,
		    text_escape(shown, sizeof shown, args->operands[command->operands_max],
			strlen(args->operands[command->operands_max])));
	}
	return command->operands_are_names ? check_names(args, ret_error) : LARDER_OK;
}

enum larder_code
check_complete(const struct args *args, struct larder_error *ret_error)
{
	enum larder_code code = check_command(args, ret_error);

	if (code == LARDER_OK)
		code = check_operands(args, ret_error);
	if (code == LARDER_OK)
		code = check_options(args, ret_error);
	return code;
}
