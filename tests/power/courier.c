/* SPDX-License-Identifier: Apache-2.0 */
#include "power/courier.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "courier/keep.h"
#include "power/life.h"

struct call {
	enum course course;
	bool plain, ready, dead;
	struct job_attempt attempt;
	char url[256], body[2048];
	struct keep_fds fds;
	int wire; /* our end, which nobody reads */
	struct http_reply reply;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static enum larder_code
open_call(void *ctx, const struct job *job, const struct spool_slot *slot, const struct lock *lock, struct call **ret,
    struct larder_error *ret_error)
{
	struct life *life = ctx;
	struct call *call = calloc(1, sizeof *call);
	int wire[2];

	(void)ret_error;
	if (call == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, wire) != 0)
		abort();
	call->plain = job->kind == JOB_PLAIN;
	call->course = GOES_WELL;
	call->attempt = job->attempt;
	(void)text_format(call->url, sizeof call->url, "%s", job->request.url);
	(void)text_format(call->body, sizeof call->body, "%.*s", (int)job->request.body.len,
	    job->request.body.data == NULL ? "" : (const char *)job->request.body.data);
	call->wire = wire[0];
	call->fds = (struct keep_fds){ .wire = wire[1], .slot = -1, .lock = -1 };
	if (!call->plain) {
		call->course = life->course;
		life->course = GOES_WELL;
		call->fds.slot = dup(slot->fd);
		call->fds.lock = dup(lock->fd);
		if (call->fds.slot < 0 || call->fds.lock < 0)
			abort();
	}
	*ret = call;
	return LARDER_OK;
}

static void
die(struct call *call)
{
	close_fd(&call->fds.slot);
	close_fd(&call->fds.lock);
	call->dead = true;
}

/* A longer access token than the ledger knows, as some providers send: only the room that it takes matters. */
static void
pad(const struct life *life, struct http_reply *reply)
{
	static const char member[] = ",\"id_token\":\"";
	struct secret longer;
	size_t len = reply->body.len;

	if (life->padding == 0 || len == 0 || reply->body.data[len - 1] != '}' || reply->status != 200)
		return;
	if (!secret_new(len + sizeof member - 1 + life->padding + 1, &longer))
		abort();
	memcpy(longer.data, reply->body.data, len - 1);
	memcpy(longer.data + len - 1, member, sizeof member - 1);
	memset(longer.data + len - 1 + sizeof member - 1, 'x', life->padding);
	memcpy(longer.data + longer.len - 2, "\"}", 2);
	secret_free(&reply->body);
	reply->body = longer;
}

static void
ask_server(struct life *life, struct call *call)
{
	server_answer(&life->truth.server, call->url, call->body, life->effects.now_s(life), &call->reply);
	pad(life, &call->reply);
}

/* The request reaches the server: from here on the old token is spent, and the new one nowhere but on its way. */
static void
send_request(struct life *life, struct call *call)
{
	struct truth_credential *truth = &life->truth.credentials[life->acting];

	truth->intent = YES;
	truth->sealed = false;
	truth->intent_generation = call->attempt.generation;
	life_note(life);
	ask_server(life, call);
	truth->unheard = true;
	life_note(life);
}

static void
keep(struct life *life, struct call *call)
{
	struct truth_credential *truth = &life->truth.credentials[life->acting];
	size_t before = life->log.count;
	struct keeper keeper;

	if (!keeper_init(&keeper) || !keeper_keep(&keeper, &call->fds, &call->attempt, &call->reply))
		abort();
	keeper_clear(&keeper);
	call->fds.slot = call->fds.lock = -1; /* it closes both */
	call->dead = true;
	life->window_changes = life->log.count - before;
	truth->unheard = false;
	truth->sealed = true;
	truth->intent = MAYBE;
	life_note(life);
}

static void
note_unsent(struct call *call)
{
	struct keeper keeper;

	if (!keeper_init(&keeper))
		abort();
	keeper_note_unsent(&keeper, &call->fds, &call->attempt);
	keeper_clear(&keeper);
	die(call);
}

static bool
go_call(void *ctx, struct call *call)
{
	struct life *life = ctx;

	switch (call->course) {
	case NOT_TOLD:
		note_unsent(call);
		return false;
	case LOSES_REQUEST:
		die(call);
		return true;
	case LOSES_REPLY:
		send_request(life, call);
		die(call);
		return true;
	case GOES_WELL:
	case SEALS_AND_DIES:
		break;
	}
	send_request(life, call);
	return true;
}

static enum call_event
wait_call(void *ctx, struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	struct life *life = ctx;

	(void)deadline_ms;
	if (call->plain) {
		ask_server(life, call);
		life_note(life);
		ret->reply = call->reply;
		call->reply = (struct http_reply){ 0 };
		return CALL_REPLIED;
	}
	if (!call->ready) {
		call->ready = true;
		return CALL_READY;
	}
	if (call->dead)
		return CALL_GONE;
	keep(life, call);
	return call->course == SEALS_AND_DIES ? CALL_GONE : CALL_SEALED;
}

static void
kept_call(void *ctx, struct call *call)
{
	(void)ctx;
	(void)call;
}

static void
close_call(void *ctx, struct call *call)
{
	(void)ctx;
	if (call == NULL)
		return;
	die(call);
	close_fd(&call->fds.wire);
	close_fd(&call->wire);
	http_reply_clear(&call->reply);
	free(call);
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
