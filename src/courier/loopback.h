/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of a redirect: a server on 127.0.0.1 and ::1 that takes one answer of a browser (RFC 8252 section 7.3).
 *
 * A request counts if its Host is this server's and its path that of the redirect URI. The query is handed to the vault
 * side, which says what the person sees: done, refused, or that it was no answer to this log-in, after which the wait
 * goes on. No script, no cookie, nothing cached.
 */
#ifndef COURIER_LOOPBACK_H
#define COURIER_LOOPBACK_H

#include <stdint.h>

#include "wire/job.h"

struct loopback {
	int listeners[2]; /* IPv4, IPv6; -1 */
	uint16_t port;
	char path[64];
};

#define LOOPBACK_INIT \
	{ \
		.listeners = { -1, -1 } \
	}

/*
 * Listen at the address of job->request.url (127.0.0.1, [::1] or localhost) and its port (none: any that is free), and
 * take its path; at the other loopback address too where that is possible. Before the sandbox. false: why says why,
 * without a final dot.
 */
bool loopback_open(const struct job *job, struct loopback *ret, char *why, size_t why_size);

/* Serve until the vault side is content or gone, or job->listen_ms is over. Says READY with the port first. */
void loopback_run(const struct loopback *loopback, int wire, const struct job *job);

void loopback_close(struct loopback *loopback);

/*
 * Take the head of a request apart. true: it asks for path at host, and *ret_query is what follows the '?', "" if
 * nothing does. Otherwise *ret_status is what to answer: 400, 404, 405 or 421. Pure.
 */
bool loopback_read_head(char *head, const char *path, uint16_t port, const char **ret_query, int *ret_status);

#endif
