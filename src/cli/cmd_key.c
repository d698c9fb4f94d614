/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/check.h"
#include "cli/recovery.h"
#include "cli/session.h"
#include "cli/table.h"

#define KINDS "passphrase|file|command|recovery"

static const char *const kinds[] = {
	[LARDER_KEY_PASSPHRASE] = "passphrase",
	[LARDER_KEY_FILE] = "file",
	[LARDER_KEY_COMMAND] = "command",
	[LARDER_KEY_RECOVERY] = "recovery",
};

static const struct option list_options[] = {
	OPT_JSON,
	OPT_END,
};

static const struct option add_options[] = {
	OPT_PATH("key-file", "FILE", "for kind file: created if it is absent"),
	OPT_TEXT("key-command", "CMD", "for kind command: run without a shell"),
	OPT_NUMBER("passphrase-fd", "N", "for kind passphrase: read it from this descriptor"),
	OPT_JSON,
	OPT_END,
};

static void
print_json(struct output *out, const struct larder_key *list, size_t count)
{
	output_open(out, NULL, '[');
	for (size_t i = 0; i < count; i++) {
		output_open(out, NULL, '{');
		output_unsigned(out, "slot", list[i].slot);
		output_text(out, "kind", kinds[list[i].kind]);
		output_time(out, "created_at", list[i].created_at);
		output_text(out, "detail", text_or_null(list[i].detail));
		output_close(out, '}');
	}
	output_close(out, ']');
	output_str(out, "\n");
}

static enum larder_code
print_table(struct session *session, const struct larder_key *list, size_t count, struct larder_error *ret_error)
{
	static const char *const heads[] = { "SLOT", "KIND", "CREATED", "DETAIL", NULL };
	char slot[16], when[32];
	struct table table;

	table_init(&table, heads);
	for (size_t i = 0; i < count; i++) {
		(void)text_format(slot, sizeof slot, "%" PRIu32, list[i].slot);
		table_add(&table, slot);
		table_add(&table, kinds[list[i].kind]);
		table_add(&table, text_time(when, sizeof when, list[i].created_at));
		table_add(&table, list[i].detail);
	}
	return table_print(&table, &session->out, ret_error);
}

static enum larder_code
run_list(struct session *session, struct larder_error *ret_error)
{
	struct larder_key list[LARDER_KEYS_MAX];
	size_t count = 0;
	enum larder_code code = session_open(session, ret_error);

	if (code == LARDER_OK)
		code = larder_key_list(session->larder, list, &count, ret_error);
	if (code != LARDER_OK)
		return code;
	if (session->json) {
		print_json(&session->out, list, count);
		return LARDER_OK;
	}
	return print_table(session, list, count, ret_error);
}

static enum larder_code
check_belongs(const struct args *args, const char *option, bool wanted, struct larder_error *ret_error)
{
	if (args_has(args, option) == wanted)
		return LARDER_OK;
	if (wanted)
		return args_usage(
		    args, ret_error, "option missing", "'key add %s' wants --%s", args_operand(args, 0), option);
	return args_usage(args, ret_error, "option not wanted", "'--%s' does not belong to 'key add %s'", option,
	    args_operand(args, 0));
}

static enum larder_code
wanted_key(const struct session *session, struct larder_key_new *ret, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	const char *kind = args_operand(args, 0);
	char shown[40];
	enum larder_code code;

	if (!check_is_choice(KINDS, kind))
		return args_usage(args, ret_error, "bad kind of key",
		    "'key add' wants passphrase, file, command or recovery, "
		    "not '%s'",
		    text_escape(shown, sizeof shown, kind, strlen(kind)));
	*ret =
	    (struct larder_key_new){ .file = args_text(args, "key-file"), .command = args_text(args, "key-command") };
	for (ret->kind = LARDER_KEY_PASSPHRASE; strcmp(kinds[ret->kind], kind) != 0;)
		ret->kind++;
	code = check_belongs(args, "key-file", ret->kind == LARDER_KEY_FILE, ret_error);
	if (code == LARDER_OK)
		code = check_belongs(args, "key-command", ret->kind == LARDER_KEY_COMMAND, ret_error);
	if (code == LARDER_OK && ret->kind != LARDER_KEY_PASSPHRASE)
		code = check_belongs(args, "passphrase-fd", false, ret_error);
	return code;
}

