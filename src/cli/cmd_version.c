/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

static const struct option options[] = {
	OPT_JSON,
	OPT_END,
};

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	(void)ret_error;
	if (session->json) {
		output_open(&session->out, NULL, '{');
		output_text(&session->out, "version", larder_version());
		output_close(&session->out, '}');
		output_str(&session->out, "\n");
	} else
		output_format(&session->out, "larder %s\n", larder_version());
	return LARDER_OK;
}

const struct command command_version = {
	.name = "version",
	.group = COMMAND_MORE,
	.summary = "print the version",
	.help = "Prints the version of Larder. It needs no vault.\n",
	.examples = "  larder version\n",
	.options = options,
	.run = run,
};
