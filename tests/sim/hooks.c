/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine decides and settles, seen from outside: the linker puts these in front of the real functions
 * (--wrap), so that each branch can be counted without a word of it in src/. And the catalogue, with the one definition
 * of this story.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "provider/definition.h"
#include "sim/sim.h"

struct sim *sim_now;

struct decision __real_rotation_decide(const struct situation *situation);
struct decision __wrap_rotation_decide(const struct situation *situation);
enum larder_code __real_settle(struct engine *engine, struct credential *credential, const struct exchange_end *end,
    bool *ret_judged, struct larder_error *ret_judgement, struct larder_error *ret_error);
enum larder_code __wrap_settle(struct engine *engine, struct credential *credential, const struct exchange_end *end,
    bool *ret_judged, struct larder_error *ret_judgement, struct larder_error *ret_error);

enum larder_code __real_parked_add(struct vault *vault, const struct credential *credential,
    const struct parked *parked, struct larder_error *ret_error);
enum larder_code __wrap_parked_add(struct vault *vault, const struct credential *credential,
    const struct parked *parked, struct larder_error *ret_error);
void __real_box_keypair(const uint8_t seed[static KEY_BYTES], uint8_t ret_public[static BOX_PUBLIC_BYTES],
    uint8_t ret_secret[static BOX_SECRET_BYTES]);
void __wrap_box_keypair(const uint8_t seed[static KEY_BYTES], uint8_t ret_public[static BOX_PUBLIC_BYTES],
    uint8_t ret_secret[static BOX_SECRET_BYTES]);

static enum count
count_of_asking(const struct situation *s)
{
	if (!s->intent_open && s->state != STATE_IN_DOUBT)
		return COUNT_ASK;
	if (s->class == CLASS_STATIC)
		return COUNT_ASK_AGAIN_STATIC;
	if (s->class == CLASS_UNTIL_USED)
		return COUNT_ASK_AGAIN_UNTIL_USED;
	if (s->class == CLASS_OVERLAP && s->now < s->intent_at + s->grace_s - GRACE_MARGIN_S)
		return COUNT_ASK_AGAIN_OVERLAP;
	return s->accept ? COUNT_ASK_AGAIN_ACCEPT : COUNT_ASK_AGAIN_STRICT;
}

static enum count
count_of_failing(enum reason reason)
{
	static const enum count counts[] = {
		[REASON_NONE] = COUNT_FAIL_LAST,
		[REASON_OFFLINE] = COUNT_FAIL_OFFLINE,
		[REASON_NEEDS_LOGIN] = COUNT_FAIL_NEEDS_LOGIN,
		[REASON_REVOKED] = COUNT_FAIL_REVOKED,
		[REASON_SUSPECT] = COUNT_FAIL_SUSPECT,
		[REASON_IN_DOUBT] = COUNT_FAIL_IN_DOUBT,
		[REASON_BACKOFF] = COUNT_FAIL_BACKOFF,
		[REASON_LAST_FAILURE] = COUNT_FAIL_LAST,
	};

	return counts[reason];
}

static enum count
count_of(const struct situation *s, const struct decision *decision)
{
	switch (decision->order) {
	case ORDER_SERVE:
		if (s->cached_enough)
			return COUNT_SERVE;
		return s->answered ? COUNT_SERVE_ANSWER : COUNT_SERVE_FALLBACK;
	case ORDER_ASK:
		return count_of_asking(s);
	case ORDER_WAIT:
		return s->quarantine_ms > 0 && decision->wait_ms == s->quarantine_ms ? COUNT_WAIT_QUARANTINE
										     : COUNT_WAIT_BACKOFF;
	case ORDER_FAIL:
		break;
	}
	return count_of_failing(decision->reason);
}

struct decision
__wrap_rotation_decide(const struct situation *situation)
{
	struct decision decision = __real_rotation_decide(situation);

	count(sim_now, count_of(situation, &decision));
	note(sim_now, EVENT_DECIDED, decision.order, decision.reason);
	return decision;
}

struct settling {
	struct credential before;
	bool unsent, handed_over, judged_before; /* what the courier said about this very intent */
};

static bool
is_of(const struct exchange_end *end, const struct intent *intent)
{
	return end != NULL && memcmp(end->attempt_id, intent->attempt_id, sizeof end->attempt_id) == 0;
}

static bool
is_same_intent(const struct credential *a, const struct credential *b)
{
	return memcmp(a->intent.attempt_id, b->intent.attempt_id, sizeof a->intent.attempt_id) == 0;
}