static enum larder_code
run_add(struct session *session, struct larder_error *ret_error)
{
	struct secret recovery = SECRET_INIT;
	struct larder_key_new key = { .kind = LARDER_KEY_PASSPHRASE };
	uint32_t slot = 0;
	char text[64] = "";
	enum larder_code code = wanted_key(session, &key, ret_error);

	if (code != LARDER_OK)
		return code;
	code = session_open(session, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!secret_new(LARDER_RECOVERY_SIZE, &recovery))
		return error_no_memory(ret_error);
	code = larder_key_add(session->larder, &key, &slot, (char *)recovery.data, ret_error);
	if (code == LARDER_OK && session->json)
		recovery_print_json(session, NULL, kinds[key.kind], slot, (const char *)recovery.data);
	else if (code == LARDER_OK) {
		if (!session->quiet)
			(void)text_format(text, sizeof text, "key added in slot %" PRIu32 "\n", slot);
		recovery_print(session, text, (const char *)recovery.data);
	}
	secret_free(&recovery);
	return code;
}

static enum larder_code
run_remove(struct session *session, struct larder_error *ret_error)
{
	static const struct option slot_option = OPT_NUMBER("slot", "SLOT", "");
	const char *text = args_operand(session->args, 0);
	char shown[40];
	enum larder_code code;

	if (check_value(&slot_option, text) != LARDER_OK)
		return args_usage(session->args, ret_error, "bad slot",
		    "'key remove' wants the number of a slot, not '%s'",
		    text_escape(shown, sizeof shown, text, strlen(text)));
	code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = larder_key_remove(session->larder, (uint32_t)strtoul(text, NULL, 10), ret_error);
	if (code != LARDER_OK)
		return code;
	if (session->json) {
		output_open(&session->out, NULL, '{');
		output_integer(&session->out, "removed", strtol(text, NULL, 10));
		output_close(&session->out, '}');
		output_str(&session->out, "\n");
	} else if (!session->quiet)
		output_format(&session->out, "key in slot %s removed\n", text);
	return LARDER_OK;
}

static const struct command key_list = {
	.name = "list",
	.parent = &command_key,
	.summary = "list the keys that open the vault",
	.help = "Prints one row per key slot: its number, kind, age, and for a key file the\n"
		"path.\n",
	.examples = "  larder key list\n",
	.options = list_options,
	.run = run_list,
};

static const struct command key_add = {
	.name = "add",
	.parent = &command_key,
	.operands = KINDS,
	.operands_min = 1,
	.operands_max = 1,
	.summary = "add another key",
	.help = "Adds a key; the keys that exist go on working. The vault is opened with one of\n"
		"them first, then the new one is made: a passphrase is asked for twice, a key\n"
		"file is created if it is absent, a key command is run once and kept in your\n"
		"configuration, a recovery code is printed once.\n",
	.examples = "  larder key add passphrase\n"
		    "  larder key add file --key-file /media/stick/larder.key\n"
		    "  larder key add recovery\n",
	.options = add_options,
	.run = run_add,
};

static const struct command key_remove = {
	.name = "remove",
	.parent = &command_key,
	.operands = "SLOT",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "remove a key",
	.help = "Removes the key in a slot, see 'larder key list'. The last key cannot be\n"
		"removed. Copies of the vault that were made before can still be opened with it.\n",
	.examples = "  larder key remove 2\n",
	.options = list_options,
	.run = run_remove,
};

static const struct command *const subcommands[] = { &key_list, &key_add, &key_remove, NULL };

const struct command command_key = {
	.name = "key",
	.group = COMMAND_KEEP,
	.summary = "list, add and remove the keys that open the vault",
	.help = "A vault has up to 16 key slots, and each of them opens it: passphrases, key\n"
		"files, key commands and recovery codes. They can be added and removed without\n"
		"touching what is in the vault.\n",
	.subcommands = subcommands,
};
