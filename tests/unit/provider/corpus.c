/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each file of tests/corpus/definitions is one definition; its .expect is "ok" or a part of the message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "provider/tests.h"

#define CORPUS      TESTS_DIR "/corpus/definitions"
#define CASES_LEAST 100

static size_t
read_file(const char *name, const char *ending, char *dst, size_t dst_size)
{
	char path[512];
	size_t len;
	FILE *file;

	assert_true(text_format(path, sizeof(path), "%s/%s%s", CORPUS, name, ending));
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	len = fread(dst, 1, dst_size - 1, file);
	assert_true(len < dst_size - 1);
	assert_int_equal(fclose(file), 0);
	dst[len] = '\0';
	return len;
}

static void
check_case(const char *name, char *text, size_t text_size)
{
	struct larder_error error = { .code = LARDER_OK };
	struct provider *provider = NULL;
	size_t len = read_file(name, ".json", text, text_size);
	enum larder_code code = definition_parse(text, len, "corpus", &provider, &error);
	char expected[256];

	(void)read_file(name, ".expect", expected, sizeof(expected));
	expected[strcspn(expected, "\n")] = '\0';
	if (strcmp(expected, "ok") == 0) {
		if (code != LARDER_OK)
			fail_msg("%s: %s", name, error.why);
		provider_free(provider);
		return;
	}
	if (code != LARDER_USAGE || provider != NULL)
		fail_msg("%s: accepted, but should say: %s", name, expected);
	if (strncmp(error.why, "corpus: ", 8) != 0 || strstr(error.why, expected) == NULL)
		fail_msg("%s: says \"%s\" instead of \"%s\"", name, error.why, expected);
	for (const char *at = error.why; *at != '\0'; at++)
		assert_true((unsigned char)*at >= 0x20);
}

static void
every_definition_of_the_corpus_is_judged_as_its_expect_file_says(void **state)
{
	size_t text_size = DEFINITION_MAX + 2;
	char *text = malloc(text_size);
	DIR *dir = opendir(CORPUS);
	const struct dirent *entry;
	int cases = 0;

	(void)state;
	assert_non_null(text);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		char name[256];

		if (len <= 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		assert_true(text_format(name, sizeof(name), "%.*s", (int)(len - 5), entry->d_name));
		check_case(name, text, text_size);
		cases++;
	}
	(void)closedir(dir);
	free(text);
	assert_true(cases >= CASES_LEAST);
}

int
run_corpus_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_definition_of_the_corpus_is_judged_as_its_expect_file_says),
	};

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
