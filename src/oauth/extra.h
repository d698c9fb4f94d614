/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What else a reply says that a user of the token needs: Salesforce's instance_url, Slack's team. A definition names the
 * members (response.extra_fields_to_keep); they are kept as lines "name=value", where name is the dotted path. Pure.
 */
#ifndef OAUTH_EXTRA_H
#define OAUTH_EXTRA_H

#include <stdbool.h>
#include <stddef.h>

#define EXTRA_SIZE       1024
#define EXTRA_VALUE_SIZE 257

struct judging;

struct cJSON;

/* A text, number or boolean as text; false for anything else, the empty text, and what is longer or has control bytes. */
bool extra_text(const struct cJSON *item, char ret[static EXTRA_VALUE_SIZE]);

/* Take the texts, numbers and booleans that the definition names; what is longer or has control bytes stays out. */
void extra_take(const struct judging *judging, char ret[static EXTRA_SIZE]);

/* Put newer lines in the place of those of the same names; the rest of the older stays as far as there is room. */
void extra_merge(char old[static EXTRA_SIZE], const char *newer);

/* The next line at *cursor, which moves on: name and value as parts of the text. false: no more. */
bool extra_next(
    const char **cursor, const char **ret_name, size_t *ret_name_len, const char **ret_value, size_t *ret_value_len);

/* The value of a name; false if there is none. */
bool extra_find(const char *extra, const char *name, size_t name_len, const char **ret_value, size_t *ret_value_len);

#endif
