/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/request.h"

#include <string.h>
#include <sys/stat.h>

#include "api/handle.h"
#include "api/want.h"
#include "base/text.h"

static enum larder_code
give_up(struct larder_error *ret_error)
{
	return error_set(
	    ret_error, LARDER_DENIED, "the request was given up", NULL, "its reply is not wanted any more");
}

static enum larder_code
tell_head(void *ctx, int status, const char *lines, size_t len, struct larder_error *ret_error)
{
	const struct larder_request *request = ctx;

	if (request->head == NULL || request->head(request->ctx, status, lines, len) == 0)
		return LARDER_OK;
	return give_up(ret_error);
}

static enum larder_code
tell_data(void *ctx, const void *data, size_t len, struct larder_error *ret_error)
{
	const struct larder_request *request = ctx;

	if (request->data == NULL || request->data(request->ctx, data, len) == 0)
		return LARDER_OK;
	return give_up(ret_error);
}

static enum larder_code
check(const struct larder_request *request, struct larder_error *ret_error)
{
	struct stat body;
	char safe[80];

	if (request->url == NULL || (request->headers == NULL && request->headers_count > 0))
		return error_set(ret_error, LARDER_USAGE, "cannot make the request", NULL, "there is no URL");
	if (request->method != NULL && !http_method_is_valid(request->method))
		return error_set(ret_error, LARDER_USAGE, "cannot make the request",
		    "give one in upper case, such as GET or PATCH", "'%s' is no method",
		    text_escape(safe, sizeof safe, request->method, strlen(request->method)));
	if (request->has_body && (fstat(request->body_fd, &body) != 0 || !S_ISREG(body.st_mode)))
		return error_set(
		    ret_error, LARDER_USAGE, "cannot make the request", NULL, "the body is not a regular file");
	return check_name(request->name, "credential", ret_error);
}

enum larder_code
larder_request_send(
    struct larder *larder, const struct larder_request *wanted, int *ret_status, struct larder_error *ret_error)
{
	const struct larder_token_query query = {
		.name = wanted->name,
		.scope = wanted->scope,
		.resource = wanted->resource,
		.min_ttl_s = LARDER_MIN_TTL_DEFAULT,
		.timeout_ms = wanted->timeout_ms,
	};
	struct larder_request heard = *wanted;
	struct api_request request = {
		.method = wanted->method != NULL ? wanted->method
		    : wanted->has_body           ? "POST"
						 : "GET",
		.url = wanted->url,
		.headers_count = wanted->headers_count,
		.source_fd = wanted->has_body ? wanted->body_fd : -1,
		.silent_ms = handle_timeout(larder, wanted->timeout_ms),
		.listener = { .ctx = &heard, .head = tell_head, .data = tell_data },
	};
	struct api_header headers[HTTP_HEADERS_MAX];
	struct session *session = NULL;
	enum larder_code code = check(wanted, ret_error);
	int status = 0;

	if (code == LARDER_OK && wanted->headers_count > HTTP_HEADERS_MAX)
		code = error_set(ret_error, LARDER_USAGE, "cannot make the request", NULL,
		    "there are more than %d headers", HTTP_HEADERS_MAX - 1);
	if (code == LARDER_OK)
		code = want_fill(larder, &query, &request.token, ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	for (size_t i = 0; i < wanted->headers_count; i++)
		headers[i] = (struct api_header){ wanted->headers[i].name, wanted->headers[i].value };
	request.headers = headers;
	handle_find_courier(larder, session);
	code = api_request_send(&session->engine, &request, &status, ret_error);
	session_give(larder, session);
	if (code == LARDER_OK)
		*ret_status = status;
	return code;
}

enum larder_code
larder_allow(struct larder *larder, const char *name, const char *host, int allow, struct larder_error *ret_error)
{
	struct session *session = NULL;
	enum larder_code code = check_name(name, "credential", ret_error);

	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = api_host_allow(&session->engine, name, host, allow != 0, ret_error);
	session_give(larder, session);
	return code;
}
