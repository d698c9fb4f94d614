/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/cause.h"

#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "oauth/verdict.h"

#define SLACK_S 3600 /* clocks and sweeps of providers are not to the second */

enum rank { RANK_SAID, RANK_KNOWN, RANK_WORDS, RANK_MEASURED, RANK_LIFETIME, RANK_GUESS, RANKS };

#define LOG_IN "log in again with 'larder login', or store a new refresh token with 'larder add --replace'"

/* What may happen anywhere. */
static const struct general {
	const char *id, *say, *todo;
	enum confidence confidence;
} generals[] = {
	{ "interrupted", "a refresh was interrupted, and the provider had already replaced the token", LOG_IN,
	    CONFIDENCE_HIGH },
	{ "idle-expiry", "it was not used for {idle}, and the provider ends it after that",
	    "log in again, and let something use it more often, such as 'larder refresh --due' in a timer",
	    CONFIDENCE_MEDIUM },
	{ "absolute-expiry", "{absolute} after the log-in it ends, used or not", "log in again; nothing prevents it",
	    CONFIDENCE_MEDIUM },
	{ "secret-expired", "the client's secret has expired",
	    "make a new one at the provider, and store it with 'larder client set-secret'", CONFIDENCE_MEDIUM },
	{ "password-changed", "the account's password was changed", LOG_IN, CONFIDENCE_MEDIUM },
	{ "consent-withdrawn", "the user or an administrator has withdrawn the consent", LOG_IN, CONFIDENCE_MEDIUM },
	{ "reused",
	    "it was used a second time, by another program or a copy of the vault, and the provider ended all of its kin",
	    "log in again, and let one vault only have the new token", CONFIDENCE_MEDIUM },
	{ "account-closed", "the account is disabled or gone", "ask who administers the account", CONFIDENCE_MEDIUM },
	{ "expired", "the provider says that it has expired", LOG_IN, CONFIDENCE_MEDIUM },
	{ "revoked", "it was revoked at the provider", LOG_IN, CONFIDENCE_MEDIUM },
	{ "interaction", "the provider wants to see the person: a new consent, a second factor or a rule of theirs",
	    LOG_IN, CONFIDENCE_HIGH },
	{ "never-good", "it had ended before it was stored, or the program that it came from has used it since",
	    "log in again, and store the new refresh token at once", CONFIDENCE_LOW },
	{ "used-elsewhere", "another program or a copy of the vault has used it",
	    "log in again, and let one vault only have the new token", CONFIDENCE_LOW },
	{ "withdrawn", "the user took the access back, changed the password, or an administrator did so", LOG_IN,
	    CONFIDENCE_LOW },
	{ "revoked-here", "it was revoked with Larder", "log in again if it is still wanted", CONFIDENCE_HIGH },
};

/* Words of descriptions that many use. */
static const struct {
	const char *word, *id;
} words[] = {
	{ "password", "password-changed" },
	{ "consent", "consent-withdrawn" },
	{ "already used", "reused" },
	{ "already been used", "reused" },
	{ "reuse", "reused" },
	{ "rotated", "reused" },
	{ "deauthorized", "consent-withdrawn" },
	{ "inactivity", "idle-expiry" },
	{ "deleted", "account-closed" },
	{ "disabled", "account-closed" },
	{ "deactivated", "account-closed" },
	{ "suspended", "account-closed" },
	{ "revoked", "revoked" },
};

