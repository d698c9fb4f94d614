/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/login.h"

#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/login_client.h"
#include "api/login_grant.h"
#include "api/login_url.h"
#include "base/text.h"

#define PERSON_MS   (INT64_C(5) * 60 * 1000) /* for a person at a browser */
#define ANSWER_SIZE 16384                    /* a pasted URL */

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
	int64_t life_s = -1;
	enum larder_code code =
	    login_url(engine, attempt, redirect_uri, login_exchange_deadline(engine, attempt), &url, ret_error);

	if (attempt->url_expires_at != TIME_UNKNOWN)
		life_s = attempt->url_expires_at - engine->effects->now_s(engine->effects->ctx);
	if (code == LARDER_OK &&
	    (wanted->show_url == NULL || wanted->show_url(wanted->ctx, buf_str(&url), life_s) != 0))
		code = give_up(ret_error);
	buf_clear(&url);
	return code;
}

/* A redirect URI that was registered, or had to be, stays the same from one log-in to the next. */
static const char *
known_redirect(const struct larder_login *wanted, const struct login *attempt)
{
	if (wanted->redirect_uri == NULL && attempt->party.client.redirect_uri[0] != '\0')
		return attempt->party.client.redirect_uri;
	if (wanted->redirect_uri != NULL || wanted->port != 0 || attempt->party.provider->loopback.any_port)
		return wanted->redirect_uri;
	return strncmp(attempt->redirect_before, "http://", 7) == 0 ? attempt->redirect_before : NULL;
}

static enum larder_code
by_browser(struct engine *engine, struct login *attempt, const struct larder_login *wanted, int64_t timeout_ms,
    struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	unsigned port = wanted->port == LARDER_PORT_ANY ? LOGIN_PORT_ANY : wanted->port;
	char redirect_uri[REDIRECT_SIZE];
	enum larder_code code;

	code =
	    login_listen(engine, attempt, port, known_redirect(wanted, attempt), redirect_uri, timeout_ms, ret_error);
	if (code == LARDER_OK)
		code = show_url(engine, attempt, wanted, redirect_uri, ret_error);
	if (code == LARDER_OK)
		code = login_hear(engine, attempt, fx->clock_ms(fx->ctx) + timeout_ms, ret_error);
	return code;
}

static enum larder_code
paste_uri(const struct login *attempt, const struct larder_login *wanted, char ret[static REDIRECT_SIZE],
    struct larder_error *ret_error)
{
	const struct provider *provider = attempt->party.provider;
	const char *redirect_uri =
	    wanted->redirect_uri == NULL && wanted->port == 0 ? known_redirect(wanted, attempt) : wanted->redirect_uri;

	if (redirect_uri == NULL && !provider->loopback.http_loopback && attempt->redirect_before[0] == '\0')
		return error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "give --redirect-uri as it is registered at the provider",
		    "this provider takes no redirect to this machine");
	if (redirect_uri == NULL)
		login_paste_uri(attempt, wanted->port == LARDER_PORT_ANY ? 0 : wanted->port, ret);
	else if (!text_format(ret, REDIRECT_SIZE, "%s", redirect_uri))
		return error_set(ret_error, LARDER_USAGE, "cannot log in", NULL, "the redirect URI is too long");
	return LARDER_OK;
}

static enum larder_code
by_paste(
    struct engine *engine, struct login *attempt, const struct larder_login *wanted, struct larder_error *ret_error)
{
	struct secret answer = SECRET_INIT;
	char redirect_uri[REDIRECT_SIZE];
	const char *query;
	enum larder_code code;

	code = paste_uri(attempt, wanted, redirect_uri, ret_error);
	if (code == LARDER_OK)
		code = show_url(engine, attempt, wanted, redirect_uri, ret_error);
	if (code == LARDER_OK && !secret_new(ANSWER_SIZE, &answer))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK &&
	    (wanted->ask_url == NULL || wanted->ask_url(wanted->ctx, (char *)answer.data, answer.len) != 0))
		code = give_up(ret_error);
	if (code == LARDER_OK) {
		query = strchr((const char *)answer.data, '?');
		query = query == NULL ? (const char *)answer.data : query + 1;
		code = login_redirected(engine, attempt, query, strcspn(query, "# \r\n"),
		    login_exchange_deadline(engine, attempt), ret_error);
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

	code = login_device(engine, attempt, login_exchange_deadline(engine, attempt), ret_error);
	if (code != LARDER_OK)
		return code;
	code_to_show = (struct larder_login_code){
		.user_code = grant->user_code,
		.uri = grant->verification_uri,
		.complete_uri = grant->verification_complete,
		.expires_at = grant->expires_at,
		.provider = attempt->party.provider->name,
		.client_id = attempt->party.client.client_id,
		.scope = attempt->scope,
		.resumed = attempt->waits,
	};
	if (wanted->show_code == NULL || wanted->show_code(wanted->ctx, &code_to_show) != 0)
		return give_up(ret_error);
	code = login_device_wait(engine, attempt, deadline_ms, &done, ret_error);
	if (code == LARDER_OK && !done)
		code = error_set(ret_error, LARDER_UNAVAILABLE, "the log-in was not finished",
		    "the same command goes on with it as long as the code is good", "the code was not used in time");
	return code;
}

/* The best way that there is; none is an error that says what is missing. */
static enum larder_code
choose(const struct larder_login *wanted, const struct login *attempt, enum larder_login_flow *ret,
    struct larder_error *ret_error)
{
	bool can_browse = login_can_browse(attempt), can_device = login_can_device(attempt);
	const char *redirect_uri = known_redirect(wanted, attempt);
	bool redirects = redirect_uri != NULL ? strncmp(redirect_uri, "http://", 7) == 0
					      : attempt->party.provider->loopback.http_loopback;

