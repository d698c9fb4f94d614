/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each file of tests/corpus/metadata is what an issuer says about itself. Its .expect begins with a part of the message,
 * or with "ok" and then says of members of the definition what they are: path=JSON, "-" for none. The beginning of the
 * name says who was asked: local- an issuer on this machine, private- one in a private network, mcp- one that a
 * resource named, accepted- one that a person trusts all the same.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "oauth/metadata.h"
#include "oauth/tests.h"
#include "provider/definition.h"

#define FOLDER TESTS_DIR "/corpus/metadata/"

static size_t
read_file(const char *name, const char *ending, char *dst, size_t size)
{
	char path[1024];
	FILE *file;
	size_t len;

	assert_true(text_format(path, sizeof(path), FOLDER "%.*s%s", (int)(strlen(name) - 5), name, ending));
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is missing", path);
	len = fread(dst, 1, size - 1, file);
	(void)fclose(file);
	dst[len] = '\0';
	return len;
}

static bool
begins(const char *name, const char *word)
{
	return strncmp(name, word, strlen(word)) == 0;
}

static struct metadata_source
source_of(const char *name)
{
	bool local = begins(name, "local-");

	return (struct metadata_source){
		.issuer = local ? "http://127.0.0.1:9000" : "https://issuer.example",
		.document = local ? "http://127.0.0.1:9000/doc" : "https://issuer.example/doc",
		.id = "issuer.example",
		.discovered_at = 1700000000,
		.insecure_loopback = local,
		.public_only = !local && !begins(name, "private-"),
		.accepts_no_s256 = begins(name, "accepted-"),
		.needs_s256 = begins(name, "mcp-"),
	};
}

/* One line "path=JSON" against the definition. */
static void
check_member(const char *name, const cJSON *definition, char *line)
{
	char *wanted = strchr(line, '=');
	const cJSON *item;
	char *found;

	if (line[0] == '#' || line[0] == '\0')
		return;
	assert_non_null(wanted);
	*wanted++ = '\0';
	item = json_get(definition, line);
	if (item == NULL) {
		if (strcmp(wanted, "-") != 0)
			fail_msg("%s: %s is missing", name, line);
		return;
	}
	found = cJSON_PrintUnformatted(item);
	assert_non_null(found);
	if (strcmp(found, wanted) != 0)
		fail_msg("%s: %s is %s, not %s", name, line, found, wanted);
	free(found);
}

static void
check_definition(const char *name, const struct buf *text, char *expected)
{
	char why[128], *rest = NULL;
	cJSON *definition = json_parse(buf_str(text), text->len, JSON_DEPTH_MAX, why, sizeof(why));

	assert_non_null(definition);
	for (char *line = strtok_r(expected, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		check_member(name, definition, line);
	json_free(definition);
}

static void
check_file(const char *name)
{
	static char document[JSON_BYTES_MAX], expected[4096];
	size_t len = read_file(name, ".json", document, sizeof(document));
	struct metadata_source source = source_of(name);
	struct buf text = BUF_INIT(DEFINITION_MAX);
	struct larder_error error = { .code = LARDER_OK };
	struct provider *provider = NULL;
	enum larder_code code;

	(void)read_file(name, ".expect", expected, sizeof(expected));
	code = metadata_read(&source, document, len, &text, &error);
	if (begins(expected, "ok\n")) {
		if (code != LARDER_OK)
			fail_msg("%s: %s", name, error.why);
		assert_int_equal(definition_parse(buf_str(&text), text.len, name, &provider, &error), LARDER_OK);
		check_definition(name, &text, expected + 3);
		provider_free(provider);
	} else {
		expected[strcspn(expected, "\n")] = '\0';
		if (code == LARDER_OK)
			fail_msg("%s: taken, but should say: %s", name, expected);
		if (strstr(error.why, expected) == NULL)
			fail_msg("%s: says \"%s\" instead of \"%s\"", name, error.why, expected);
		assert_int_equal(text.len, 0);
	}
	buf_clear(&text);
}

/* S072 to S080, S196, S234; H123, H128 to H130, I138. */
static void
every_document_of_the_corpus_is_judged_as_its_expect_file_says(void **state)
{
	DIR *dir = opendir(FOLDER);
	const struct dirent *entry;
	int count = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0) {
			check_file(entry->d_name);
			count++;
		}
	}
	(void)closedir(dir);
	assert_true(count > 60);
}

