/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans of time as people write them: 90, 90s, 5m, 8h, 30d. No clock here.
 */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_UNKNOWN   (-1)                        /* for ..._at fields: not known */
#define DURATION_MAX_S ((int64_t)10 * 366 * 86400) /* longest accepted span */

/* Parse text to seconds, 0 to DURATION_MAX_S. false: not of that form or too long; *ret_s untouched. */
bool duration_parse(const char *text, int64_t *ret_s);

/* "1 h 5 min", "59 s", "12 d": for people. Returns dst. */
const char *duration_format(char *dst, size_t dst_size, int64_t span_s);

#endif
