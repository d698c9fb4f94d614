/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/handshake.h"

#define ALERT_LEN   2 /* no other message has this length */
#define ALERT_FATAL 2
#define HEAD_LEN    4 /* of a handshake message: type and length */
#define CONTENT_APP 23

enum { ENCRYPTED_EXTENSIONS = 8, CERTIFICATE_REQUEST = 13, FINISHED = 20 };

/* Those that are about the client's certificate (RFC 8446 section 6.2). */
static const struct {
	uint8_t number;
	const char *name;
} alerts[] = {
	{ 42, "bad_certificate" },
	{ 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" },
	{ 45, "certificate_expired" },
	{ 46, "certificate_unknown" },
	{ 48, "unknown_ca" },
	{ 49, "access_denied" },
	{ 116, "certificate_required" },
};

static void
note_message(struct handshake *handshake, uint8_t type)
{
	/* A ticket, a request for a certificate after the handshake, a renegotiation: it may have read the request. */
	if (handshake->finished) {
		handshake->spoke = true;
		return;
	}
	handshake->is_13 = handshake->is_13 || type == ENCRYPTED_EXTENSIONS;
	handshake->asked = handshake->asked || type == CERTIFICATE_REQUEST;
	handshake->finished = type == FINISHED;
}

void
handshake_note(struct handshake *handshake, const void *message, size_t len)
{
	const uint8_t *bytes = message;

	if (len == ALERT_LEN && bytes[0] == ALERT_FATAL && handshake->alert == 0)
		handshake->alert = bytes[1];
	else if (len == 1 && bytes[0] == CONTENT_APP)
		handshake->spoke = true;
	else if (len >= HEAD_LEN && (((size_t)bytes[1] << 16) | ((size_t)bytes[2] << 8) | bytes[3]) == len - HEAD_LEN)
		note_message(handshake, bytes[0]);
}

/* In TLS 1.2 the server's part ends after it has accepted the certificate, in 1.3 before it has seen it. */
const char *
handshake_refusal(const struct handshake *handshake)
{
	if (!handshake->asked || handshake->spoke || (handshake->finished && !handshake->is_13))
		return NULL;
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		if (alerts[i].number == handshake->alert)
			return alerts[i].name;
	}
	return NULL;
}
