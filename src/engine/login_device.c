/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "engine/login.h"

#define POLL_MS 250 /* pieces of a wait, so that a deadline is met */

#define INTERVAL_MAX_S 60 /* that silence alone leads to */

static enum larder_code
token_url(const struct login *login, char ret[static sizeof((struct pending *)NULL)->token_endpoint],
    struct larder_error *ret_error)
{
	struct buf url = BUF_INIT(URL_MAX);
	const struct party *party = &login->party;
	enum larder_code code =
	    provider_expand(party->provider, party->provider->endpoints.token, &party->var_list, &url, ret_error);

	if (code == LARDER_OK)
		(void)text_format(ret, sizeof((struct pending *)NULL)->token_endpoint, "%s", buf_str(&url));
	buf_clear(&url);
	return code;
}

/* Kept before the code is shown: whoever has seen it may type it in. */
static enum larder_code
keep(struct engine *engine, const struct login *login, struct larder_error *ret_error)
{
	const struct device_grant *device = &login->device;
	struct pending pending = { .expires_at = device->expires_at, .interval_s = device->interval_s };
	enum larder_code code;

	(void)text_format(pending.name, sizeof pending.name, "%s", login->want.name);
	(void)text_format(pending.client, sizeof pending.client, "%s", login->client);
	(void)text_format(pending.scope, sizeof pending.scope, "%s", login->scope);
	(void)text_format(pending.resource, sizeof pending.resource, "%s", login->resource);
	(void)text_format(pending.user_code, sizeof pending.user_code, "%s", device->user_code);
	(void)text_format(pending.verification_uri, sizeof pending.verification_uri, "%s", device->verification_uri);
	(void)text_format(
	    pending.verification_complete, sizeof pending.verification_complete, "%s", device->verification_complete);
	code = token_url(login, pending.token_endpoint, ret_error);
	if (code == LARDER_OK && !secret_copy(device->device_code.data, device->device_code.len, &pending.device_code))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = pending_store(engine->vault, &pending, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
	vault_rollback(engine->vault);
	pending_clear(&pending);
	return code;
}

/* Best effort: a code that is left behind has an end, and asking with it says that it is over. */
static void
forget(struct engine *engine, struct login *login)
{
	struct larder_error ignored;

	login->waits = false;
	if (vault_begin(engine->vault, STORE_DURABLE, &ignored) == LARDER_OK &&
	    pending_remove(engine->vault, login->want.name, &ignored) == LARDER_OK)
		(void)vault_commit(engine->vault, NULL, &ignored);
	vault_rollback(engine->vault);
}

/* false: it is not there any more, or its provider's token endpoint is another one now, which must not get the code. */
static bool
go_on(struct engine *engine, struct login *login)
{
	struct device_grant *device = &login->device;
	struct pending pending = { .expires_at = 0 };
	char endpoint[sizeof pending.token_endpoint];
	struct larder_error ignored;
	bool good = pending_load(engine->vault, login->want.name, &pending, &ignored) == LARDER_OK &&
	    token_url(login, endpoint, &ignored) == LARDER_OK && strcmp(endpoint, pending.token_endpoint) == 0;

	if (good) {
		*device = (struct device_grant){ .expires_at = pending.expires_at, .interval_s = pending.interval_s };
		device->device_code = pending.device_code;
		pending.device_code = (struct secret)SECRET_INIT;
		(void)text_format(device->user_code, sizeof device->user_code, "%s", pending.user_code);
		(void)text_format(
		    device->verification_uri, sizeof device->verification_uri, "%s", pending.verification_uri);
		(void)text_format(device->verification_complete, sizeof device->verification_complete, "%s",
		    pending.verification_complete);
		(void)text_format(login->scope, sizeof login->scope, "%s", pending.scope);
		(void)text_format(login->resource, sizeof login->resource, "%s", pending.resource);
	}
	pending_clear(&pending);
	return good;
}

static enum larder_code
ask_codes(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct http_reply http = { .status = 0 };
	int64_t now = engine->effects->now_s(engine->effects->ctx);
	enum larder_code code;

	do {
		code = device_begin_build(
		    login->party.provider, &login->party.oauth, login->scope, login->resource, &request, ret_error);
		if (code == LARDER_OK)
			code = login_ask(engine, login, &request, deadline_ms, &http, ret_error);
	} while (code == LARDER_OK && login_tries_other_secret(login, &http));
	if (code == LARDER_OK)
		code = device_begin_read(login->party.provider, &http, now, &login->device, ret_error);
	http_reply_clear(&http);
	http_request_clear(&request);
	return code;
}

enum larder_code
login_device(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	enum larder_code code = LARDER_OK;

	login->redirect_uri[0] = '\0';
	login->waits = login->waits && go_on(engine, login);
	if (!login->waits) {
		code = ask_codes(engine, login, deadline_ms, ret_error);
		if (code == LARDER_OK)
			code = keep(engine, login, ret_error);
	}
	/* one that goes on cannot know when it was asked last */
	login->ask_at_ms = fx->clock_ms(fx->ctx) + login->device.interval_s * 1000;
	return error_name(ret_error, code, login->want.name);
}

static enum larder_code
poll_once(struct engine *engine, struct login *login, int64_t deadline_ms, enum device_poll *ret_poll,
    struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };
	struct http_request request = { .headers_count = 0 };
	struct http_reply http = { .status = 0 };
	int64_t sent_at = fx->now_s(fx->ctx);
	enum larder_code code;

	*ret_poll = DEVICE_RETRY;
	do {
		code =
		    device_poll_build(login->party.provider, &login->party.oauth, &login->device, &request, ret_error);
		if (code == LARDER_OK)
			code = login_prove(engine, login, &request, ret_error);
		if (code != LARDER_OK)
			goto out;
		/* a time-out means: less often (RFC 8628 section 3.5) */
		if (login_ask(engine, login, &request, deadline_ms, &http, ret_error) != LARDER_OK)
			goto out;
	} while (login_tries_again(engine, login, &http)); /* of one that goes on: the codes were asked for before */
	login_judge(login, &http, sent_at, &reply);
	*ret_poll = device_poll_judge(login->party.provider, &reply);
	if (*ret_poll == DEVICE_TOKENS)
		code = login_store(engine, login, &reply, deadline_ms, ret_error);
	else if (*ret_poll == DEVICE_FAILED)
		code = login_refuse(&reply, ret_error);
out:
	token_reply_clear(&reply);
	http_reply_clear(&http);
	http_request_clear(&request);
	return code;
}

