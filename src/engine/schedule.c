/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule.h"

#define DUE_PART    5 /* a fifth of the life */
#define DUE_MIN_S   60
#define DUE_MAX_S   600
#define TTL_PERCENT 80
#define SHIFTS_MAX  20

bool
token_usable(const struct access *access, int64_t now, int64_t ttl_s)
{
	if (secret_is_empty(&access->token))
		return false;
	if (access->issued_at > now + CLOCK_SLACK_S)
		return false;
	if (access->expires_at == TIME_UNKNOWN)
		return true;
	return access->expires_at > now + ttl_s;
}

void
token_end_by_clock(struct access *access, int64_t now, int64_t clock_ms)
{
	int64_t passed_ms = clock_ms - access->issued_boot_ms;
	int64_t end;

	if (access->issued_boot_ms <= 0 || passed_ms < 0 || access->life_s < 0 || access->expires_at == TIME_UNKNOWN)
		return;
	end = now + access->life_s - passed_ms / 1000;
	if (end < access->expires_at)
		access->expires_at = end;
}

int64_t
token_min_ttl(int64_t asked_s, int64_t life_s)
{
	int64_t most;

	if (life_s <= 0)
		return asked_s;
	most = life_s / 100 * TTL_PERCENT + life_s % 100 * TTL_PERCENT / 100;
	return asked_s < most ? asked_s : most;
}

int64_t
refresh_due_at(int64_t issued_at, int64_t expires_at, int64_t life_s)
{
	int64_t margin;

	if (expires_at == TIME_UNKNOWN)
		return TIME_UNKNOWN;
	if (life_s <= 0)
		life_s = expires_at - issued_at;
	margin = life_s / DUE_PART;
	/* A short life has no minute to spare: its last fifth has to do. */
	if (margin < DUE_MIN_S && life_s >= (int64_t)DUE_MIN_S * DUE_PART)
		margin = DUE_MIN_S;
	if (margin > DUE_MAX_S)
		margin = DUE_MAX_S;
	return expires_at - margin;
}

int64_t
backoff_until(int64_t now, uint32_t failures, int64_t retry_after_s)
{
	uint32_t shifts = failures == 0 ? 0 : failures - 1;
	int64_t span;

	span = (int64_t)1 << (shifts > SHIFTS_MAX ? SHIFTS_MAX : shifts);
	if (span > BACKOFF_MAX_S)
		span = BACKOFF_MAX_S;
	if (retry_after_s > span)
		span = retry_after_s;
	return now + span;
}

void
breaker_failed(struct endpoint_health *health, int64_t now, int64_t retry_after_s)
{
	uint32_t over;
	int64_t span;

	if (health->failures < UINT32_MAX)
		health->failures++;
	health->failed_at = now;
	if (health->failures < BREAKER_TRIPS)
		return;
	over = health->failures - BREAKER_TRIPS;
	span = (int64_t)BREAKER_OPEN_S << (over > SHIFTS_MAX ? SHIFTS_MAX : over);
	if (span > BREAKER_MAX_S)
		span = BREAKER_MAX_S;
	if (retry_after_s > span)
		span = retry_after_s;
	health->open_until = now + span;
}

void
breaker_succeeded(struct endpoint_health *health)
{
	*health = (struct endpoint_health){ 0 };
}

int64_t
breaker_wait(const struct endpoint_health *health, int64_t now)
{
	if (health->failures < BREAKER_TRIPS || health->open_until <= now)
		return 0;
	/* A clock that went back must not keep it open for longer than was meant. */
	if (health->failed_at > now || health->open_until > now + (int64_t)BREAKER_MAX_S * 6)
		return 0;
	return health->open_until - now;
}