static struct http_reply
reply_of(int status, const char *type)
{
	struct http_reply reply = { .status = status };

	(void)text_format(reply.content_type, sizeof(reply.content_type), "%s", type);
	return reply;
}

/* S072, S083, H119, H124 */
static void
only_a_whole_json_reply_with_status_200_is_read(void **state)
{
	static const struct {
		int status;
		const char *type;
		enum larder_code code;
	} cases[] = {
		{ 200, "application/json", LARDER_OK },
		{ 200, "application/json;charset=UTF-8", LARDER_OK },
		{ 200, "Application/JSON ; x=y", LARDER_OK },
		{ 200, "application/jsonp", LARDER_NOT_FOUND },
		{ 200, "text/html", LARDER_NOT_FOUND },
		{ 200, "", LARDER_NOT_FOUND },
		{ 404, "application/json", LARDER_NOT_FOUND },
		{ 401, "application/json", LARDER_NOT_FOUND },
		{ 206, "application/json", LARDER_NOT_FOUND },
		{ 301, "application/json", LARDER_DENIED },
		{ 307, "", LARDER_DENIED },
		{ 429, "", LARDER_UNAVAILABLE },
		{ 500, "application/json", LARDER_UNAVAILABLE },
	};
	struct larder_error error;
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reply = reply_of(cases[i].status, cases[i].type);
		assert_int_equal(metadata_check_reply(&reply, &error), cases[i].code);
	}
	reply = reply_of(200, "application/json");
	reply.truncated = true;
	assert_int_equal(metadata_check_reply(&reply, &error), LARDER_UNAVAILABLE);
	reply = reply_of(200, "application/json");
	reply.encoded = true;
	assert_int_equal(metadata_check_reply(&reply, &error), LARDER_UNAVAILABLE);
}

struct told {
	char text[2048];
	int asks, count;
};

static void
note(void *ctx, const struct metadata_change *change)
{
	struct told *told = ctx;
	size_t len = strlen(told->text);

	told->count++;
	told->asks += change->asks ? 1 : 0;
	(void)text_format(told->text + len, sizeof(told->text) - len, "%s%s=%s>%s\n", change->asks ? "!" : "",
	    change->what, change->before, change->after);
}

static struct provider *
pinned(const char *endpoints, const char *members)
{
	char text[2048];
	struct larder_error error;
	struct provider *provider = NULL;

	assert_true(text_format(text, sizeof(text),
	    "{\"id\":\"x\",\"issuer\":\"https://as.example\",\"endpoints\":{%s}%s}", endpoints, members));
	if (definition_parse(text, strlen(text), "test", &provider, &error) != LARDER_OK)
		fail_msg("%s", error.why);
	return provider;
}

#define TOKEN "\"token\":\"https://as.example/token\""

static void
assert_change(
    const char *before, const char *before_members, const char *after, const char *after_members, const char *expected)
{
	struct provider *old = pinned(before, before_members), *new = pinned(after, after_members);
	struct told told = { .text = "" };

	metadata_compare(old, new, note, &told);
	assert_string_equal(told.text, expected);
	provider_free(old);
	provider_free(new);
}

