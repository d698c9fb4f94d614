/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/discover.h"

#include <string.h>

#include "base/address.h"
#include "base/text.h"
#include "oauth/api.h"

#define LISTEN_MS 15000 /* for a document of a few KiB */

static const char *const what = "cannot discover the provider";

enum larder_code
discovery_begin(struct engine *engine, const char *url, const char *proxy, int64_t deadline_ms, struct discovery *ret,
    struct larder_error *ret_error)
{
	struct discovery discovery = { .engine = engine, .url = url, .proxy = proxy, .deadline_ms = deadline_ms };
	enum larder_code code = wellknown_check(url, true, &discovery.typed, ret_error);

	if (code != LARDER_OK)
		return code;
	discovery.is_local = strcmp(discovery.typed.scheme, "https") != 0;
	*ret = discovery;
	return LARDER_OK;
}

static enum larder_code
call_once(struct discovery *discovery, const char *url, bool public_only, struct call_result *ret,
    enum call_event *ret_event, struct larder_error *ret_error)
{
	const struct engine *engine = discovery->engine;
	const struct effects *fx = engine->effects;
	struct call *call = NULL;
	struct job job = {
		.kind = JOB_PLAIN,
		.insecure_loopback = discovery->is_local,
		.public_only = public_only,
		.connect_ms = CALL_CONNECT_MS,
		.go_ms = CALL_GO_MS,
		.listen_ms = LISTEN_MS,
	};
	enum larder_code code;

	(void)text_format(job.request.method, sizeof job.request.method, "GET");
	(void)text_format(job.request.url, sizeof job.request.url, "%s", url);
	(void)text_format(job.proxy, sizeof job.proxy, "%s", discovery->proxy);
	(void)text_format(job.ca_file, sizeof job.ca_file, "%s", engine->ca_file == NULL ? "" : engine->ca_file);
	(void)text_format(job.ca_dir, sizeof job.ca_dir, "%s", engine->ca_dir == NULL ? "" : engine->ca_dir);
	code = fx->call_open(fx->ctx, &job, NULL, NULL, &call, ret_error);
	job_clear(&job);
	if (code != LARDER_OK)
		return code;
	*ret_event = fx->call_wait(fx->ctx, call, discovery->deadline_ms, ret);
	fx->call_close(fx->ctx, call);
	return LARDER_OK;
}

/* Names that were typed may stand for a private network's server; then so may those that this server names. */
static bool
may_be_private(const struct discovery *discovery, const struct url *url)
{
	return discovery->is_local || discovery->is_private || strcmp(url->host, discovery->typed.host) == 0;
}

static enum larder_code
check_address(const struct discovery *discovery, const char *text, struct larder_error *ret_error)
{
	enum address_kind kind;
	char why[128];
	struct url url;

	if (!url_parse(text, &url, why, sizeof why))
		return error_set(ret_error, LARDER_DENIED, what, NULL, "a URL that it names %s", why);
	if (strcmp(url.scheme, "https") != 0 && !(discovery->is_local && url_is_loopback(&url)))
		return error_set(ret_error, LARDER_DENIED, what, NULL, "%s is not https", text);
	kind = address_kind(url.host);
	if (kind == ADDRESS_NOWHERE ||
	    (kind != ADDRESS_NONE && kind != ADDRESS_PUBLIC && !may_be_private(discovery, &url)))
		return error_set(ret_error, LARDER_DENIED, what, NULL,
		    "%s is an address that no provider has, or one of a private network", url.host);
	return LARDER_OK;
}

