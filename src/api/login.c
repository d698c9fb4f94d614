/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/login.h"

#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "base/text.h"

#define PERSON_MS   (5 * 60 * 1000) /* for a person at a browser */
#define EXCHANGE_MS 90000           /* for the provider, once the person has decided */
#define ANSWER_SIZE 16384           /* a pasted URL */

static enum larder_code
give_up(struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_DENIED, "the log-in was given up", NULL, "nobody is there to go on");
}

static enum larder_code
show_url(struct engine *engine, struct login *attempt, const struct larder_login *wanted, const char *redirect_uri,
    struct larder_error *ret_error)
{
	struct buf url = BUF_INIT(AUTHORIZE_URL_MAX);
	enum larder_code code = login_url(engine, attempt, redirect_uri, &url, ret_error);

	if (code == LARDER_OK && (wanted->show_url == NULL || wanted->show_url(wanted->ctx, buf_str(&url)) != 0))
		code = give_up(ret_error);
	buf_clear(&url);
	return code;
}

static enum larder_code
by_browser(struct engine *engine, struct login *attempt, const struct larder_login *wanted, int64_t timeout_ms,
    struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	char redirect_uri[REDIRECT_SIZE];
	enum larder_code code;

	code = login_listen(engine, attempt, wanted->port, redirect_uri, timeout_ms, ret_error);
	if (code == LARDER_OK)
		code = show_url(engine, attempt, wanted, redirect_uri, ret_error);
	if (code == LARDER_OK)
		code = login_hear(engine, attempt, fx->clock_ms(fx->ctx) + timeout_ms, ret_error);
	return code;
}

static enum larder_code
by_paste(
    struct engine *engine, struct login *attempt, const struct larder_login *wanted, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct secret answer = SECRET_INIT;
	char redirect_uri[REDIRECT_SIZE];
	const char *query;
	enum larder_code code;

	if (wanted->redirect_uri != NULL)
		(void)text_format(redirect_uri, sizeof redirect_uri, "%s", wanted->redirect_uri);
	else
		(void)text_format(redirect_uri, sizeof redirect_uri, "http://127.0.0.1:%u/callback",
		    wanted->port == 0 ? 8765U : wanted->port);
	code = show_url(engine, attempt, wanted, redirect_uri, ret_error);
	if (code == LARDER_OK && !secret_new(ANSWER_SIZE, &answer))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK &&
	    (wanted->ask_url == NULL || wanted->ask_url(wanted->ctx, (char *)answer.data, answer.len) != 0))
		code = give_up(ret_error);
	if (code == LARDER_OK) {
		query = strchr((const char *)answer.data, '?');
		query = query == NULL ? (const char *)answer.data : query + 1;
		code = login_redirected(
		    engine, attempt, query, strcspn(query, "# \r\n"), fx->clock_ms(fx->ctx) + EXCHANGE_MS, ret_error);
	}
	secret_free(&answer);
	return code;
}

static enum larder_code
by_device(struct engine *engine, struct login *attempt, const struct larder_login *wanted, int64_t timeout_ms,
    struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	const struct device_grant *grant = &attempt->device;
	int64_t deadline_ms = timeout_ms > 0 ? fx->clock_ms(fx->ctx) + timeout_ms : INT64_MAX;
	struct larder_login_code code_to_show;
	enum larder_code code;
	bool done = false;

	code = login_device(engine, attempt, fx->clock_ms(fx->ctx) + EXCHANGE_MS, ret_error);
	if (code != LARDER_OK)
		return code;
	code_to_show = (struct larder_login_code){
		.user_code = grant->user_code,
		.uri = grant->verification_uri,
		.complete_uri = grant->verification_complete,
		.expires_at = grant->expires_at,
	};
	if (wanted->show_code == NULL || wanted->show_code(wanted->ctx, &code_to_show) != 0)
		return give_up(ret_error);
	code = login_device_wait(engine, attempt, deadline_ms, &done, ret_error);
	if (code == LARDER_OK && !done)
		code = error_set(ret_error, LARDER_DENIED, "the log-in was not finished",
		    "start again with 'larder login', or allow more with --timeout", "the code was not used in time");
	return code;
}

static enum larder_login_flow
choose(const struct larder_login *wanted, const struct login *attempt)
{
	if (wanted->flow != LARDER_LOGIN_AUTO)
		return wanted->flow;
	if (attempt->party.provider->endpoints.authorization == NULL)
		return LARDER_LOGIN_DEVICE;
	return LARDER_LOGIN_BROWSER;
}

static enum larder_code
log_in(struct engine *engine, const struct login_want *want, const struct larder_login *wanted,
    struct larder_error *ret_error)
{
	struct login *attempt = calloc(1, sizeof *attempt);
	int64_t timeout_ms = wanted->timeout_ms;
	enum larder_code code;

	if (attempt == NULL)
		return error_no_memory(ret_error);
	code = login_begin(engine, want, attempt, ret_error);
	if (code == LARDER_OK) {
		switch (choose(wanted, attempt)) {
		case LARDER_LOGIN_DEVICE:
			code = by_device(engine, attempt, wanted, timeout_ms, ret_error);
			break;
		case LARDER_LOGIN_PASTE:
			code = by_paste(engine, attempt, wanted, ret_error);
			break;
		case LARDER_LOGIN_BROWSER:
		case LARDER_LOGIN_AUTO:
			code = by_browser(engine, attempt, wanted, timeout_ms > 0 ? timeout_ms : PERSON_MS, ret_error);
			break;
		}
	}
	login_end(engine, attempt);
	free(attempt);
	return code;
}

enum larder_code
larder_login(struct larder *larder, const struct larder_login *wanted, struct larder_error *ret_error)
{
	struct session *session = NULL;
	char scope[SCOPE_SIZE] = "";
	struct login_want want = {
		.name = wanted->name,
		.client = wanted->client,
		.scope = scope,
		.resource = wanted->resource == NULL ? "" : wanted->resource,
		.account = wanted->account,
	};
	enum larder_code code = check_name(wanted->name, "credential", ret_error);

	if (code == LARDER_OK && wanted->client != NULL)
		code = check_name(wanted->client, "client", ret_error);
	if (code == LARDER_OK && wanted->scope != NULL && !scope_canonical(wanted->scope, scope, sizeof scope))
		code = error_set(ret_error, LARDER_USAGE, "cannot log in", NULL,
		    "the scope is too long or has characters that no scope has");
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK) {
		handle_find_courier(larder, session);
		code = log_in(&session->engine, &want, wanted, ret_error);
	}
	session_give(larder, session);
	return error_name(ret_error, code, wanted->name);
}
