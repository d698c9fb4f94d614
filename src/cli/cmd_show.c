/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"
#include "cli/view.h"

static const struct option options[] = {
	OPT_JSON,
	OPT_END,
};

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct larder_credential credential = { 0 };
	enum larder_code code = session_open(session, ret_error);

	if (code != LARDER_OK)
		return code;
	code = larder_credential_show(session->larder, args_operand(session->args, 0), &credential, ret_error);
	if (code != LARDER_OK)
		return code;
	view_one(&session->out, session->json, &credential);
	larder_credential_clear(&credential);
	return LARDER_OK;
}

const struct command command_show = {
	.name = "show",
	.group = COMMAND_USE,
	.operands = "NAME",
	.operands_min = 1,
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "show one credential",
	.help = "Prints all that is known of a credential except its secrets: client, scope,\n"
		"state and what to do about it, when tokens expire, when it was refreshed, and\n"
		"the last error.\n",
	.examples = "  larder show google\n"
		    "  larder show google --json\n",
	.options = options,
	.run = run,
};