static bool
has_word(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

static const struct general *
general_by_id(const char *id)
{
	for (size_t i = 0; i < sizeof(generals) / sizeof(generals[0]); i++) {
		if (strcmp(generals[i].id, id) == 0)
			return &generals[i];
	}
	return NULL;
}

static const char *
lifetime(const struct provider *provider, bool idle, char *dst, size_t dst_size)
{
	int64_t life_s = TTL_UNKNOWN;

	if (provider != NULL)
		life_s = idle ? provider->refresh_token_idle_s : provider->refresh_token_absolute_s;
	if (life_s > 0)
		return duration_format(dst, dst_size, life_s);
	(void)text_format(dst, dst_size, idle ? "too long" : "some time");
	return dst;
}

static void
form_general(const struct provider *provider, const struct general *general, struct cause *ret)
{
	bool idle = strstr(general->say, "{idle}") != NULL;
	const char *mark = strstr(general->say, idle ? "{idle}" : "{absolute}");
	char life[32];

	*ret = (struct cause){ .confidence = general->confidence };
	(void)text_format(ret->id, sizeof ret->id, "%s", general->id);
	(void)text_format(ret->todo, sizeof ret->todo, "%s", general->todo);
	if (mark == NULL)
		(void)text_format(ret->say, sizeof ret->say, "%s", general->say);
	else
		(void)text_format(ret->say, sizeof ret->say, "%.*s%s%s", (int)(mark - general->say), general->say,
		    lifetime(provider, idle, life, sizeof life), strchr(mark, '}') + 1);
}

static void
form_own(const struct provider_cause *own, struct cause *ret)
{
	*ret = (struct cause){ .confidence = own->confidence };
	(void)text_format(ret->id, sizeof ret->id, "%s", own->id);
	(void)text_format(ret->say, sizeof ret->say, "%s", own->say);
	(void)text_format(ret->todo, sizeof ret->todo, "%s", own->action);
}

static bool
is_said(const struct strings *list, const char *description)
{
	for (size_t i = 0; i < list->count; i++) {
		if (has_word(description, list->items[i]))
			return true;
	}
	return list->count == 0;
}

static int64_t
span(int64_t from, int64_t to)
{
	return from > 0 && to > from ? to - from : 0;
}

static bool
holds(const struct provider_cause *own, const struct refusal *refusal)
{
	const struct token_reply *reply = refusal->reply;
	int64_t age = span(refusal->granted_at, refusal->now);

	if (own->errors.count > 0 ? !verdict_is_listed(&own->errors, reply->error) : reply->outcome != GRANT_ENDED)
		return false;
	if (own->subtypes.count > 0 && !verdict_is_listed(&own->subtypes, reply->error_subtype))
		return false;
	if (!is_said(&own->says, reply->description))
		return false;
	if (own->at_age_s != TTL_UNKNOWN &&
	    (age < own->at_age_s - SLACK_S || span(refusal->granted_at, refusal->good_at) > own->at_age_s + SLACK_S))
		return false;
	return (own->age_min_s == TTL_UNKNOWN || age >= own->age_min_s) &&
	    (own->age_max_s == TTL_UNKNOWN || age <= own->age_max_s) &&
	    (own->unused_min_s == TTL_UNKNOWN || span(refusal->good_at, refusal->now) >= own->unused_min_s - SLACK_S);
}

static enum rank
rank_of(const struct provider_cause *own)
{
	bool is_usual =
	    own->errors.count == 0 || (own->errors.count == 1 && strcmp(own->errors.items[0], "invalid_grant") == 0);

	if (own->subtypes.count > 0 || own->says.count > 0 || !is_usual)
		return RANK_SAID;
	if (own->at_age_s != TTL_UNKNOWN || own->age_min_s != TTL_UNKNOWN || own->age_max_s != TTL_UNKNOWN ||
	    own->unused_min_s != TTL_UNKNOWN)
		return RANK_MEASURED;
	return RANK_GUESS;
}

/* Of a token that an earlier refresh may have spent, only what leaves no doubt is said. */
static bool
is_outweighed(const struct provider_cause *own, const struct refusal *refusal)
{
	return refusal->was_doubted && own->confidence != CONFIDENCE_HIGH;
}

static const struct provider_cause *
find_own(const struct provider *provider, const struct refusal *refusal, enum rank rank)
{
	for (size_t i = 0; i < provider->causes_count; i++) {
		const struct provider_cause *own = &provider->causes[i];

		if (rank_of(own) == rank && !is_outweighed(own, refusal) && holds(own, refusal))
			return own;
	}
	return NULL;
}

static bool
is_past(int64_t end_at, int64_t now)
{
	return end_at > 0 && now >= end_at;
}

static const char *
known(const struct provider *provider, const struct refusal *refusal)
{
	const struct token_reply *reply = refusal->reply;
	bool is_client =
	    strcmp(reply->error, "invalid_client") == 0 || strcmp(reply->error, "unauthorized_client") == 0;

	if (is_client)
		return is_past(refusal->secret_end_at, refusal->now) || has_word(reply->description, "expired")
		    ? "secret-expired"
		    : NULL;
	if (reply->outcome == GRANT_DENIED)
		return strcmp(reply->error, "access_denied") == 0 ? NULL : "interaction";
	if (reply->outcome != GRANT_ENDED)
		return NULL;
	if (refusal->was_doubted)
		return "interrupted";
	/* Ends that only the definition knows are likely, and weigh less than what the provider says. */
	if (provider->refresh_token_absolute_s <= 0 && is_past(refusal->absolute_end_at, refusal->now))
		return "absolute-expiry";
	if (provider->refresh_token_idle_s <= 0 && is_past(refusal->idle_end_at, refusal->now))
		return "idle-expiry";
	return NULL;
}

/* Whoever says expired and revoked in one breath does not know, and nor does whoever reads it. */
static bool
is_either(const char *description)
{
	return has_word(description, "expired") && has_word(description, "revoked");
}

static const char *
by_words(const struct token_reply *reply)
{
	if (reply->outcome != GRANT_ENDED || is_either(reply->description))
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (has_word(reply->description, words[i].word))
			return words[i].id;
	}
	return NULL;
}

