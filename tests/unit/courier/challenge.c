/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers such as S146 are those of the list of normative requirements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/text.h"
#include "courier/challenge.h"
#include "courier/collect.h"
#include "courier/courier.h"

#define SIZE         sizeof(((struct http_reply *)NULL)->challenge)
#define NONCE_WANTED "DPoP error=\"use_dpop_nonce\""

static char kept[SIZE];

/* The value lies in a block of just its size, so that a sanitizer sees who reads on. */
static void
keep(const char *value)
{
	size_t len = strlen(value);
	char *copy = malloc(len == 0 ? 1 : len);

	assert_non_null(copy);
	memcpy(copy, value, len);
	challenge_keep(kept, sizeof kept, copy, len);
	free(copy);
	assert_true(strlen(kept) < sizeof kept);
}

static void
assert_keeps(const char *value, const char *expected)
{
	kept[0] = '\0';
	keep(value);
	assert_string_equal(kept, expected);
}

static void
what_the_vault_side_acts_upon_is_kept_as_it_was_sent(void **state)
{
	static const struct {
		const char *value, *kept;
	} cases[] = {
		{ "Bearer", "Bearer" },
		{ "", "" },
		{ "Basic realm=\"x\"", "" },
		{ "Negotiate YII==, bearer ERROR = invalid_token", "bearer ERROR=invalid_token" },
		{ "DPoP algs=\"ES256, RS256\",error=use_dpop_nonce", "DPoP error=use_dpop_nonce" },
		{ "Bearer realm=\"a\", error=\"invalid_token\", scope=\"a b\", DPoP error=\"x\"",
		    "Bearer error=\"invalid_token\", scope=\"a b\", DPoP error=\"x\"" },
		{ "Bearer resource_metadata=\"https://a.test/x?a,b\"",
		    "Bearer resource_metadata=\"https://a.test/x?a,b\"" },
		{ "Bearer resource_metadata=https://a.test/x", "Bearer resource_metadata=https://a.test/x" },
		{ "Bearer scope=\"a\", scope=\"b\"", "Bearer scope=\"a\", scope=\"b\"" },
		{ "Bearer, DPoP", "Bearer, DPoP" },
		{ "Bearer error=", "Bearer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_keeps(cases[i].value, cases[i].kept);
}

/* S146 */
static void
what_only_looks_like_a_challenge_is_none(void **state)
{
	static const char *const none[] = { ("Basic realm=\"" NONCE_WANTED), "Basic realm=\"\\\", DPoP error=x",
		"Basic DPoP=\"x\"", "DPoPish error=x", "error=x, scope=y", "\"a, DPoP error=x\"",
		"Basic realm=\"a, DPoP\"", "=DPoP", "Basic realm=DPoP", "Foo \", DPoP error=x" };

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_keeps(none[i], "");
	assert_keeps("DPoP error=\"use_dpop_nonce", "DPoP");
	assert_keeps("DPoP realm=\"error=use_dpop_nonce\"", "DPoP");
	assert_keeps("DPoP error=\"\\", "DPoP");
}

/* S146: how long it may be is the affair of who reads the head */
static void
a_long_challenge_hides_none_behind_it(void **state)
{
	static const char *const longs[] = { "Negotiate %s", "Basic realm=\"%s\"", "Bearer realm=\"%s\"",
		"Bearer error=\"invalid_token\", error_description=\"%s\"", "Bearer error=\"%s\"",
		"DPoP error=%s, scope=x", "Bearer scope=\"%s\"", "Bearer resource_metadata=\"%s\"" };
	char filler[20000], value[24000];

	(void)state;
	for (size_t len = 1000; len < sizeof filler; len += 1501) {
		memset(filler, 'r', len);
		filler[len] = '\0';
		for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) {
			const char *at = strstr(longs[i], "%s");

			assert_true(text_format(value, sizeof value, "%.*s%s%s, " NONCE_WANTED, (int)(at - longs[i]),
			    longs[i], filler, at + 2));
			kept[0] = '\0';
			keep(value);
			assert_non_null(strstr(kept, NONCE_WANTED));
		}
	}
}

/* S146: what is of use and fills the room leaves some to the error of the next */
static void
many_details_leave_room_for_an_error(void **state)
{
	static const int lengths[] = { 2000, 1000, 500, 250, 125, 60, 30 }; /* without the names not quite SIZE */
	char filler[2000], value[2100];

	(void)state;
	memset(filler, 's', sizeof filler);
	kept[0] = '\0';
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		assert_true(text_format(value, sizeof value, "Bearer scope=\"%.*s\"", lengths[i], filler));
		keep(value);
	}
	keep(NONCE_WANTED);
	assert_non_null(strstr(kept, ", " NONCE_WANTED));
}

static void
there_is_an_end_to_it_and_nothing_is_cut_in_two(void **state)
{
	(void)state;
	kept[0] = '\0';
	for (size_t i = 0; i < 1000; i++)
		keep("DPoP error=\"use_dpop_nonce\", scope=\"a b c\"");
	assert_true(strlen(kept) > SIZE - 64);
	for (size_t i = 0; i < 100; i++)
		keep("Bearer error=\"invalid_token\"");
	for (const char *at = kept; at[0] != '\0'; at += strspn(at, ", ")) {
		static const char *const whole[] = { "DPoP", "Bearer", "error=\"use_dpop_nonce\"", "scope=\"a b c\"",
			"error=\"invalid_token\"" };
		size_t found = 0;

		for (size_t i = 0; i < sizeof whole / sizeof whole[0] && found == 0; i++) {
			if (strncmp(at, whole[i], strlen(whole[i])) == 0)
				found = strlen(whole[i]);
		}
		assert_int_not_equal(found, 0);
		at += found;
	}
}

/* S146: and so it comes to whoever collects a head, from several headers */
static void
a_head_is_searched_in_all_of_its_headers(void **state)
{
	char line[3000] = "WWW-Authenticate: Negotiate ";
	struct collect collect;

	(void)state;
	memset(line + strlen(line), 'r', sizeof line - strlen(line) - 1);
	line[sizeof line - 1] = '\0';
	assert_true(collect_init(&collect, "https://api.example/"));
	assert_true(collect_line(&collect, "HTTP/1.1 401 No\r\n", 17));
	assert_true(collect_line(&collect, line, strlen(line)));
	assert_true(collect_line(&collect, "www-authenticate: Bearer\r\n", 26));
	assert_true(collect_line(&collect, "WWW-Authenticate: " NONCE_WANTED "\r\n", 18 + strlen(NONCE_WANTED) + 2));
	assert_string_equal(collect.reply.challenge, "Bearer, " NONCE_WANTED);
	collect_clear(&collect);
}

int
run_challenge_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_vault_side_acts_upon_is_kept_as_it_was_sent),
		cmocka_unit_test(what_only_looks_like_a_challenge_is_none),
		cmocka_unit_test(a_long_challenge_hides_none_behind_it),
		cmocka_unit_test(many_details_leave_room_for_an_error),
		cmocka_unit_test(there_is_an_end_to_it_and_nothing_is_cut_in_two),
		cmocka_unit_test(a_head_is_searched_in_all_of_its_headers),
	};

	return cmocka_run_group_tests_name("challenges", tests, NULL, NULL);
}
