/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/session.h"
#include "cli/table.h"

#define PAGE 512 /* events read at once */

static const struct option options[] = {
	OPT_NAME("name", "NAME", "only what concerns this credential or client"),
	OPT_JSON,
	OPT_END,
};

static const char *const heads[] = { "TIME", "WHAT", "NAME", "RESULT", "GEN", "UID", "PID", "PROGRAM", "DETAIL", NULL };

static void
print_json(struct output *out, const struct larder_audit_event *event)
{
	output_open(out, NULL, '{');
	output_integer(out, "seq", event->seq);
	output_integer(out, "at", event->at);
	output_text(out, "op", event->op);
	output_text(out, "name", text_or_null(event->name));
	output_text(out, "result", event->result);
	if (event->generation > 0)
		output_unsigned(out, "generation", event->generation);
	else
		output_null(out, "generation");
	output_unsigned(out, "uid", event->uid);
	output_integer(out, "pid", event->pid);
	output_text(out, "exe", text_or_null(event->exe));
	output_text(out, "parent", text_or_null(event->parent));
	output_text(out, "detail", text_or_null(event->detail));
	output_close(out, '}');
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The program that asked: the parent where it is only Larder itself that shows. */
static const char *
program(const struct larder_audit_event *event)
{
	const char *own = base_name(event->exe);

	return own[0] == '\0' || strcmp(own, "larder") == 0 ? base_name(event->parent) : own;
}

static void
add_row(struct table *table, const struct larder_audit_event *event)
{
	char when[32], generation[24] = "", uid[16], pid[16];

	if (event->generation > 0)
		(void)text_format(generation, sizeof generation, "%" PRIu64, event->generation);
	(void)text_format(uid, sizeof uid, "%" PRIu32, event->uid);
	(void)text_format(pid, sizeof pid, "%" PRId32, event->pid);
	table_add(table, text_time(when, sizeof when, event->at));
	table_add(table, event->op);
	table_add(table, event->name);
	table_add(table, event->result);
	table_add(table, generation);
	table_add(table, uid);
	table_add(table, pid);
	table_add(table, program(event));
	table_add(table, event->detail);
}

/* Pages, so that a log of any length is read with little memory; a table wants all rows for its widths. */
static enum larder_code
read_pages(struct session *session, struct table *table, struct larder_error *ret_error)
{
	struct larder_audit_event *events = NULL;
	size_t count = PAGE;
	int64_t from = 0;

	while (count == PAGE) {
		enum larder_code code = larder_audit_read(
		    session->larder, from, args_text(session->args, "name"), PAGE, &events, &count, ret_error);

		if (code != LARDER_OK)
			return code;
		for (size_t i = 0; i < count; i++) {
			if (session->json)
				print_json(&session->out, &events[i]);
			else
				add_row(table, &events[i]);
		}
		if (count > 0)
			from = events[count - 1].seq + 1;
		free(events);
		events = NULL;
	}
	return LARDER_OK;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct table table;
	enum larder_code code = session_open(session, ret_error);

	if (code != LARDER_OK)
		return code;
	table_init(&table, heads);
	if (session->json)
		output_open(&session->out, NULL, '[');
	code = read_pages(session, &table, ret_error);
	if (session->json) {
		output_close(&session->out, ']');
		output_str(&session->out, "\n");
	}
	if (code == LARDER_OK && !session->json && table.count > 0)
		return table_print(&table, &session->out, ret_error);
	table_clear(&table);
	return code;
}

const struct command command_audit = {
	.name = "audit",
	.group = COMMAND_KEEP,
	.summary = "show who got or changed what",
	.help = "Prints the log of the vault, oldest first: every access token that was handed\n"
		"out, every refresh, revocation, and change of keys, clients and credentials,\n"
		"with the result and the process that asked (its parent is shown, as a hint: a\n"
		"process can lie about itself). No secret is in it.\n",
	.examples = "  larder audit --name google\n"
		    "  larder audit --json | jq '.[] | select(.result != \"ok\")'\n",
	.options = options,
	.run = run,
};
