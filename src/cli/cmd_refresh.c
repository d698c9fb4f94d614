/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/view.h"

enum { WHICH = 1 };

#define JOBS_MAX 64

static const struct option options[] = {
	{ .name = "due", .kind = OPTION_FLAG, .group = WHICH, .help = "all whose next refresh is due" },
	{ .name = "all", .kind = OPTION_FLAG, .group = WHICH, .help = "all credentials" },
	OPT_NUMBER("jobs", "N", "how many at once, 1 to 64 (default 4)"),
	OPT_FLAG("accept", "spend the refresh token of one that is suspect or in doubt"),
	OPT_JSON,
	OPT_END,
};

/* One line that is written over, on a terminal only. */
static void
progress(void *ctx, size_t done, size_t total, const struct larder_refresh_result *result)
{
	char line[160];

	(void)ctx;
	(void)text_format(line, sizeof line, "\r\033[Krefreshed %zu of %zu, last %s%s", done, total, result->name,
	    done == total ? "\r\033[K" : "");
	/* a progress line that does not arrive is no reason to fail */
	(void)io_write_all(STDERR_FILENO, line, strlen(line), -1);
}

static void
print_json(struct output *out, const struct larder_refresh_result *list, size_t count)
{
	output_open(out, NULL, '[');
	for (size_t i = 0; list != NULL && i < count; i++) {
		bool good = list[i].error.code == LARDER_OK;

		output_open(out, NULL, '{');
		output_text(out, "name", list[i].name);
		output_text(out, "result", good ? "refreshed" : "failed");
		output_unsigned(out, "generation", list[i].generation);
		output_time(out, "expires_at", list[i].expires_at);
		if (good)
			output_null(out, "error");
		else
			report_object(out, "error", &list[i].error, larder_code_exit(list[i].error.code));
		output_close(out, '}');
	}
	output_close(out, ']');
	output_str(out, "\n");
}

static void
print_line(struct output *out, const struct larder_refresh_result *result, int64_t now)
{
	char text[640], span[40];

	output_format(out, "%s: ", result->name);
	if (result->error.code == LARDER_OK) {
		output_colour(out, COLOUR_GOOD);
		output_str(out, "refreshed");
		output_colour(out, COLOUR_NONE);
		output_format(out, ", generation %" PRIu64, result->generation);
		if (result->expires_at >= 0)
			output_format(
			    out, ", access token ends %s", view_span(span, sizeof span, result->expires_at, now));
	} else {
		output_colour(out, COLOUR_BAD);
		output_str(out, larder_code_name(result->error.code));
		output_colour(out, COLOUR_NONE);
		output_str(out, ": ");
		output_escaped(out, report_line(text, sizeof text, &result->error));
	}
	output_str(out, "\n");
}

static void
print(struct session *session, const struct larder_refresh_result *list, size_t count, bool single)
{
	int64_t now = view_now();

	if (session->json) {
		print_json(&session->out, list, count);
		return;
	}
	for (size_t i = 0; list != NULL && i < count; i++) {
		bool good = list[i].error.code == LARDER_OK;

		if (good ? !session->quiet : !single) /* the failure of a single one is the error line itself */
			print_line(&session->out, &list[i], now);
	}
	if (count == 0)
		session_note(session, "nothing to refresh");
}

static enum larder_refresh_which
which(const struct args *args)
{
	if (args_has(args, "due"))
		return LARDER_REFRESH_DUE;
	return args_has(args, "all") ? LARDER_REFRESH_ALL : LARDER_REFRESH_NAMED;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	struct larder_refresh_query query = {
		.which = which(args),
		.names = args->operands,
		.names_count = args->operands_count,
		.jobs = (unsigned)args_number(args, "jobs", 0),
		.accept = args_has(args, "accept"),
		.timeout_ms = session_timeout_ms(session),
	};
	struct larder_refresh_result *list = NULL;
	size_t count = 0;
	enum larder_code code;

	if (args_has(args, "jobs") && (query.jobs < 1 || query.jobs > JOBS_MAX))
		return args_usage(args, ret_error, "bad value", "'--jobs' wants 1 to %d", JOBS_MAX);
	if (query.accept && query.which != LARDER_REFRESH_NAMED)
		return args_usage(
		    args, ret_error, "names missing", "'--accept' is a decision about single credentials: name them");
	if (!session->json && !session->quiet && isatty(STDERR_FILENO))
		query.progress = progress;
	code = session_open(session, ret_error);
	if (code == LARDER_OK)
		code = larder_refresh(session->larder, &query, &list, &count, ret_error);
	if (list != NULL || code == LARDER_OK)
		print(session, list, count, query.names_count == 1);
	larder_refresh_results_free(list);
	return code;
}

const struct command command_refresh = {
	.name = "refresh",
	.group = COMMAND_USE,
	.operands = "NAME...",
	.operands_min = 1,
	.operands_max = OPERANDS_MANY,
	.operands_are_names = true,
	.operands_group = WHICH,
	.summary = "ask the provider for fresh tokens now",
	.help = "Exchanges the refresh token of each credential and stores what comes back.\n"
		"'larder token' does this by itself when it is needed; refresh is for timers\n"
		"(--due) and for trying things out. Revocations that are queued are delivered\n"
		"first. Exit status 11: some of several failed. A credential that is suspect\n"
		"(the vault was copied or restored) or in doubt (an answer was lost) is not\n"
		"asked about again until you say --accept: if its refresh token was already\n"
		"spent, some providers end the whole grant.\n",
	.examples = "  larder refresh google\n"
		    "  larder refresh --due --quiet\n"
		    "  larder refresh --all --jobs 8 --json\n",
	.options = options,
	.run = run,
};
