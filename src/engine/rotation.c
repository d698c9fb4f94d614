/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rotation.h"

#include <string.h>

static struct decision
serve(void)
{
	return (struct decision){ .order = ORDER_SERVE };
}

static struct decision
ask(void)
{
	return (struct decision){ .order = ORDER_ASK };
}

static struct decision
wait_for(int64_t ms)
{
	return (struct decision){ .order = ORDER_WAIT, .wait_ms = ms };
}

/* A valid cached token is better than an error, if the caller's wishes allow it. */
static struct decision
fail(const struct situation *s, enum reason reason)
{
	if (s->cached_valid && s->fallback_allowed)
		return serve();
	return (struct decision){ .order = ORDER_FAIL, .reason = reason };
}

/* Whether the provider surely takes the token again in so many milliseconds. */
static bool
is_in_overlap(const struct situation *s, int64_t after_ms)
{
	return s->class == CLASS_OVERLAP && s->now >= s->intent_at &&
	    s->now + (after_ms + 999) / 1000 < s->intent_at + s->grace_s - GRACE_MARGIN_S;
}

bool
rotation_may_ask_again(const struct situation *s)
{
	switch (s->class) {
	case CLASS_STATIC:
	case CLASS_UNTIL_USED:
		return true;
	case CLASS_OVERLAP:
		if (is_in_overlap(s, 0))
			return true;
		break;
	case CLASS_STRICT:
		break;
	}
	if (s->accept)
		return true;
	return s->on_unknown == UNKNOWN_ASK && !s->cached_valid && !s->others_valid;
}

static struct decision
decide_in_doubt(const struct situation *s)
{
	bool may_repeat = s->asked < 2 && s->repeated == 0;

	if (s->quarantine_ms > 0) {
		/* Worth the wait: when the overlap is over, nobody can get the lost successor any more. */
		if (s->cached_valid && s->fallback_allowed && !(may_repeat && is_in_overlap(s, s->quarantine_ms)))
			return serve();
		return wait_for(s->quarantine_ms);
	}
	if (!rotation_may_ask_again(s))
		return fail(s, REASON_IN_DOUBT);
	/* One repetition per call: whoever loses two replies in a row reports it. */
	return may_repeat ? ask() : fail(s, REASON_LAST_FAILURE);
}

/*
 * Backoff and breaker hold everybody back but those who force. None lasts longer than HOLD_MAX_S: a longer rest means
 * that the wall clock went back since it was noted.
 */
static struct decision
hold_back(const struct situation *s, struct decision decision)
{
	int64_t rest = s->held_until - s->now;

	if (decision.order != ORDER_ASK || s->force || s->accept || rest <= 0 || rest > HOLD_MAX_S)
		return decision;
	if (s->cached_valid && s->fallback_allowed)
		return serve();
	if (rest <= BACKOFF_PATIENCE_S && s->asked == 0)
		return wait_for(rest * 1000);
	decision = fail(s, REASON_BACKOFF);
	decision.retry_after_s = rest;
	return decision;
}

/* A minimum interval keeps a valid token from being replaced too early; nobody waits for it without one. */
static struct decision
spare(const struct situation *s, struct decision decision)
{
	if (decision.order != ORDER_ASK || s->force || s->accept || !s->cached_valid || s->early_until <= s->now)
		return decision;
	if (s->fallback_allowed)
		return serve();
	decision = fail(s, REASON_EARLY);
	decision.retry_after_s = s->early_until - s->now;
	return decision;
}

struct decision
rotation_decide(const struct situation *s)
{
	struct decision decision;

	if (s->state == STATE_REVOKING || s->state == STATE_REVOKED)
		return (struct decision){ .order = ORDER_FAIL, .reason = REASON_REVOKED };
	/* What this very call was given is its answer, even if it was issued for less time than the way took. */
	if (s->cached_enough || (s->answered && (s->cached_valid || s->asked > 0)))
		return serve();
	if (!s->has_refresh_token)
		return fail(s, REASON_NEEDS_LOGIN);
	if (s->state == STATE_SUSPECT && !s->accept)
		return fail(s, REASON_SUSPECT);
	if (s->state == STATE_NEEDS_LOGIN && !s->force && !s->accept)
		return fail(s, REASON_NEEDS_LOGIN);
	if (s->offline)
		return fail(s, REASON_OFFLINE);
	if (s->failed_meanwhile)
		return fail(s, REASON_LAST_FAILURE);
	if (s->intent_open || s->state == STATE_IN_DOUBT)
		decision = decide_in_doubt(s);
	else if (s->asked > 0)
		decision = fail(s, REASON_LAST_FAILURE);
	else
		decision = ask();
	return spare(s, hold_back(s, decision));
}

int64_t
rotation_quarantine(
    const struct intent *intent, const uint8_t boot_id[static 16], int64_t held_since_ms, int64_t clock_ms)
{
	int64_t silent_at = held_since_ms + QUARANTINE_MS;
	int64_t latest = intent->opened_boot_ms + SENDER_LIFE_MS + QUARANTINE_MS;

	if (!intent->open || memcmp(intent->boot_id, boot_id, sizeof intent->boot_id) != 0)
		return 0;
	if (latest < silent_at)
		silent_at = latest;
	return silent_at > clock_ms ? silent_at - clock_ms : 0;
}
