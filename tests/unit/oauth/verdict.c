/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/verdict.h"
#include "oauth/tests.h"

static void
assert_verdict(const struct provider *provider, int status, const char *error, enum grant_outcome expected)
{
	enum grant_outcome outcome = verdict(provider, status, error);

	if (outcome != expected)
		fail_msg("%d %s: %d instead of %d", status, error, (int)outcome, (int)expected);
}

/* Statuses at which a code is heard. */
static const int heard[] = { 200, 400, 401, 403, 404 };

/* Statuses of a server that is not well. */
static const int broken[] = { 408, 500, 502, 504 };

/* Only what a definition says itself ends a grant then. */
static enum grant_outcome
from_broken(const char *error, enum grant_outcome outcome)
{
	return outcome == GRANT_TEMPORARY || strcmp(error, "bad_refresh_token") == 0 ? outcome : GRANT_UNKNOWN;
}

/* S030, S161, S165 */
static void
every_code_of_the_table_is_heard_from_a_server_that_is_well(void **state)
{
	static const struct {
		const char *error;
		enum grant_outcome outcome;
	} rows[] = {
		{ "invalid_grant", GRANT_ENDED },
		{ "bad_refresh_token", GRANT_ENDED },
		{ "access_denied", GRANT_DENIED },
		{ "consent_required", GRANT_DENIED },
		{ "interaction_required", GRANT_DENIED },
		{ "login_required", GRANT_DENIED },
		{ "account_selection_required", GRANT_DENIED },
		{ "temporarily_unavailable", GRANT_TEMPORARY },
		{ "slow_down", GRANT_TEMPORARY },
		{ "server_error", GRANT_UNKNOWN },
		{ "invalid_client", GRANT_REJECTED },
		{ "unauthorized_client", GRANT_REJECTED },
		{ "invalid_scope", GRANT_REJECTED },
		{ "unsupported_grant_type", GRANT_REJECTED },
		{ "invalid_target", GRANT_REJECTED },
		{ "invalid_request", GRANT_REJECTED },
		{ "use_dpop_nonce", GRANT_REJECTED },
		{ "invalid_dpop_proof", GRANT_REJECTED },
	};
	struct provider *provider = provider_with(",\"response\":{\"dead_errors\":[\"bad_refresh_token\"]}");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 0; j < sizeof(heard) / sizeof(heard[0]); j++)
			assert_verdict(provider, heard[j], rows[i].error, rows[i].outcome);
		for (size_t j = 0; j < sizeof(broken) / sizeof(broken[0]); j++)
			assert_verdict(provider, broken[j], rows[i].error, from_broken(rows[i].error, rows[i].outcome));
		assert_verdict(provider, 429, rows[i].error, GRANT_TEMPORARY);
		assert_verdict(provider, 503, rows[i].error, GRANT_TEMPORARY);
		assert_verdict(provider, 307, rows[i].error, GRANT_TEMPORARY);
	}
	provider_free(provider);
}

/* S030 */
static void
only_the_definition_s_own_words_end_a_grant_besides_invalid_grant(void **state)
{
	static const char *const words[] = { "bad_refresh_token", "Invalid_Grant", "INVALID_GRANT", "invalid_grant ",
		"invalid_token", "token_expired", "expired_token", "invalid_refresh_token", "revoked" };
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (int status = 0; status < 700; status++) {
			if (verdict(provider, status, words[i]) == GRANT_ENDED)
				fail_msg("%s ends a grant", words[i]);
		}
	}
	for (int status = 0; status < 700; status++)
		assert_int_not_equal(verdict(provider, status, ""), GRANT_ENDED);
	provider_free(provider);
}

static void
a_data_word_may_override_the_table(void **state)
{
	struct provider *provider = provider_builtin("microsoft");

	(void)state;
	assert_verdict(provider, 400, "interaction_required", GRANT_ENDED);
	assert_verdict(provider, 400, "consent_required", GRANT_DENIED);
	provider_free(provider);
}

static void
without_a_known_code_the_status_decides(void **state)
{
	static const struct {
		int status;
		enum grant_outcome none, other;
	} rows[] = {
		{ 0, GRANT_UNKNOWN, GRANT_UNKNOWN },
		{ 101, GRANT_UNKNOWN, GRANT_UNKNOWN },
		{ 200, GRANT_UNKNOWN, GRANT_REJECTED },
		{ 204, GRANT_UNKNOWN, GRANT_REJECTED },
		{ 301, GRANT_TEMPORARY, GRANT_TEMPORARY },
		{ 302, GRANT_TEMPORARY, GRANT_TEMPORARY },
		{ 307, GRANT_TEMPORARY, GRANT_TEMPORARY },
		{ 400, GRANT_TEMPORARY, GRANT_REJECTED },
		{ 401, GRANT_REJECTED, GRANT_REJECTED },
		{ 403, GRANT_TEMPORARY, GRANT_REJECTED },
		{ 404, GRANT_TEMPORARY, GRANT_REJECTED },
		{ 405, GRANT_TEMPORARY, GRANT_REJECTED },
		{ 408, GRANT_UNKNOWN, GRANT_UNKNOWN },
		{ 415, GRANT_TEMPORARY, GRANT_REJECTED },
		{ 429, GRANT_TEMPORARY, GRANT_TEMPORARY },
		{ 499, GRANT_TEMPORARY, GRANT_REJECTED },
		{ 500, GRANT_UNKNOWN, GRANT_UNKNOWN },
		{ 502, GRANT_UNKNOWN, GRANT_UNKNOWN },
		{ 503, GRANT_TEMPORARY, GRANT_TEMPORARY },
		{ 504, GRANT_UNKNOWN, GRANT_UNKNOWN },
		{ 520, GRANT_UNKNOWN, GRANT_UNKNOWN },
		{ 600, GRANT_UNKNOWN, GRANT_UNKNOWN },
	};
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_verdict(provider, rows[i].status, "", rows[i].none);
		assert_verdict(provider, rows[i].status, "some_other_code", rows[i].other);
	}
	provider_free(provider);
}

int
run_verdict_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_of_the_table_is_heard_from_a_server_that_is_well),
		cmocka_unit_test(only_the_definition_s_own_words_end_a_grant_besides_invalid_grant),
		cmocka_unit_test(a_data_word_may_override_the_table),
		cmocka_unit_test(without_a_known_code_the_status_decides),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
