/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

static const struct option options[] = {
	OPT_JSON,
	OPT_END,
};

static const char *const words[] = {
	[LARDER_FINDING_OK] = "ok",
	[LARDER_FINDING_NOTE] = "note",
	[LARDER_FINDING_PROBLEM] = "problem",
};

static const enum colour colours[] = {
	[LARDER_FINDING_OK] = COLOUR_GOOD,
	[LARDER_FINDING_NOTE] = COLOUR_WARN,
	[LARDER_FINDING_PROBLEM] = COLOUR_BAD,
};

static void
print_json(struct output *out, const struct larder_finding *list, size_t count)
{
	output_open(out, NULL, '[');
	for (size_t i = 0; i < count; i++) {
		output_open(out, NULL, '{');
		output_text(out, "level", words[list[i].level]);
		output_text(out, "check", list[i].check);
		output_text(out, "text", list[i].text);
		output_text(out, "hint", text_or_null(list[i].hint));
		output_close(out, '}');
	}
	output_close(out, ']');
	output_str(out, "\n");
}

static void
print_line(struct output *out, const struct larder_finding *finding)
{
	output_colour(out, colours[finding->level]);
	output_format(out, "%-7s", words[finding->level]);
	output_colour(out, COLOUR_NONE);
	output_format(out, "  %-12s  ", finding->check);
	output_escaped(out, finding->text);
	if (finding->hint[0] != '\0') {
		output_str(out, "; ");
		output_escaped(out, finding->hint);
	}
	output_str(out, "\n");
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct larder_finding list[LARDER_FINDINGS_MAX];
	size_t count = 0;
	enum larder_code code = larder_doctor(&session->options, list, &count, ret_error);

	if (code != LARDER_OK && code != LARDER_CHECK_FAILED)
		return code;
	if (session->json)
		print_json(&session->out, list, count);
	for (size_t i = 0; i < count && !session->json; i++) {
		if (!session->quiet || list[i].level == LARDER_FINDING_PROBLEM)
			print_line(&session->out, &list[i]);
	}
	return code;
}

const struct command command_doctor = {
	.name = "doctor",
	.group = COMMAND_KEEP,
	.summary = "examine the installation",
	.help = "Looks at everything that Larder needs and says what is wrong: the vault and its\n"
		"modes, the key, the courier (the program that speaks to providers), certificate\n"
		"authorities, the clock, and whether secrets can be locked in memory. It changes\n"
		"nothing and asks nobody. Exit status 10: something is a problem.\n",
	.examples = "  larder doctor\n",
	.options = options,
	.run = run,
};
