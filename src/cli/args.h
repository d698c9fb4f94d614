/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only reader of argv. Options may stand anywhere, "--" ends them, "--flag value" and "--flag=value" are the same.
 * A secret is never the value of a flag: such words are wiped from argv and refused.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"

struct args_value {
	const char *name; /* of the option */
	const char *text; /* into argv; NULL for a flag */
};

struct args {
	const struct command *command; /* the one to run; NULL when help was asked for without one */
	const char **operands;         /* NULL at the end */
	size_t operands_count;
	char **command_line; /* into argv, ends with NULL: what stands after "--" for a command that takes it; NULL */
	struct args_value *values;
	size_t values_count;
	bool help;
};

/*
 * Parse. ret is cleared by args_clear, also after an error; its texts point into argv, which must live as long.
 * Errors: USAGE, INTERNAL (memory). When help was asked for, operands and required options are not checked.
 */
enum larder_code args_parse(int argc, char **argv, struct args *ret, struct larder_error *ret_error);
void args_clear(struct args *args);

/* Whether errors are to be JSON, for when parsing itself fails: "--json" stands before "--". */
bool args_wants_json(int argc, char *const *argv);

/* Whether an option was given. */
bool args_has(const struct args *args, const char *name);

/* The (last) value of an option; NULL if it was not given. */
const char *args_text(const struct args *args, const char *name);

/* Its value in seconds or as a number, checked by the parser; fallback if it was not given. */
int64_t args_duration(const struct args *args, const char *name, int64_t fallback);
long args_number(const struct args *args, const char *name, long fallback);

/* The i-th value of a repeatable option; NULL past the last. */
const char *args_nth(const struct args *args, const char *name, size_t i);

/* The n-th operand; NULL past the last. */
const char *args_operand(const struct args *args, size_t n);

/* USAGE with "see 'larder help COMMAND'" as the hint. */
enum larder_code args_usage(const struct args *args, struct larder_error *ret_error, const char *what, const char *why,
    ...) __attribute__((format(printf, 4, 5)));

#endif
