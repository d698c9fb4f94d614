/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/lifetime.h"

/* The sum, unless one of them is not known. */
static int64_t
after(int64_t at, int64_t span_s)
{
	return span_s > 0 && at <= INT64_MAX - span_s ? at + span_s : TIME_UNKNOWN;
}

static void
note_earlier(struct credential *credential)
{
	int64_t idle = credential->refresh_idle_end_at, absolute = credential->refresh_absolute_end_at;

	credential->refresh_expires_at = idle <= 0 || (absolute > 0 && absolute < idle) ? absolute : idle;
	if (credential->refresh_expires_at <= 0)
		credential->refresh_expires_at = TIME_UNKNOWN;
}

void
lifetime_begin(const struct provider *provider, const struct token_reply *tokens, int64_t now, struct credential *ret)
{
	ret->granted_at = now;
	ret->refresh_idle_end_at = after(now, provider->refresh_token_idle_s);
	ret->refresh_absolute_end_at = after(now, provider->refresh_token_absolute_s);
	if (tokens != NULL && tokens->refresh_idle_end_at != TIME_UNKNOWN)
		ret->refresh_idle_end_at = tokens->refresh_idle_end_at;
	if (tokens != NULL && tokens->refresh_absolute_end_at != TIME_UNKNOWN)
		ret->refresh_absolute_end_at = tokens->refresh_absolute_end_at;
	note_earlier(ret);
}

void
lifetime_none(struct credential *ret)
{
	ret->granted_at = TIME_UNKNOWN;
	ret->refresh_idle_end_at = ret->refresh_absolute_end_at = ret->refresh_expires_at = TIME_UNKNOWN;
	if (ret->grant_type != GRANT_TYPE_REFRESH_TOKEN)
		return;
	ret->refresh_expires_at = ret->access_expires_at;
	ret->next_refresh_at = TIME_UNKNOWN;
}

void
lifetime_keep_alive(int64_t used_at, struct credential *credential)
{
	int64_t end = credential->refresh_idle_end_at, due;

	if (end <= used_at)
		return;
	due = used_at + (end - used_at) / 5 * 4;
	if (credential->next_refresh_at != TIME_UNKNOWN && credential->next_refresh_at > due)
		credential->next_refresh_at = due;
}

void
lifetime_renew(
    const struct provider *provider, const struct token_reply *reply, int64_t used_at, struct credential *credential)
{
	if (reply->refresh_idle_end_at != TIME_UNKNOWN)
		credential->refresh_idle_end_at = reply->refresh_idle_end_at;
	else if (provider->refresh_token_idle_s > 0)
		credential->refresh_idle_end_at = after(used_at, provider->refresh_token_idle_s);
	else if (reply->refresh_token_came)
		credential->refresh_idle_end_at = TIME_UNKNOWN;
	if (reply->refresh_absolute_end_at != TIME_UNKNOWN)
		credential->refresh_absolute_end_at = reply->refresh_absolute_end_at;
	note_earlier(credential);
	lifetime_keep_alive(used_at, credential);
}

void
lifetime_of_refused(const struct credential *credential, const struct token_reply *reply, bool was_doubted,
    int64_t secret_end_at, int64_t now, struct refusal *ret)
{
	int64_t granted_at = credential->granted_at > 0 ? credential->granted_at : credential->created_at;

	*ret = (struct refusal){
		.reply = reply,
		.now = now,
		.granted_at = granted_at,
		.good_at = credential->last_refresh_at > granted_at ? credential->last_refresh_at : granted_at,
		.idle_end_at = credential->refresh_idle_end_at,
		.absolute_end_at = credential->refresh_absolute_end_at,
		.secret_end_at = secret_end_at,
		.exchanges = credential->exchanges,
		.was_doubted = was_doubted,
	};
}
