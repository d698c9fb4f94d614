/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/revoking.h"

enum { WHICH = 1 };

static const struct option options[] = {
	{ .name = "client", .value = "C", .kind = OPTION_NAME, .group = WHICH, .help = "all credentials of a client" },
	{ .name = "provider",
	    .value = "P",
	    .kind = OPTION_TEXT,
	    .group = WHICH,
	    .help = "all credentials at a provider" },
	{ .name = "all", .kind = OPTION_FLAG, .group = WHICH, .help = "all credentials" },
	OPT_CHOICE("what", "all|refresh|access", "which tokens the provider is told to forget (default all)"),
	OPT_FLAG("yes", "do not ask"),
	OPT_JSON,
	OPT_END,
};

static enum larder_revoke_what
wanted(const struct args *args)
{
	const char *what = args_text(args, "what");

	if (what == NULL || strcmp(what, "all") == 0)
		return LARDER_REVOKE_ALL;
	return strcmp(what, "refresh") == 0 ? LARDER_REVOKE_REFRESH : LARDER_REVOKE_ACCESS;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_revoke_query query = {
		.names = args->operands,
		.names_count = args->operands_count,
		.client = args_text(args, "client"),
		.provider = args_text(args, "provider"),
		.all = args_has(args, "all"),
		.what = wanted(args),
		/* said in so many words; without the option only what concerns this credential alone is sent */
		.even_more = args_text(args, "what") != NULL && wanted(args) == LARDER_REVOKE_ALL,
		.timeout_ms = session_timeout_ms(session),
	};
	enum larder_code code = session_open(session, ret_error);

	return code == LARDER_OK ? revoking_run(session, &query, "Revoke", ret_error) : code;
}

const struct command command_revoke = {
	.name = "revoke",
	.group = COMMAND_STOP,
	.operands = "NAME...",
	.operands_min = 1,
	.operands_max = OPERANDS_MANY,
	.operands_are_names = true,
	.operands_group = WHICH,
	.summary = "make tokens worthless, here and at the provider",
	.help = "Stops using the credentials at once: from then on they give no token. Then the\n"
		"provider is told to forget their refresh and access tokens (RFC 7009). If it\n"
		"cannot be reached the revocation is queued and retried by later commands until\n"
		"it is confirmed; exit status 11 says that something is queued, unsupported or\n"
		"failed. Where a provider has no way to revoke, the page is shown where a person\n"
		"can do it. Where revoking ends more than this credential (an app is uninstalled,\n"
		"a whole account is cut off) it is done with '--what all' only. The credential\n"
		"stays in the list as revoked; 'larder logout' also removes it.\n",
	.examples = "  larder revoke google\n"
		    "  larder revoke --client work --yes --json\n"
		    "  larder revoke google --what access\n",
	.options = options,
	.run = run,
};
