/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each .reply of tests/corpus/replies is one reply to a refresh that was sent at SENT_AT:
 *
 *   status: 200                      content-type:, retry-after:, date:, location: as in HTTP
 *   truncated: yes                   encoded: yes
 *   provider: slack                  a built-in definition, or members for a plain one: {"response":{...}}
 *
 *   the body as it came, after an empty line; with "trim: yes" without the final newline
 *
 * Its .expect has lines "field: value". A token, scope, complaint or error that it does not name must not be there.
 */
#include "oauth/tests.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define CORPUS      TESTS_DIR "/corpus/replies"
#define FILE_MAX    ((size_t)64 << 10)
#define CASES_LEAST 110

struct expectation {
	const char *name;
	const char *fallback; /* what it must be when the file does not name it; NULL: anything */
	const char *expected;
};

static char *
read_file(const char *name, const char *ending, size_t *ret_len)
{
	char path[512];
	char *text = calloc(1, FILE_MAX);
	FILE *file;

	assert_non_null(text);
	assert_true(text_format(path, sizeof(path), "%s/%s%s", CORPUS, name, ending));
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	*ret_len = fread(text, 1, FILE_MAX - 1, file);
	assert_true(*ret_len < FILE_MAX - 1);
	assert_int_equal(fclose(file), 0);
	return text;
}

/* Split "name: value" off the text in place; *text moves to the next line. */
static bool
next_line(char **text, char **ret_name, char **ret_value)
{
	char *line = *text;
	char *end = strchr(line, '\n');
	char *colon;

	if (end == NULL)
		return false;
	*end = '\0';
	*text = end + 1;
	if (*line == '\0')
		return false;
	colon = strstr(line, ": ");
	if (colon == NULL)
		fail_msg("not 'name: value': %s", line);
	*colon = '\0';
	*ret_name = line;
	*ret_value = colon + 2;
	return true;
}

static struct provider *
find_provider(const char *text)
{
	char members[2048];

	if (*text != '{')
		return provider_builtin(text);
	assert_true(text_format(members, sizeof(members), ",%s", text + 1));
	members[strlen(members) - 1] = '\0';
	return provider_with(members);
}

static void
set_header(struct http_reply *reply, struct provider **provider, bool *trim, const char *name, const char *value)
{
	if (strcmp(name, "status") == 0)
		reply->status = (int)strtol(value, NULL, 10);
	else if (strcmp(name, "content-type") == 0)
		(void)text_format(reply->content_type, sizeof(reply->content_type), "%s", value);
	else if (strcmp(name, "retry-after") == 0)
		(void)text_format(reply->retry_after, sizeof(reply->retry_after), "%s", value);
	else if (strcmp(name, "date") == 0)
		(void)text_format(reply->date, sizeof(reply->date), "%s", value);
	else if (strcmp(name, "location") == 0)
		(void)text_format(reply->location, sizeof(reply->location), "%s", value);
	else if (strcmp(name, "truncated") == 0)
		reply->truncated = true;
	else if (strcmp(name, "encoded") == 0)
		reply->encoded = true;
	else if (strcmp(name, "provider") == 0)
		*provider = find_provider(value);
	else if (strcmp(name, "trim") == 0)
		*trim = true;
	else
		fail_msg("unknown header %s", name);
}

static const char *
outcome_name(enum grant_outcome outcome)
{
	static const char *const names[] = { [GRANT_TOKENS] = "tokens",
		[GRANT_ENDED] = "ended",
		[GRANT_DENIED] = "denied",
		[GRANT_REJECTED] = "rejected",
		[GRANT_TEMPORARY] = "temporary",
		[GRANT_UNKNOWN] = "unknown" };

	return names[outcome];
}

static const char *
secret_text(const struct secret *secret)
{
	return secret_is_empty(secret) ? "" : (const char *)secret->data;
}

