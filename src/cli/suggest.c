/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suggest.h"

#include <string.h>

#define WORD_MAX  32 /* bytes; longer words get no suggestion */
#define SLIPS_MAX 2

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Insertions, deletions and replacements between two short words (Wagner and Fischer, one row). */
static unsigned
slips(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < a_len; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < b_len; j++) {
			unsigned above = row[j + 1];

			row[j + 1] = least(above + 1, row[j] + 1, corner + (a[i] == b[j] ? 0 : 1));
			corner = above;
		}
	}
	return row[b_len];
}

static const char *
nearer(const char *best, unsigned *best_slips, const char *word, size_t len, const char *candidate)
{
	size_t candidate_len = strlen(candidate);
	unsigned count;

	if (len > WORD_MAX || candidate_len > WORD_MAX)
		return best;
	count = slips(word, len, candidate, candidate_len);
	if (count > SLIPS_MAX || count >= candidate_len || count >= *best_slips)
		return best;
	*best_slips = count;
	return candidate;
}

const char *
suggest_command(const struct command *parent, const char *word)
{
	const char *best = NULL;
	unsigned best_slips = SLIPS_MAX + 1;

	for (const struct command *const *at = parent == NULL ? commands : parent->subcommands; *at != NULL; at++)
		best = nearer(best, &best_slips, word, strlen(word), (*at)->name);
	return best;
}

const char *
suggest_option(const struct option *options, const char *name, size_t name_len)
{
	const char *best = NULL;
	unsigned best_slips = SLIPS_MAX + 1;

	for (; options != NULL && options->name != NULL; options++)
		best = nearer(best, &best_slips, name, name_len, options->name);
	for (options = global_options; options->name != NULL; options++)
		best = nearer(best, &best_slips, name, name_len, options->name);
	return best;
}