static const char *
by_lifetime(const struct refusal *refusal)
{
	const char *description = refusal->reply->description;

	if (refusal->reply->outcome != GRANT_ENDED)
		return NULL;
	if (is_past(refusal->absolute_end_at, refusal->now))
		return "absolute-expiry";
	if (is_past(refusal->idle_end_at, refusal->now))
		return "idle-expiry";
	return has_word(description, "expired") && !is_either(description) ? "expired" : NULL;
}

static const char *
guess(const struct provider *provider, const struct refusal *refusal)
{
	if (refusal->reply->outcome != GRANT_ENDED)
		return NULL;
	if (refusal->exchanges == 0)
		return "never-good";
	return provider_class(provider) == CLASS_STATIC ? "withdrawn" : "used-elsewhere";
}

static const char *
find_general(const struct provider *provider, const struct refusal *refusal, enum rank rank)
{
	switch (rank) {
	case RANK_KNOWN:
		return known(provider, refusal);
	case RANK_WORDS:
		return by_words(refusal->reply);
	case RANK_LIFETIME:
		return by_lifetime(refusal);
	case RANK_GUESS:
		return guess(provider, refusal);
	case RANK_SAID:
	case RANK_MEASURED:
	case RANKS:
		break;
	}
	return NULL;
}

bool
cause_find(const struct provider *provider, const struct refusal *refusal, struct cause *ret)
{
	for (int rank = 0; rank < RANKS; rank++) {
		const struct provider_cause *own = find_own(provider, refusal, (enum rank)rank);
		const char *id = own == NULL ? find_general(provider, refusal, (enum rank)rank) : NULL;

		if (own != NULL)
			form_own(own, ret);
		else if (id != NULL)
			form_general(provider, general_by_id(id), ret);
		if (own != NULL || id != NULL)
			return true;
	}
	return false;
}

bool
cause_by_id(const struct provider *provider, const char *id, struct cause *ret)
{
	const struct general *general = general_by_id(id);

	for (size_t i = 0; provider != NULL && i < provider->causes_count; i++) {
		if (strcmp(provider->causes[i].id, id) == 0) {
			form_own(&provider->causes[i], ret);
			return true;
		}
	}
	if (general == NULL)
		return false;
	form_general(provider, general, ret);
	return true;
}
