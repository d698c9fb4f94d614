/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "crypto/encode.h"
#include "engine/login.h"
#include "oauth/par.h"

#define LISTEN_MS      30000
#define CHALLENGE_SIZE (2 * SHA256_BYTES + 1)

/* RFC 7636 section 4.1: 43 characters are 256 bits. */
static enum larder_code
make_secrets(struct engine *engine, struct login *login, char ret_challenge[static CHALLENGE_SIZE],
    struct larder_error *ret_error)
{
	uint8_t bytes[32], hash[SHA256_BYTES];
	char text[LOGIN_TEXT_SIZE];
	bool ok;

	engine->effects->random(engine->effects->ctx, bytes, sizeof bytes);
	base64url_32(bytes, login->state);
	login->nonce[0] = '\0';
	if (scope_is_subset("openid", login->scope)) {
		engine->effects->random(engine->effects->ctx, bytes, sizeof bytes);
		base64url_32(bytes, login->nonce);
	}
	engine->effects->random(engine->effects->ctx, bytes, sizeof bytes);
	base64url_32(bytes, text);
	secret_free(&login->verifier);
	ret_challenge[0] = '\0';
	if (login->party.provider->pkce == PKCE_UNSUPPORTED)
		return LARDER_OK;
	ok = secret_copy(text, strlen(text), &login->verifier);
	sha256(text, strlen(text), hash);
	if (login->party.provider->pkce_challenge == CHALLENGE_HEX)
		text_hex(ret_challenge, CHALLENGE_SIZE, hash, sizeof hash);
	else
		base64url_32(hash, ret_challenge);
	wipe(text, sizeof text);
	wipe(bytes, sizeof bytes);
	return ok ? LARDER_OK : error_no_memory(ret_error);
}

static enum larder_code
push(struct engine *engine, struct login *login, const struct authorize *authorize, int64_t deadline_ms,
    struct buf *ret_url, struct larder_error *ret_error)
{
	const struct provider *provider = login->party.provider;
	struct http_request request = { .headers_count = 0 };
	struct http_reply http = { .status = 0 };
	struct pushed *pushed = calloc(1, sizeof *pushed);
	int64_t sent_at = engine->effects->now_s(engine->effects->ctx);
	enum larder_code code;

	if (pushed == NULL)
		return error_no_memory(ret_error);
	do {
		code = par_build(provider, &login->party.oauth, authorize, &request, ret_error);
		if (code == LARDER_OK)
			code = login_ask(engine, login, &request, deadline_ms, &http, ret_error);
	} while (code == LARDER_OK && login_tries_other_secret(login, &http));
	if (code == LARDER_OK)
		code = par_read(provider, &http, sent_at, pushed, ret_error);
	if (code == LARDER_OK)
		code = par_url(provider, &login->party.oauth, pushed, ret_url, ret_error);
	if (code == LARDER_OK)
		login->url_expires_at = pushed->expires_at;
	http_reply_clear(&http);
	http_request_clear(&request);
	free(pushed);
	return code;
}

enum larder_code
login_url(struct engine *engine, struct login *login, const char *redirect_uri, int64_t deadline_ms,
    struct buf *ret_url, struct larder_error *ret_error)
{
	const struct provider *provider = login->party.provider;
	char challenge[CHALLENGE_SIZE];
	struct authorize authorize = {
		.redirect_uri = login->redirect_uri,
		.state = login->state,
		.code_challenge = challenge,
		.nonce = login->nonce,
		.dpop_jkt = login->dpop_jkt,
		.scope = login->scope,
		.resource = login->resource,
	};
	enum larder_code code;

	if (!text_format(login->redirect_uri, sizeof login->redirect_uri, "%s", redirect_uri))
		return error_set(ret_error, LARDER_USAGE, "cannot log in", NULL, "the redirect URI is too long");
	code = make_secrets(engine, login, challenge, ret_error);
	if (code != LARDER_OK)
		return code;
	if (par_is_possible(provider, &login->party.oauth))
		code = push(engine, login, &authorize, deadline_ms, ret_url, ret_error);
	else if (provider->require_par)
		code = error_set(ret_error, LARDER_REJECTED, "cannot log in", "give the client its variables",
		    "the provider takes pushed requests only, and this client has no endpoint for them");
	else
		code = authorize_url(provider, &login->party.oauth, &authorize, ret_url, ret_error);
	return error_name(ret_error, code, login->want.name);
}

static enum larder_code
redirect_check(
    struct login *login, const char *query, size_t len, struct secret *ret_code, struct larder_error *ret_error)
{
	const struct provider *provider = login->party.provider;
	struct buf issuer = BUF_INIT(URL_MAX);
	enum larder_code code = LARDER_OK;

