/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/session.h"
#include "cli/view.h"

static const struct option options[] = {
	OPT_JSON,
	OPT_DURATION("check", "DUR", "exit 10 if one is not ok, or its log-in or its client's secret ends within DUR"),
	OPT_END,
};

static const char *const states[] = { "ok", "needs-login", "in-doubt", "suspect", "revoking", "revoked" };

#define STATES (sizeof states / sizeof states[0])
#define SOON_S (7 * (int64_t)86400) /* to say that a log-in ends for good */

static size_t
count_state(const struct larder_credential *list, size_t count, const char *state)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += strcmp(list[i].state, state) == 0;
	return found;
}

static void
print_json(const struct session *session, struct output *out, const struct larder_credential *list, size_t count)
{
	output_open(out, NULL, '{');
	output_text(out, "vault", larder_path(session->larder));
	if (count == 1) /* where NAME can be left out, as with token */
		view_members(out, &list[0]);
	output_open(out, "counts", '{');
	for (size_t i = 0; i < STATES; i++)
		output_unsigned(out, states[i], count_state(list, count, states[i]));
	output_close(out, '}');
	output_open(out, "credentials", '[');
	for (size_t i = 0; i < count; i++)
		view_json(out, NULL, &list[i]);
	output_close(out, ']');
	output_close(out, '}');
	output_str(out, "\n");
}

static void
print_ill(struct output *out, const struct larder_credential *credential)
{
	output_format(out, "%s: ", credential->name);
	output_colour(out, view_state_colour(credential->state));
	output_str(out, credential->state);
	output_colour(out, COLOUR_NONE);
	if (credential->cause[0] != '\0') {
		output_str(out, view_is_guess(credential) ? "; possibly " : "; likely ");
		output_escaped(out, credential->cause);
	}
	if (credential->advice[0] != '\0') {
		output_str(out, "; ");
		output_escaped(out, credential->advice);
	}
	output_str(out, "\n");
}

/* It is well, and will not be for long. */
static void
print_end(struct output *out, const struct larder_credential *credential, const char *what, int64_t unix_s, int64_t now)
{
	char span[40];

	output_format(out, "%s: %s %s\n", credential->name, what, view_span(span, sizeof span, unix_s, now));
}

static void
print_summary(struct output *out, const struct larder_credential *list, size_t count)
{
	int64_t now = view_now();

	output_format(out, "%zu credential%s", count, count == 1 ? "" : "s");
	for (size_t i = 0, shown = 0; i < STATES; i++) {
		size_t found = count_state(list, count, states[i]);

		if (found > 0)
			output_format(out, "%s %zu %s", shown++ == 0 ? ":" : ",", found, states[i]);
	}
	output_str(out, "\n");
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].state, "ok") != 0)
			print_ill(out, &list[i]);
		else if (list[i].refresh_expires_at >= 0 && list[i].refresh_expires_at <= now)
			print_end(out, &list[i],
			    list[i].granted_at < 0 ? "the log-in has ended" : "its refresh token has probably ended",
			    list[i].refresh_expires_at, now);
		else if (list[i].refresh_absolute_ends_at >= 0 && list[i].refresh_absolute_ends_at <= now + SOON_S)
			print_end(out, &list[i], "a new log-in is needed", list[i].refresh_absolute_ends_at, now);
		else if (list[i].client_secret_expires_at >= 0 && list[i].client_secret_expires_at <= now + SOON_S)
			print_end(out, &list[i], "its client's secret ends", list[i].client_secret_expires_at, now);
	}
}

/* What is wrong with it for --check; false if nothing is. */
static bool
is_wrong(const struct larder_credential *credential, int64_t until, char *why, size_t why_size)
{
	char span[40];

	if (strcmp(credential->state, "ok") != 0)
		(void)text_format(why, why_size, "it is %s%s%s", credential->state,
		    credential->cause[0] == '\0'    ? ""
			: view_is_guess(credential) ? ", possibly because "
						    : ", likely because ",
		    credential->cause);
	else if (credential->refresh_expires_at >= 0 && credential->refresh_expires_at <= until)
		(void)text_format(why, why_size, "its %s ends %s",
		    credential->granted_at < 0 ? "log-in" : "refresh token",
		    view_span(span, sizeof span, credential->refresh_expires_at, view_now()));
	else if (credential->client_secret_expires_at >= 0 && credential->client_secret_expires_at <= until)
		(void)text_format(why, why_size, "the secret of its client ends %s",
		    view_span(span, sizeof span, credential->client_secret_expires_at, view_now()));
	else
		return false;
	return true;
}

static enum larder_code
check(const struct session *session, const struct larder_credential *list, size_t count, struct larder_error *ret_error)
{
	int64_t until = view_now() + args_duration(session->args, "check", 0);
	size_t wrong = 0, first = 0;
	char why[240], first_why[240] = "";
	enum larder_code code;

	for (size_t i = 0; i < count; i++) {
		if (is_wrong(&list[i], until, why, sizeof why) && wrong++ == 0) {
			memcpy(first_why, why, sizeof why);
			first = i;
		}
	}
	if (wrong == 0)
		return LARDER_OK;
	code = error_set(ret_error, LARDER_CHECK_FAILED, "check failed", list[first].advice,
	    wrong == 1 ? "%s" : "%s; %zu others need attention too", first_why, wrong - 1);
	return error_name(ret_error, code, list[first].name);
}

static enum larder_code
show_one(struct session *session, const char *name, struct larder_error *ret_error)
{
	struct larder_credential credential = { 0 };
	enum larder_code code = larder_credential_show(session->larder, name, &credential, ret_error);

	if (code != LARDER_OK)
		return code;
	view_one(&session->out, session->json, &credential);
	if (args_has(session->args, "check"))
		code = check(session, &credential, 1, ret_error);
	larder_credential_clear(&credential);
	return code;
}

static enum larder_code
show_all(struct session *session, struct larder_error *ret_error)
{
	struct larder_credential *list = NULL;
	size_t count = 0;
	enum larder_code code = larder_credential_list(session->larder, &list, &count, ret_error);

	if (code != LARDER_OK)
		return code;
	if (session->json)
		print_json(session, &session->out, list, count);
	else
		print_summary(&session->out, list, count);
	if (args_has(session->args, "check"))
		code = check(session, list, count, ret_error);
	larder_credential_list_free(list, count);
	return code;
}

static enum larder_code
run(struct session *session, struct larder_error *ret_error)
{
	const char *name = args_operand(session->args, 0);
	enum larder_code code = session_open(session, ret_error);

	if (code != LARDER_OK)
		return code;
	return name != NULL ? show_one(session, name, ret_error) : show_all(session, ret_error);
}

const struct command command_status = {
	.name = "status",
	.group = COMMAND_USE,
	.operands = "[NAME]",
	.operands_max = 1,
	.operands_are_names = true,
	.summary = "say which credentials need attention",
	.help = "Without NAME: how many credentials are in which state, and what to do about\n"
		"those that are not ok. With NAME: the same as 'larder show NAME'. Nobody is\n"
		"asked, no provider is contacted. --check DUR is for monitoring: exit status 10\n"
		"if something is not ok or will end within DUR. --json prints {\"vault\",\n"
		"\"counts\", \"credentials\"}, or with NAME the one credential.\n",
	.examples = "  larder status\n"
		    "  larder status --check 7d || notify-send 'a token needs you'\n",
	.options = options,
	.run = run,
};
