/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "cli/session.h"

static const struct option options[] = {
	OPT_JSON,
	OPT_END,
};

static void
print_json(struct output *out, const struct larder_verification *found)
{
	output_open(out, NULL, '{');
	output_bool(out, "ok", found->problem[0] == '\0');
	output_unsigned(out, "records", found->records);
	output_unsigned(out, "audit_rows", found->audit_rows);
	output_unsigned(out, "parked", found->parked);
	output_integer(out, "freshness", found->freshness);
	output_text(out, "freshness_text", found->freshness_text);
	output_text(out, "problem", text_or_null(found->problem));
	output_close(out, '}');
	output_str(out, "\n");
}

static void
print_text(struct output *out, const struct larder_verification *found)
{
	output_format(out, "records      %" PRIu64 "\naudit rows   %" PRIu64 "\n", found->records, found->audit_rows);
	if (found->parked > 0)
		output_format(out, "parked       %" PRIu64 " (replies kept aside)\n", found->parked);
	output_str(out, "freshness    ");
	output_escaped(out, found->freshness_text);
	output_str(out, "\nresult       ");
	output_colour(out, found->problem[0] == '\0' ? COLOUR_GOOD : COLOUR_BAD);
	output_escaped(out, found->problem[0] == '\0' ? "all is well" : found->problem);
	output_colour(out, COLOUR_NONE);
	output_str(out, "\n");
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	struct larder_verification found = { 0 };
	enum larder_code code = session_open(session, ret_error);

	if (code != LARDER_OK)
		return code;
	code = larder_verify(session->larder, &found, ret_error);
	if (code != LARDER_OK && code != LARDER_CHECK_FAILED)
		return code;
	if (session->json)
		print_json(&session->out, &found);
	else if (!session->quiet || code != LARDER_OK)
		print_text(&session->out, &found);
	return code;
}

const struct command command_verify = {
	.name = "verify",
	.group = COMMAND_KEEP,
	.summary = "check that the vault is whole",
	.help = "Reads every row of the vault, checks that none was changed, added, removed or\n"
		"swapped, and that the set as a whole is the one that Larder wrote last. It\n"
		"changes nothing. It also says how well an old copy of the whole vault would be\n"
		"noticed (freshness). Exit status 10: something was found; 9: the vault cannot\n"
		"be used at all.\n",
	.examples = "  larder verify\n"
		    "  larder verify --quiet || mail -s 'vault' me < /dev/null\n",
	.options = options,
	.run = run,
};
