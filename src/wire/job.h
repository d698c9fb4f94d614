/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a courier is told and what it tells: the contents of the frames as structs. Pure coding, no I/O.
 */
#ifndef WIRE_JOB_H
#define WIRE_JOB_H

#include "base/buf.h"
#include "base/http.h"

enum job_kind {
	JOB_EXCHANGE = 1, /* READY, GO, SEALED: spends a refresh token; descriptors 4 (slot) and 5 (lock) are there */
	JOB_PLAIN,        /* REPLY: revocation and the like; only descriptor 3 */
	JOB_STREAM, /* HEAD, DATA, END: a call of an API; descriptor 4 is the body to send, a file, if there is one */
	JOB_LISTEN  /* READY, DATA: the redirect of a log-in; the URL says where. GO, KEPT or FAILED answer it */
};

#define JOB_TIME_MAX_MS 600000 /* no wait of a courier is longer */

#define JOB_WIRE_FD   3
#define JOB_SLOT_FD   4
#define JOB_SOURCE_FD 4
#define JOB_LOCK_FD   5

/* The bytes of an attempt, as crypto/box.h has them; kept apart so that wire does not depend on crypto. */
struct job_attempt {
	uint8_t vault_id[16];
	uint8_t record_id[16];
	uint64_t generation;
	uint8_t id[16];
	uint8_t key[32];
	uint8_t vault_public[32];
};

struct job {
	enum job_kind kind;
	struct http_request request;
	bool sends_source;       /* stream jobs: the body is what descriptor 4 holds, from its beginning */
	bool insecure_loopback;  /* plain http to a loopback host is allowed */
	bool public_only;        /* the host's name came from others: only public addresses */
	char proxy[URL_MAX + 1]; /* "" for none; never from the environment */
	char ca_file[1024];      /* "" for the system's */
	char ca_dir[1024];
	struct secret certificate;     /* PEM, of a client that shows one (RFC 8705); empty */
	struct secret certificate_key; /* PKCS#8 */
	int32_t connect_ms;            /* each 1 ms to 10 min. DNS, TCP and TLS together */
	int32_t go_ms;                 /* how long to wait for GO */
	int32_t listen_ms;             /* from GO to the end of the reply; stream jobs: without a byte moving */
	struct job_attempt attempt;    /* exchange jobs */
};

/*
 * Where a failed conversation ended. Before CALL_SENT nothing of the request left the machine; with CALL_REFUSED it may
 * have left, and is known not to have been read.
 */
enum call_stage {
	CALL_SETUP = 1, /* bad job, refused URL, sandbox */
	CALL_CONNECT,   /* DNS, TCP, TLS, peer address refused */
	CALL_NO_GO,     /* GO did not come; nothing sent */
	CALL_SENT,      /* sent, and no whole reply came */
	CALL_SEAL,      /* a reply came and could not be made durable: a REPLY frame with it follows, see frame.h */
	CALL_REFUSED    /* the server refused this client's certificate, or the lack of one, in the TLS handshake */
};

struct call_failure {
	enum call_stage stage;
	char why[256]; /* safe for a terminal */
	bool private;  /* refused for an address that is not public, and only because the job is public_only */
};

/*
 * Each encodes to or decodes from a frame body. encode appends; false: memory, or a value that could not be decoded.
 * decode: false on anything unknown, repeated, missing, out of range or too long; *ret is then untouched, else its
 * former content is overwritten, not freed.
 */
bool job_encode(const struct job *job, struct buf *ret_body);
bool job_decode(const struct buf *body, struct job *ret);
void job_clear(struct job *job); /* wipes and releases; accepts a zeroed struct */

/* SEALED: the HTTP status, for a progress line; what it means is read from the slot. */
bool sealed_encode(int status, struct buf *ret_body);
bool sealed_decode(const struct buf *body, int *ret_status);

/* READY of a listening job: the port. */
bool ready_encode(int port, struct buf *ret_body);
bool ready_decode(const struct buf *body, int *ret_port);

bool failure_encode(const struct call_failure *failure, struct buf *ret_body);
bool failure_decode(const struct buf *body, struct call_failure *ret);

/* A reply as bytes: in REPLY frames and inside sealed spool slots. */
bool reply_encode(const struct http_reply *reply, struct buf *ret_body);
bool reply_decode(const void *data, size_t len, struct http_reply *ret);

#endif
