/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a grant has died, or why the client is refused: the likely cause, and what to do about it. Nobody tells, so it is
 * inferred from what the provider said, from what is known of the grant, and from what the definition knows of the provider.
 *
 *   first   the definition's causes that lean on what the provider said: a subtype, words, an error of its own
 *   second  what we know: a refresh was interrupted, the announced end is past, the client's secret has expired
 *   third   words of the description that many use: password, consent, reused, revoked, disabled
 *   fourth  the definition's causes by age or disuse
 *   fifth   the definition's lifetimes
 *   last    the definition's causes without a condition, and what is left to guess
 *
 * Of one rank the definition goes before what holds for all. Pure.
 */
#ifndef OAUTH_CAUSE_H
#define OAUTH_CAUSE_H

#include "oauth/oauth.h"

#define CAUSE_ID_SIZE   33
#define CAUSE_TEXT_SIZE 176

struct refusal { /* all that the cause is inferred from; times in Unix seconds, 0 or less: unknown */
	const struct token_reply *reply; /* GRANT_ENDED, GRANT_DENIED or GRANT_REJECTED */
	int64_t now;
	int64_t granted_at;  /* when a person logged in, or the refresh token was stored */
	int64_t good_at;     /* when it was used with success for the last time; granted_at if never */
	int64_t idle_end_at; /* announced by the provider, or by the definition from good_at */
	int64_t absolute_end_at;
	int64_t secret_end_at; /* of the client's secret */
	uint64_t exchanges;    /* how often it was used with success */
	bool was_doubted;      /* an earlier refresh with this token got no answer */
};

struct cause {
	char id[CAUSE_ID_SIZE];     /* "idle-expiry": a word for programs */
	char say[CAUSE_TEXT_SIZE];  /* "it was not used for 90 d": part of a sentence */
	char todo[CAUSE_TEXT_SIZE]; /* "log in again" */
	enum confidence confidence;
};

/* Find the likely cause. false: there is none to name; *ret is untouched. */
bool cause_find(const struct provider *provider, const struct refusal *refusal, struct cause *ret);

/* The texts of a cause that was found before. provider may be NULL. false: no such id any more. */
bool cause_by_id(const struct provider *provider, const char *id, struct cause *ret);

#endif