static enum count
count_of_settling(const struct settling *s, const struct credential *after, bool judged, enum larder_code judgement)
{
	if (!s->before.intent.open)
		return COUNT_SETTLE_IDLE;
	if (s->judged_before)
		return COUNT_SETTLE_DOUBT;
	if (s->unsent)
		return COUNT_SETTLE_UNSENT;
	if (!judged)
		return after->intent.open ? COUNT_SETTLE_NOTHING : COUNT_SETTLE_NOTED;
	if (after->intent.open && is_same_intent(&s->before, after))
		return COUNT_SETTLE_DOUBT;
	if (judgement == LARDER_OK)
		return s->handed_over ? COUNT_SETTLE_HANDED_OVER : COUNT_SETTLE_TOKENS;
	return judgement == LARDER_NEEDS_LOGIN ? COUNT_SETTLE_ENDED : COUNT_SETTLE_FAILED;
}

enum larder_code
__wrap_settle(struct engine *engine, struct credential *credential, const struct exchange_end *end, bool *ret_judged,
    struct larder_error *ret_judgement, struct larder_error *ret_error)
{
	bool ours = is_of(end, &credential->intent);
	struct settling settling = {
		.before = *credential,
		.unsent = ours && end->unsent,
		.handed_over = ours && end->has_reply,
		.judged_before = ours && end->judged,
	};
	enum larder_code code;

	code = __real_settle(engine, credential, end, ret_judged, ret_judgement, ret_error);
	note(sim_now, EVENT_SETTLED, *ret_judged, code);
	count(sim_now,
	    code != LARDER_OK
		? COUNT_SETTLE_STORAGE
		: count_of_settling(&settling, credential, *ret_judged, *ret_judged ? ret_judgement->code : LARDER_OK));
	credential_clear(&settling.before);
	return code;
}

enum larder_code
__wrap_parked_add(struct vault *vault, const struct credential *credential, const struct parked *parked,
    struct larder_error *ret_error)
{
	count(sim_now, COUNT_PARKED);
	return __real_parked_add(vault, credential, parked, ret_error);
}

/* The same pair each time, and most of the time of a story: so it is computed once. */
void
__wrap_box_keypair(const uint8_t seed[static KEY_BYTES], uint8_t ret_public[static BOX_PUBLIC_BYTES],
    uint8_t ret_secret[static BOX_SECRET_BYTES])
{
	static uint8_t known[KEY_BYTES], public[BOX_PUBLIC_BYTES], secret[BOX_SECRET_BYTES];

	if (memcmp(known, seed, sizeof known) != 0) {
		__real_box_keypair(seed, public, secret);
		memcpy(known, seed, sizeof known);
	}
	memcpy(ret_public, public, sizeof public);
	memcpy(ret_secret, secret, sizeof secret);
}

static const char *rotation_text(enum spend_class class)
{
	switch (class) {
	case CLASS_STATIC:
		return "\"kind\":\"never\"";
	case CLASS_UNTIL_USED:
		return "\"kind\":\"always\",\"grace_kind\":\"until_new_used\"";
	case CLASS_OVERLAP:
		return "\"kind\":\"always\",\"grace_kind\":\"window\"";
	case CLASS_STRICT:
		break;
	}
	return "\"kind\":\"always\",\"grace_kind\":\"none\"";
}

enum larder_code
catalogue_load(const struct catalogue *catalogue, const char *id, struct provider **ret, struct larder_error *ret_error)
{
	const struct knobs *knobs = &sim_now->knobs;
	char text[512], grace[48] = "";
	size_t len;

	(void)catalogue;
	(void)id;
	if (knobs->class == CLASS_OVERLAP)
		(void)text_format(grace, sizeof grace, ",\"grace_s\":%lld", (long long)knobs->grace_s);
	len = (size_t)snprintf(text, sizeof text,
	    "{\"id\":\"" PROVIDER "\",\"name\":\"Local\",\"insecure_loopback\":true,"
	    "\"endpoints\":{\"token\":\"http://127.0.0.1:9000/token\",\"revocation\":\"http://127.0.0.1:9000/revoke\"},"
	    "\"rotation\":{%s%s%s}}",
	    rotation_text(knobs->class), grace, knobs->on_unknown == UNKNOWN_HOLD ? ",\"on_unknown\":\"hold\"" : "");
	return definition_parse(text, len, "the simulation", ret, ret_error);
}
