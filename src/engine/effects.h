/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the engine does to the world besides the vault's store: clock, randomness, locks, spool slots and calls
 * through the courier. A simulation fills the same struct and drives the real engine; the system's is in
 * effects_system.c.
 */
#ifndef ENGINE_EFFECTS_H
#define ENGINE_EFFECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/http.h"
#include "store/lock.h"
#include "store/spool.h"
#include "wire/job.h"

struct call; /* one conversation with one courier */

enum call_event {
	CALL_READY,   /* connected; waits for go */
	CALL_SEALED,  /* the reply is durable in the slot */
	CALL_REPLIED, /* the reply itself is in the result (plain jobs, or a seal that failed) */
	CALL_FAILED,  /* the courier says why; failure is set */
	CALL_GONE,    /* the courier ended without a word */
	CALL_TIMEOUT, /* the deadline passed; the conversation goes on */
	CALL_HEAD,    /* stream jobs: the reply's head is in the result, its lines as the body */
	CALL_DATA,    /* a piece of the reply's body is in the result */
	CALL_END      /* the whole reply has come */
};

struct call_result {
	struct call_failure failure; /* CALL_FAILED, or CALL_REPLIED after a failed seal */
	struct http_reply reply;     /* CALL_REPLIED, CALL_HEAD; cleared by the caller */
	struct secret piece;         /* CALL_DATA; freed by the caller */
	int port;                    /* CALL_READY of a listening job */
};

/* What the person at the browser is told. */
enum call_page { PAGE_DONE, PAGE_NOT_OURS, PAGE_REFUSED };

struct effects {
	void *ctx;
	int64_t (*now_s)(void *ctx);    /* wall clock, Unix seconds */
	int64_t (*clock_ms)(void *ctx); /* never goes back, counts a suspended machine; for waits and deadlines */
	void (*sleep_ms)(void *ctx, int64_t ms);
	void (*random)(void *ctx, void *dst, size_t len);
	void (*boot_id)(void *ctx, uint8_t ret[static 16]); /* changes when the machine starts */

	/* store/lock.h */
	enum larder_code (*lock_try)(void *ctx, int64_t byte, struct lock *ret, struct larder_error *ret_error);
	void (*lock_close)(void *ctx, struct lock *lock);

	/* store/spool.h */
	enum larder_code (*slot_claim)(void *ctx, size_t size, struct spool_slot *ret, struct larder_error *ret_error);
	enum larder_code (*slot_open)(
	    void *ctx, uint32_t number, struct spool_slot *ret, struct larder_error *ret_error);
	enum larder_code (*slot_count)(void *ctx, uint32_t *ret, struct larder_error *ret_error);
	enum spool_content (*slot_read)(void *ctx, const struct spool_slot *slot, uint8_t ret_record_id[static 16],
	    uint8_t ret_attempt_id[static 16], struct buf *ret_payload);
	bool (*slot_blank)(void *ctx, const struct spool_slot *slot);
	void (*slot_close)(void *ctx, struct spool_slot *slot);

	/*
	 * Start a courier on a job. slot and lock (exchange jobs) are inherited by it; the caller still owns its copies.
	 * call_wait reports the next event until deadline_ms (clock_ms); call_go lets it send;
	 * call_kept tells it that the reply it handed over is committed, so that it may let the lock go; call_close gives up the
	 * conversation (a courier that has sent goes on by itself) and releases the call.
	 */
	enum larder_code (*call_open)(void *ctx, const struct job *job, const struct spool_slot *slot,
	    const struct lock *lock, struct call **ret, struct larder_error *ret_error);
	/* Start one on a stream job; source_fd is the file with the body to send, -1 if there is none. */
	enum larder_code (*stream_open)(
	    void *ctx, const struct job *job, int source_fd, struct call **ret, struct larder_error *ret_error);
	enum call_event (*call_wait)(void *ctx, struct call *call, int64_t deadline_ms, struct call_result *ret);
	bool (*call_go)(void *ctx, struct call *call);
	void (*call_kept)(void *ctx, struct call *call);
	void (*call_show)(void *ctx, struct call *call, enum call_page page, const char *why); /* listening jobs */
	void (*call_close)(void *ctx, struct call *call);
};

/* The real world, for one vault directory. */
struct system_effects {
	struct effects effects;
	int vault_dirfd;     /* borrowed */
	const char *courier; /* borrowed path of larder-courier; NULL when there is none */
};

/* Fill *ret; effects.ctx points back into it, so it must stay where it is. */
void effects_system_init(struct system_effects *ret, int vault_dirfd, const char *courier);

#endif
