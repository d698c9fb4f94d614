/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/login.h"

#include <string.h>

#include "base/text.h"
#include "crypto/derive.h"
#include "crypto/encode.h"
#include "oauth/identity.h"

#define LISTEN_MS     30000
#define LISTEN_MAX_MS (10 * 60 * 1000) /* as long as a courier may live */
#define POLL_MS       250              /* pieces of a wait, so that a deadline is met */

/* A name that no credential has yet has no id; its lock is found by a hash of the name. */
static int64_t
name_lock(const char *name)
{
	static const char label[] = "larder login ";
	char text[sizeof label + NAME_SIZE];
	uint8_t hash[SHA256_BYTES];

	(void)text_format(text, sizeof text, "%s%s", label, name);
	sha256(text, strlen(text), hash);
	return lock_byte(hash);
}

/* A renewal without new scopes asks for those that it has. */
static enum larder_code
take_existing(struct engine *engine, struct login *login, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	enum larder_code code = credential_load(engine->vault, login->want.name, &credential, ret_error);

	login->renews = code == LARDER_OK;
	if (code == LARDER_OK) {
		if (login->want.client == NULL)
			(void)text_format(login->client, sizeof login->client, "%s", credential.client);
		if (login->scope[0] == '\0')
			(void)text_format(login->scope, sizeof login->scope, "%s", credential.scope);
		(void)text_format(login->subject, sizeof login->subject, "%s", credential.subject);
		(void)text_format(login->account, sizeof login->account, "%s", credential.account);
	} else if (code == LARDER_NOT_FOUND && login->want.client != NULL) {
		code = LARDER_OK;
	}
	wipe(&credential.intent, sizeof credential.intent);
	return code;
}

enum larder_code
login_begin(struct engine *engine, const struct login_want *want, struct login *ret, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct credential of_client = { 0 };
	enum larder_code code;

	*ret = (struct login){ .want = *want, .lock = LOCK_INIT };
	(void)text_format(ret->client, sizeof ret->client, "%s", want->client == NULL ? "" : want->client);
	if (!text_format(ret->scope, sizeof ret->scope, "%s", want->scope))
		return error_set(ret_error, LARDER_USAGE, "cannot log in", "ask for fewer", "the scope is too long");
	code = take_existing(engine, ret, ret_error);
	if (code == LARDER_OK) {
		code = fx->lock_try(fx->ctx, name_lock(want->name), &ret->lock, ret_error);
		if (code == LARDER_UNAVAILABLE)
			code = error_set(ret_error, code, "cannot log in", "finish that one, or wait until it ends",
			    "a log-in to this credential is under way already");
	}
	(void)text_format(of_client.client, sizeof of_client.client, "%s", ret->client);
	if (code == LARDER_OK)
		code = party_load(engine, &of_client, &ret->party, ret_error);
	return error_name(ret_error, code, want->name);
}

void
login_end(struct engine *engine, struct login *login)
{
	engine->effects->call_close(engine->effects->ctx, login->listener);
	login->listener = NULL;
	engine->effects->lock_close(engine->effects->ctx, &login->lock);
	party_clear(&login->party);
	secret_free(&login->verifier);
	device_grant_clear(&login->device);
	wipe(login->state, sizeof login->state);
}

/* RFC 7636 section 4.1: 43 characters are 256 bits. */
static enum larder_code
make_secrets(
    struct engine *engine, struct login *login, char ret_challenge[static BASE64URL_32], struct larder_error *ret_error)
{
	uint8_t bytes[32], hash[SHA256_BYTES];
	char text[LOGIN_TEXT_SIZE];
	bool ok;

	engine->effects->random(engine->effects->ctx, bytes, sizeof bytes);
	base64url_32(bytes, login->state);
	engine->effects->random(engine->effects->ctx, bytes, sizeof bytes);
	base64url_32(bytes, text);
	secret_free(&login->verifier);
	ret_challenge[0] = '\0';
	if (login->party.provider->pkce == PKCE_UNSUPPORTED)
		return LARDER_OK;
	ok = secret_copy(text, strlen(text), &login->verifier);
	sha256(text, strlen(text), hash);
	base64url_32(hash, ret_challenge);
	wipe(text, sizeof text);
	wipe(bytes, sizeof bytes);
	return ok ? LARDER_OK : error_no_memory(ret_error);
}

