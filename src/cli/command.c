/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <string.h>

#define COMMAND(name_) &command_##name_,
const struct command *const commands[] = {
#include "cli/commands.def"
	NULL
};
#undef COMMAND

const struct option global_options[] = {
	{ .name = "vault",
	    .value = "DIR|URL",
	    .kind = OPTION_PATH,
	    .help = "the vault to use instead of the usual one" },
	{ .name = "json", .kind = OPTION_FLAG, .help = "results and errors as JSON" },
	{ .name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .help = "no remarks, only results and errors" },
	{ .name = "verbose", .letter = 'v', .kind = OPTION_FLAG, .help = "say more on standard error" },
	{ .name = "no-input", .kind = OPTION_FLAG, .help = "never ask, fail instead" },
	{ .name = "color",
	    .value = "auto|always|never",
	    .kind = OPTION_CHOICE,
	    .help = "colours in tables; auto: on a terminal" },
	{ .name = "timeout",
	    .value = "DUR",
	    .kind = OPTION_DURATION,
	    .help = "how long to wait for a provider (default 90s)" },
	{ .name = "help", .letter = 'h', .kind = OPTION_FLAG, .help = "explain the command" },
	OPT_END,
};

/* Names that are kept free, so that a script for a newer Larder fails with the reason and not with a guess. */
static const struct {
	const char *parent, *name;
} later[] = {
	{ NULL, "setup" },
	{ NULL, "helper" },
	{ NULL, "agent" },
	{ NULL, "unlock" },
	{ NULL, "lock" },
	{ NULL, "backup" },
	{ NULL, "restore" },
	{ NULL, "import" },
	{ "key", "rotate" },
};

const struct command *
command_find(const struct command *parent, const char *name)
{
	const struct command *const *at = parent == NULL ? commands : parent->subcommands;

	for (; at != NULL && *at != NULL; at++) {
		if (strcmp((*at)->name, name) == 0)
			return *at;
	}
	return NULL;
}

const struct option *
option_find(const struct option *table, const char *name, size_t name_len)
{
	for (; table != NULL && table->name != NULL; table++) {
		if (strlen(table->name) == name_len && memcmp(table->name, name, name_len) == 0)
			return table;
	}
	return NULL;
}

const struct option *
option_find_letter(const struct option *table, char letter)
{
	for (; table != NULL && table->name != NULL; table++) {
		if (table->letter != 0 && table->letter == letter)
			return table;
	}
	return NULL;
}

bool
command_is_later(const struct command *parent, const char *name)
{
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
		bool same_parent = parent == NULL
		    ? later[i].parent == NULL
		    : later[i].parent != NULL && strcmp(later[i].parent, parent->name) == 0;

		if (same_parent && strcmp(later[i].name, name) == 0)
			return true;
	}
	return false;
}
