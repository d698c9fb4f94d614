/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/corpus/json: NAME.json is read as the file NAME.expect says: "accepted", or a part of the reason.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/support.h"

#define CORPUS TESTS_DIR "/corpus/json"

static void
load(const char *name, const char *ending, struct buf *ret)
{
	struct larder_error error;
	char path[512];

	(void)snprintf(path, sizeof(path), CORPUS "/%s.%s", name, ending);
	if (file_read(path, ret, &error) != LARDER_OK)
		fail_msg("%s: %s", path, error.why);
}

static void
check(const char *name)
{
	struct buf text = BUF_INIT(JSON_BYTES_MAX), expect = BUF_INIT(200);
	char why[TEXT_MAX] = "";
	struct cJSON *json;

	load(name, "json", &text);
	load(name, "expect", &expect);
	assert_true(expect.len > 1 && expect.data[expect.len - 1] == '\n');
	expect.data[--expect.len] = '\0';
	json = json_parse(buf_str(&text), text.len, JSON_DEPTH_MAX, why, sizeof(why));
	if (strcmp(buf_str(&expect), "accepted") == 0 ? json == NULL : json != NULL)
		fail_msg("%s is %s %s", name, json == NULL ? "refused:" : "accepted", why);
	if (json == NULL && strstr(why, buf_str(&expect)) == NULL)
		fail_msg("%s is refused for another reason: %s", name, why);
	json_free(json);
	buf_clear(&text);
	buf_clear(&expect);
}

static void
every_file_of_the_corpus_is_read_as_it_says(void **state)
{
	DIR *directory = opendir(CORPUS);
	const struct dirent *entry;
	int count = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		char name[256];
		char *ending;

		(void)snprintf(name, sizeof(name), "%s", entry->d_name);
		ending = strstr(name, ".json");
		if (ending == NULL)
			continue;
		*ending = '\0';
		check(name);
		count++;
	}
	(void)closedir(directory);
	assert_true(count >= 40);
}

int
run_json_corpus_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_of_the_corpus_is_read_as_it_says),
	};

	return cmocka_run_group_tests_name("json corpus", tests, NULL, NULL);
}