enum larder_code
login_url(struct engine *engine, struct login *login, const char *redirect_uri, struct buf *ret_url,
    struct larder_error *ret_error)
{
	char challenge[BASE64URL_32];
	struct authorize authorize = {
		.redirect_uri = login->redirect_uri,
		.state = login->state,
		.code_challenge = challenge,
		.scope = login->scope,
		.resource = login->want.resource,
	};
	enum larder_code code;

	if (!text_format(login->redirect_uri, sizeof login->redirect_uri, "%s", redirect_uri))
		return error_set(ret_error, LARDER_USAGE, "cannot log in", NULL, "the redirect URI is too long");
	code = make_secrets(engine, login, challenge, ret_error);
	if (code == LARDER_OK)
		code = authorize_url(login->party.provider, &login->party.oauth, &authorize, ret_url, ret_error);
	return error_name(ret_error, code, login->want.name);
}

static enum larder_code
ask(struct engine *engine, struct login *login, struct http_request *request, int64_t deadline_ms,
    struct http_reply *ret, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };
	struct call *call = NULL;
	enum call_event event;
	enum larder_code code;
	struct job job;

	party_job(engine, &login->party, &job);
	job.kind = JOB_PLAIN;
	job.listen_ms = LISTEN_MS;
	job.request = *request;
	*request = (struct http_request){ .headers_count = 0 };
	code = fx->call_open(fx->ctx, &job, NULL, NULL, &call, ret_error);
	job_clear(&job);
	if (code != LARDER_OK)
		return code;
	event = fx->call_wait(fx->ctx, call, deadline_ms, &result);
	fx->call_close(fx->ctx, call);
	if (event == CALL_REPLIED) {
		*ret = result.reply;
		return LARDER_OK;
	}
	http_reply_clear(&result.reply);
	return error_set(ret_error, LARDER_UNAVAILABLE, "cannot log in", "try again", "%s",
	    event == CALL_FAILED ? result.failure.why : "the provider did not answer");
}

/* The account behind the new tokens must be the one that the credential stands for. */
static enum larder_code
check_account(struct login *login, const struct token_reply *reply, struct larder_error *ret_error)
{
	bool differs = login->renews && login->subject[0] != '\0' && reply->identity.subject[0] != '\0' &&
	    strcmp(login->subject, reply->identity.subject) != 0;

	if (login->want.account != NULL && reply->identity.account[0] != '\0' &&
	    !text_equal_nocase(login->want.account, reply->identity.account)) {
		differs = true;
		(void)text_format(login->account, sizeof login->account, "%s", login->want.account);
	}
	if (differs)
		return error_set(ret_error, LARDER_DENIED, "the log-in was refused",
		    "log in as the same account, or under another name", "it was as %s, the credential is %s",
		    reply->identity.account[0] != '\0' ? reply->identity.account : reply->identity.subject,
		    login->account[0] != '\0' ? login->account : login->subject);
	if (reply->identity.subject[0] != '\0')
		(void)text_format(login->subject, sizeof login->subject, "%s", reply->identity.subject);
	if (reply->identity.account[0] != '\0')
		(void)text_format(login->account, sizeof login->account, "%s", reply->identity.account);
	else if (login->want.account != NULL)
		(void)text_format(login->account, sizeof login->account, "%s", login->want.account);
	return LARDER_OK;
}

static enum larder_code
refuse(const struct token_reply *reply, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_REJECTED;
	const char *hint = "check client id, secret and redirect URI at the provider";

	if (reply->outcome == GRANT_DENIED || reply->outcome == GRANT_ENDED) {
		code = LARDER_DENIED;
		hint = "start again with 'larder login'";
	} else if (reply->outcome == GRANT_TEMPORARY || reply->outcome == GRANT_UNKNOWN) {
		code = LARDER_UNAVAILABLE;
		hint = "try again later";
	} else if (reply->outcome == GRANT_TOKENS) {
		hint = NULL;
	}
	return error_set(ret_error, code, "the log-in was refused", hint, "%s%s%s, HTTP %d",
	    reply->error[0] != '\0'           ? reply->error
		: reply->complaint[0] != '\0' ? reply->complaint
					      : "the provider's answer cannot be used",
	    reply->description[0] == '\0' ? "" : ": ", reply->description, reply->http_status);
}

