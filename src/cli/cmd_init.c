/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/recovery.h"
#include "cli/session.h"

enum { KIND = 1 };

static const struct option options[] = {
	{ .name = "key-file",
	    .value = "FILE",
	    .kind = OPTION_PATH,
	    .group = KIND,
	    .help = "the key is a file, created if it is absent: opens without asking" },
	{ .name = "key-command",
	    .value = "CMD",
	    .kind = OPTION_TEXT,
	    .group = KIND,
	    .help = "the key is what this command prints, for example a password manager" },
	{ .name = "passphrase",
	    .kind = OPTION_FLAG,
	    .group = KIND,
	    .help = "the key is a passphrase (on a terminal the default)" },
	OPT_NUMBER("passphrase-fd", "N", "read the passphrase from this descriptor"),
	OPT_JSON,
	OPT_END,
};

static enum larder_code
wanted_key(const struct session *session, struct larder_key_new *ret, struct larder_error *ret_error)
{
	const struct args *args = session->args;

	*ret = (struct larder_key_new){ .kind = LARDER_KEY_PASSPHRASE,
		.file = args_text(args, "key-file"),
		.command = args_text(args, "key-command") };
	if (ret->file != NULL)
		ret->kind = LARDER_KEY_FILE;
	else if (ret->command != NULL)
		ret->kind = LARDER_KEY_COMMAND;
	if (args_has(args, "passphrase-fd") && ret->kind != LARDER_KEY_PASSPHRASE)
		return args_usage(
		    args, ret_error, "options exclude each other", "'--passphrase-fd' is for a passphrase");
	if (ret->kind != LARDER_KEY_PASSPHRASE || args_has(args, "passphrase-fd") || args_has(args, "passphrase"))
		return LARDER_OK;
	if (!session_can_ask(session))
		return args_usage(args, ret_error, "no key is chosen",
		    "without a terminal to ask for a passphrase on, say --key-file FILE, --key-command CMD or "
		    "--passphrase-fd N");
	return LARDER_OK;
}

static void
print(struct session *session, const struct larder_key_new *key, const char *recovery)
{
	static const char *const kinds[] = {
		[LARDER_KEY_PASSPHRASE] = "passphrase",
		[LARDER_KEY_FILE] = "file",
		[LARDER_KEY_COMMAND] = "command",
		[LARDER_KEY_RECOVERY] = "recovery",
	};
	char path[1024], safe[1024], text[2600] = "";

	(void)session_vault_path(session, path, sizeof path);
	if (session->json) {
		recovery_print_json(session, path, kinds[key->kind], -1, recovery);
		return;
	}
	if (!session->quiet) {
		size_t len;

		(void)text_format(text, sizeof text, "vault: %s\n", text_escape(safe, sizeof safe, path, strlen(path)));
		len = strlen(text);
		if (key->kind == LARDER_KEY_FILE)
			(void)text_format(text + len, sizeof text - len,
			    "key:   the file %s; keep a copy elsewhere, nothing else opens the vault\n",
			    text_escape(safe, sizeof safe, key->file, strlen(key->file)));
		else if (key->kind == LARDER_KEY_COMMAND)
			(void)text_format(text + len, sizeof text - len, "key:   what the command prints\n");
	}
	recovery_print(session, text, recovery);
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct secret recovery = SECRET_INIT;
	struct larder_key_new key;
	enum larder_code code = wanted_key(session, &key, ret_error);

	if (code != LARDER_OK)
		return code;
	if (!secret_new(LARDER_RECOVERY_SIZE, &recovery))
		return error_no_memory(ret_error);
	code = larder_create(&session->options, &key, (char *)recovery.data, ret_error);
	if (code == LARDER_OK)
		print(session, &key, (const char *)recovery.data);
	secret_free(&recovery);
	return code;
}

const struct command command_init = {
	.name = "init",
	.group = COMMAND_START,
	.summary = "create the vault",
	.help = "Creates an encrypted vault, by default ~/.local/share/larder, and the first key\n"
		"that opens it. A passphrase is asked for at every command that needs the vault;\n"
		"a key file or a key command opens it without asking, which is what scripts\n"
		"need. A key file has to be as private as the secrets in the vault: best on\n"
		"another disk than the vault's backup. With a passphrase a recovery code is\n"
		"printed once. More keys can be added later with 'larder key add'. CMD is run\n"
		"without a shell; it is kept in your configuration, not in the vault.\n",
	.examples = "  larder init\n"
		    "  larder init --key-file ~/.config/larder/key\n"
		    "  larder init --key-command 'pass show larder'\n",
	.options = options,
	.run = run,
};