/* First as if the host had to be public: only so it shows whether it is. */
static enum larder_code
fetch(struct discovery *discovery, const char *text, struct http_reply *ret, struct larder_error *ret_error)
{
	struct call_result result = { .failure = { .why = "" } };
	enum call_event event = CALL_GONE;
	enum larder_code code = check_address(discovery, text, ret_error);
	char why[128];
	struct url url;
	bool private_too;

	if (code != LARDER_OK || !url_parse(text, &url, why, sizeof why))
		return code;
	private_too = discovery->is_local || discovery->is_private;
	code = call_once(discovery, text, !private_too, &result, &event, ret_error);
	if (code == LARDER_OK && event == CALL_FAILED && result.failure.private && may_be_private(discovery, &url)) {
		discovery->is_private = true;
		result = (struct call_result){ .failure = { .why = "" } };
		code = call_once(discovery, text, false, &result, &event, ret_error);
	}
	if (code != LARDER_OK)
		return code;
	if (event == CALL_REPLIED) {
		*ret = result.reply;
		return LARDER_OK;
	}
	http_reply_clear(&result.reply);
	if (event == CALL_FAILED && result.failure.private)
		return error_set(
		    ret_error, LARDER_DENIED, what, "if it is meant, give its own URL", "%s", result.failure.why);
	discovery->is_unreachable = true;
	return error_set(ret_error, LARDER_UNAVAILABLE, what, "check the URL and the network, and try again", "%s",
	    event == CALL_FAILED ? result.failure.why : "the server did not answer in time");
}

/* How much an error says about a place where metadata could have been: a refusal says more than a failure, that more than nothing. */
static int
weight(enum larder_code code)
{
	return code == LARDER_NOT_FOUND ? 1 : code == LARDER_UNAVAILABLE ? 2 : 3;
}

/* Keep the error that says most, with the place that it is about. */
static void
keep(struct larder_error *best, const struct larder_error *error, const char *place)
{
	char safe[160];

	if (best->code != LARDER_OK && weight(best->code) >= weight(error->code))
		return;
	(void)error_set(best, error->code, error->what, error->hint[0] == '\0' ? NULL : error->hint, "%s: %s",
	    text_escape(safe, sizeof safe, place, strlen(place)), error->why);
}

static enum larder_code
give(const struct larder_error *best, struct larder_error *ret_error)
{
	if (ret_error != NULL)
		*ret_error = *best;
	return best->code;
}

static bool
is_final(enum larder_code code)
{
	return code == LARDER_OK || code == LARDER_INTERNAL || code == LARDER_USAGE;
}

/* One place of a resource's metadata. */
static enum larder_code
read_resource(
    struct discovery *discovery, const char *place, struct protected_resource *ret, struct larder_error *ret_error)
{
	struct http_reply reply = { .status = 0 };
	enum larder_code code = fetch(discovery, place, &reply, ret_error);

	if (code == LARDER_OK)
		code = metadata_check_reply(&reply, ret_error);
	if (code == LARDER_OK)
		code = protected_read(
		    discovery->url, discovery->is_local, reply.body.data, reply.body.len, ret, ret_error);
	http_reply_clear(&reply);
	return code;
}

/* A 401 says where the metadata is, and perhaps which scopes are wanted (RFC 9728 section 5.1, RFC 6750 section 3). */
static enum larder_code
ask_resource(struct discovery *discovery, struct buf *ret_place, struct buf *ret_scope, struct larder_error *ret_error)
{
	struct http_reply reply = { .status = 0 };
	enum larder_code code = fetch(discovery, discovery->url, &reply, ret_error);

	if (code == LARDER_OK) {
		discovery->challenged = reply.status == 401;
		if (!discovery->challenged ||
		    !protected_challenge_param(reply.challenge, "resource_metadata", ret_place))
			code = error_set(
			    ret_error, LARDER_NOT_FOUND, what, NULL, "HTTP %d, and it names no metadata", reply.status);
		if (discovery->challenged && protected_challenge_param(reply.challenge, "scope", ret_scope) &&
		    !text_is_vschars(buf_str(ret_scope), ret_scope->len))
			buf_reset(ret_scope);
	}
	http_reply_clear(&reply);
	return code;
}

