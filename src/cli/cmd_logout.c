/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/revoking.h"

static const struct option options[] = {
	OPT_FLAG("local-only", "only remove it here; the provider is not told, its tokens stay valid"),
	OPT_FLAG("yes", "do not ask"),
	OPT_JSON,
	OPT_END,
};

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_revoke_query query = {
		.names = args->operands,
		.names_count = args->operands_count,
		.logout = 1,
		.local_only = args_has(args, "local-only"),
		.timeout_ms = session_timeout_ms(session),
	};
	enum larder_code code = session_open(session, ret_error);

	return code == LARDER_OK ? revoking_run(session, &query, "Revoke and remove", ret_error) : code;
}

const struct command command_logout = {
	.name = "logout",
	.group = COMMAND_STOP,
	.operands = "NAME...",
	.operands_min = 1,
	.operands_max = OPERANDS_MANY,
	.operands_are_names = true,
	.summary = "revoke credentials and remove them",
	.help = "Does what 'larder revoke' does, and removes each credential from the vault once\n"
		"its provider has confirmed, or has no way to revoke. What is queued is removed\n"
		"when it is confirmed. --local-only removes without telling the provider:\n"
		"whoever has a copy of the tokens can go on using them.\n",
	.examples = "  larder logout google\n"
		    "  larder logout test1 test2 --yes\n",
	.options = options,
	.run = run,
};
