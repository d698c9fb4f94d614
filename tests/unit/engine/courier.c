/* SPDX-License-Identifier: Apache-2.0 */
/* Couriers that follow a script. They hold copies of lock and slot, as the real one does, and seal real boxes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/box.h"
#include "engine/world.h"

#define RETRY_MS 1000 /* of a slot that took nothing */

struct call {
	struct fate fate;
	bool plain, held; /* held: the vault side has not closed the conversation */
	bool ready, sent, alive, told;
	struct attempt attempt;
	char url[128], body[1024];
	int slot, lock;
	int64_t due_ms; /* of the reply, or of the next try to seal it */
	struct http_reply reply;
};

static void
die(struct call *call)
{
	call->alive = false;
	if (call->slot >= 0)
		close(call->slot);
	if (call->lock >= 0)
		close(call->lock);
	call->slot = call->lock = -1;
}

static void
copy_job(const struct job *job, struct call *call)
{
	call->plain = job->kind == JOB_PLAIN;
	call->attempt.generation = job->attempt.generation;
	memcpy(call->attempt.vault_id, job->attempt.vault_id, sizeof call->attempt.vault_id);
	memcpy(call->attempt.record_id, job->attempt.record_id, sizeof call->attempt.record_id);
	memcpy(call->attempt.id, job->attempt.id, sizeof call->attempt.id);
	memcpy(call->attempt.key, job->attempt.key, sizeof call->attempt.key);
	memcpy(call->attempt.vault_public, job->attempt.vault_public, sizeof call->attempt.vault_public);
	text_format(call->url, sizeof call->url, "%s", job->request.url);
	text_format(call->body, sizeof call->body, "%.*s", (int)job->request.body.len,
	    job->request.body.data == NULL ? "" : (const char *)job->request.body.data);
}

static enum larder_code
open_call(void *ctx, const struct job *job, const struct spool_slot *slot, const struct lock *lock, struct call **ret,
    struct larder_error *ret_error)
{
	struct world *world = ctx;
	struct call *call = calloc(1, sizeof *call);

	assert_non_null(call);
	assert_true(world->started < WORLD_COURIERS);
	assert_false(world->vault.writing); /* nobody waits for a network inside a transaction */
	world->couriers[world->started++] = call;
	if (world->fates_used < world->fates_count)
		call->fate = world->fates[world->fates_used++];
	if (world->server.down)
		call->fate.course = NOT_CONNECTED;
	copy_job(job, call);
	call->slot = call->lock = -1;
	if (call->fate.course == NOT_STARTED)
		return error_set(ret_error, LARDER_UNAVAILABLE, "cannot start the courier", NULL, "it was not found");
	if (!call->plain) {
		call->slot = dup(slot->fd);
		call->lock = dup(lock->fd);
		assert_true(call->slot >= 0 && call->lock >= 0);
	}
	call->alive = call->held = true;
	*ret = call;
	return LARDER_OK;
}

static void
fail_at(enum call_stage stage, const char *why, struct call_result *ret)
{
	ret->failure.stage = stage;
	text_format(ret->failure.why, sizeof ret->failure.why, "%s", why);
}

/* The server reads the request, and its reply is on the way. */
static void
send_request(struct world *world, struct call *call)
{
	const struct canned *canned = call->fate.canned;

	call->sent = true;
	call->due_ms = world->ms + call->fate.takes_ms;
	if (canned == NULL || canned->processed)
		server_answer(&world->server, call->url, call->body, world->start_s + world->ms / 1000, &call->reply);
	else
		world->server.requests++;
	if (canned == NULL)
		return;
	http_reply_clear(&call->reply);
	server_reply(&call->reply, canned->status, canned->type, canned->body);
	call->reply.truncated = canned->truncated;
	if (canned->retry_after != NULL)
		text_format(call->reply.retry_after, sizeof call->reply.retry_after, "%s", canned->retry_after);
}

/* Whoever listens has let go of the lock, so that one who is stopped blocks nobody. */
static void
assert_nobody_holds_the_lock(const struct world *world, const struct call *call)
{
	struct lock lock = LOCK_INIT;

	assert_ok(lock_try(world->vault.dir.fd, lock_byte(call->attempt.record_id), &lock, NULL));
	lock_close(&lock);
}

static void
seal_reply(const struct world *world, struct call *call)
{
	struct buf text = BUF_INIT_SECRET(1 << 20), sealed = BUF_INIT(1 << 20);

	assert_true(reply_encode(&call->reply, &text));
	assert_true(box_seal(&call->attempt, text.data, text.len, &sealed));
	assert_true(spool_write(call->slot, call->attempt.record_id, call->attempt.id, sealed.data, sealed.len));
	buf_clear(&text);
	buf_clear(&sealed);
	die(call);
	assert_nobody_holds_the_lock(world, call);
}

static void
note_unsent(struct call *call)
{
	const struct call_failure failure = { .stage = CALL_NO_GO };
	struct buf text = BUF_INIT(1024), sealed = BUF_INIT(4096);

	assert_true(failure_encode(&failure, &text));
	assert_true(box_seal(&call->attempt, text.data, text.len, &sealed));
	assert_true(spool_write(call->slot, call->attempt.record_id, call->attempt.id, sealed.data, sealed.len));
	buf_clear(&text);
	buf_clear(&sealed);
}