/* What a field of the judged reply is, as text. */
static void
describe(const struct token_reply *reply, const char *field, char *dst, size_t dst_size)
{
	const struct {
		const char *field;
		int64_t number;
	} numbers[] = {
		{ "expires_at", reply->expires_at },
		{ "life", reply->expires_in_s },
		{ "refresh_expires_at", reply->refresh_expires_at },
		{ "refresh_idle_end_at", reply->refresh_idle_end_at },
		{ "refresh_absolute_end_at", reply->refresh_absolute_end_at },
		{ "retry_after", reply->retry_after_s },
	};
	const struct {
		const char *field, *text;
	} texts[] = {
		{ "outcome", outcome_name(reply->outcome) },
		{ "access_token", secret_text(&reply->access_token) },
		{ "refresh_token", secret_text(&reply->refresh_token) },
		{ "token_type", reply->token_type },
		{ "usable", reply->usable ? "yes" : "no" },
		{ "scope", reply->scope_came ? reply->scope : "" },
		{ "complaint", reply->complaint },
		{ "error", reply->error },
		{ "description", reply->description },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].field, field) == 0) {
			(void)text_format(dst, dst_size, "%s", texts[i].text);
			return;
		}
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(numbers[i].field, field) == 0) {
			(void)text_format(dst, dst_size, "%lld", (long long)numbers[i].number);
			return;
		}
	}
	fail_msg("unknown field %s", field);
}

static void
compare(const char *name, char *text, const struct token_reply *reply)
{
	struct expectation fields[] = {
		{ "outcome", "?", NULL },
		{ "access_token", "", NULL },
		{ "refresh_token", "", NULL },
		{ "token_type", NULL, NULL },
		{ "usable", NULL, NULL },
		{ "scope", "", NULL },
		{ "complaint", "", NULL },
		{ "error", "", NULL },
		{ "description", NULL, NULL },
		{ "expires_at", NULL, NULL },
		{ "life", NULL, NULL },
		{ "refresh_expires_at", "-1", NULL },
		{ "refresh_idle_end_at", NULL, NULL },     /* S215: which of the two a member names */
		{ "refresh_absolute_end_at", NULL, NULL }, /* S211, S212 */
		{ "retry_after", "-1", NULL },
	};
	size_t count = sizeof(fields) / sizeof(fields[0]);
	char actual[8192];
	char *field = NULL, *value = NULL;

	while (next_line(&text, &field, &value)) {
		size_t i = 0;

		while (i < count && strcmp(fields[i].name, field) != 0)
			i++;
		if (i == count)
			fail_msg("%s: unknown field %s", name, field);
		fields[i].expected = value;
	}
	for (size_t i = 0; i < count; i++) {
		const char *expected = fields[i].expected != NULL ? fields[i].expected : fields[i].fallback;

		describe(reply, fields[i].name, actual, sizeof(actual));
		if (expected != NULL && strcmp(expected, actual) != 0)
			fail_msg("%s: %s is '%s' instead of '%s'", name, fields[i].name, actual, expected);
	}
	assert_int_equal(reply->refresh_token_came, !secret_is_empty(&reply->refresh_token));
	assert_true(!reply->usable || !secret_is_empty(&reply->access_token));
	assert_true(reply->usable || secret_is_empty(&reply->access_token) || reply->complaint[0] != '\0');
}

static void
assert_printable(const char *text)
{
	for (; *text != '\0'; text++)
		assert_true((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void
check_case(const char *name)
{
	struct http_reply reply = { .status = 0 };
	struct provider *provider = NULL;
	struct token_reply judged;
	size_t len, expected_len;
	char *text = read_file(name, ".reply", &len);
	char *expected = read_file(name, ".expect", &expected_len);
	char *rest = text, *field = NULL, *value = NULL;
	bool trim = false;

	while (next_line(&rest, &field, &value))
		set_header(&reply, &provider, &trim, field, value);
	if (provider == NULL)
		provider = provider_with("");
	len -= (size_t)(rest - text);
	if (trim && len != 0 && rest[len - 1] == '\n')
		len--;
	assert_true(secret_copy(rest, len, &reply.body));
	reply_judge(provider, &reply, SENT_AT, &judged);
	compare(name, expected, &judged);
	assert_printable(judged.complaint);
	assert_printable(judged.error);
	assert_printable(judged.description);
	assert_printable(judged.token_type);
	token_reply_clear(&judged);
	http_reply_clear(&reply);
	provider_free(provider);
	free(text);
	free(expected);
}

/* S017, S020, S021, S022, S024, S025, S026, S028, S031, S199 */
static void
every_reply_of_the_corpus_is_judged_as_its_expect_file_says(void **state)
{
	DIR *dir = opendir(CORPUS);
	const struct dirent *entry;
	int cases = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		char name[256];

		if (len <= 6 || strcmp(entry->d_name + len - 6, ".reply") != 0)
			continue;
		assert_true(text_format(name, sizeof(name), "%.*s", (int)(len - 6), entry->d_name));
		check_case(name);
		cases++;
	}
	(void)closedir(dir);
	assert_true(cases >= CASES_LEAST);
}

int
run_corpus_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reply_of_the_corpus_is_judged_as_its_expect_file_says),
	};

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
