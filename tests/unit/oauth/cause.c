/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tests.h"

#include <string.h>

#include "base/text.h"
#include "oauth/cause.h"

#define DAY   ((int64_t)86400)
#define BEGIN ((int64_t)1700000000) /* of the grant */

/* What a case is about; the rest is the same everywhere. */
struct story {
	const char *error, *subtype, *description;
	enum grant_outcome outcome; /* 0 is GRANT_TOKENS, and stands for GRANT_ENDED here */
	int64_t good_after_s;       /* the last good use, after the log-in */
	int64_t now_after_s;
	int64_t idle_end_after_s, absolute_end_after_s, secret_end_after_s;
	bool never_used, was_doubted;
};

static int64_t
at(int64_t after_s)
{
	return after_s == 0 ? -1 : BEGIN + after_s;
}

/* Tell the story to a provider; "" where no cause can be named. The result lives until the next call. */
static const struct cause *
infer_with(const struct provider *provider, const struct story *story)
{
	static struct cause cause;
	struct token_reply reply = { .outcome = story->outcome == GRANT_TOKENS ? GRANT_ENDED : story->outcome };
	struct refusal refusal = {
		.reply = &reply,
		.now = BEGIN + story->now_after_s,
		.granted_at = BEGIN,
		.good_at = BEGIN + story->good_after_s,
		.idle_end_at = at(story->idle_end_after_s),
		.absolute_end_at = at(story->absolute_end_after_s),
		.secret_end_at = at(story->secret_end_after_s),
		.exchanges = story->never_used ? 0 : 1,
		.was_doubted = story->was_doubted,
	};

	(void)text_format(reply.error, sizeof reply.error, "%s", story->error == NULL ? "invalid_grant" : story->error);
	(void)text_format(
	    reply.error_subtype, sizeof reply.error_subtype, "%s", story->subtype == NULL ? "" : story->subtype);
	(void)text_format(
	    reply.description, sizeof reply.description, "%s", story->description == NULL ? "" : story->description);
	cause = (struct cause){ .id = "" };
	(void)cause_find(provider, &refusal, &cause);
	return &cause;
}

static const char *
infer(const char *id, struct story story)
{
	struct provider *provider = provider_builtin(id);
	const struct cause *cause = infer_with(provider, &story);

	provider_free(provider);
	return cause->id;
}

static void
a_grant_of_google_that_died_at_seven_days_was_of_an_app_in_testing(void **state)
{
	static const char said[] = "Token has been expired or revoked.";

	(void)state;
	assert_string_equal(
	    infer(
		"google", (struct story){ .description = said, .good_after_s = 6 * DAY, .now_after_s = 7 * DAY + 60 }),
	    "testing-mode");
	/* nobody used it for weeks: it was alive before that day, and is not after it */
	assert_string_equal(
	    infer("google", (struct story){ .description = said, .now_after_s = 30 * DAY }), "testing-mode");
	/* it was alive at an older age, or is not old enough */
	assert_string_not_equal(
	    infer("google", (struct story){ .description = said, .good_after_s = 8 * DAY, .now_after_s = 9 * DAY }),
	    "testing-mode");
	assert_string_not_equal(
	    infer("google", (struct story){ .description = said, .good_after_s = DAY, .now_after_s = 2 * DAY }),
	    "testing-mode");
}

static void
what_google_and_microsoft_say_in_codes_is_told_in_words(void **state)
{
	static const struct {
		const char *provider, *code, *cause;
	} cases[] = {
		{ "microsoft", "AADSTS50173", "password-changed" },
		{ "microsoft", "AADSTS700082", "idle-expiry" },
		{ "microsoft", "AADSTS70008", "idle-expiry" },
		{ "microsoft", "AADSTS65001", "consent-withdrawn" },
		{ "microsoft", "AADSTS50076", "second-factor" },
		{ "microsoft", "AADSTS50079", "second-factor" },
		{ "microsoft", "AADSTS700084", "single-page-app" },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)text_format(text, sizeof text, "%s: words that change from year to year", cases[i].code);
		assert_string_equal(infer(cases[i].provider, (struct story){ .description = text, .now_after_s = DAY }),
		    cases[i].cause);
	}
	assert_string_equal(infer("google", (struct story){ .subtype = "invalid_rapt", .now_after_s = 7 * DAY + 60 }),
	    "session-control");
	assert_string_equal(infer("microsoft",
				(struct story){ .error = "invalid_client",
				    .outcome = GRANT_REJECTED,
				    .description = "AADSTS7000222: the provided client secret keys are over" }),
	    "secret-expired");
	assert_string_equal(infer("slack", (struct story){ .error = "token_revoked", .now_after_s = DAY }), "revoked");
}