enum larder_code
discovery_resource(struct discovery *discovery, struct protected_resource *ret, struct larder_error *ret_error)
{
	struct buf place = BUF_INIT(URL_MAX), scope = BUF_INIT(PROTECTED_SCOPE_SIZE - 1);
	struct larder_error error = { .code = LARDER_OK }, best = { .code = LARDER_OK };
	struct wellknown_urls urls;
	enum larder_code code = LARDER_NOT_FOUND;

	wellknown_resource(discovery->url, &urls);
	if (urls.count > 1)
		code = read_resource(discovery, urls.urls[0], ret, &error);
	if (!is_final(code) && urls.count > 1)
		keep(&best, &error, urls.urls[0]);
	if (!is_final(code) && !discovery->is_unreachable) {
		code = ask_resource(discovery, &place, &scope, &error);
		if (code == LARDER_OK)
			code = read_resource(discovery, buf_str(&place), ret, &error);
		if (!is_final(code))
			keep(&best, &error, place.len > 0 ? buf_str(&place) : discovery->url);
	}
	if (code == LARDER_NOT_FOUND && urls.count > 0 && (discovery->challenged || urls.count == 1)) {
		code = read_resource(discovery, urls.urls[urls.count - 1], ret, &error);
		if (!is_final(code))
			keep(&best, &error, urls.urls[urls.count - 1]);
	}
	if (code == LARDER_OK && scope.len > 0)
		(void)text_format(ret->scope, sizeof ret->scope, "%s", buf_str(&scope));
	buf_clear(&place);
	buf_clear(&scope);
	if (code == LARDER_OK)
		return code;
	return give(is_final(code) ? &error : &best, ret_error);
}

static enum larder_code
read_issuer(struct discovery *discovery, const struct discovery_issuer *want, const char *place,
    struct buf *ret_definition, struct larder_error *ret_error)
{
	const struct effects *fx = discovery->engine->effects;
	struct http_reply reply = { .status = 0 };
	struct metadata_source source = {
		.issuer = want->issuer,
		.is_typed = !want->for_resource,
		.document = place,
		.id = want->id,
		.discovered_at = fx->now_s(fx->ctx),
		.insecure_loopback = strncmp(want->issuer, "http:", 5) == 0,
		.accepts_no_s256 = want->accept,
		.needs_s256 = want->for_resource,
	};
	enum larder_code code = fetch(discovery, place, &reply, ret_error);

	source.public_only = !discovery->is_local && !discovery->is_private;
	if (code == LARDER_OK)
		code = metadata_check_reply(&reply, ret_error);
	if (code == LARDER_OK)
		code = metadata_read(&source, reply.body.data, reply.body.len, ret_definition, ret_error);
	http_reply_clear(&reply);
	return code;
}

enum larder_code
discovery_definition(struct discovery *discovery, const struct discovery_issuer *want, struct buf *ret_definition,
    struct larder_error *ret_error)
{
	struct larder_error error = { .code = LARDER_OK }, best = { .code = LARDER_OK };
	struct wellknown_urls urls;
	struct url url;
	enum larder_code code = wellknown_check(want->issuer, false, &url, ret_error);

	if (code != LARDER_OK)
		return code;
	wellknown_issuer(want->issuer, &urls);
	if (urls.count == 0)
		return error_set(ret_error, LARDER_USAGE, what, NULL, "its URL is too long");
	for (size_t i = 0; i < urls.count && !discovery->is_unreachable; i++) {
		code = read_issuer(discovery, want, urls.urls[i], ret_definition, &error);
		if (is_final(code))
			return code == LARDER_OK ? code : give(&error, ret_error);
		keep(&best, &error, urls.urls[i]);
	}
	return give(&best, ret_error);
}

bool
discovery_vouches(const struct provider *provider, const char *resource)
{
	struct url issuer, url;
	char why[128];

	return url_parse(resource, &url, why, sizeof why) && url_parse(provider->issuer, &issuer, why, sizeof why) &&
	    (url_same_origin(&url, &issuer) || api_host_is_allowed(provider, "", "", &url));
}
