/* SPDX-License-Identifier: Apache-2.0 */
#include "api/config.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define CONFIG_DEPTH 4

static enum larder_code
bad_config(const char *path, struct larder_error *ret_error, const char *why)
{
	char safe[160];

	return error_set(ret_error, LARDER_USAGE, "cannot use the configuration", "correct or remove the file",
	    "%s: %s", text_escape(safe, sizeof safe, path, strlen(path)), why);
}

void
command_words_clear(struct command_words *command)
{
	size_t i;

	for (i = 0; i < command->count; i++)
		free(command->words[i]);
	*command = (struct command_words){ .count = 0 };
}

static bool
add_word(struct command_words *command, const char *word)
{
	if (command->count == COMMAND_WORDS_MAX)
		return false;
	command->words[command->count] = text_copy(word);
	if (command->words[command->count] == NULL)
		return false;
	command->count++;
	return true;
}

/* One word from *cursor into word. false: a quote is not closed. */
static bool
take_word(const char **cursor, struct buf *word)
{
	const char *c = *cursor;
	char quote = '\0';

	for (; *c != '\0' && (quote != '\0' || (*c != ' ' && *c != '\t')); c++) {
		if (quote == '\0' && (*c == '"' || *c == '\'')) {
			quote = *c;
		} else if (quote != '\0' && *c == quote) {
			quote = '\0';
		} else {
			if (*c == '\\' && quote != '\'' && c[1] != '\0')
				c++;
			(void)buf_append_byte(word, (uint8_t)*c);
		}
	}
	*cursor = c;
	return quote == '\0' && !word->failed;
}

enum larder_code
command_words_split(const char *text, struct command_words *ret, struct larder_error *ret_error)
{
	struct buf word = BUF_INIT(4096);
	struct command_words command = { .count = 0 };
	bool ok = true;

	while (ok) {
		text += strspn(text, " \t");
		if (*text == '\0')
			break;
		buf_reset(&word);
		ok = take_word(&text, &word) && add_word(&command, buf_str(&word));
	}
	buf_clear(&word);
	if (!ok || command.count == 0) {
		command_words_clear(&command);
		return error_set(ret_error, LARDER_USAGE, "cannot use the key command",
		    "give a program and its arguments, quoted as for a shell", "%s",
		    ok ? "it is empty" : "a quote is not closed, or it is too long");
	}
	*ret = command;
	return LARDER_OK;
}

static bool
is_command(const struct cJSON *value)
{
	const struct cJSON *word;

	if (!cJSON_IsArray(value) || value->child == NULL || cJSON_GetArraySize(value) > COMMAND_WORDS_MAX)
		return false;
	cJSON_ArrayForEach(word, value)
	{
		if (!cJSON_IsString(word) || word->valuestring[0] == '\0')
			return false;
	}
	return true;
}

static enum larder_code
check_config(const char *path, const struct cJSON *json, struct larder_error *ret_error)
{
	const struct cJSON *member, *command;

	if (!cJSON_IsObject(json))
		return bad_config(path, ret_error, "it is not a JSON object");
	cJSON_ArrayForEach(member, json)
	{
		if (strcmp(member->string, "key_commands") != 0)
			return bad_config(path, ret_error, "unknown field; this version knows key_commands");
		if (!cJSON_IsObject(member))
			return bad_config(path, ret_error, "key_commands: not an object");
		cJSON_ArrayForEach(command, member)
		{
			if (!is_command(command))
				return bad_config(path, ret_error, "key_commands: a command is a list of words");
		}
	}
	return LARDER_OK;
}

