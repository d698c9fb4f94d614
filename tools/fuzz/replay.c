/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each file of the folders named, given to a target once: every compiler builds the targets this way, and the tests
 * live through the corpus in every configuration. Looking for more is libFuzzer's work (CMakeLists.txt).
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static bool
replay(const char *path)
{
	static uint8_t input[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t len;
	bool whole;

	if (file == NULL)
		return false;
	len = fread(input, 1, sizeof(input), file);
	whole = feof(file) != 0;
	(void)fclose(file);
	if (!whole)
		return false;
	(void)LLVMFuzzerTestOneInput(input, len);
	return true;
}

int
main(int argc, char *argv[])
{
	char path[PATH_MAX];
	int count = 0;

	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		struct dirent *entry;

		if (folder == NULL) {
			fprintf(stderr, "%s cannot be read\n", argv[i]);
			return EXIT_FAILURE;
		}
		while ((entry = readdir(folder)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			(void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			if (!replay(path)) {
				fprintf(stderr, "%s cannot be read whole\n", path);
				return EXIT_FAILURE;
			}
			count++;
		}
		(void)closedir(folder);
	}
	printf("%d inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
