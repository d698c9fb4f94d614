/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/challenge.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define RESERVE   ((size_t)512) /* bytes that are for schemes and errors alone */
#define ERROR_MAX ((size_t)128) /* bytes of an error, which is a word */

static const char *const schemes[] = { "Bearer", "DPoP", NULL };
static const char *const details[] = { "resource_metadata", "scope", NULL };
static const char *const errors[] = { "error", NULL };

struct span {
	const char *at;
	size_t len;
};

struct reader {
	const char *at, *end;
};

static bool
is_one_of(struct span word, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strlen(*words) == word.len && strncasecmp(*words, word.at, word.len) == 0)
			return true;
	}
	return false;
}

static bool
is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void
skip(struct reader *reader, const char *set)
{
	while (reader->at < reader->end && is_in(*reader->at, set))
		reader->at++;
}

/* Up to one of a set of characters. */
static struct span
read_until(struct reader *reader, const char *set)
{
	struct span found = { reader->at, 0 };

	while (reader->at < reader->end && !is_in(*reader->at, set))
		reader->at++;
	found.len = (size_t)(reader->at - found.at);
	return found;
}

/* A word, or a quoted string with its quotes; empty for one that does not end. */
static struct span
read_value(struct reader *reader)
{
	struct span value = { reader->at, 0 };

	if (reader->at == reader->end || *reader->at != '"')
		return read_until(reader, " \t,");
	for (reader->at++; reader->at < reader->end && *reader->at != '"'; reader->at++) {
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
	}
	if (reader->at == reader->end)
		return value;
	value.len = (size_t)(++reader->at - value.at);
	return value;
}

static void
append(char *dst, const char *text, size_t len)
{
	size_t used = strlen(dst);

	memcpy(dst + used, text, len);
	dst[used + len] = '\0';
}

static bool
keep_scheme(char *dst, size_t dst_size, struct span scheme)
{
	size_t used = strlen(dst);

	if (used + 2 + scheme.len >= dst_size)
		return false;
	if (used > 0)
		append(dst, ", ", 2);
	append(dst, scheme.at, scheme.len);
	return true;
}

/* " name=value" behind the scheme, ", name=value" behind another. */
static bool
keep_parameter(char *dst, size_t dst_size, struct span name, struct span value, bool is_first)
{
	size_t room = dst_size - strlen(dst);
	bool is_error = is_one_of(name, errors);

	if (value.len == 0 || memchr(value.at, '\0', value.len) != NULL)
		return false;
	if (is_error ? value.len > ERROR_MAX : room <= RESERVE || !is_one_of(name, details))
		return false;
	if (name.len + value.len + 3 >= room - (is_error ? 0 : RESERVE))
		return false;
	if (!is_first)
		append(dst, ",", 1);
	append(dst, " ", 1);
	append(dst, name.at, name.len);
	append(dst, "=", 1);
	append(dst, value.at, value.len);
	return true;
}

/* A word that no "=" follows names the scheme of what comes next. */
void
challenge_keep(char *dst, size_t dst_size, const char *value, size_t len)
{
	struct reader reader = { value, value + len };
	bool is_ours = false, is_first = false;
	struct span word, what;

	for (skip(&reader, " \t,"); reader.at < reader.end; skip(&reader, " \t,")) {
		if (*reader.at == '"') { /* of nobody: what stands in it is no challenge */
			(void)read_value(&reader);
			continue;
		}
		word = read_until(&reader, " \t,=");
		skip(&reader, " \t");
		if (reader.at < reader.end && *reader.at == '=') {
			reader.at++;
			skip(&reader, " \t");
			what = read_value(&reader);
			if (is_ours && keep_parameter(dst, dst_size, word, what, is_first))
				is_first = false;
		} else {
			is_ours = is_one_of(word, schemes) && keep_scheme(dst, dst_size, word);
			is_first = true;
		}
	}
}
