/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recovery.h"

#include <unistd.h>

static void
finish(struct session *session, struct output *secret)
{
	output_flush(secret);
	session->out.failed = secret->failed;
	output_clear(secret);
}

void
recovery_print(struct session *session, const char *text, const char *code)
{
	struct output secret;

	output_init(&secret, STDOUT_FILENO, session->out.colour, true);
	if (text != NULL)
		output_str(&secret, text);
	if (code[0] != '\0') {
		output_str(&secret, "recovery code: ");
		output_colour(&secret, COLOUR_HEAD);
		output_str(&secret, code);
		output_colour(&secret, COLOUR_NONE);
		output_str(&secret,
		    "\n"
		    "Write it down and keep it away from this computer: it opens the vault when the\n"
		    "passphrase is lost (type it where the passphrase is asked for), and it is not\n"
		    "shown again.\n");
	}
	finish(session, &secret);
}

void
recovery_print_json(struct session *session, const char *vault, const char *kind, int64_t slot, const char *code)
{
	struct output secret;

	output_init(&secret, STDOUT_FILENO, false, true);
	output_open(&secret, NULL, '{');
	if (vault != NULL)
		output_text(&secret, "vault", vault);
	output_text(&secret, "kind", kind);
	if (slot >= 0)
		output_integer(&secret, "slot", slot);
	output_text(&secret, "recovery_code", text_or_null(code));
	output_close(&secret, '}');
	output_str(&secret, "\n");
	finish(session, &secret);
}
