/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in a JSON reply that is otherwise sound: a description cut in the middle of a character, in another encoding,
 * with raw line breaks or a NUL. Only for replies of which nothing but the error is taken.
 */
#ifndef OAUTH_MEND_H
#define OAUTH_MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

/*
 * Copy a JSON text and replace what a strict reader refuses inside of its strings: an escaped NUL by U+FFFD, control
 * bytes and bytes that are no UTF-8 by '?'. Its length stays. false: there was nothing to replace, or no memory; *ret
 * is then untouched. The caller frees it.
 */
bool mend_strings(const char *text, size_t len, struct secret *ret);

#endif
