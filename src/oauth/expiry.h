/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long tokens live, by what a reply says in the many ways in which it may be said.
 *
 *   expires_in                           result
 *   3600, 3600.0, "3600", "3600.0"       that many seconds from when the request was sent
 *   missing, null                        the definition's access_token_ttl_s, else unknown
 *   0, negative, 0.5, "3600abc", [],     the same, with a complaint: the token just issued has to be of use, and a
 *   true, 1e309, over 100 years          nonsensical number says nothing about its life
 *
 * An absolute time is Unix seconds, milliseconds (from 10^11 on), digits in a string, or an RFC 3339 date.
 */
#ifndef OAUTH_EXPIRY_H
#define OAUTH_EXPIRY_H

#include "oauth/oauth.h"

#define EXPIRY_LIFE_MAX_S ((int64_t)100 * 366 * 86400)

struct cJSON;

/* Set expires_in_s and expires_at of a reply from the object that holds the tokens. Returns a complaint, or NULL. */
const char *
expiry_judge(const struct provider *provider, const struct cJSON *tokens, int64_t sent_at, struct token_reply *ret);

/*
 * Set the ends of the refresh token that the object names: refresh_idle_end_at, refresh_absolute_end_at, and the earlier
 * of them. Members are those that the definition names and the usual ones, in seconds or ..._at as an absolute time:
 *
 *   refresh_token_timeout, refresh_expires_in, x_refresh_token_expires_in    if it is not used
 *   authorization_expires_in                                                used or not
 *   refresh_token_expires_in, refresh_token_expires_at, refresh_expires_at   where a refresh brings a new one, of this
 *                                                                           one only; else used or not
 *
 * 0 and what is not understood say nothing; very large values count as they are.
 */
void expiry_of_refresh_token(
    const struct provider *provider, const struct cJSON *tokens, int64_t sent_at, struct token_reply *ret);

/* An RFC 3339 date as Unix seconds; -1 if it is none. Without an offset it is UTC. */
int64_t expiry_date(const char *text);

#endif
