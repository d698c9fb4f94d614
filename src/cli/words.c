/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum larder_code
words_joined(const struct args *args, const char *option, char **ret, struct larder_error *ret_error)
{
	size_t len = 0, at = 0;
	const char *word;
	char *words;

	for (size_t i = 0; (word = args_nth(args, option, i)) != NULL; i++)
		len += strlen(word) + 1;
	*ret = NULL;
	if (len == 0)
		return LARDER_OK;
	words = malloc(len);
	if (words == NULL)
		return error_no_memory(ret_error);
	for (size_t i = 0; (word = args_nth(args, option, i)) != NULL; i++) {
		size_t word_len = strlen(word);

		memcpy(words + at, word, word_len);
		at += word_len;
		words[at++] = ' ';
	}
	words[len - 1] = '\0';
	*ret = words;
	return LARDER_OK;
}

void
words_free(char *words)
{
	free(words);
}
