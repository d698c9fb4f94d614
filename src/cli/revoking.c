/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/revoking.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/prompt.h"

#define QUESTION_NAMES_MAX 8 /* named in the question; the rest is counted */

static const char *const result_words[] = {
	[LARDER_REVOKED] = "revoked",
	[LARDER_REVOKE_QUEUED] = "queued",
	[LARDER_REVOKE_UNSUPPORTED] = "unsupported",
	[LARDER_REVOKE_FAILED] = "failed",
};

static const enum colour result_colours[] = {
	[LARDER_REVOKED] = COLOUR_GOOD,
	[LARDER_REVOKE_QUEUED] = COLOUR_WARN,
	[LARDER_REVOKE_UNSUPPORTED] = COLOUR_WARN,
	[LARDER_REVOKE_FAILED] = COLOUR_BAD,
};

static enum larder_code
ask(char (*names)[LARDER_NAME_MAX + 1], size_t count, const char *verb, struct larder_error *ret_error)
{
	char question[QUESTION_NAMES_MAX * (LARDER_NAME_MAX + 3) + 128];
	size_t len;

	(void)text_format(question, sizeof question, "%s %zu credential%s: ", verb, count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count && i < QUESTION_NAMES_MAX; i++) {
		len = strlen(question);
		(void)text_format(question + len, sizeof question - len, "%s%s", i == 0 ? "" : ", ", names[i]);
	}
	len = strlen(question);
	(void)text_format(question + len, sizeof question - len, "%s?", count > QUESTION_NAMES_MAX ? ", ..." : "");
	if (prompt_yes(question))
		return LARDER_OK;
	return error_set(ret_error, LARDER_DENIED, "nothing was done", NULL, "the question was not answered with yes");
}

static enum larder_code
confirm(
    struct session *session, const struct larder_revoke_query *query, const char *verb, struct larder_error *ret_error)
{
	char(*names)[LARDER_NAME_MAX + 1] = NULL;
	size_t count = 0;
	enum larder_code code;

	if (args_has(session->args, "yes") || query->names_count == 1)
		return LARDER_OK;
	if (!session_can_ask(session))
		return query->names_count > 0
		    ? LARDER_OK
		    : args_usage(session->args, ret_error, "confirmation missing",
			  "without a terminal to ask on, '--all', '--client' and '--provider' want --yes");
	code = larder_revoke_preview(session->larder, query, &names, &count, ret_error);
	if (code == LARDER_OK && count > 0)
		code = ask(names, count, verb, ret_error);
	free(names);
	return code;
}

static void
print_json(struct output *out, const struct larder_revocation *list, size_t count)
{
	output_open(out, NULL, '[');
	for (size_t i = 0; i < count; i++) {
		output_open(out, NULL, '{');
		output_text(out, "name", list[i].name);
		output_text(out, "result", result_words[list[i].result]);
		output_open(out, "what", '[');
		if (list[i].refresh_token)
			output_text(out, NULL, "refresh_token");
		if (list[i].access_token)
			output_text(out, NULL, "access_token");
		output_close(out, ']');
		output_time(out, "http_status", list[i].http_status > 0 ? list[i].http_status : -1);
		output_text(out, "message", list[i].message);
		output_text(out, "url", text_or_null(list[i].url));
		output_bool(out, "removed", list[i].removed != 0);
		output_close(out, '}');
	}
	output_close(out, ']');
	output_str(out, "\n");
}

static void
print_line(struct output *out, const struct larder_revocation *revocation)
{
	output_format(out, "%s: ", revocation->name);
	output_colour(out, result_colours[revocation->result]);
	output_str(out, result_words[revocation->result]);
	output_colour(out, COLOUR_NONE);
	if (revocation->refresh_token || revocation->access_token)
		output_format(out, " (%s%s%s)", revocation->refresh_token ? "refresh token" : "",
		    revocation->refresh_token && revocation->access_token ? ", " : "",
		    revocation->access_token ? "access token" : "");
	if (revocation->message[0] != '\0') {
		output_str(out, ": ");
		output_escaped(out, revocation->message);
	}
	if (revocation->url[0] != '\0') {
		output_str(out, "; take the access back at ");
		output_escaped(out, revocation->url);
	}
	if (revocation->removed)
		output_str(out, "; removed from the vault");
	output_str(out, "\n");
}

enum larder_code
revoking_run(
    struct session *session, const struct larder_revoke_query *query, const char *verb, struct larder_error *ret_error)
{
	struct larder_revocation *list = NULL;
	size_t count = 0;
	enum larder_code code = confirm(session, query, verb, ret_error);

	if (code != LARDER_OK)
		return code;
	code = larder_revoke(session->larder, query, &list, &count, ret_error);
	if (code != LARDER_OK && code != LARDER_INCOMPLETE)
		return code;
	if (session->json)
		print_json(&session->out, list, count);
	for (size_t i = 0; i < count && !session->json; i++) {
		if (!session->quiet || list[i].result != LARDER_REVOKED)
			print_line(&session->out, &list[i]);
	}
	larder_revocation_list_free(list);
	return code;
}
