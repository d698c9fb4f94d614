/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

#define WORDS_MAX 16
#define WORD_SIZE 64

/* argv as main gets it: writable, NULL at the end. Words are separated by single spaces. */
struct line {
	char words[WORDS_MAX][WORD_SIZE];
	char *argv[WORDS_MAX + 1];
	int argc;
};

static void
split(struct line *line, const char *text)
{
	memset(line, 0, sizeof *line);
	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		assert_in_range(len, 0, WORD_SIZE - 1);
		memcpy(line->words[line->argc], text, len);
		line->argv[line->argc] = line->words[line->argc];
		line->argc++;
		text += len;
		text += *text == ' ';
	}
}

static enum larder_code
parse(struct line *line, const char *text, struct args *ret, struct larder_error *ret_error)
{
	split(line, text);
	return args_parse(line->argc, line->argv, ret, ret_error);
}

static void
options_of_every_command_stand_anywhere(void **state)
{
	static const char *const lines[] = {
		"larder --json token google --min-ttl 5m -q",
		"larder -q token --min-ttl=5m --json google",
		"larder token -q google --json --min-ttl 300",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct larder_error error;
		struct line line;
		struct args args;

		assert_int_equal(parse(&line, lines[i], &args, &error), LARDER_OK);
		assert_ptr_equal(args.command, &command_token);
		assert_string_equal(args_operand(&args, 0), "google");
		assert_null(args_operand(&args, 1));
		assert_true(args_has(&args, "json"));
		assert_true(args_has(&args, "quiet"));
		assert_false(args_has(&args, "force"));
		assert_int_equal(args_duration(&args, "min-ttl", -1), 300);
		args_clear(&args);
	}
}

static void
a_repeatable_option_keeps_all_its_values_in_order(void **state)
{
	struct larder_error error;
	struct line line;
	struct args args;

	(void)state;
	assert_int_equal(parse(&line, "larder token --scope a --scope=b x --scope c", &args, &error), LARDER_OK);
	assert_string_equal(args_nth(&args, "scope", 0), "a");
	assert_string_equal(args_nth(&args, "scope", 1), "b");
	assert_string_equal(args_nth(&args, "scope", 2), "c");
	assert_null(args_nth(&args, "scope", 3));
	args_clear(&args);
}

static void
after_two_dashes_everything_is_an_operand(void **state)
{
	struct larder_error error;
	struct line line;
	struct args args;

	(void)state;
	assert_int_equal(parse(&line, "larder provider check -- --json", &args, &error), LARDER_OK);
	assert_string_equal(args_operand(&args, 0), "--json");
	assert_false(args_has(&args, "json"));
	assert_false(args_wants_json(line.argc, line.argv));
	args_clear(&args);
}

static void
a_secret_on_the_command_line_is_wiped_and_not_repeated(void **state)
{
	static const struct {
		const char *text;
		int word, from;
	} cases[] = {
		{ "larder add x --client c --refresh-token CANARY", 6, 0 },
		{ "larder client add x --client-secret=CANARY", 4, 16 },
		{ "larder --password CANARY list", 2, 0 },
		{ "larder init --passphrase=CANARY", 2, 13 },
		{ "larder token x --access-token CANARY", 4, 0 },
		{ "larder token x --API-KEY=CANARY", 3, 10 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct larder_error error = { .code = LARDER_OK };
		struct line line;
		struct args args;

		assert_int_equal(parse(&line, cases[i].text, &args, &error), LARDER_USAGE);
		assert_null(strstr(error.why, "CANARY"));
		assert_null(strstr(error.hint, "CANARY"));
		for (size_t at = (size_t)cases[i].from; at < WORD_SIZE; at++)
			assert_int_equal(line.words[cases[i].word][at], 0);
		args_clear(&args);
	}
}

static void
help_is_given_even_when_the_rest_is_wrong(void **state)
{
	struct larder_error error;
	struct line line;
	struct args args;

	(void)state;
	assert_int_equal(parse(&line, "larder add -h", &args, &error), LARDER_OK);
	assert_true(args.help);
	assert_ptr_equal(args.command, &command_add);
	args_clear(&args);
}

static void
every_command_has_what_the_help_and_the_manual_need(void **state)
{
	(void)state;
	for (const struct command *const *at = commands; *at != NULL; at++) {
		assert_non_null((*at)->summary);
		assert_non_null((*at)->help);
		assert_int_equal((*at)->help[strlen((*at)->help) - 1], '\n');
		assert_true(((*at)->run == NULL) == ((*at)->subcommands != NULL));
		for (const struct command *const *sub = (*at)->subcommands; sub != NULL && *sub != NULL; sub++) {
			assert_ptr_equal((*sub)->parent, *at);
			assert_non_null((*sub)->summary);
			assert_non_null((*sub)->help);
			assert_non_null((*sub)->run);
		}
	}
}

static void
no_command_has_a_name_that_is_kept_for_later(void **state)
{
	(void)state;
	for (const struct command *const *at = commands; *at != NULL; at++)
		assert_false(command_is_later(NULL, (*at)->name));
	assert_true(command_is_later(NULL, "setup"));
	assert_true(command_is_later(&command_key, "rotate"));
	assert_false(command_is_later(NULL, "rotate"));
}

int
args_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_every_command_stand_anywhere),
		cmocka_unit_test(a_repeatable_option_keeps_all_its_values_in_order),
		cmocka_unit_test(after_two_dashes_everything_is_an_operand),
		cmocka_unit_test(a_secret_on_the_command_line_is_wiped_and_not_repeated),
		cmocka_unit_test(help_is_given_even_when_the_rest_is_wrong),
		cmocka_unit_test(every_command_has_what_the_help_and_the_manual_need),
		cmocka_unit_test(no_command_has_a_name_that_is_kept_for_later),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
