/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader over cJSON. Before cJSON sees the bytes a linear scan refuses what it would let through or what
 * would hurt it: more than JSON_BYTES_MAX, depth over the limit, invalid UTF-8, \u0000, duplicate member names (after
 * unescaping), bytes after the value.
 *
 * cJSON's allocator is global to the process, so the library never changes it: values are wiped before they are
 * freed. A program calls json_use_locked_memory() once and then every value lives in the arena too.
 *
 * Writing is done with cJSON objects as well (json_new_object ...): output is built, then printed by json_print.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define JSON_BYTES_MAX ((size_t)512 << 10)
#define JSON_DEPTH_MAX 8

struct cJSON;

/* For programs only, first in main, before any thread: cJSON allocates from the locked arena. */
void json_use_locked_memory(void);

/*
 * Parse bytes (no NUL needed). NULL: refused, and why (size why_size) says what at which byte and line, without
 * quoting the content; errno is ENOMEM if it was for want of memory, else 0. The caller frees with json_free.
 */
struct cJSON *json_parse(const char *data, size_t len, unsigned depth_max, char *why, size_t why_size);

/* Wipe every string and name of the tree, then free it. Accepts NULL. */
void json_free(struct cJSON *json);

/*
 * Look a member up by exact name; NULL if absent. A dotted path descends objects: "authed_user.access_token".
 */
const struct cJSON *json_get(const struct cJSON *object, const char *path);

/* The string of a member; NULL if absent or not a string. Valid while the tree lives. */
const char *json_string(const struct cJSON *object, const char *path);

/* A whole JSON number within 2^53 - 1, which cJSON's double holds exactly. false if absent, fractional or larger. */
bool json_integer(const struct cJSON *object, const char *path, int64_t *ret);

/* A JSON boolean. false if absent or of another type; *ret untouched. */
bool json_bool(const struct cJSON *object, const char *path, bool *ret);

/* Print compact or indented into buf (which should be secret when a value is). false: memory. */
bool json_print(const struct cJSON *json, bool indented, struct buf *ret);

/* Append str as a JSON string with quotes; \u escapes for controls and DEL. For hand-built small output. */
bool json_append_string(struct buf *buf, const char *str, size_t len);

#endif
