/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/mend.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

static const char nul[] = "\\u0000", replacement[] = "\\ufffd";

#define ESCAPE_LEN (sizeof(nul) - 1)

_Static_assert(sizeof(nul) == sizeof(replacement), "one is written over the other");

/* At a backslash: how far the escape goes, as far as that matters for finding the end of the string. */
static size_t
mend_escape(char *at, size_t left, bool *ret_changed)
{
	if (left >= ESCAPE_LEN && memcmp(at, nul, ESCAPE_LEN) == 0) {
		memcpy(at, replacement, ESCAPE_LEN);
		*ret_changed = true;
		return ESCAPE_LEN;
	}
	return left < 2 ? left : 2;
}

static size_t
mend_character(char *at, size_t left, bool *ret_changed)
{
	uint32_t c = 0;
	size_t len = text_utf8_next(at, left, &c);

	if (len != 0 && c >= 0x20)
		return len;
	*at = '?';
	*ret_changed = true;
	return 1;
}

bool
mend_strings(const char *text, size_t len, struct secret *ret)
{
	struct secret copy = SECRET_INIT;
	bool inside = false, changed = false;

	if (!secret_copy(text, len, &copy))
		return false;
	for (size_t i = 0; i < len;) {
		char *at = (char *)copy.data + i;

		if (*at == '"') {
			inside = !inside;
			i++;
		} else if (!inside) {
			i++;
		} else {
			i += *at == '\\' ? mend_escape(at, len - i, &changed) : mend_character(at, len - i, &changed);
		}
	}
	if (!changed) {
		secret_free(&copy);
		return false;
	}
	*ret = copy;
	return true;
}