	if (provider->issuer != NULL)
		code = provider_expand(provider, provider->issuer, &login->party.var_list, &issuer, ret_error);
	if (code == LARDER_NOT_FOUND) /* of an optional variable: this client does not know it */
		code = LARDER_OK;
	if (code == LARDER_OK && provider->iss_in_response && redirect_is_ours(query, len, login->state) &&
	    !redirect_names_issuer(query, len))
		code = error_set(ret_error, LARDER_DENIED, "the log-in was refused", "start again with 'larder login'",
		    "the answer does not say who it is from, and this provider always does");
	if (code == LARDER_OK)
		code = redirect_read(
		    query, len, login->state, issuer.len > 0 ? buf_str(&issuer) : NULL, ret_code, ret_error);
	buf_clear(&issuer);
	return code;
}

/* Who refuses the client has not looked at the code: RFC 6749 section 4.1.3 has it authenticate first. */
static enum larder_code
ask_tokens(struct engine *engine, struct login *login, const struct secret *authorization_code, int64_t deadline_ms,
    struct http_reply *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	enum larder_code code;

	do {
		code = code_build(login->party.provider, &login->party.oauth, authorization_code, login->redirect_uri,
		    &login->verifier, login->resource, &request, ret_error);
		if (code == LARDER_OK)
			code = login_prove(engine, login, &request, ret_error);
		if (code == LARDER_OK)
			code = login_ask(engine, login, &request, deadline_ms, ret, ret_error);
	} while (code == LARDER_OK && login_tries_again(engine, login, ret));
	http_request_clear(&request);
	return code;
}

enum larder_code
login_redirected(struct engine *engine, struct login *login, const char *query, size_t len, int64_t deadline_ms,
    struct larder_error *ret_error)
{
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };
	struct http_reply http = { .status = 0 };
	struct secret authorization_code = SECRET_INIT;
	int64_t sent_at = engine->effects->now_s(engine->effects->ctx);
	enum larder_code code;

	code = redirect_check(login, query, len, &authorization_code, ret_error);
	if (code == LARDER_OK) {
		wipe(login->state, sizeof login->state); /* once */
		code = ask_tokens(engine, login, &authorization_code, deadline_ms, &http, ret_error);
	}
	secret_free(&authorization_code);
	secret_free(&login->verifier);
	if (code == LARDER_OK) {
		login_judge(login, &http, sent_at, &reply);
		code = login_store(engine, login, &reply, deadline_ms, ret_error);
	}
	token_reply_clear(&reply);
	http_reply_clear(&http);
	return error_name(ret_error, code, login->want.name);
}

struct place { /* of a redirect URI on this machine */
	const char *host;
	unsigned port; /* 0: any */
	char path[64];
};

/* Where the listener can be: not at the rest of 127.0.0.0/8. NULL: elsewhere. */
static const char *
own_host(const struct url *url)
{
	if (strcmp(url->host, "127.0.0.1") == 0)
		return "127.0.0.1";
	if (strcmp(url->host, "localhost") == 0)
		return "localhost";
	return url->ipv6 && url_is_loopback(url) ? "[::1]" : NULL;
}

/* Whether an http URL says which port it is, be it 80. */
static bool
names_port(const char *uri)
{
	const char *end = uri + strlen("http://") + strcspn(uri + strlen("http://"), "/");

	while (end[-1] >= '0' && end[-1] <= '9')
		end--;
	return end[-1] == ':';
}

/* USAGE for a URI that no browser of this machine can be sent to. */
static enum larder_code
place_of(const char *uri, struct place *ret, struct larder_error *ret_error)
{
	char why[128];
	struct url url;

	if (!url_parse(uri, &url, why, sizeof why) || strcmp(url.scheme, "http") != 0 || own_host(&url) == NULL ||
	    strchr(url.path, '?') != NULL || !text_format(ret->path, sizeof ret->path, "%s", url.path))
		return error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "use --flow paste, or a redirect URI such as http://127.0.0.1:8765/callback",
		    "the redirect URI is not to this machine");
	ret->host = own_host(&url);
	ret->port = names_port(uri) ? url.port : 0;
	return LARDER_OK;
}

static void
place_of_definition(const struct provider *provider, unsigned port, struct place *ret)
{
	const char *path = provider->loopback.path;

	ret->port = port == LOGIN_PORT_ANY ? 0
	    : port != 0                    ? port
	    : provider->loopback.port != 0 ? (unsigned)provider->loopback.port
	    : provider->loopback.any_port  ? 0
					   : LOOPBACK_PORT;
	(void)text_format(ret->path, sizeof ret->path, "%s", path == NULL ? LOOPBACK_PATH : path);
}

