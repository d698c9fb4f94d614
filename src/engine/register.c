/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/ask.h"
#include "engine/discover.h"

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
		code = ask_plain(
		    engine, NULL, &job, &request, deadline_ms, "the client was not registered", &reply, ret_error);
	}
	if (code == LARDER_OK)
		code = registration_read(provider, &reply, ret, ret_error);
	if (code == LARDER_UNAVAILABLE && reply.status != 0 && ret_error != NULL)
		ret_error->retry_after_s =
		    http_retry_after(reply.retry_after, engine->effects->now_s(engine->effects->ctx));
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
	code = ask_plain(engine, NULL, &job, &request, deadline_ms, what, &reply, ret_error);
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
