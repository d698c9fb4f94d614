/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

static const struct option options[] = {
	OPT_FLAG("remove", "not any more"),
	OPT_END,
};

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const char *name = args_operand(session->args, 0), *host;
	bool allow = !args_has(session->args, "remove");
	enum larder_code code = session_open(session, ret_error);

	for (size_t i = 1; code == LARDER_OK && (host = args_operand(session->args, i)) != NULL; i++)
		code = larder_allow(session->larder, name, host, allow, ret_error);
	return code;
}

const struct command command_allow = {
	.name = "allow",
	.group = COMMAND_USE,
	.operands = "NAME HOST...",
	.operands_min = 2,
	.operands_max = OPERANDS_MANY,
	.summary = "name hosts of the API that a credential is for",
	.help = "'larder request' sends a token only to the host of the provider's token endpoint,\n"
		"to the API hosts that the provider's definition names, and to those that are\n"
		"allowed here. HOST is a host, a host and a port, or '*.' and a domain for all\n"
		"hosts below it. 'larder show NAME' lists them.\n",
	.examples = "  larder allow work api.example.org\n"
		    "  larder allow work '*.example.org' localhost:8080\n",
	.options = options,
	.run = run,
};
