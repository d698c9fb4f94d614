/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed option set. Nearly all credential leaks that libcurl ever had need something that is switched off here:
 * kept connections, redirects, netrc, cookies, proxies from the environment, other protocols and other ways to
 * authenticate. A test records every option that is set and compares the whole list.
 */
#include <string.h>
#include <strings.h>

#include "courier/call.h"

/* Beyond connecting, the gate and listening, nothing takes this long: a last resort. */
#define SLACK_MS 5000

static const struct {
	CURLoption option;
	long value;
} numbers[] = {
	/* one connection per request, one request per connection: a kept one that has died makes libcurl send again */
	{ CURLOPT_FRESH_CONNECT, 1 },
	{ CURLOPT_FORBID_REUSE, 1 },
	{ CURLOPT_SSL_SESSIONID_CACHE, 0 },
	{ CURLOPT_DNS_CACHE_TIMEOUT, 0 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_HTTP09_ALLOWED, 0 },
	{ CURLOPT_TCP_FASTOPEN, 0 },
	/* nobody else gets the credentials */
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_MAXREDIRS, 0 },
	{ CURLOPT_UNRESTRICTED_AUTH, 0 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE },
	{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
	{ CURLOPT_HEADEROPT, CURLHEADER_SEPARATE },
	/* a proxy carries bytes, and sees only its own credentials */
	{ CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC },
	{ CURLOPT_HTTPPROXYTUNNEL, 1 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	/* TLS */
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
	{ CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
	{ CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	/* the bytes as they are: nothing is unpacked */
	{ CURLOPT_TRANSFER_ENCODING, 0 },
	{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
	/* no signals, and the clock of our own in the progress callback */
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_NOPROGRESS, 0 },
};

static bool
set_number(struct call *call, CURLoption option, long value)
{
	return curl_easy_setopt(call->curl, option, value) == CURLE_OK;
}

static bool
set_text(struct call *call, CURLoption option, const char *text)
{
	return curl_easy_setopt(call->curl, option, text) == CURLE_OK;
}

/* libcurl's built-in authorities are replaced even by nothing: its default would read the large bundle. */
static bool
set_trust(struct call *call)
{
	const struct authority *authority = &call->terms->authority;

	return set_text(call, CURLOPT_CAINFO, authority->file) && set_text(call, CURLOPT_CAPATH, authority->dir) &&
	    set_text(call, CURLOPT_PROXY_CAINFO, authority->file) &&
	    set_text(call, CURLOPT_PROXY_CAPATH, authority->dir);
}

/* Not copied: the job outlives the transfer, and its memory is locked. */
static bool
set_blob(struct call *call, CURLoption option, const struct secret *data)
{
	struct curl_blob blob = { .data = data->data, .len = data->len, .flags = CURL_BLOB_NOCOPY };

	return curl_easy_setopt(call->curl, option, &blob) == CURLE_OK;
}

/* What this client shows to the server; a proxy sees nothing of it. */
static bool
set_certificate(struct call *call)
{
	const struct job *job = call->job;

	if (secret_is_empty(&job->certificate) || !call->secure)
		return true;
	return set_text(call, CURLOPT_SSLCERTTYPE, "PEM") && set_blob(call, CURLOPT_SSLCERT_BLOB, &job->certificate) &&
	    set_text(call, CURLOPT_SSLKEYTYPE, "DER") && set_blob(call, CURLOPT_SSLKEY_BLOB, &job->certificate_key);
}

/*
 * The TLS messages of the server, which tell whether it refused this client's certificate. A proxy's would be mixed with
 * them.
 */
static bool
set_trace(struct call *call)
{
	if (!call->secure || strncasecmp(call->job->proxy, "https:", strlen("https:")) == 0)
		return true;
	return curl_easy_setopt(call->curl, CURLOPT_DEBUGFUNCTION, call_trace) == CURLE_OK &&
	    curl_easy_setopt(call->curl, CURLOPT_DEBUGDATA, call) == CURLE_OK && set_number(call, CURLOPT_VERBOSE, 1);
}

/* An empty proxy is not the same as none set: it keeps libcurl from asking the environment. */
static bool
set_route(struct call *call)
{
	const char *scheme = call->secure ? "https" : "http";

	return set_text(call, CURLOPT_PROTOCOLS_STR, scheme) && set_text(call, CURLOPT_REDIR_PROTOCOLS_STR, scheme) &&
	    set_text(call, CURLOPT_URL, call->job->request.url) &&
	    set_text(call, CURLOPT_PROXY, call->secure ? call->job->proxy : "") && set_text(call, CURLOPT_NOPROXY, "");
}

static bool
set_times(struct call *call)
{
	const struct job *job = call->job;
	/* a stream may take as long as it moves */
	long all_ms = job->kind == JOB_STREAM ? 0 : (long)job->connect_ms + job->go_ms + job->listen_ms + SLACK_MS;

	return set_number(call, CURLOPT_CONNECTTIMEOUT_MS, job->connect_ms) &&
	    set_number(call, CURLOPT_TIMEOUT_MS, all_ms);
}

static bool
set_callbacks(struct call *call)
{
	CURL *curl = call->curl;

	return curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, call_prereq) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PREREQDATA, call) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, call_socket) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_SOCKOPTDATA, call) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, call_progress) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, call) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, call_head) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HEADERDATA, call) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, call_body) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->error) == CURLE_OK;
}

/*
 * The body is read through a callback and libcurl has no way to rewind it, so it cannot be sent twice: libcurl's own
 * repeats fail with "rewind not possible" instead.
 */
static bool
set_body(struct call *call)
{
	const struct http_request *request = &call->job->request;
	bool post = strcmp(request->method, "POST") == 0;
	curl_off_t len = call->job->sends_source ? call->source_len : (curl_off_t)request->body.len;

	if (!post && len == 0 && !call->job->sends_source) {
		if (strcmp(request->method, "HEAD") == 0)
			return set_number(call, CURLOPT_NOBODY, 1);
		if (!set_number(call, CURLOPT_HTTPGET, 1))
			return false;
		return strcmp(request->method, "GET") == 0 || set_text(call, CURLOPT_CUSTOMREQUEST, request->method);
	}
	if (!post && !set_text(call, CURLOPT_CUSTOMREQUEST, request->method))
		return false;
	return set_number(call, CURLOPT_POST, 1) &&
	    curl_easy_setopt(call->curl, CURLOPT_POSTFIELDSIZE_LARGE, len) == CURLE_OK &&
	    curl_easy_setopt(call->curl, CURLOPT_READFUNCTION, call_read) == CURLE_OK &&
	    curl_easy_setopt(call->curl, CURLOPT_READDATA, call) == CURLE_OK;
}

bool
option_set_all(struct call *call)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!set_number(call, numbers[i].option, numbers[i].value))
			return false;
	}
	return set_route(call) && set_trust(call) && set_certificate(call) && set_trace(call) && set_times(call) &&
	    set_callbacks(call) && set_body(call) &&
	    curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, call->lines) == CURLE_OK;
}