/* S082, H130 */
static void
an_endpoint_that_moves_to_a_new_origin_asks(void **state)
{
	(void)state;
	assert_change(TOKEN, "", TOKEN, "", "");
	assert_change(TOKEN, "", "\"token\":\"https://as.example/t2\"", "",
	    "endpoints.token=https://as.example/token>https://as.example/t2\n");
	assert_change(TOKEN, "", "\"token\":\"https://evil.example/token\"", "",
	    "!endpoints.token=https://as.example/token>https://evil.example/token\n");
	assert_change(TOKEN, "", "\"token\":\"https://as.example:8443/token\"", "",
	    "!endpoints.token=https://as.example/token>https://as.example:8443/token\n");
	assert_change(TOKEN, "", "\"token\":\"https://AS.example:443/token\"", "",
	    "endpoints.token=https://as.example/token>https://AS.example:443/token\n");
	assert_change(TOKEN, "", TOKEN ",\"revocation\":\"https://as.example/r\"", "",
	    "endpoints.revocation=>https://as.example/r\n");
	assert_change(TOKEN, "", TOKEN ",\"revocation\":\"https://evil.example/r\"", "",
	    "!endpoints.revocation=>https://evil.example/r\n");
	assert_change(TOKEN ",\"revocation\":\"https://as.example/r\"", "", TOKEN, "",
	    "endpoints.revocation=https://as.example/r>\n");
	assert_change("\"token\":\"https://as.example/token\"", ",\"insecure_loopback\":true",
	    "\"token\":\"http://127.0.0.1/token\"", ",\"insecure_loopback\":true",
	    "!endpoints.token=https://as.example/token>http://127.0.0.1/token\n");
}

static void
assert_first(const char *token, const char *expected)
{
	char endpoints[256];
	struct told told = { .text = "" };
	struct provider *made;

	assert_true(text_format(endpoints, sizeof(endpoints), "\"token\":\"%s\"", token));
	made = pinned(endpoints, "");
	metadata_judge_first(made, note, &told);
	assert_string_equal(told.text, expected);
	provider_free(made);
}

/* H130 */
static void
at_first_only_the_host_of_the_issuer_goes_without_saying(void **state)
{
	(void)state;
	assert_first("https://as.example/token", "");
	assert_first("https://AS.example:443/token", "");
	assert_first("https://tokens.as.example:8443/token", "");
	assert_first("https://as.example:8443/token", "!endpoints.token=>https://as.example:8443/token\n");
	assert_first("https://evilas.example/token", "!endpoints.token=>https://evilas.example/token\n");
	assert_first("https://as.example.evil/token", "!endpoints.token=>https://as.example.evil/token\n");
	assert_first("https://example/token", "!endpoints.token=>https://example/token\n");
}

/* I137, I138 */
static void
less_protection_than_before_asks_and_more_does_not(void **state)
{
	(void)state;
	assert_change(TOKEN, ",\"pkce\":\"supported\"", TOKEN, "", "!pkce S256=yes>no\n");
	assert_change(TOKEN, "", TOKEN, ",\"pkce\":\"supported\"", "pkce S256=no>yes\n");
	assert_change(TOKEN, ",\"iss_in_response\":true", TOKEN, "", "!iss_in_response=yes>no\n");
	assert_change(TOKEN, ",\"public_only\":true", TOKEN, "", "!public_only=yes>no\n");
	assert_change(TOKEN, ",\"token_auth_methods\":[\"private_key_jwt\",\"none\"]", TOKEN,
	    ",\"token_auth_methods\":[\"none\"]", "token_auth_methods=private_key_jwt>\n");
}

static void
what_people_added_to_a_definition_stays(void **state)
{
	static const char old[] =
	    "{\"id\":\"x\",\"api_hosts\":[\"api.example\"],\"pkce\":\"supported\",\"rotation\":{}}";
	struct buf text = BUF_INIT(DEFINITION_MAX);

	(void)state;
	assert_true(buf_append_str(&text, "{\"id\":\"x\",\"rotation\":{\"kind\":\"always\"}}"));
	assert_true(metadata_keep_own(old, sizeof(old) - 1, &text));
	assert_non_null(strstr(buf_str(&text), "api.example"));
	assert_non_null(strstr(buf_str(&text), "always"));
	assert_null(strstr(buf_str(&text), "pkce")); /* what discovery no longer finds goes */
	buf_clear(&text);
}

int
run_metadata_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_of_the_corpus_is_judged_as_its_expect_file_says),
		cmocka_unit_test(only_a_whole_json_reply_with_status_200_is_read),
		cmocka_unit_test(an_endpoint_that_moves_to_a_new_origin_asks),
		cmocka_unit_test(at_first_only_the_host_of_the_issuer_goes_without_saying),
		cmocka_unit_test(less_protection_than_before_asks_and_more_does_not),
		cmocka_unit_test(what_people_added_to_a_definition_stays),
	};

	return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
