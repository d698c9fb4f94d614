/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to ask: pure functions of times. All times are Unix seconds, all spans seconds.
 */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "vault/types.h"

#define MIN_TTL_DEFAULT_S 60
#define BACKOFF_MAX_S     300
#define BREAKER_TRIPS     5  /* failures in a row, over all credentials of an endpoint */
#define BREAKER_OPEN_S    30 /* at first; doubled with every failed probe up to BREAKER_MAX_S */
#define BREAKER_MAX_S     600
#define DUE_UNKNOWN_S     3600 /* after its issue, where nobody says when a token ends */
#define CLOCK_SLACK_S     300  /* a token from further in the future than this was issued by another clock */

/*
 * Whether a cached access token is valid for at least ttl_s more. A token without a known end counts as usable:
 * providers that omit expires_in would otherwise be asked on every call. One issued in the future means that the wall
 * clock went back: its end cannot be trusted.
 */
bool token_usable(const struct access *access, int64_t now, int64_t ttl_s);

/*
 * Bring the token's end forward where more time has passed than the wall clock says, because that was set back.
 * clock_ms: of the boot, time asleep included. After another boot the one that was noted may be greater, and then says
 * nothing; if it is not, as much time has passed at least.
 */
void token_end_by_clock(struct access *access, int64_t now, int64_t clock_ms);

/* What is really asked of a token with this issued life: at most 80 % of it. */
int64_t token_min_ttl(int64_t asked_s, int64_t life_s);

/* When a refresh is due: the last fifth of the life, between one and ten minutes before the end. */
int64_t refresh_due_at(int64_t issued_at, int64_t expires_at, int64_t life_s);

/* Not before: after n failures in a row, 1 s doubled up to BACKOFF_MAX_S; what the provider asked for wins if longer. */
int64_t backoff_until(int64_t now, uint32_t failures, int64_t retry_after_s);

/* Note a failure or a success of an endpoint; the breaker opens after BREAKER_TRIPS failures. */
void breaker_failed(struct endpoint_health *health, int64_t now, int64_t retry_after_s);
void breaker_succeeded(struct endpoint_health *health);

/* How long the breaker still holds requests back; 0: ask. */
int64_t breaker_wait(const struct endpoint_health *health, int64_t now);

#endif
