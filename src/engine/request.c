/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/request.h"

#include <string.h>

#include "base/mask.h"
#include "base/text.h"
#include "base/url.h"
#include "engine/prove.h"
#include "oauth/api.h"
#include "oauth/protected.h"

#define MASKED_MAX ((size_t)1 << 20) /* of a piece, with what was held back */

struct attempt_state {
	const char *client;
	bool refused;     /* a 401 that another token may mend: nobody has heard of it */
	bool wants_nonce; /* so may a proof with the server's nonce, which is asked for once */
	bool is_bound;    /* the token is shown with a proof */
	bool asked_nonce;
	int status;
	struct mask mask; /* of the token, which some servers say again */
};

static enum larder_code
check_host(
    const struct credential *credential, const struct party *party, const char *text, struct larder_error *ret_error)
{
	char why[128], hint[192];
	struct url url;

	if (!url_parse(text, &url, why, sizeof why))
		return error_set(ret_error, LARDER_USAGE, "bad URL", NULL, "%s", why);
	if (api_host_is_allowed(party->provider, credential->token_endpoint, credential->api_hosts, &url))
		return LARDER_OK;
	(void)text_format(
	    hint, sizeof hint, "if it is meant, allow it: 'larder allow %s %s'", credential->name, url.host);
	return error_set(ret_error, LARDER_DENIED, "the token was not sent", hint,
	    "%s is none of the hosts that this credential is for", url.host);
}

static enum larder_code
load_checked(struct engine *engine, const struct api_request *request, struct party *party, struct credential *ret,
    struct larder_error *ret_error)
{
	enum larder_code code = credential_load(engine->vault, request->token.name, ret, ret_error);

	if (code == LARDER_OK)
		code = party_load(engine, ret, party, ret_error);
	if (code == LARDER_OK)
		code = check_host(ret, party, request->url, ret_error);
	wipe(&ret->intent, sizeof ret->intent);
	return code;
}

static bool
add_token(struct http_request *http, const struct access *access)
{
	struct buf value = BUF_INIT_SECRET(TOKEN_MAX + 64);
	bool bearer = access->token_type[0] == '\0' || text_equal_nocase(access->token_type, "bearer");
	bool ok;

	if (dpop_is_type(access->token_type)) /* never as a Bearer token: RFC 9449 section 7.1 */
		return dpop_add_token(http, &access->token);
	ok = buf_append_format(&value, "%s ", bearer ? "Bearer" : access->token_type) &&
	    buf_append(&value, access->token.data, access->token.len) &&
	    http_request_add_header(http, "Authorization", (const char *)value.data, value.len);
	buf_clear(&value);
	return ok;
}

static int32_t
shorter(int64_t wanted_ms, int32_t limit_ms)
{
	return wanted_ms > 0 && wanted_ms < limit_ms ? (int32_t)wanted_ms : limit_ms;
}

static enum larder_code
build(struct engine *engine, const struct api_request *request, const struct party *party,
    const struct credential *credential, const struct access *access, struct job *job, struct larder_error *ret_error)
{
	struct http_request *http = &job->request;
	enum larder_code code;

	code = party_job(engine, party, job, ret_error);
	if (code != LARDER_OK)
		return code;
	job->kind = JOB_STREAM;
	job->sends_source = request->source_fd >= 0;
	job->listen_ms = shorter(request->silent_ms, JOB_TIME_MAX_MS);
	job->connect_ms = shorter(request->silent_ms, job->connect_ms);
	if (!text_format(http->method, sizeof http->method, "%s", request->method) ||
	    !text_format(http->url, sizeof http->url, "%s", request->url))
		return error_set(ret_error, LARDER_USAGE, "cannot make the request", NULL, "method or URL is too long");
	if (!add_token(http, access))
		return error_no_memory(ret_error);
	for (size_t i = 0; i < request->headers_count; i++) {
		const struct api_header *header = &request->headers[i];

		if (text_equal_nocase(header->name, "authorization"))
			return error_set(ret_error, LARDER_USAGE, "cannot make the request", "leave it out",
			    "the Authorization header is the token's");
		if (text_equal_nocase(header->name, "dpop")) /* no request has two: RFC 9449 section 4.3 */
			return error_set(ret_error, LARDER_USAGE, "cannot make the request", "leave it out",
			    "the DPoP header is the proof's");
		if (!http_request_add_header(http, header->name, header->value, strlen(header->value)))
			return error_set(ret_error, LARDER_USAGE, "cannot make the request", NULL,
			    "a header is malformed, or there are more than %d", HTTP_HEADERS_MAX - 1);
	}
	return dpop_is_type(access->token_type)
	    ? prove_for(engine, credential, NONCE_OF_RESOURCE, &access->token, http, ret_error)
	    : LARDER_OK;
}

/* A refusal of the proof, or of its nonce, says nothing about the token (RFC 9449 sections 7.1 and 9). */
static bool
is_stale(const struct attempt_state *state, const struct http_reply *reply)
{
	struct buf error = BUF_INIT(sizeof reply->challenge);
	bool stale;

	if (reply->status != 401)
		return false;
	if (!state->is_bound)
		return api_challenge_is_bearer(reply->challenge);
	stale = api_challenge_is(reply->challenge, "DPoP") &&
	    (!protected_challenge_param(reply->challenge, "error", &error) ||
		strcmp(buf_str(&error), "invalid_token") == 0);
	buf_clear(&error);
	return stale;
}

