/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/definition_view.h"
#include "cli/discovery.h"
#include "cli/session.h"
#include "cli/table.h"

static const struct option json_options[] = {
	OPT_JSON,
	OPT_END,
};

static const struct option add_options[] = {
	OPT_FLAG("replace", "write over a definition of yours with the same id"),
	OPT_JSON,
	OPT_END,
};

static void
print_json(struct output *out, const struct larder_provider *provider)
{
	output_open(out, NULL, '{');
	output_text(out, "id", provider->id);
	output_text(out, "name", provider->name);
	output_text(out, "source", provider->source);
	output_text(out, "problem", text_or_null(provider->problem));
	output_close(out, '}');
}

static enum larder_code
print_table(struct session *session, const struct larder_provider *list, size_t count, struct larder_error *ret_error)
{
	static const char *const heads[] = { "ID", "NAME", "SOURCE", NULL };
	struct table table;

	table_init(&table, heads);
	for (size_t i = 0; i < count; i++) {
		bool good = list[i].problem[0] == '\0';

		table_add_coloured(&table, list[i].id, good ? COLOUR_NONE : COLOUR_BAD);
		table_add(&table, good ? list[i].name : list[i].problem);
		table_add(&table, list[i].source);
	}
	return table_print(&table, &session->out, ret_error);
}

static enum larder_code
run_list(struct session *session, struct larder_error *ret_error)
{
	struct larder_provider *list = NULL;
	size_t count = 0;
	enum larder_code code = larder_provider_list(&list, &count, ret_error);

	if (code != LARDER_OK)
		return code;
	if (session->json) {
		output_open(&session->out, NULL, '[');
		for (size_t i = 0; i < count; i++)
			print_json(&session->out, &list[i]);
		output_close(&session->out, ']');
		output_str(&session->out, "\n");
	} else
		code = print_table(session, list, count, ret_error);
	larder_provider_list_free(list);
	return code;
}

static enum larder_code
run_show(struct session *session, struct larder_error *ret_error)
{
	const char *class = NULL;
	char *text = NULL;
	enum larder_code code = larder_provider_show(args_operand(session->args, 0), &text, &class, ret_error);

	if (code != LARDER_OK)
		return code;
	code = definition_view(session, text, ret_error);
	if (code == LARDER_OK && !session->json && class != NULL)
		session_note(session, "rotation class: %s", class);
	free(text);
	return code;
}

static void
print_one(struct session *session, const struct larder_provider *provider, const char *done)
{
	if (session->json) {
		print_json(&session->out, provider);
		output_str(&session->out, "\n");
	} else if (!session->quiet) {
		output_escaped(&session->out, provider->id);
		output_format(&session->out, ": %s (", done);
		output_escaped(&session->out, provider->name);
		output_str(&session->out, ")\n");
	}
}

static enum larder_code
run_check(struct session *session, struct larder_error *ret_error)
{
	struct larder_provider provider = { 0 };
	enum larder_code code = larder_provider_check(args_operand(session->args, 0), &provider, ret_error);

	if (code == LARDER_OK)
		print_one(session, &provider, "the definition is good");
	return code;
}

static enum larder_code
run_add(struct session *session, struct larder_error *ret_error)
{
	struct larder_provider provider = { 0 };
	enum larder_code code = larder_provider_add(
	    args_operand(session->args, 0), args_has(session->args, "replace"), &provider, ret_error);

	if (code == LARDER_OK)
		print_one(session, &provider, "added");
	return code;
}

static const struct command provider_list = {
	.name = "list",
	.parent = &command_provider,
	.summary = "list the providers that Larder knows",
	.help = "Prints the providers that are built in, those of this computer\n"
		"(/etc/larder/providers.d) and your own (~/.config/larder/providers.d). A later\n"
		"one with the same id wins.\n",
	.examples = "  larder provider list\n",
	.options = json_options,
	.run = run_list,
};

static const struct command provider_show = {
	.name = "show",
	.parent = &command_provider,
	.operands = "ID",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "show the definition of a provider",
	.help = "Prints the definition as JSON: endpoints, client authentication, how refresh\n"
		"tokens rotate, and what is special about the provider. It can be the start of a\n"
		"definition of your own.\n",
	.examples = "  larder provider show google\n",
	.options = json_options,
	.run = run_show,
};

static const struct command provider_add = {
	.name = "add",
	.parent = &command_provider,
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "add a definition of your own",
	.help = "Checks the definition in FILE and copies it to ~/.config/larder/providers.d.\n"
		"The least that works is an id, a name and the token endpoint:\n"
		"  {\"id\":\"my\",\"name\":\"My server\",\"endpoints\":{\"token\":\"https://id.example/token\"}}\n",
	.examples = "  larder provider add my.json\n",
	.options = add_options,
	.run = run_add,
};

static const struct command provider_check = {
	.name = "check",
	.parent = &command_provider,
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "check a definition without adding it",
	.help = "Says whether the definition in FILE is good, and if not, which field at which\n"
		"place is wrong.\n",
	.examples = "  larder provider check my.json\n",
	.options = json_options,
	.run = run_check,
};

static const struct command *const subcommands[] = {
	&provider_list,
	&provider_show,
	&provider_add,
	&provider_check,
	&provider_discover,
	NULL,
};

const struct command command_provider = {
	.name = "provider",
	.group = COMMAND_START,
	.summary = "the services that tokens come from",
	.help = "A provider is a service that issues tokens: Google, GitHub, your company's\n"
		"server. Larder knows many; others are described in a small JSON file, or describe\n"
		"themselves ('discover'). No vault is needed for these commands.\n",
	.subcommands = subcommands,
};