/* What the courier does when its reply comes, whether or not somebody still listens. */
static enum call_event
receive(struct world *world, struct call *call, struct call_result *ret)
{
	if (call->fate.course == CANNOT_SEAL && !call->told) {
		call->told = true;
		call->due_ms = world->ms + RETRY_MS;
		if (ret != NULL) {
			fail_at(CALL_SEAL, "the reply could not be written to the spool: no space left", ret);
			ret->reply = call->reply;
			assert_true(secret_copy(call->reply.body.data, call->reply.body.len, &ret->reply.body));
		}
		return CALL_REPLIED;
	}
	seal_reply(world, call);
	return call->fate.course == SEALS_AND_DIES ? CALL_GONE : CALL_SEALED;
}

void
couriers_work(struct world *world)
{
	for (unsigned i = 0; i < world->started; i++) {
		struct call *call = world->couriers[i];

		if (call->alive && call->sent && !call->plain && !call->held && call->due_ms <= world->ms)
			(void)receive(world, call, NULL);
	}
}

unsigned
couriers_alive(const struct world *world)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < world->started; i++)
		alive += world->couriers[i]->alive || world->couriers[i]->held;
	return alive;
}

void
couriers_end(struct world *world)
{
	for (unsigned i = 0; i < world->started; i++) {
		die(world->couriers[i]);
		http_reply_clear(&world->couriers[i]->reply);
		free(world->couriers[i]);
	}
}

static void
run_once(struct world *world, void (**what)(struct world *))
{
	void (*run)(struct world *) = *what;

	*what = NULL;
	if (run != NULL)
		run(world);
}

static enum call_event
wait_connected(struct world *world, struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	switch (call->fate.course) {
	case NOT_CONNECTED:
		fail_at(CALL_CONNECT, "connection refused", ret);
		die(call);
		return CALL_FAILED;
	case HANGS_CONNECTING:
		world->ms = deadline_ms > world->ms ? deadline_ms : world->ms;
		return CALL_TIMEOUT;
	case DIES_EARLY:
		die(call);
		return CALL_GONE;
	default:
		run_once(world, &world->connecting);
		call->ready = true;
		return CALL_READY;
	}
}

static enum call_event
wait_plain(struct world *world, struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	enum call_event event = wait_connected(world, call, deadline_ms, ret);

	if (event != CALL_READY)
		return event;
	send_request(world, call);
	ret->reply = call->reply;
	call->reply = (struct http_reply){ 0 };
	die(call);
	return CALL_REPLIED;
}

static enum call_event
wait_call(void *ctx, struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	struct world *world = ctx;
	enum call_event event;

	assert_false(world->vault.writing);
	if (call->plain)
		return wait_plain(world, call, deadline_ms, ret);
	if (!call->ready)
		return wait_connected(world, call, deadline_ms, ret);
	run_once(world, &world->listening);
	if (call->fate.course == GIVES_UP) {
		fail_at(CALL_NO_GO, "not told to go in time", ret);
		die(call);
		return CALL_FAILED;
	}
	if (call->fate.course == IS_REFUSED) {
		fail_at(CALL_REFUSED, "provider refuses the client certificate", ret);
		die(call);
		return CALL_FAILED;
	}
	if (call->fate.course == RESET_SENDING) {
		fail_at(CALL_SENT, "connection reset", ret);
		die(call);
		return CALL_FAILED;
	}
	if (!call->alive)
		return CALL_GONE;
	if (call->due_ms > deadline_ms) {
		world->ms = deadline_ms > world->ms ? deadline_ms : world->ms;
		return CALL_TIMEOUT;
	}
	world->ms = call->due_ms > world->ms ? call->due_ms : world->ms;
	event = receive(world, call, ret);
	run_once(world, &world->sealed);
	return event;
}

static bool
go_call(void *ctx, struct call *call)
{
	struct world *world = ctx;

	assert_true(call->ready && !call->sent);
	switch (call->fate.course) {
	case NOTES_UNSENT:
		note_unsent(call);
		/* fall through */
	case NOT_TOLD:
		die(call);
		return false;
	case GIVES_UP:
		return true;
	case IS_REFUSED:
	case REFUSED_AND_DIES:
		note_unsent(call);
		die(call);
		return true;
	case DIES_SENDING:
	case RESET_SENDING:
		die(call);
		return true;
	default:
		send_request(world, call);
		if (call->fate.course == DIES_LISTENING)
			die(call);
		return true;
	}
}

static void
kept_call(void *ctx, struct call *call)
{
	(void)ctx;
	assert_true(call->told);
	die(call);
}

static void
close_call(void *ctx, struct call *call)
{
	(void)ctx;
	if (call == NULL)
		return;
	call->held = false;
	if (!call->sent)
		die(call);
}

void
courier_effects(struct effects *ret)
{
	ret->call_open = open_call;
	ret->call_wait = wait_call;
	ret->call_go = go_call;
	ret->call_kept = kept_call;
	ret->call_close = close_call;
}