/* After slow_down 5 s more each time; after silence, twice as long (RFC 8628 section 3.5). */
static void
slow_down(struct device_grant *device, enum device_poll poll)
{
	if (poll == DEVICE_SLOWER)
		device->interval_s += DEVICE_INTERVAL_S;
	else if (poll == DEVICE_RETRY && device->interval_s < INTERVAL_MAX_S)
		device->interval_s = device->interval_s > INTERVAL_MAX_S / 2 ? INTERVAL_MAX_S : 2 * device->interval_s;
}

static bool
is_over(enum device_poll poll)
{
	return poll != DEVICE_PENDING && poll != DEVICE_SLOWER && poll != DEVICE_RETRY;
}

static enum larder_code
explain_end(enum device_poll poll, enum larder_code code, struct larder_error *ret_error)
{
	if (poll == DEVICE_DENIED)
		return error_set(ret_error, LARDER_DENIED, "the log-in was refused", NULL, "the person said no");
	if (poll == DEVICE_EXPIRED)
		return error_set(ret_error, LARDER_UNAVAILABLE, "the log-in was not finished",
		    "start again with 'larder login'", "the code has expired");
	return code;
}

enum larder_code
login_device_wait(
    struct engine *engine, struct login *login, int64_t deadline_ms, bool *ret_done, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	enum device_poll poll = DEVICE_PENDING;
	enum larder_code code = LARDER_OK;
	struct larder_error ignored;

	*ret_done = false;
	while (code == LARDER_OK && !is_over(poll)) {
		if (fx->now_s(fx->ctx) >= login->device.expires_at) {
			poll = DEVICE_EXPIRED;
		} else if (fx->clock_ms(fx->ctx) >= deadline_ms) {
			return LARDER_OK;
		} else if (fx->clock_ms(fx->ctx) < login->ask_at_ms) {
			fx->sleep_ms(fx->ctx, POLL_MS);
			continue;
		} else {
			code = poll_once(engine, login, login_exchange_deadline(engine, login), &poll, ret_error);
			slow_down(&login->device, poll);
			if (poll == DEVICE_SLOWER && code == LARDER_OK)
				(void)keep(engine, login, &ignored); /* for the call that goes on */
			login->ask_at_ms = fx->clock_ms(fx->ctx) + login->device.interval_s * 1000;
		}
	}
	if (is_over(poll))
		forget(engine, login);
	code = explain_end(poll, code, ret_error);
	*ret_done = code == LARDER_OK;
	return error_name(ret_error, code, login->want.name);
}
