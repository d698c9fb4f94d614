/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Good replies, broken in every place: whatever arrives, no refresh token is made up.
 */
#include "oauth/tests.h"

#define GOOD_TOKEN "8xLOxBtZp8.r+e/f=="

static const char good_json[] = "{\"access_token\":\"2YotnFZFEjr1zCsicMWpAA\",\"token_type\":\"Bearer\","
				"\"expires_in\":3600,\"refresh_token\":\"" GOOD_TOKEN "\",\"scope\":\"a b\"}";
static const char good_form[] =
    "access_token=2YotnFZFEjr1zCsicMWpAA&refresh_token=8xLOxBtZp8.r%2Be%2Ff%3D%3D&expires_in=3600";

static void
judge(const struct provider *provider, const char *text, size_t len, bool truncated, struct token_reply *ret)
{
	struct http_reply reply = a_reply(200, text, len);

	reply.truncated = truncated;
	reply_judge(provider, &reply, SENT_AT, ret);
	http_reply_clear(&reply);
}

static bool
is_good(const struct token_reply *reply)
{
	return reply->refresh_token.len == strlen(GOOD_TOKEN) &&
	    memcmp(reply->refresh_token.data, GOOD_TOKEN, reply->refresh_token.len) == 0;
}

static void
a_json_reply_cut_at_any_byte_gives_the_whole_refresh_token_or_none(void **state)
{
	struct provider *provider = provider_with("");
	const char *end = strstr(good_json, GOOD_TOKEN "\"");
	size_t whole_from = (size_t)(end - good_json) + strlen(GOOD_TOKEN) + 1;

	(void)state;
	for (size_t len = 0; len < sizeof(good_json) - 1; len++) {
		struct token_reply reply;

		judge(provider, good_json, len, true, &reply);
		assert_int_equal(reply.outcome, GRANT_UNKNOWN);
		assert_false(reply.usable);
		assert_null(reply.access_token.data);
		assert_int_equal(reply.refresh_token_came, len >= whole_from);
		if (reply.refresh_token_came)
			assert_true(is_good(&reply));
		else
			assert_null(reply.refresh_token.data);
		token_reply_clear(&reply);
	}
	provider_free(provider);
}

static void
a_form_reply_cut_at_any_byte_gives_the_whole_refresh_token_or_none(void **state)
{
	struct provider *provider = provider_with("");
	size_t whole_from = (size_t)(strstr(good_form, "&expires") - good_form) + 1;

	(void)state;
	for (size_t len = 0; len <= sizeof(good_form) - 1; len++) {
		struct token_reply reply;

		judge(provider, good_form, len, true, &reply);
		assert_int_equal(reply.outcome, GRANT_UNKNOWN);
		assert_int_equal(reply.refresh_token_came, len >= whole_from);
		if (reply.refresh_token_came)
			assert_true(is_good(&reply));
		token_reply_clear(&reply);
	}
	provider_free(provider);
}

/* A byte inside the token's own value can only be believed; a change anywhere else must not reach the token. */
static void
assert_not_invented(const struct token_reply *reply, const char *text, size_t at, bool in_value)
{
	assert_int_equal(reply->refresh_token_came, !secret_is_empty(&reply->refresh_token));
	if (!reply->refresh_token_came || is_good(reply) || in_value)
		return;
	fail_msg("byte %zu of %s made up '%s'", at, text, (const char *)reply->refresh_token.data);
}

static void
no_changed_byte_makes_up_a_refresh_token(void **state)
{
	struct provider *provider = provider_with("");
	size_t value_from = (size_t)(strstr(good_json, GOOD_TOKEN) - good_json);
	size_t value_to = value_from + strlen(GOOD_TOKEN);
	char text[sizeof(good_json)];

	(void)state;
	for (size_t at = 0; at < sizeof(good_json) - 1; at++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			struct token_reply reply;

			memcpy(text, good_json, sizeof(text));
			text[at] = (char)((unsigned char)text[at] ^ flip);
			judge(provider, text, sizeof(text) - 1, false, &reply);
			assert_not_invented(&reply, text, at, at >= value_from && at < value_to);
			assert_int_not_equal(reply.outcome, GRANT_ENDED);
			token_reply_clear(&reply);
		}
	}
	provider_free(provider);
}

static void
no_changed_byte_of_a_form_harms(void **state)
{
	struct provider *provider = provider_with("");
	char text[sizeof(good_form)];

	(void)state;
	for (size_t at = 0; at < sizeof(good_form) - 1; at++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			struct token_reply reply;

			memcpy(text, good_form, sizeof(text));
			text[at] = (char)((unsigned char)text[at] ^ flip);
			judge(provider, text, sizeof(text) - 1, false, &reply);
			assert_int_not_equal(reply.outcome, GRANT_ENDED);
			assert_int_equal(reply.refresh_token_came, !secret_is_empty(&reply.refresh_token));
			token_reply_clear(&reply);
		}
	}
	provider_free(provider);
}

