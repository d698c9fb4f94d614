/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTPS request through libcurl, sent at most once. No redirect, no cookie, no netrc, no proxy that was not asked
 * for, no kept connection. The options are in option.c.
 */
#ifndef COURIER_HTTP_H
#define COURIER_HTTP_H

#include "courier/authority.h"
#include "wire/job.h"

/*
 * Asked once, after DNS, TCP and TLS and after the peer's address was checked, before the first byte of the request:
 * may it be sent? context is the caller's.
 */
typedef bool http_gate(void *context);

/*
 * For a stream job the reply is not collected: its head is told once, then the body piece by piece. false: nobody wants
 * more. is_gone is asked about once a second. context is the caller's.
 */
struct http_listener {
	bool (*head)(void *context, const struct http_reply *reply, const struct buf *lines);
	bool (*data)(void *context, const void *data, size_t len);
	bool (*is_gone)(void *context);
};

/* What a request needs besides the job. */
struct http_terms {
	struct authority authority;
	http_gate *gate;                      /* NULL: send at once */
	const struct http_listener *listener; /* stream jobs; else NULL */
	void *context;
};

/* libcurl's start-up, before the sandbox closes. false: libcurl cannot be used. */
bool http_init(void);

/*
 * Perform job->request. Blocks up to connect_ms, the gate, and listen_ms.
 *
 * true   a reply's status line came; ret_reply is set, truncated unless the end came too. With a listener its body is
 *        empty: it was told
 * false  none came; ret_failure says how far it got
 *
 * Only one of the outputs is touched. The caller clears the reply.
 */
bool http_perform(const struct job *job, const struct http_terms *terms, struct http_reply *ret_reply,
    struct call_failure *ret_failure);

/*
 * Whether the request may be tried at all: the URL's form, https or loopback, no headers that are libcurl's to set.
 * ret_secure: https. false: why says why.
 */
bool http_check_request(const struct job *job, bool *ret_secure, char *why, size_t why_size);

/* Whether a numeric address is 127.0.0.0/8 or ::1. */
bool http_is_loopback_address(const char *address);

#endif
