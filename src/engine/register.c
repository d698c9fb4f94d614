/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/discover.h"

#define LISTEN_MS 30000

/* Ask once; the request is taken over. */
static enum larder_code
ask(struct engine *engine, struct job *job, struct http_request *request, int64_t deadline_ms, struct http_reply *ret,
    const char *what, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct call_result result = { .failure = { .why = "" } };
	struct call *call = NULL;
	enum call_event event;
	enum larder_code code;

	job->kind = JOB_PLAIN;
	job->listen_ms = LISTEN_MS;
	job->request = *request;
	*request = (struct http_request){ .headers_count = 0 };
	code = fx->call_open(fx->ctx, job, NULL, NULL, &call, ret_error);
	job_clear(job);
	if (code != LARDER_OK)
		return code;
	event = fx->call_wait(fx->ctx, call, deadline_ms, &result);
	fx->call_close(fx->ctx, call);
	if (event == CALL_REPLIED) {
		*ret = result.reply;
		return LARDER_OK;
	}
	http_reply_clear(&result.reply);
	return error_set(ret_error, LARDER_UNAVAILABLE, what, "try again", "%s",
	    event == CALL_FAILED ? result.failure.why : "the provider did not answer");
}

static void
make_job(const struct engine *engine, const struct provider *provider, const char *proxy, struct job *ret)
{
	*ret = (struct job){
		.insecure_loopback = provider->insecure_loopback,
		.public_only = provider->public_only,
		.connect_ms = CALL_CONNECT_MS,
		.go_ms = CALL_GO_MS,
	};
	(void)text_format(ret->proxy, sizeof ret->proxy, "%s", proxy);
	(void)text_format(ret->ca_file, sizeof ret->ca_file, "%s", engine->ca_file == NULL ? "" : engine->ca_file);
	(void)text_format(ret->ca_dir, sizeof ret->ca_dir, "%s", engine->ca_dir == NULL ? "" : engine->ca_dir);
}

enum larder_code
register_client(struct engine *engine, const struct provider *provider, const char *proxy,
    const struct registration_want *want, int64_t deadline_ms, struct registration *ret, struct larder_error *ret_error)
{
	struct http_request request = { .headers_count = 0 };
	struct http_reply reply = { .status = 0 };
	enum larder_code code = registration_build(provider, want, &request, ret_error);
	struct job job;

	if (code == LARDER_OK) {
		make_job(engine, provider, proxy, &job);
		code = ask(engine, &job, &request, deadline_ms, &reply, "the client was not registered", ret_error);
	}
	if (code == LARDER_OK)
		code = registration_read(provider, &reply, ret, ret_error);
	http_request_clear(&request);
	http_reply_clear(&reply);
	return code;
}

enum larder_code
register_withdraw(struct engine *engine, const struct party *party, int64_t deadline_ms, struct larder_error *ret_error)
{
	static const char *const what = "the registration was not taken back";
	const struct client *client = &party->client;
	struct http_request request = { .headers_count = 0 };
	struct http_reply reply = { .status = 0 };
	enum larder_code code;
	struct job job;

	if (client->registration_uri[0] == '\0' || secret_is_empty(&client->registration_token))
		return LARDER_NOT_FOUND;
	if (!registration_delete_build(client->registration_uri, &client->registration_token, &request))
		return error_no_memory(ret_error);
	make_job(engine, party->provider, client->proxy, &job);
	code = ask(engine, &job, &request, deadline_ms, &reply, what, ret_error);
	/* 401: the token is not valid any more, because the registration is gone (RFC 7592 section 2.3, 1.3) */
	if (code == LARDER_OK && reply.status != 204 && reply.status != 200 && reply.status != 401 &&
	    reply.status != 404)
		code = error_set(ret_error,
		    reply.status >= 500 || reply.status == 429 ? LARDER_UNAVAILABLE : LARDER_REJECTED, what,
		    "remove it in the provider's pages", "HTTP %d", reply.status);
	http_request_clear(&request);
	http_reply_clear(&reply);
	return code;
}
