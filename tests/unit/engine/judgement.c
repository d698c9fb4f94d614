/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/judgement.h"
#include "engine/tests.h"

#include <string.h>

#include "base/text.h"

#define NOW 1000000

static struct secret
text(const char *content)
{
	struct secret secret;

	assert_true(secret_copy(content, strlen(content), &secret));
	return secret;
}

/* Judge one outcome; the error of OAuth, if any, is named. */
static struct judgement
judge(enum grant_outcome outcome, int status, const char *error, bool was_doubted)
{
	struct provider provider = { .rotation = { .on_unknown = UNKNOWN_ASK } };
	struct credential credential = { .failures = 2, .intent = { .open = true, .opened_at = 86400 } };
	struct http_reply http = { .status = status };
	struct token_reply reply = { .outcome = outcome,
		.http_status = status,
		.retry_after_s = -1,
		.usable = true,
		.mute = outcome == GRANT_TEMPORARY && (status == 400 || status == 403) };
	struct judgement judgement;

	text_format(reply.error, sizeof reply.error, "%s", error);
	judgement_form(&(struct exchanged){ .provider = &provider,
			   .credential = &credential,
			   .http = &http,
			   .reply = &reply,
			   .was_doubted = was_doubted },
	    NOW, &judgement);
	return judgement;
}

static void
every_outcome_has_its_code(void **state)
{
	(void)state;
	assert_int_equal(judge(GRANT_TOKENS, 200, "", false).error.code, LARDER_OK);
	assert_int_equal(judge(GRANT_ENDED, 400, "invalid_grant", false).error.code, LARDER_NEEDS_LOGIN);
	assert_int_equal(judge(GRANT_DENIED, 400, "access_denied", false).error.code, LARDER_DENIED);
	assert_int_equal(judge(GRANT_REJECTED, 401, "invalid_client", false).error.code, LARDER_REJECTED);
	assert_int_equal(judge(GRANT_TEMPORARY, 503, "", false).error.code, LARDER_UNAVAILABLE);
	assert_int_equal(judge(GRANT_UNKNOWN, 500, "", false).error.code, LARDER_UNAVAILABLE);
}

static void
only_what_the_server_cannot_do_now_counts_for_the_breaker(void **state)
{
	(void)state;
	assert_true(judge(GRANT_TEMPORARY, 503, "", false).endpoint_failed);
	assert_true(judge(GRANT_UNKNOWN, 500, "", false).endpoint_failed);
	assert_false(judge(GRANT_TOKENS, 200, "", false).endpoint_failed);
	assert_false(judge(GRANT_ENDED, 400, "invalid_grant", false).endpoint_failed);
	assert_false(judge(GRANT_REJECTED, 401, "invalid_client", false).endpoint_failed);
	assert_false(judge(GRANT_TEMPORARY, 403, "", false).endpoint_failed); /* perhaps one client's secret */
}

static void
what_may_pass_says_when_to_try_again(void **state)
{
	(void)state;
	assert_int_equal(
	    judge(GRANT_TEMPORARY, 503, "", false).error.retry_after_s, 4); /* the third failure in a row */
	assert_int_equal(judge(GRANT_REJECTED, 401, "invalid_client", false).error.retry_after_s, -1);
}

/* S181 */
static void
an_ended_grant_after_a_doubt_names_the_cause(void **state)
{
	struct judgement judgement = judge(GRANT_ENDED, 400, "invalid_grant", true);

	(void)state;
	assert_non_null(strstr(judgement.error.why, "interrupted at 1970-01-02"));
	judgement = judge(GRANT_ENDED, 400, "invalid_grant", false);
	assert_null(strstr(judgement.error.why, "interrupted"));
	assert_non_null(strstr(judgement.error.why, "invalid_grant"));
}

/* Whether a reply of unknown meaning leaves a doubt. */
static bool
leaves_doubt(int status, const char *type, const char *body, bool truncated, enum on_unknown on_unknown)
{
	struct provider provider = { .rotation = { .on_unknown = on_unknown } };
	struct credential credential = { .failures = 0 };
	struct http_reply http = { .status = status, .truncated = truncated, .body = text(body) };
	struct token_reply reply = { .outcome = GRANT_UNKNOWN, .http_status = status, .retry_after_s = -1 };
	struct judgement judgement;

	text_format(http.content_type, sizeof http.content_type, "%s", type);
	judgement_form(
	    &(struct exchanged){ .provider = &provider, .credential = &credential, .http = &http, .reply = &reply },
	    NOW, &judgement);
	http_reply_clear(&http);
	return judgement.doubt;
}

static void
a_success_that_cannot_be_read_leaves_a_doubt(void **state)
{
	(void)state;
	assert_true(leaves_doubt(200, "application/json", "{\"access_token\":\"at", false, UNKNOWN_ASK));
	assert_true(leaves_doubt(200, "application/json", "{\"access_token\":\"at", true, UNKNOWN_ASK));
	assert_true(leaves_doubt(500, "application/json", "{\"acc", true, UNKNOWN_ASK));
}

static void
pages_for_people_and_whole_errors_leave_none(void **state)
{
	(void)state;
	assert_false(leaves_doubt(200, "text/html", "hello", false, UNKNOWN_ASK));
	assert_false(leaves_doubt(200, "application/json", "<html>", false, UNKNOWN_ASK));
	assert_false(leaves_doubt(200, "application/json", "", false, UNKNOWN_ASK));
	assert_false(leaves_doubt(500, "application/json", "{}", false, UNKNOWN_ASK));
}

