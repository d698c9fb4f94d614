/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server's TLS messages say of this client's certificate (RFC 8446, RFC 5246). In TLS 1.3 the client has done its
 * part before the server has looked at the certificate, so that a request is on its way when the refusal comes. A server
 * that refuses in the handshake has read nothing of it. Pure.
 */
#ifndef COURIER_HANDSHAKE_H
#define COURIER_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handshake {
	bool is_13;    /* TLS 1.3 */
	bool asked;    /* for a certificate, as a part of the handshake */
	bool finished; /* the server's part */
	bool spoke;    /* since then, as only one does that has let the client in, or may have */
	uint8_t alert; /* fatal; 0: none */
};

/* Look at one message of the server as libcurl's CURLINFO_SSL_DATA_IN has it: record header, content type or content. */
void handshake_note(struct handshake *handshake, const void *message, size_t len);

/*
 * The name of the alert with which the server refused the certificate, or its absence, before it read any of the
 * request; NULL: it did not, or that is not proven.
 */
const char *handshake_refusal(const struct handshake *handshake);

#endif
