/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a reply that holds tokens, one after the other, in the order of their weight: whatever is wrong with
 * the later ones, the refresh token is taken.
 */
#ifndef OAUTH_FIELDS_H
#define OAUTH_FIELDS_H

#include "oauth/oauth.h"

struct cJSON;

/* One reply while it is judged. */
struct judging {
	const struct provider *provider;
	const struct cJSON *whole;  /* everything */
	const struct cJSON *inside; /* without the envelope */
	const struct cJSON *tokens; /* the object that holds the tokens; NULL if none does */
	int64_t sent_at;
	struct token_reply *ret;
};

/* Fill in judging->ret from judging->tokens; GRANT_TOKENS if any token could be taken. */
void fields_judge(struct judging *judging);

/* The refresh token alone. Missing, null and empty mean: the old one stays (RFC 6749 section 6). */
void fields_judge_refresh_token(struct judging *judging);

/* A member by the provider's own name for it; without one by the usual name, as no token may be lost over a name. */
const struct cJSON *fields_find(const struct cJSON *object, const char *name, const char *usual);

/* Remember what is wrong, unless something weightier is remembered already. */
void fields_complain(struct token_reply *ret, const char *what, const char *problem);

#endif
