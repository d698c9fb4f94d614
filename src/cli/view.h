/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a credential is shown, to people and to programs. No secret is in it.
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <larder/credential.h>
#include <stdbool.h>

#include "cli/output.h"
#include "cli/table.h"

/* The members of the contract's object, into one that is open. */
void view_members(struct output *out, const struct larder_credential *credential);

/* The object, as an element or as the member name of an open object. */
void view_json(struct output *out, const char *name, const struct larder_credential *credential);

/* A row of the table whose heads are view_heads. now in Unix seconds. */
extern const char *const view_heads[];
void view_row(struct table *table, const struct larder_credential *credential, int64_t now);

/* One credential as what was asked for: the object, or all of it with one "label  value" per line. */
void view_one(struct output *out, bool json, const struct larder_credential *credential);

enum colour view_state_colour(const char *state);

/* Whether the cause that is shown is no more than a guess. */
bool view_is_guess(const struct larder_credential *credential);

/* "in 52 min", "3 d ago", "unknown". Returns dst. */
const char *view_span(char *dst, size_t dst_size, int64_t unix_s, int64_t now);

/* Seconds since 1970, for showing only. */
int64_t view_now(void);

#endif
