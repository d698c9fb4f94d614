/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a refresh token ends: if it is not used, and used or not. What a provider announces counts; else what its
 * definition knows of the time since the last use and since the log-in. Pure; times are Unix seconds.
 */
#ifndef ENGINE_LIFETIME_H
#define ENGINE_LIFETIME_H

#include "oauth/cause.h"
#include "vault/types.h"

/* A new grant. tokens: the reply that brought it; NULL: it was handed in, and nobody knows how old it is. */
void
lifetime_begin(const struct provider *provider, const struct token_reply *tokens, int64_t now, struct credential *ret);

/* There is none that could end; what a person granted without one ends with its access token, and is never due. */
void lifetime_none(struct credential *ret);

/*
 * Make a refresh due while the refresh token still lives without use: after four fifths of that time, if the access token
 * lasts longer. Called after next_refresh_at was set.
 */
void lifetime_keep_alive(int64_t used_at, struct credential *credential);

/* It was used with success at used_at. A bound that is not announced any more for a new token is not known. */
void lifetime_renew(
    const struct provider *provider, const struct token_reply *reply, int64_t used_at, struct credential *credential);

/* What is known of a grant that was refused. secret_end_at: of the client's secret; 0 or less: unknown. */
void lifetime_of_refused(const struct credential *credential, const struct token_reply *reply, bool was_doubted,
    int64_t secret_end_at, int64_t now, struct refusal *ret);

#endif
