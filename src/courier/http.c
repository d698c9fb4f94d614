/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/http.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "courier/call.h"
#include "courier/hosts.h"
#include "courier/memory.h"
#include "courier/peer.h"

bool
http_init(void)
{
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, memory_alloc, memory_free, memory_resize, memory_copy,
		   memory_calloc) == CURLE_OK;
}

bool
http_is_loopback_address(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* What frames the request or speaks to a proxy is libcurl's to write; a second one would be smuggling. */
static bool
is_header_of_ours(const char *name)
{
	static const char *const ours[] = { "Connection", "Content-Length", "Expect", "Host", "Proxy-Authorization",
		"Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (text_equal_nocase(name, ours[i]))
			return true;
	}
	return false;
}

bool
http_check_request(const struct job *job, bool *ret_secure, char *why, size_t why_size)
{
	const struct http_request *request = &job->request;
	struct url url;

	if (!url_parse(request->url, &url, why, why_size))
		return false;
	if (strcmp(url.scheme, "https") != 0 && !(job->insecure_loopback && url_is_loopback(&url))) {
		(void)text_format(why, why_size, "http is only allowed to a loopback host that was declared as such");
		return false;
	}
	for (size_t i = 0; i < request->headers_count; i++) {
		if (is_header_of_ours(request->headers[i].name)) {
			(void)text_format(why, why_size, "the header %s may not be set", request->headers[i].name);
			return false;
		}
	}
	*ret_secure = strcmp(url.scheme, "https") == 0;
	return true;
}

/* With a proxy the peer is the proxy, which the user chose; where its tunnel ends is not to be seen from here. */
static const char *
refusal_of(const struct call *call, const char *peer)
{
	struct url url = { 0 };
	char why[64];

	if (call->secure && call->job->proxy[0] != '\0')
		return NULL;
	if (!url_parse(call->job->request.url, &url, why, sizeof(why)))
		return "has a URL that cannot be read";
	if (call->job->public_only)
		return peer_private_refusal(peer);
	/* the hosts file is only asked when it matters */
	if (peer_refusal(&url, peer, call->secure, call->job->insecure_loopback) == NULL)
		return NULL;
	return peer_refusal(&url, peer, call->secure, hosts_say_local(url.host));
}

/* The last moment before the first byte. A second time would be a repeat of libcurl's own, which there must not be. */
int
call_prereq(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct call *call = context;

	(void)local, (void)peer_port, (void)local_port;
	if (call->asked)
		return CURL_PREREQFUNC_ABORT;
	call->refusal = refusal_of(call, peer);
	if (call->refusal != NULL)
		return CURL_PREREQFUNC_ABORT;
	call->asked = true;
	if (call->terms->gate != NULL && !call->terms->gate(call->terms->context))
		return CURL_PREREQFUNC_ABORT;
	call->give_up_at_ms = io_clock_awake_ms() + call->job->listen_ms;
	call->sent = true;
	return CURL_PREREQFUNC_OK;
}

/*
 * Counts from the gate on, which libcurl's own time-outs cannot. Called at least once a second. Time asleep is not
 * counted: a reply that was on its way then comes after it, however long that was, and nobody else can take it.
 */
int
call_progress(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	const struct call *call = context;

	(void)down_all, (void)down, (void)up_all, (void)up;
	if (call->terms->listener != NULL && call->terms->listener->is_gone(call->terms->context))
		return 1;
	return call->sent && io_clock_awake_ms() >= call->give_up_at_ms;
}

/*
 * Without lingering, closing or dying ends what is still in flight with a reset: nothing of a request arrives long
 * after its sender has gone, which is what makes the wait after a sender's death short.
 */
int
call_socket(void *context, curl_socket_t fd, curlsocktype purpose)
{
	const struct call *call = context;
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };
	const unsigned timeout_ms = (unsigned)call->job->listen_ms;

	(void)purpose;
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms)) != 0)
		return CURL_SOCKOPT_ERROR;
	return CURL_SOCKOPT_OK;
}

static size_t
read_source(struct call *call, char *dst, size_t len)
{
	ssize_t got = pread(JOB_SOURCE_FD, dst, len, (off_t)call->body_read);

	if (got < 0)
		return CURL_READFUNC_ABORT;
	call->body_read += (size_t)got;
	call->give_up_at_ms = io_clock_awake_ms() + call->job->listen_ms;
	return (size_t)got;
}

/* libcurl tells much; only the server's part of the handshake is looked at, and nothing is kept or shown. */
int
call_trace(CURL *curl, curl_infotype type, char *data, size_t len, void *context)
{
	struct call *call = context;

	(void)curl;
	if (type == CURLINFO_SSL_DATA_IN)
		handshake_note(&call->handshake, data, len);
	return 0;
}

/* Each byte once, front to back. */
size_t
call_read(char *dst, size_t size, size_t count, void *context)
{
	struct call *call = context;
	const struct secret *body = &call->job->request.body;
	size_t len = size * count;

	if (!call->sent)
		return CURL_READFUNC_ABORT;
	if (call->job->sends_source)
		return read_source(call, dst, len);
	if (len > body->len - call->body_read)
		len = body->len - call->body_read;
	if (len > 0)
		memcpy(dst, body->data + call->body_read, len);
	call->body_read += len;
	return len;
}