/* What came is stored before anything else; without a refresh token it lasts as long as the access token. */
static enum larder_code
store(struct engine *engine, struct login *login, const struct token_reply *reply, int64_t deadline_ms,
    struct larder_error *ret_error)
{
	struct enrolment enrolment = {
		.name = login->want.name,
		.client = login->client,
		.scope = login->scope,
		.account = login->account,
		.subject = login->subject,
		.refresh_token = &reply->refresh_token,
		.tokens = reply,
		.replace = login->renews,
		.deadline_ms = deadline_ms,
	};
	enum larder_code code;

	if (reply->outcome != GRANT_TOKENS || !reply->usable)
		return refuse(reply, ret_error);
	code = check_account(login, reply, ret_error);
	return code == LARDER_OK ? enroll_credential(engine, &enrolment, ret_error) : code;
}

enum larder_code
login_redirected(struct engine *engine, struct login *login, const char *query, size_t len, int64_t deadline_ms,
    struct larder_error *ret_error)
{
	const struct provider *provider = login->party.provider;
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };
	struct http_request request = { .headers_count = 0 };
	struct http_reply http = { .status = 0 };
	struct secret authorization_code = SECRET_INIT;
	int64_t sent_at = engine->effects->now_s(engine->effects->ctx);
	enum larder_code code;

	code = redirect_read(query, len, login->state, provider->issuer, &authorization_code, ret_error);
	if (code == LARDER_OK) {
		wipe(login->state, sizeof login->state); /* once */
		code = code_build(provider, &login->party.oauth, &authorization_code, login->redirect_uri,
		    &login->verifier, login->want.resource, &request, ret_error);
	}
	secret_free(&authorization_code);
	if (code == LARDER_OK)
		code = ask(engine, login, &request, deadline_ms, &http, ret_error);
	secret_free(&login->verifier);
	if (code == LARDER_OK) {
		reply_judge(provider, &http, sent_at, &reply);
		code = store(engine, login, &reply, deadline_ms, ret_error);
	}
	token_reply_clear(&reply);
	http_reply_clear(&http);
	http_request_clear(&request);
	return error_name(ret_error, code, login->want.name);
}

enum larder_code
login_listen(struct engine *engine, struct login *login, unsigned port, char ret_redirect_uri[static REDIRECT_SIZE],
    int64_t timeout_ms, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct job job = { .kind = JOB_LISTEN, .connect_ms = 1, .go_ms = 1 };
	struct call_result result = { .failure = { .why = "" } };
	const char *path = "/callback";
	enum larder_code code;

	job.listen_ms = (int32_t)(timeout_ms < LISTEN_MAX_MS ? timeout_ms : LISTEN_MAX_MS);
	(void)text_format(job.request.method, sizeof job.request.method, "GET");
	if (port == 0)
		(void)text_format(job.request.url, sizeof job.request.url, "http://127.0.0.1%s", path);
	else
		(void)text_format(job.request.url, sizeof job.request.url, "http://127.0.0.1:%u%s", port, path);
	code = fx->call_open(fx->ctx, &job, NULL, NULL, &login->listener, ret_error);
	if (code != LARDER_OK)
		return code;
	if (fx->call_wait(fx->ctx, login->listener, fx->clock_ms(fx->ctx) + LISTEN_MS, &result) != CALL_READY)
		return error_set(ret_error, LARDER_UNAVAILABLE, "cannot log in",
		    "choose another --port, or --flow device or paste", "%s",
		    result.failure.why[0] != '\0' ? result.failure.why : "no listener could be started");
	(void)text_format(ret_redirect_uri, REDIRECT_SIZE, "http://127.0.0.1:%d%s", result.port, path);
	return LARDER_OK;
}

