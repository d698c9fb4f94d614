/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ask.h"

#define LISTEN_MS 30000

enum larder_code
ask_plain(const struct engine *engine, const char *client, struct job *job, struct http_request *request,
    int64_t deadline_ms, const char *what, struct http_reply *ret, struct larder_error *ret_error)
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
	if (event == CALL_FAILED && result.failure.stage == CALL_REFUSED)
		return party_refused(client, result.failure.why, what, ret_error);
	return error_set(ret_error, LARDER_UNAVAILABLE, what, "try again", "%s",
	    event == CALL_FAILED ? result.failure.why : "the provider did not answer");
}