/* S027 */
static void
tokens_of_64_kib_come_through_whole_and_longer_ones_do_not(void **state)
{
	struct provider *provider = provider_with("");

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		struct buf text = BUF_INIT((size_t)256 << 10);
		struct token_reply reply;

		(void)buf_append_str(&text, "{\"token_type\":\"bearer\",\"access_token\":\"");
		for (size_t i = 0; i < TOKEN_MAX; i++)
			(void)buf_append_byte(&text, (uint8_t)('a' + i % 26));
		(void)buf_append_str(&text, "\",\"refresh_token\":\"");
		for (size_t i = 0; i < TOKEN_MAX + extra; i++)
			(void)buf_append_byte(&text, (uint8_t)('0' + i % 10));
		(void)buf_append_str(&text, "\"}");
		assert_false(text.failed);
		judge(provider, buf_str(&text), text.len, false, &reply);
		assert_int_equal(reply.outcome, GRANT_TOKENS);
		assert_true(reply.usable);
		assert_int_equal(reply.access_token.len, TOKEN_MAX);
		assert_int_equal(reply.refresh_token_came, extra == 0);
		assert_int_equal(reply.refresh_token.len, extra == 0 ? TOKEN_MAX : 0);
		assert_string_equal(reply.complaint, extra == 0 ? "" : "refresh_token is longer than 64 KiB");
		token_reply_clear(&reply);
		buf_clear(&text);
	}
	provider_free(provider);
}

static void
hostile_bulk_is_refused_quickly(void **state)
{
	struct provider *provider = provider_with("");
	static const char *const units[] = { "[", "{\"a\":", "\"a\":", "{\"refresh_token\":\"", "a=b&", "&", "\\\"",
		"\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct buf text = BUF_INIT(HTTP_REPLY_MAX);
		struct token_reply reply;

		if (units[i][0] != '{' && units[i][0] != '[')
			(void)buf_append_str(&text, i % 2 == 0 ? "{" : "error=x&");
		while (text.len + 20 < HTTP_REPLY_MAX)
			(void)buf_append_str(&text, units[i]);
		judge(provider, buf_str(&text), text.len, false, &reply);
		assert_int_not_equal(reply.outcome, GRANT_TOKENS);
		assert_int_not_equal(reply.outcome, GRANT_ENDED);
		assert_false(reply.refresh_token_came);
		token_reply_clear(&reply);
		buf_clear(&text);
	}
	provider_free(provider);
}

static void
nothing_stays_in_locked_memory_after_a_reply(void **state)
{
	struct provider *provider = provider_with("");
	struct token_reply reply;
	size_t before, after, mapped;

	(void)state;
	arena_usage(&before, &mapped);
	judge(provider, good_json, sizeof(good_json) - 1, false, &reply);
	assert_true(is_good(&reply));
	token_reply_clear(&reply);
	assert_null(reply.access_token.data);
	judge(provider, good_json, sizeof(good_json) - 2, false, &reply);
	token_reply_clear(&reply);
	judge(provider, good_form, sizeof(good_form) - 1, false, &reply);
	assert_int_equal(reply.outcome, GRANT_TOKENS);
	token_reply_clear(&reply);
	arena_usage(&after, &mapped);
	assert_int_equal(before, after);
	provider_free(provider);
}

/* Blocks of the arena until it gives none of their size any more, in a list through their first bytes. */
static void *
exhaust(void)
{
	void *first = NULL, **block;

	for (size_t size = (size_t)1 << 20; size >= 16; size /= 2) {
		while ((block = arena_alloc(size)) != NULL) {
			*block = first;
			first = block;
		}
	}
	return first;
}

static void
without_memory_a_reply_is_not_judged(void **state)
{
	struct provider *provider = provider_with("");
	struct http_reply http = a_reply(200, good_json, sizeof(good_json) - 1);
	struct token_reply reply;
	void *blocks = exhaust();

	(void)state;
	reply_judge(provider, &http, SENT_AT, &reply);
	assert_true(reply.starved);
	token_reply_clear(&reply);
	while (blocks != NULL) {
		void *next = *(void **)blocks;

		arena_free(blocks);
		blocks = next;
	}
	reply_judge(provider, &http, SENT_AT, &reply);
	assert_false(reply.starved);
	assert_true(is_good(&reply));
	token_reply_clear(&reply);
	http_reply_clear(&http);
	provider_free(provider);
}

int
run_damage_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_json_reply_cut_at_any_byte_gives_the_whole_refresh_token_or_none),
		cmocka_unit_test(a_form_reply_cut_at_any_byte_gives_the_whole_refresh_token_or_none),
		cmocka_unit_test(no_changed_byte_makes_up_a_refresh_token),
		cmocka_unit_test(no_changed_byte_of_a_form_harms),
		cmocka_unit_test(tokens_of_64_kib_come_through_whole_and_longer_ones_do_not),
		cmocka_unit_test(hostile_bulk_is_refused_quickly),
		cmocka_unit_test(without_memory_a_reply_is_not_judged),
		cmocka_unit_test(nothing_stays_in_locked_memory_after_a_reply),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