/* *ret is NULL when there is no file. */
static enum larder_code
load(const char *path, struct cJSON **ret, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	struct larder_error error;
	struct cJSON *json = NULL;
	enum larder_code code;
	char why[160];

	*ret = NULL;
	/* The usual case has no such file: asked cheaply, because every command comes this way. */
	if (access(path, F_OK) != 0)
		return LARDER_OK;
	code = file_read(path, &text, &error);
	if (code != LARDER_OK) {
		buf_clear(&text);
		return bad_config(path, ret_error, error.why);
	}
	json = json_parse(buf_str(&text), text.len, CONFIG_DEPTH, why, sizeof why);
	buf_clear(&text);
	if (json == NULL)
		return bad_config(path, ret_error, why);
	code = check_config(path, json, ret_error);
	if (code == LARDER_OK)
		*ret = json;
	else
		json_free(json);
	return code;
}

enum larder_code
config_key_command(const char *config_dir, const char *vault, struct command_words *ret, struct larder_error *ret_error)
{
	struct cJSON *json = NULL;
	const struct cJSON *word;
	enum larder_code code;
	char path[4352], real[4096];
	bool ok = true;

	*ret = (struct command_words){ .count = 0 };
	if (config_dir == NULL)
		return LARDER_OK;
	(void)text_format(path, sizeof path, "%s/config.json", config_dir);
	code = load(path, &json, ret_error);
	if (code != LARDER_OK || json == NULL)
		return code;
	if (realpath(vault, real) == NULL)
		(void)text_format(real, sizeof real, "%s", vault);
	cJSON_ArrayForEach(
	    word, cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "key_commands"), real)) ok =
	    ok && add_word(ret, word->valuestring);
	json_free(json);
	if (!ok)
		command_words_clear(ret);
	return ok ? LARDER_OK : error_no_memory(ret_error);
}

static bool
put_command(struct cJSON *json, const char *vault, const struct command_words *command)
{
	struct cJSON *commands = cJSON_GetObjectItemCaseSensitive(json, "key_commands");
	struct cJSON *words;
	size_t i;

	if (commands == NULL)
		commands = cJSON_AddObjectToObject(json, "key_commands");
	cJSON_DeleteItemFromObjectCaseSensitive(commands, vault);
	words = cJSON_AddArrayToObject(commands, vault);
	if (words == NULL)
		return false;
	for (i = 0; i < command->count; i++) {
		struct cJSON *word = cJSON_CreateString(command->words[i]);

		if (word == NULL || !cJSON_AddItemToArray(words, word))
			return false;
	}
	return true;
}

/* A file to write to, and what is in it now. */
static enum larder_code
prepare(const char *config_dir, char *path, size_t path_size, struct cJSON **ret, struct larder_error *ret_error)
{
	enum larder_code code;

	*ret = NULL;
	if (config_dir == NULL)
		return error_set(ret_error, LARDER_USAGE, "cannot keep the key command", "set HOME or XDG_CONFIG_HOME",
		    "there is no home directory");
	(void)text_format(path, path_size, "%s/config.json", config_dir);
	code = load(path, ret, ret_error);
	return code == LARDER_OK ? file_make_own_dir(config_dir, ret_error) : code;
}

enum larder_code
config_check_writable(const char *config_dir, struct larder_error *ret_error)
{
	struct cJSON *json = NULL;
	enum larder_code code;
	char path[4352];

	code = prepare(config_dir, path, sizeof path, &json, ret_error);
	json_free(json);
	if (code == LARDER_OK && access(config_dir, W_OK | X_OK) != 0)
		code = error_set_errno(ret_error, LARDER_STORAGE, errno, "cannot keep the key command",
		    "make the directory of the configuration writable for you", "%s", path);
	return code;
}

enum larder_code
config_set_key_command(
    const char *config_dir, const char *vault, const struct command_words *command, struct larder_error *ret_error)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	struct cJSON *json = NULL;
	enum larder_code code;
	char path[4352];

	code = prepare(config_dir, path, sizeof path, &json, ret_error);
	if (code == LARDER_OK && json == NULL)
		json = cJSON_CreateObject();
	if (code == LARDER_OK &&
	    (json == NULL || !put_command(json, vault, command) || !json_print(json, true, &text) ||
		!buf_append_byte(&text, '\n')))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		code = file_replace(path, text.data, text.len, 0600, ret_error);
	json_free(json);
	buf_clear(&text);
	return code;
}