	*ret = wanted->flow;
	if (wanted->flow != LARDER_LOGIN_AUTO)
		return LARDER_OK;
	if (!attempt->waits && can_browse && redirects && wanted->has_browser)
		*ret = LARDER_LOGIN_BROWSER;
	else if (attempt->waits || can_device)
		*ret = LARDER_LOGIN_DEVICE;
	else if (can_browse && wanted->has_terminal)
		*ret = LARDER_LOGIN_PASTE;
	else if (can_browse && wanted->has_browser)
		return error_set(ret_error, LARDER_USAGE, "cannot log in", "use --flow paste at a terminal",
		    "the provider takes no redirect to this machine and has no device flow, and there is no terminal "
		    "to ask at");
	else if (can_browse)
		return error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "say how: --flow paste, or --no-browser and a browser that reaches this machine",
		    "no browser can be opened here, there is no terminal to ask at, and the provider has no device flow");
	else
		return error_set(ret_error, LARDER_NOT_FOUND, "cannot log in", "bring a refresh token to 'larder add'",
		    "the provider's definition has neither an authorization endpoint nor a device flow");
	return LARDER_OK;
}

static enum larder_code
log_in(struct engine *engine, const struct login_want *want, const struct larder_login *wanted,
    struct larder_error *ret_error)
{
	struct login *attempt = calloc(1, sizeof *attempt);
	enum larder_login_flow flow = LARDER_LOGIN_AUTO;
	int64_t timeout_ms = wanted->timeout_ms;
	enum larder_code code;
	bool is_done = false;

	if (attempt == NULL)
		return error_no_memory(ret_error);
	code = login_begin(engine, want, attempt, ret_error);
	if (code == LARDER_OK)
		code = login_without_person(
		    engine, attempt, wanted, login_exchange_deadline(engine, attempt), &is_done, ret_error);
	if (code == LARDER_OK && !is_done)
		code = choose(wanted, attempt, &flow, ret_error);
	if (code != LARDER_OK || is_done)
		goto out;
	if (flow == LARDER_LOGIN_DEVICE)
		code = by_device(engine, attempt, wanted, timeout_ms, ret_error);
	else if (flow == LARDER_LOGIN_PASTE)
		code = by_paste(engine, attempt, wanted, ret_error);
	else
		code = by_browser(engine, attempt, wanted, timeout_ms > 0 ? timeout_ms : PERSON_MS, ret_error);
out:
	login_end(engine, attempt);
	free(attempt);
	return code;
}

static enum larder_code
check_wanted(const struct larder_login *wanted, char *scope, size_t scope_size, struct larder_error *ret_error)
{
	enum larder_code code = check_name(wanted->name, "credential", ret_error);

	if (code == LARDER_OK && wanted->client != NULL)
		code = check_name(wanted->client, "client", ret_error);
	if (code == LARDER_OK && wanted->client_id != NULL && wanted->client != NULL)
		code = error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "give --client, or --provider with --client-id", "the client that is named has an id already");
	if (code == LARDER_OK && wanted->secret_len > 0 && wanted->client_id == NULL)
		code = error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "give it to 'larder client add' or 'larder client set-secret'", "a secret belongs to a client id");
	if (code == LARDER_OK && wanted->scope != NULL && !scope_canonical(wanted->scope, scope, scope_size))
		code = error_set(ret_error, LARDER_USAGE, "cannot log in", NULL,
		    "the scope is too long or has characters that no scope has");
	return code;
}

static enum larder_code
log_in_named(struct larder *larder, const struct larder_login *wanted, struct larder_error *ret_error)
{
	struct session *session = NULL;
	const struct secret given = { .data = (uint8_t *)(uintptr_t)wanted->secret, .len = wanted->secret_len };
	struct login_client client = { .name = "" };
	char scope[SCOPE_SIZE] = "";
	struct login_want want = {
		.name = wanted->name,
		.scope = scope,
		.resource = wanted->resource == NULL ? "" : wanted->resource,
		.account = wanted->account,
		.exchange_ms = wanted->timeout_ms,
	};
	enum larder_code code = check_wanted(wanted, scope, sizeof scope, ret_error);

	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = login_client_find(larder, session, wanted, &client, ret_error);
	if (code == LARDER_OK) {
		want.client = client.name[0] == '\0' ? NULL : client.name;
		want.secret = client.new_secret ? &given : NULL;
		handle_find_courier(larder, session);
		code = log_in(&session->engine, &want, wanted, ret_error);
		code = login_client_settle(larder, session, wanted, &client, code, ret_error);
	}
	session_give(larder, session);
	return error_name(ret_error, code, wanted->name);
}

enum larder_code
larder_login(struct larder *larder, const struct larder_login *wanted, char *ret_name, struct larder_error *ret_error)
{
	struct larder_login login = *wanted;
	struct login_place *place = NULL;
	enum larder_code code = LARDER_OK;

	if (login_is_url(wanted->name)) {
		place = calloc(1, sizeof *place);
		code = place == NULL ? error_no_memory(ret_error) : login_at_url(larder, &login, place, ret_error);
	}
	if (code == LARDER_OK)
		code = log_in_named(larder, &login, ret_error);
	if (code == LARDER_OK && place != NULL)
		code = login_allow_place(larder, place, wanted->name, ret_error);
	if (code == LARDER_OK && ret_name != NULL)
		(void)text_format(ret_name, NAME_SIZE, "%s", login.name);
	free(place);
	return code;
}