size_t
call_head(char *line, size_t size, size_t count, void *context)
{
	struct call *call = context;

	if (call->terms->listener != NULL)
		call->give_up_at_ms = io_clock_awake_ms() + call->job->listen_ms;
	return collect_line(&call->collect, line, size * count) ? size * count : 0;
}

static bool
tell_head(struct call *call)
{
	if (call->told_head || call->collect.reply.status == 0)
		return call->told_head;
	call->told_head = call->terms->listener->head(call->terms->context, &call->collect.reply, &call->collect.head);
	return call->told_head;
}

size_t
call_body(char *data, size_t size, size_t count, void *context)
{
	struct call *call = context;

	if (call->terms->listener != NULL) {
		call->give_up_at_ms = io_clock_awake_ms() + call->job->listen_ms;
		return tell_head(call) && call->terms->listener->data(call->terms->context, data, size * count)
		    ? size * count
		    : 0;
	}
	return collect_body(&call->collect, data, size * count) ? size * count : 0;
}

/* curl_slist_append would copy an Authorization header to ordinary memory, so the list is our own. */
static bool
add_line(struct call *call, const char *name, const char *separator, const void *value, size_t value_len)
{
	size_t name_len = strlen(name);
	size_t separator_len = strlen(separator);
	char *line;

	if (call->lines_count == CALL_LINES_MAX)
		return false;
	line = arena_alloc(name_len + separator_len + value_len + 1);
	if (line == NULL)
		return false;
	memcpy(line, name, name_len);
	memcpy(line + name_len, separator, separator_len);
	if (value_len > 0)
		memcpy(line + name_len + separator_len, value, value_len);
	line[name_len + separator_len + value_len] = '\0';
	call->lines[call->lines_count].data = line;
	if (call->lines_count > 0)
		call->lines[call->lines_count - 1].next = &call->lines[call->lines_count];
	call->lines_count++;
	return true;
}

static bool
has_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers_count; i++) {
		if (text_equal_nocase(request->headers[i].name, name))
			return true;
	}
	return false;
}

/* "Name;" is libcurl's way to send a header without a value, "Name:" its way to send none. */
static bool
add_lines(struct call *call)
{
	const struct {
		const char *name, *value;
	} defaults[] = {
		{ "Accept", call->job->kind == JOB_STREAM ? "*/*" : "application/json" },
		{ "User-Agent", "larder/" LARDER_VERSION },
		{ "Cache-Control", "no-store" },
	};
	const struct http_request *request = &call->job->request;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (!has_header(request, defaults[i].name) &&
		    !add_line(call, defaults[i].name, ": ", defaults[i].value, strlen(defaults[i].value)))
			return false;
	}
	for (size_t i = 0; i < request->headers_count; i++) {
		const struct http_header *header = &request->headers[i];

		if (!add_line(call, header->name, secret_is_empty(&header->value) ? ";" : ": ", header->value.data,
			header->value.len))
			return false;
	}
	return add_line(call, "Expect", ":", NULL, 0);
}

static bool
call_init(struct call *call)
{
	struct stat source;

	if (call->job->sends_source) {
		if (fstat(JOB_SOURCE_FD, &source) != 0)
			return false;
		call->source_len = (curl_off_t)source.st_size;
	}
	call->curl = curl_easy_init();
	if (call->curl == NULL || !collect_init(&call->collect, call->job->request.url))
		return false;
	call->collect.keeps_head = call->terms->listener != NULL;
	return add_lines(call) && option_set_all(call);
}

static void
call_clear(struct call *call)
{
	curl_easy_cleanup(call->curl);
	for (size_t i = 0; i < call->lines_count; i++)
		arena_free(call->lines[i].data);
	collect_clear(&call->collect);
	wipe(call, sizeof(*call));
}

bool
http_perform(const struct job *job, const struct http_terms *terms, struct http_reply *ret_reply,
    struct call_failure *ret_failure)
{
	struct call call = { .job = job, .terms = terms };
	struct call_failure failure = { .stage = CALL_SETUP };
	CURLcode code;
	bool ok = false;

	if (!http_check_request(job, &call.secure, failure.why, sizeof(failure.why)))
		goto out;
	if (!call_init(&call)) {
		(void)text_format(failure.why, sizeof(failure.why),
		    "cannot prepare the request: out of memory, or a "
		    "proxy that is not understood");
		goto out;
	}
	code = curl_easy_perform(call.curl);
	if (terms->listener != NULL && code == CURLE_OK && !tell_head(&call))
		code = CURLE_WRITE_ERROR;
	ok = collect_take(&call.collect, code == CURLE_OK, ret_reply);
	if (!ok)
		explain(&call, code, &failure);
out:
	if (!ok)
		*ret_failure = failure;
	call_clear(&call);
	return ok;
}