static enum larder_code
listen_at(struct engine *engine, struct login *login, const struct place *place,
    char ret_redirect_uri[static REDIRECT_SIZE], int64_t timeout_ms, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct job job = { .kind = JOB_LISTEN, .connect_ms = 1, .go_ms = 1 };
	struct call_result result = { .failure = { .why = "" } };
	char port[8] = "";
	enum larder_code code;

	job.listen_ms = (int32_t)(timeout_ms < JOB_TIME_MAX_MS ? timeout_ms : JOB_TIME_MAX_MS);
	(void)text_format(job.request.method, sizeof job.request.method, "GET");
	if (place->port != 0)
		(void)text_format(port, sizeof port, ":%u", place->port);
	(void)text_format(job.request.url, sizeof job.request.url, "http://%s%s%s", place->host, port, place->path);
	code = fx->call_open(fx->ctx, &job, NULL, NULL, &login->listener, ret_error);
	if (code != LARDER_OK)
		return code;
	if (fx->call_wait(fx->ctx, login->listener, fx->clock_ms(fx->ctx) + LISTEN_MS, &result) != CALL_READY) {
		fx->call_close(fx->ctx, login->listener);
		login->listener = NULL;
		return error_set(ret_error, LARDER_UNAVAILABLE, "cannot log in",
		    "choose another --port, or --flow device or paste", "%s",
		    result.failure.why[0] != '\0' ? result.failure.why : "no listener could be started");
	}
	(void)text_format(ret_redirect_uri, REDIRECT_SIZE, "http://%s:%d%s", place->host, result.port, place->path);
	return LARDER_OK;
}

/*
 * The first host that works, in the order of the definition: a machine may have IPv4 or IPv6 only. A port that was asked
 * for is registered with its host, and who has that one may be waiting for what is ours: there is no second choice.
 */
static enum larder_code
listen_anywhere(struct engine *engine, struct login *login, struct place *place,
    char ret_redirect_uri[static REDIRECT_SIZE], int64_t timeout_ms, struct larder_error *ret_error)
{
	static const char *const usual[] = { "127.0.0.1", "[::1]" };
	const struct strings *given = &login->party.provider->loopback.hosts;
	size_t count = place->port != 0 ? 1 : given->count == 0 ? 2 : given->count;
	struct larder_error later;
	enum larder_code code = LARDER_UNAVAILABLE;

	for (size_t i = 0; i < count && code == LARDER_UNAVAILABLE; i++) {
		place->host = given->count == 0 ? usual[i] : given->items[i];
		code = listen_at(engine, login, place, ret_redirect_uri, timeout_ms, i == 0 ? ret_error : &later);
	}
	return code;
}

enum larder_code
login_listen(struct engine *engine, struct login *login, unsigned port, const char *redirect_uri,
    char ret_redirect_uri[static REDIRECT_SIZE], int64_t timeout_ms, struct larder_error *ret_error)
{
	const struct provider *provider = login->party.provider;
	struct place place = { .host = NULL };
	enum larder_code code;

	if (redirect_uri != NULL) {
		code = place_of(redirect_uri, &place, ret_error);
		if (code == LARDER_OK && port != 0)
			place.port = port == LOGIN_PORT_ANY ? 0 : port;
		return code == LARDER_OK ? listen_at(engine, login, &place, ret_redirect_uri, timeout_ms, ret_error)
					 : code;
	}
	if (!provider->loopback.http_loopback)
		return error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "use --flow paste --redirect-uri with the one that is registered",
		    "this provider takes no redirect to this machine");
	place_of_definition(provider, port, &place);
	if (place.port == 0 && port != LOGIN_PORT_ANY && !provider->loopback.any_port_known) {
		/* the one that people were told to register, if it is free: the provider may want just that */
		place.port = LOOPBACK_PORT;
		code = listen_anywhere(engine, login, &place, ret_redirect_uri, timeout_ms, ret_error);
		if (code != LARDER_UNAVAILABLE)
			return code;
		place.port = 0;
	}
	return listen_anywhere(engine, login, &place, ret_redirect_uri, timeout_ms, ret_error);
}

void
login_paste_uri(const struct login *login, unsigned port, char ret[static REDIRECT_SIZE])
{
	const struct provider *provider = login->party.provider;
	struct place place = { .host = "127.0.0.1" };

	place_of_definition(provider, port, &place);
	if (provider->loopback.hosts.count > 0)
		place.host = provider->loopback.hosts.items[0];
	if (port == 0 && login->redirect_before[0] != '\0')
		(void)text_format(ret, REDIRECT_SIZE, "%s", login->redirect_before);
	else
		(void)text_format(ret, REDIRECT_SIZE, "http://%s:%u%s", place.host,
		    place.port == 0 ? LOOPBACK_PORT : place.port, place.path);
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
			return error_set(ret_error, LARDER_UNAVAILABLE, "the log-in was not finished",
			    "start again with 'larder login', or allow more with --timeout",
			    "nobody came back from the browser in time");
		query = (const char *)result.piece.data;
		if (redirect_is_ours(query, result.piece.len, login->state))
			break;
		fx->call_show(fx->ctx, login->listener, PAGE_NOT_OURS, "");
		secret_free(&result.piece);
	}
	code = login_redirected(engine, login, query, result.piece.len, login_exchange_deadline(engine, login), &error);
	secret_free(&result.piece);
	fx->call_show(fx->ctx, login->listener, code == LARDER_OK ? PAGE_DONE : PAGE_REFUSED, error.why);
	if (code != LARDER_OK && ret_error != NULL)
		*ret_error = error;
	return code;
}
