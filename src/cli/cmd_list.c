/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"
#include "cli/view.h"

static const struct option options[] = {
	OPT_JSON,
	OPT_END,
};

static enum larder_code
print_table(struct session *session, const struct larder_credential *list, size_t count, struct larder_error *ret_error)
{
	int64_t now = view_now();
	struct table table;

	if (count == 0) {
		session_note(session, "no credentials yet; see 'larder help add'");
		return LARDER_OK;
	}
	table_init(&table, view_heads);
	for (size_t i = 0; i < count; i++)
		view_row(&table, &list[i], now);
	return table_print(&table, &session->out, ret_error);
}

static void
print_json(struct output *out, const struct larder_credential *list, size_t count)
{
	output_open(out, NULL, '[');
	for (size_t i = 0; i < count; i++)
		view_json(out, NULL, &list[i]);
	output_close(out, ']');
	output_str(out, "\n");
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct larder_credential *list = NULL;
	size_t count = 0;
	enum larder_code code = session_open(session, ret_error);

	if (code != LARDER_OK)
		return code;
	code = larder_credential_list(session->larder, &list, &count, ret_error);
	if (code != LARDER_OK)
		return code;
	if (session->json)
		print_json(&session->out, list, count);
	else
		code = print_table(session, list, count, ret_error);
	larder_credential_list_free(list, count);
	return code;
}

const struct command command_list = {
	.name = "list",
	.group = COMMAND_USE,
	.summary = "list the credentials",
	.help = "Prints a table of all credentials: provider, account, state, when the cached\n"
		"access token expires, and the generation, which goes up by one with every\n"
		"refresh token that is stored. The state is ok, needs-login, in-doubt, suspect,\n"
		"revoking or revoked; 'larder show NAME' says what to do. No secret is shown.\n",
	.examples = "  larder list\n"
		    "  larder list --json | jq -r '.[] | select(.state != \"ok\") | .name'\n",
	.options = options,
	.run = run,
};
