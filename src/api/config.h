/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's configuration file, $XDG_CONFIG_HOME/larder/config.json. It holds what must not come with a vault: a
 * restored or copied vault must not run anything.
 *
 *	{ "key_commands": { "/home/ann/.local/share/larder": ["pass", "show", "larder"] } }
 */
#ifndef API_CONFIG_H
#define API_CONFIG_H

#include "base/buf.h"
#include "base/error.h"

#define COMMAND_WORDS_MAX 32
#define CONFIG_MAX        ((size_t)64 << 10)

struct command_words {
	char *words[COMMAND_WORDS_MAX + 1]; /* NULL ends */
	size_t count;
};

void command_words_clear(struct command_words *command);

/* Split a command line into words: white space separates, quotes and backslashes protect; no shell is involved. USAGE. */
enum larder_code command_words_split(const char *text, struct command_words *ret, struct larder_error *ret_error);

/*
 * The key command of a vault (by its real path, looked up here); count 0 when there is none. A file that is there must be right as a whole, whatever is
 * asked of it. Errors: USAGE names file and place.
 */
enum larder_code config_key_command(
    const char *config_dir, const char *vault, struct command_words *ret, struct larder_error *ret_error);

/* Whether a key command could be remembered, asked before anything depends on it. Errors: USAGE, DENIED, STORAGE. */
enum larder_code config_check_writable(const char *config_dir, struct larder_error *ret_error);

/* Remember a key command for a vault, keeping all else in the file. Errors: USAGE, STORAGE. */
enum larder_code config_set_key_command(
    const char *config_dir, const char *vault, const struct command_words *command, struct larder_error *ret_error);

#endif