static enum larder_code
hear_head(struct engine *engine, const struct api_request *request, const struct http_reply *reply,
    struct attempt_state *state, struct larder_error *ret_error)
{
	struct buf head = BUF_INIT(MASKED_MAX);
	enum larder_code code = LARDER_OK;

	state->status = reply->status;
	if (state->is_bound)
		prove_heard(engine, request->url, NONCE_OF_RESOURCE, reply);
	if (state->is_bound && !state->asked_nonce && reply->status == 401 &&
	    dpop_challenge_wants_nonce(reply->challenge) && dpop_nonce_is_valid(reply->dpop_nonce)) {
		state->wants_nonce = state->asked_nonce = true;
		return LARDER_OK;
	}
	if (request->token.refused == NULL && is_stale(state, reply)) {
		state->refused = true;
		return LARDER_OK;
	}
	if (!mask_feed(&state->mask, reply->body.data, reply->body.len, true, &head))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		code =
		    request->listener.head(request->listener.ctx, reply->status, buf_str(&head), head.len, ret_error);
	buf_clear(&head);
	return code;
}

static enum larder_code
hear_data(const struct api_request *request, const struct secret *piece, bool last, struct attempt_state *state,
    struct larder_error *ret_error)
{
	struct buf clean = BUF_INIT(MASKED_MAX);
	enum larder_code code = LARDER_OK;

	if (!mask_feed(&state->mask, piece->data, piece->len, last, &clean))
		code = error_no_memory(ret_error);
	else if (clean.len > 0)
		code = request->listener.data(request->listener.ctx, clean.data, clean.len, ret_error);
	buf_clear(&clean);
	return code;
}

static enum larder_code
hear(struct engine *engine, const struct api_request *request, struct call *call, struct attempt_state *state,
    struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };
	const struct secret nothing = SECRET_INIT;
	enum call_event event;
	enum larder_code code = LARDER_OK;

	do {
		event = fx->call_wait(fx->ctx, call, -1, &result);
		if (event == CALL_HEAD)
			code = hear_head(engine, request, &result.reply, state, ret_error);
		else if (event == CALL_DATA)
			code = hear_data(request, &result.piece, false, state, ret_error);
		http_reply_clear(&result.reply);
		secret_free(&result.piece);
	} while (
	    code == LARDER_OK && !state->refused && !state->wants_nonce && (event == CALL_HEAD || event == CALL_DATA));
	if (code == LARDER_OK && !state->refused && !state->wants_nonce)
		code = hear_data(request, &nothing, true, state, ret_error);
	if (code != LARDER_OK || state->refused || state->wants_nonce || event == CALL_END)
		return code;
	if (event == CALL_FAILED && result.failure.stage == CALL_SETUP)
		return error_set(ret_error, LARDER_USAGE, "cannot make the request", NULL, "%s", result.failure.why);
	if (event == CALL_FAILED && result.failure.stage == CALL_REFUSED)
		return party_refused(state->client, result.failure.why, "the request failed", ret_error);
	return error_set(ret_error, LARDER_UNAVAILABLE, "the request failed", "try again", "%s",
	    event == CALL_FAILED ? result.failure.why : "the courier ended without a word");
}

static enum larder_code
send_once(struct engine *engine, const struct api_request *request, const struct party *party,
    const struct credential *credential, const struct access *access, struct attempt_state *state,
    struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct job job = { 0 };
	struct call *call = NULL;
	enum larder_code code = build(engine, request, party, credential, access, &job, ret_error);

	if (code == LARDER_OK)
		code = fx->stream_open(fx->ctx, &job, request->source_fd, &call, ret_error);
	job_clear(&job);
	if (code != LARDER_OK)
		return code;
	mask_init(&state->mask, &access->token, 1);
	state->mask.keeps_length = true; /* as the reply may say how long it is */
	code = hear(engine, request, call, state, ret_error);
	mask_clear(&state->mask);
	fx->call_close(fx->ctx, call);
	return code;
}

/* A reply that only asks for the server's nonce has not looked at the request, so that it may be repeated. */
static enum larder_code
send_proven(struct engine *engine, const struct api_request *request, const struct party *party,
    const struct credential *credential, const struct access *access, struct attempt_state *state,
    struct larder_error *ret_error)
{
	enum larder_code code;

	*state = (struct attempt_state){ .client = party->client.name, .is_bound = dpop_is_type(access->token_type) };
	do {
		state->wants_nonce = false;
		code = send_once(engine, request, party, credential, access, state, ret_error);
	} while (code == LARDER_OK && state->wants_nonce);
	return code;
}

enum larder_code
api_request_send(
    struct engine *engine, const struct api_request *request, int *ret_status, struct larder_error *ret_error)
{
	struct api_request second = *request;
	struct token_got got = { .refreshed = false }, other = { .refreshed = false };
	struct attempt_state state = { .refused = false };
	struct party party = { 0 };
	struct credential credential = { 0 };
	enum larder_code code;

	code = load_checked(engine, request, &party, &credential, ret_error);
	if (code == LARDER_OK)
		code = token_get(engine, &request->token, &got, ret_error);
	if (code == LARDER_OK)
		code = send_proven(engine, request, &party, &credential, &got.access, &state, ret_error);
	if (code == LARDER_OK && state.refused) {
		second.token.refused = &got.access.token;
		code = token_get(engine, &second.token, &other, ret_error);
		if (code == LARDER_OK)
			code = send_proven(engine, &second, &party, &credential, &other.access, &state, ret_error);
	}
	*ret_status = state.status;
	access_clear(&got.access);
	access_clear(&other.access);
	party_clear(&party);
	return error_name(ret_error, code, request->token.name);
}
