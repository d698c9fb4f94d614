/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether bytes are one JSON value by RFC 8259 and within our limits. Linear in the length (names of an object are
 * sorted by a hash), no recursion, builds nothing. Used by json.c only.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_NUMBER_MAX 63 /* bytes of a number; cJSON reads no more */

/* false: refused; why says what, at which byte and line. */
bool json_scan(const char *data, size_t len, unsigned depth_max, char *why, size_t why_size);

#endif
