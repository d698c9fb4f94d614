/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one request in libcurl's hands: shared by http.c, which makes it, option.c and explain.c. */
#ifndef COURIER_CALL_H
#define COURIER_CALL_H

#include <curl/curl.h>

#include "courier/collect.h"
#include "courier/handshake.h"
#include "courier/http.h"

#define CALL_LINES_MAX (HTTP_HEADERS_MAX + 4) /* the request's headers and the defaults */

struct call {
	const struct job *job;
	const struct http_terms *terms;
	bool secure; /* https */
	CURL *curl;
	struct curl_slist lines[CALL_LINES_MAX]; /* "Name: value"; the texts are blocks of the arena */
	size_t lines_count;
	size_t body_read;      /* bytes of the request's body that libcurl has taken */
	bool asked;            /* the connection stood and the gate was asked: never twice */
	const char *refusal;   /* why nothing may go to the peer's address; NULL: it may */
	bool sent;             /* the gate opened: from here on bytes may have left */
	bool told_head;        /* to the listener */
	curl_off_t source_len; /* bytes of the file that is the body, if one is */
	int64_t give_up_at_ms; /* of the time awake */
	struct collect collect;
	struct handshake handshake; /* with the server; nothing is noted behind a proxy with TLS of its own */
	char error[CURL_ERROR_SIZE];
};

/* Every option of the request; the only place that sets any. false: libcurl refused one. */
bool option_set_all(struct call *call);

/* Say why no reply came, in words that are safe for a terminal. */
void explain(const struct call *call, CURLcode code, struct call_failure *ret);

/* libcurl's callbacks, in http.c. */
int call_prereq(void *context, char *peer, char *local, int peer_port, int local_port);
int call_progress(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up);
int call_socket(void *context, curl_socket_t fd, curlsocktype purpose);
size_t call_read(char *dst, size_t size, size_t count, void *context);
size_t call_head(char *line, size_t size, size_t count, void *context);
int call_trace(CURL *curl, curl_infotype type, char *data, size_t len, void *context);
size_t call_body(char *data, size_t size, size_t count, void *context);

#endif