static void
where_asking_again_is_forbidden_every_unknown_leaves_a_doubt(void **state)
{
	(void)state;
	assert_true(leaves_doubt(200, "text/html", "hello", false, UNKNOWN_HOLD));
	assert_true(leaves_doubt(500, "text/plain", "oops", false, UNKNOWN_HOLD));
}

/* S023 */
static void
tokens_that_nobody_understands_are_stored_but_not_given(void **state)
{
	struct provider provider = { .rotation = { .on_unknown = UNKNOWN_ASK } };
	struct credential credential = { .failures = 0 };
	struct http_reply http = { .status = 200 };
	struct token_reply reply = { .outcome = GRANT_TOKENS, .http_status = 200, .usable = false };
	struct judgement judgement;

	(void)state;
	text_format(reply.complaint, sizeof reply.complaint, "token_type 'mac' is not one that is understood");
	judgement_form(
	    &(struct exchanged){ .provider = &provider, .credential = &credential, .http = &http, .reply = &reply },
	    NOW, &judgement);
	assert_int_equal(judgement.error.code, LARDER_UNAVAILABLE);
	assert_non_null(strstr(judgement.error.why, "mac"));
	assert_non_null(strstr(judgement.error.why, "its refresh token is stored"));
}

/* Nothing was spent, so no reply is worth keeping, and no refusal ends what the next assertion may open. */
static void
without_a_refresh_token_nothing_ends_and_nothing_is_in_doubt(void **state)
{
	struct provider provider = { .rotation = { .on_unknown = UNKNOWN_HOLD } };
	struct credential credential = { .grant_type = GRANT_TYPE_JWT_BEARER };
	struct http_reply http = { .status = 200, .truncated = true };
	struct token_reply reply = { .outcome = GRANT_UNKNOWN, .http_status = 200, .retry_after_s = -1 };
	const struct exchanged exchanged = {
		.provider = &provider, .credential = &credential, .http = &http, .reply = &reply, .dropped = true
	};
	struct judgement judgement;

	(void)state;
	judgement_form(&exchanged, NOW, &judgement);
	assert_false(judgement.doubt);
	assert_int_equal(judgement.error.code, LARDER_UNAVAILABLE);
	reply.outcome = GRANT_ENDED;
	text_format(reply.error, sizeof reply.error, "invalid_grant");
	judgement_form(&exchanged, NOW, &judgement);
	assert_int_equal(judgement.error.code, LARDER_REJECTED);
	assert_non_null(strstr(judgement.error.hint, "clock"));
	reply = (struct token_reply){ .outcome = GRANT_TOKENS, .usable = true };
	judgement_form(&exchanged, NOW, &judgement);
	assert_int_equal(judgement.error.code, LARDER_OK);
	assert_non_null(strstr(judgement.note, "not kept"));
}

static void
a_failure_before_sending_counts_for_the_breaker_if_it_is_temporary(void **state)
{
	struct credential credential = { .failures = 0 };
	struct larder_error failure = { .code = LARDER_UNAVAILABLE, .why = "no route" };
	struct judgement judgement;

	(void)state;
	judgement_of_failure(&credential, &failure, NOW, &judgement);
	assert_true(judgement.endpoint_failed);
	assert_int_equal(judgement.error.retry_after_s, 1);
	assert_string_equal(judgement.error.why, "no route");
	failure.code = LARDER_DENIED;
	judgement_of_failure(&credential, &failure, NOW, &judgement);
	assert_false(judgement.endpoint_failed);
}

static void
failures_are_remembered_until_a_success(void **state)
{
	struct credential credential = { .failures = 0, .last_error_at = TIME_UNKNOWN };
	struct judgement judgement = judge(GRANT_TEMPORARY, 503, "", false);

	(void)state;
	judgement_remember(&credential, &judgement, NOW);
	judgement_remember(&credential, &judgement, NOW);
	assert_int_equal(credential.failures, 2);
	assert_int_equal(credential.retry_at, NOW + 2);
	assert_int_equal(credential.next_refresh_at, NOW + 2);
	assert_int_equal(credential.last_error_at, NOW);
	assert_string_equal(credential.last_error, "unavailable");
	assert_non_null(strstr(credential.last_error_text, "503"));
	judgement = judge(GRANT_TOKENS, 200, "", false);
	judgement_remember(&credential, &judgement, NOW + 5);
	assert_int_equal(credential.failures, 0);
	assert_int_equal(credential.retry_at, 0);
	assert_string_equal(credential.last_error, "");
	assert_string_equal(credential.last_error_text, "");
	assert_int_equal(credential.last_error_at, TIME_UNKNOWN);
}

int
run_judgement_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome_has_its_code),
		cmocka_unit_test(only_what_the_server_cannot_do_now_counts_for_the_breaker),
		cmocka_unit_test(what_may_pass_says_when_to_try_again),
		cmocka_unit_test(an_ended_grant_after_a_doubt_names_the_cause),
		cmocka_unit_test(a_success_that_cannot_be_read_leaves_a_doubt),
		cmocka_unit_test(pages_for_people_and_whole_errors_leave_none),
		cmocka_unit_test(where_asking_again_is_forbidden_every_unknown_leaves_a_doubt),
		cmocka_unit_test(tokens_that_nobody_understands_are_stored_but_not_given),
		cmocka_unit_test(without_a_refresh_token_nothing_ends_and_nothing_is_in_doubt),
		cmocka_unit_test(a_failure_before_sending_counts_for_the_breaker_if_it_is_temporary),
		cmocka_unit_test(failures_are_remembered_until_a_success),
	};

	return cmocka_run_group_tests_name("judgement", tests, NULL, NULL);
}