static void
what_we_know_goes_before_what_can_be_guessed(void **state)
{
	(void)state;
	assert_string_equal(
	    infer("google", (struct story){ .was_doubted = true, .now_after_s = 7 * DAY + 60 }), "interrupted");
	assert_string_equal(
	    infer("slack", (struct story){ .error = "invalid_refresh_token", .was_doubted = true }), "interrupted");
	assert_string_equal(infer("slack", (struct story){ .error = "invalid_refresh_token" }), "reused");
	assert_string_equal(
	    infer("generic",
		(struct story){ .absolute_end_after_s = 10 * DAY, .good_after_s = 9 * DAY, .now_after_s = 11 * DAY }),
	    "absolute-expiry");
	assert_string_equal(
	    infer("generic", (struct story){ .idle_end_after_s = 5 * DAY, .now_after_s = 6 * DAY }), "idle-expiry");
	assert_string_equal(infer("generic",
				(struct story){ .error = "invalid_client",
				    .outcome = GRANT_REJECTED,
				    .secret_end_after_s = DAY,
				    .now_after_s = 2 * DAY }),
	    "secret-expired");
	assert_string_equal(infer("generic",
				(struct story){ .error = "invalid_client",
				    .outcome = GRANT_REJECTED,
				    .secret_end_after_s = 3 * DAY,
				    .now_after_s = 2 * DAY }),
	    "");
}

static void
words_that_many_use_are_understood(void **state)
{
	(void)state;
	assert_string_equal(
	    infer("generic", (struct story){ .description = "The Password was changed" }), "password-changed");
	assert_string_equal(infer("generic", (struct story){ .description = "token already used" }), "reused");
	assert_string_equal(
	    infer("generic", (struct story){ .description = "Refresh token reuse detected" }), "reused");
	assert_string_equal(
	    infer("generic", (struct story){ .description = "user withdrew consent" }), "consent-withdrawn");
	assert_string_equal(infer("generic", (struct story){ .description = "the token was revoked" }), "revoked");
	/* who says both says nothing */
	assert_string_equal(infer("generic", (struct story){ .description = "expired or revoked" }), "used-elsewhere");
	/* a refusal that ends nothing has no such cause */
	assert_string_equal(
	    infer("generic",
		(struct story){ .outcome = GRANT_REJECTED, .error = "invalid_scope", .description = "revoked" }),
	    "");
}

static void
without_a_word_it_is_a_guess_and_says_so(void **state)
{
	struct provider *provider = provider_builtin("generic");
	const struct cause *cause = infer_with(provider, &(struct story){ .never_used = true });

	(void)state;
	assert_string_equal(cause->id, "never-good");
	assert_int_equal(cause->confidence, CONFIDENCE_LOW);
	cause = infer_with(provider, &(struct story){ .never_used = false });
	assert_string_equal(cause->id, "used-elsewhere");
	assert_int_equal(cause->confidence, CONFIDENCE_LOW);
	provider_free(provider);
	/* where a token may be used twice, nobody took it by using it: Google has its limit of live tokens */
	assert_string_equal(
	    infer("google", (struct story){ .good_after_s = 90 * DAY, .now_after_s = 91 * DAY }), "token-limit");
	assert_string_equal(
	    infer("asana", (struct story){ .good_after_s = 90 * DAY, .now_after_s = 91 * DAY }), "withdrawn");
}

static void
disuse_names_how_long_the_provider_waits(void **state)
{
	struct provider *provider = provider_builtin("box");
	const struct cause *cause =
	    infer_with(provider, &(struct story){ .idle_end_after_s = 60 * DAY, .now_after_s = 61 * DAY });

	(void)state;
	assert_string_equal(cause->id, "idle-expiry");
	assert_non_null(strstr(cause->say, "60 d"));
	provider_free(provider);
}

static void
a_cause_is_found_again_by_its_id(void **state)
{
	struct provider *provider = provider_builtin("google");
	struct cause cause;

	(void)state;
	assert_true(cause_by_id(provider, "testing-mode", &cause));
	assert_non_null(strstr(cause.say, "7 days"));
	assert_true(cause_by_id(NULL, "interrupted", &cause));
	assert_false(cause_by_id(NULL, "testing-mode", &cause));
	provider_free(provider);
}

int
run_cause_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_of_google_that_died_at_seven_days_was_of_an_app_in_testing),
		cmocka_unit_test(what_google_and_microsoft_say_in_codes_is_told_in_words),
		cmocka_unit_test(what_we_know_goes_before_what_can_be_guessed),
		cmocka_unit_test(words_that_many_use_are_understood),
		cmocka_unit_test(without_a_word_it_is_a_guess_and_says_so),
		cmocka_unit_test(disuse_names_how_long_the_provider_waits),
		cmocka_unit_test(a_cause_is_found_again_by_its_id),
	};

	return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