enum larder_code
login_hear(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };
	struct larder_error error = { .code = LARDER_OK };
	enum larder_code code;
	const char *query;

	for (;;) {
		if (fx->call_wait(fx->ctx, login->listener, deadline_ms, &result) != CALL_DATA)
			return error_set(ret_error, LARDER_DENIED, "the log-in was not finished",
			    "start again with 'larder login', or allow more with --timeout",
			    "nobody came back from the browser in time");
		query = (const char *)result.piece.data;
		if (redirect_is_ours(query, result.piece.len, login->state))
			break;
		fx->call_show(fx->ctx, login->listener, PAGE_NOT_OURS, "");
		secret_free(&result.piece);
	}
	code = login_redirected(engine, login, query, result.piece.len, fx->clock_ms(fx->ctx) + CALL_LISTEN_MS, &error);
	secret_free(&result.piece);
	fx->call_show(fx->ctx, login->listener, code == LARDER_OK ? PAGE_DONE : PAGE_REFUSED, error.why);
	if (code != LARDER_OK && ret_error != NULL)
		*ret_error = error;
	return code;
}

enum larder_code
login_device(struct engine *engine, struct login *login, int64_t deadline_ms, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct http_request request = { .headers_count = 0 };
	struct http_reply http = { .status = 0 };
	int64_t now = fx->now_s(fx->ctx);
	enum larder_code code;

	code = device_begin_build(
	    login->party.provider, &login->party.oauth, login->scope, login->want.resource, &request, ret_error);
	if (code == LARDER_OK)
		code = ask(engine, login, &request, deadline_ms, &http, ret_error);
	if (code == LARDER_OK)
		code = device_begin_read(login->party.provider, &http, now, &login->device, ret_error);
	if (code == LARDER_OK)
		login->ask_at_ms = fx->clock_ms(fx->ctx) + login->device.interval_s * 1000;
	http_reply_clear(&http);
	http_request_clear(&request);
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
	code = device_poll_build(
	    login->party.provider, &login->party.oauth, &login->device.device_code, &request, ret_error);
	if (code != LARDER_OK)
		return code;
	/* a time-out means: less often (RFC 8628 section 3.5) */
	if (ask(engine, login, &request, deadline_ms, &http, ret_error) != LARDER_OK)
		goto out;
	reply_judge(login->party.provider, &http, sent_at, &reply);
	*ret_poll = device_poll_judge(&reply);
	if (*ret_poll == DEVICE_TOKENS)
		code = store(engine, login, &reply, deadline_ms, ret_error);
	else if (*ret_poll == DEVICE_FAILED)
		code = refuse(&reply, ret_error);
out:
	token_reply_clear(&reply);
	http_reply_clear(&http);
	http_request_clear(&request);
	return code;
}

enum larder_code
login_device_wait(
    struct engine *engine, struct login *login, int64_t deadline_ms, bool *ret_done, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	enum device_poll poll = DEVICE_PENDING;
	enum larder_code code = LARDER_OK;

	*ret_done = false;
	while (code == LARDER_OK && !*ret_done) {
		if (fx->now_s(fx->ctx) >= login->device.expires_at)
			poll = DEVICE_EXPIRED;
		else if (fx->clock_ms(fx->ctx) >= deadline_ms)
			return LARDER_OK;
		else if (fx->clock_ms(fx->ctx) < login->ask_at_ms) {
			fx->sleep_ms(fx->ctx, POLL_MS);
			continue;
		} else
			code = poll_once(engine, login, fx->clock_ms(fx->ctx) + LISTEN_MS, &poll, ret_error);
		if (poll == DEVICE_SLOWER || poll == DEVICE_RETRY)
			login->device.interval_s += DEVICE_INTERVAL_S;
		login->ask_at_ms = fx->clock_ms(fx->ctx) + login->device.interval_s * 1000;
		*ret_done = poll == DEVICE_TOKENS;
		if (poll == DEVICE_DENIED)
			code =
			    error_set(ret_error, LARDER_DENIED, "the log-in was refused", NULL, "the person said no");
		else if (poll == DEVICE_EXPIRED)
			code = error_set(ret_error, LARDER_DENIED, "the log-in was not finished",
			    "start again with 'larder login'", "the code has expired");
	}
	return error_name(ret_error, code, login->want.name);
}
