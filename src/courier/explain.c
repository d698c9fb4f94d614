/* SPDX-License-Identifier: Apache-2.0 */
/* From libcurl's codes to a sentence that tells a user what to look at. */
#include <string.h>

#include "base/text.h"
#include "courier/call.h"

/* OpenSSL's X509_V_ERR_ numbers, which libcurl hands through; they are part of its ABI. */
enum verify_error {
	UNSPECIFIED = 1,
	NOT_YET_VALID = 9,
	EXPIRED = 10,
	SELF_SIGNED = 18,
	SELF_SIGNED_IN_CHAIN = 19,
	NO_ISSUER_LOCALLY = 20,
	NO_FIRST_VERIFICATION = 21,
	REVOKED = 23,
	WRONG_HOST = 62,
	WRONG_ADDRESS = 64
};

static void
explain_certificate(const struct call *call, const char *host, struct call_failure *ret)
{
	const char *error = "has a certificate that cannot be verified";
	long result = 0;

	(void)curl_easy_getinfo(call->curl, CURLINFO_SSL_VERIFYRESULT, &result);
	switch (result) {
	case NOT_YET_VALID:
		error = "has a certificate that is not yet valid (is the clock right?)";
		break;
	case EXPIRED:
		error = "has a certificate that is expired (is the clock right?)";
		break;
	case SELF_SIGNED:
	case SELF_SIGNED_IN_CHAIN:
	case NO_ISSUER_LOCALLY:
	case NO_FIRST_VERIFICATION:
		error = "has a certificate of an unknown authority";
		break;
	case REVOKED:
		error = "has a certificate that is revoked";
		break;
	case 0: /* libcurl compares the names itself, and has no number for that */
	case UNSPECIFIED:
	case WRONG_HOST:
	case WRONG_ADDRESS:
		error = "has a certificate that was issued for another host";
		break;
	default:
		break;
	}
	(void)text_format(ret->why, sizeof(ret->why), "%s %s", host, error);
}

/* libcurl's own text, which may quote the network. */
static void
explain_text(const struct call *call, CURLcode code, const char *before, struct call_failure *ret)
{
	const char *text = call->error[0] != '\0' ? call->error : curl_easy_strerror(code);
	char escaped[160];

	(void)text_escape(escaped, sizeof(escaped), text, strlen(text));
	(void)text_format(ret->why, sizeof(ret->why), "%s: %s", before, escaped);
}

static void
explain_socket(const struct call *call, const char *host, struct call_failure *ret)
{
	long number = 0;

	(void)curl_easy_getinfo(call->curl, CURLINFO_OS_ERRNO, &number);
	(void)text_format(ret->why, sizeof(ret->why), "cannot connect to %s: %s", host,
	    number != 0 ? strerror((int)number) : "no address answered");
}

static bool
explain_proxy(const struct call *call, struct call_failure *ret)
{
	long status = 0;

	if (!call->secure || call->job->proxy[0] == '\0')
		return false;
	(void)curl_easy_getinfo(call->curl, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status == 0 || status / 100 == 2)
		return false;
	(void)text_format(ret->why, sizeof(ret->why), "the proxy refused with status %ld%s", status,
	    status == 407 ? " (it wants other credentials)" : "");
	return true;
}

static void
explain_connect(const struct call *call, CURLcode code, const char *host, struct call_failure *ret)
{
	if (explain_proxy(call, ret))
		return;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		(void)text_format(ret->why, sizeof(ret->why), "cannot resolve the name %s", host);
		return;
	case CURLE_COULDNT_RESOLVE_PROXY:
		(void)text_format(ret->why, sizeof(ret->why), "cannot resolve the name of the proxy");
		return;
	case CURLE_COULDNT_CONNECT:
		explain_socket(call, host, ret);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		(void)text_format(
		    ret->why, sizeof(ret->why), "cannot connect to %s within %d ms", host, (int)call->job->connect_ms);
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
		explain_certificate(call, host, ret);
		return;
	case CURLE_SSL_CACERT_BADFILE:
		(void)text_format(ret->why, sizeof(ret->why), "cannot read the file of certificate authorities");
		return;
	case CURLE_SSL_CONNECT_ERROR:
		explain_text(call, code, "the TLS handshake failed", ret);
		return;
	default:
		explain_text(call, code, "cannot connect", ret);
	}
}

/* After the gate: bytes may have left, and no status line came back. */
static void
explain_silence(const struct call *call, CURLcode code, const char *host, struct call_failure *ret)
{
	switch (code) {
	case CURLE_GOT_NOTHING:
		(void)text_format(ret->why, sizeof(ret->why), "%s closed the connection without a reply", host);
		return;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		(void)text_format(ret->why, sizeof(ret->why), "the connection to %s broke before a reply came", host);
		return;
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_ABORTED_BY_CALLBACK:
		(void)text_format(ret->why, sizeof(ret->why), "%s did not reply within %d s", host,
		    (int)(call->job->listen_ms / 1000));
		return;
	default:
		explain_text(call, code, "no HTTP reply came", ret);
	}
}

/* Before the server read anything, whatever left this machine. */
static bool
explain_refused(const struct call *call, const char *host, struct call_failure *ret)
{
	const char *alert = handshake_refusal(&call->handshake);

	if (alert == NULL)
		return false;
	ret->stage = CALL_REFUSED;
	(void)text_format(ret->why, sizeof(ret->why), "%s %s (TLS alert %s)", host,
	    secret_is_empty(&call->job->certificate) ? "wants to see a client certificate, and there is none"
						     : "refuses the client certificate",
	    alert);
	return true;
}

void
explain(const struct call *call, CURLcode code, struct call_failure *ret)
{
	struct call_failure failure = { .stage = CALL_CONNECT };
	struct url url = { 0 };
	char why[64];
	/* It was parsed before, so its host is of harmless bytes. */
	const char *host = url_parse(call->job->request.url, &url, why, sizeof(why)) ? url.host : "the server";

	if (call->refusal != NULL) {
		(void)text_format(failure.why, sizeof(failure.why), "%s %s", host, call->refusal);
		failure.private = call->job->public_only;
	} else if ((call->sent || !call->asked) && explain_refused(call, host, &failure)) {
		/* it is said */
	} else if (call->sent) {
		failure.stage = CALL_SENT;
		explain_silence(call, code, host, &failure);
	} else if (call->asked) {
		failure.stage = CALL_NO_GO;
		(void)text_format(failure.why, sizeof(failure.why), "the vault side did not say go; nothing was sent");
	} else {
		explain_connect(call, code, host, &failure);
	}
	*ret = failure;
}
