/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor of a command: a static table from which parser, help, completion and manual are made. Nothing in it
 * is computed, so that a start costs nothing.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <larder/error.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct session;

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,     /* valid UTF-8 */
	OPTION_PATH,     /* any bytes */
	OPTION_NAME,     /* text_is_name */
	OPTION_DURATION, /* duration_parse */
	OPTION_NUMBER,   /* 0 to 65535 */
	OPTION_CHOICE    /* one of value, which is "a|b|c" */
};

struct option {
	const char *name;  /* without dashes; NULL ends a table */
	const char *value; /* the word that help shows for its value, "DUR" or "a|b|c"; NULL for a flag */
	const char *help;  /* a few words, lower case, no full stop */
	enum option_kind kind;
	char letter;         /* "-q", "-o FILE"; 0: none */
	unsigned char group; /* options of one group exclude each other; 0: none */
	bool required;
	bool repeatable;
};

#define OPT_ROW(name_, value_, kind_, help_) \
	{ \
		.name = (name_), .value = (value_), .kind = (kind_), .help = (help_) \
	}
#define OPT_FLAG(name_, help_)             OPT_ROW(name_, NULL, OPTION_FLAG, help_)
#define OPT_TEXT(name_, value_, help_)     OPT_ROW(name_, value_, OPTION_TEXT, help_)
#define OPT_PATH(name_, value_, help_)     OPT_ROW(name_, value_, OPTION_PATH, help_)
#define OPT_NAME(name_, value_, help_)     OPT_ROW(name_, value_, OPTION_NAME, help_)
#define OPT_NUMBER(name_, value_, help_)   OPT_ROW(name_, value_, OPTION_NUMBER, help_)
#define OPT_CHOICE(name_, value_, help_)   OPT_ROW(name_, value_, OPTION_CHOICE, help_)
#define OPT_DURATION(name_, value_, help_) OPT_ROW(name_, value_, OPTION_DURATION, help_)
#define OPT_JSON                           OPT_FLAG("json", "print JSON for programs")
#define OPT_END                            OPT_ROW(NULL, NULL, OPTION_FLAG, NULL)

enum command_group { COMMAND_START, COMMAND_USE, COMMAND_STOP, COMMAND_KEEP, COMMAND_MORE };

#define OPERANDS_MANY UINT_MAX

struct command {
	const char *name;
	const struct command *parent; /* of a sub-command; NULL */
	enum command_group group;     /* where the overview shows it */
	const char *operands;         /* as help shows them: "[NAME]", "NAME..."; NULL: none */
	unsigned operands_min, operands_max;
	bool operands_are_names;                  /* each is checked with text_is_name */
	unsigned char operands_group;             /* operands, or one option of this group, not both; 0: none */
	bool takes_command;                       /* what stands after "--" is a command line, not operands */
	int failure_status;                       /* exit status of every failure; 0: that of the error */
	const char *summary;                      /* one line, lower case, no full stop */
	const char *help;                         /* 2 to 10 lines for someone who is new here */
	const char *examples;                     /* lines; NULL: none */
	const struct option *options;             /* ends with OPT_END; NULL: none */
	const struct command *const *subcommands; /* ends with NULL; NULL: none */

	/* Does it: reads session->args, opens the vault if it needs it, makes a call, prints the result. */
	enum larder_code (*run)(struct session *session, struct larder_error *ret_error);
};

/* All commands in the order of commands.def, NULL at the end. */
extern const struct command *const commands[];

/* The options that every command takes, wherever they stand. */
extern const struct option global_options[];

#define COMMAND(name_) extern const struct command command_##name_;
#include "cli/commands.def"
#undef COMMAND

/* The command, or sub-command of parent, with this name; NULL if there is none. */
const struct command *command_find(const struct command *parent, const char *name);

/* The row of a table (which may be NULL) by name of name_len bytes, or by letter; NULL if there is none. */
const struct option *option_find(const struct option *table, const char *name, size_t name_len);
const struct option *option_find_letter(const struct option *table, char letter);

/* Whether a version to come has a command (or sub-command of parent) of this name. */
bool command_is_later(const struct command *parent, const char *name);

#endif
