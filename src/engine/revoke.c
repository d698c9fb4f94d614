/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"

static enum larder_code
has_tokens(struct engine *engine, const struct credential *credential, bool *ret, struct larder_error *ret_error)
{
	struct grant grant = { 0 };
	struct access *accesses = NULL;
	struct parked *parked = NULL;
	enum larder_code code;
	size_t count = 0;

	*ret = false;
	code = grant_load(engine->vault, credential, &grant, ret_error);
	if (code == LARDER_OK)
		*ret = !secret_is_empty(&grant.refresh_token) || !secret_is_empty(&grant.previous);
	grant_clear(&grant);
	if (code != LARDER_OK && code != LARDER_NOT_FOUND)
		return code;
	code = access_list(engine->vault, credential, &accesses, &count, ret_error);
	if (code == LARDER_OK && count > 0)
		*ret = true;
	access_list_free(accesses, count);
	if (code != LARDER_OK)
		return code;
	count = 0;
	code = parked_list(engine->vault, credential, &parked, &count, ret_error);
	if (code == LARDER_OK && count > 0)
		*ret = true;
	parked_list_free(parked, count);
	return code;
}

bool
revoke_waits(struct engine *engine, const char *name)
{
	struct pending pending = { .expires_at = 0 };
	struct larder_error ignored;
	enum larder_code code = pending_load(engine->vault, name, &pending, &ignored);

	pending_clear(&pending);
	return code == LARDER_OK;
}

/* A person could still type in the code, and tokens would come after all. */
static enum larder_code
end_only_pending(struct engine *engine, const char *name, struct larder_error *ret_error)
{
	struct audit_event event = { .op = AUDIT_LOGOUT, .at = engine->effects->now_s(engine->effects->ctx) };
	enum larder_code code = pending_remove(engine->vault, name, ret_error);

	(void)text_format(event.name, sizeof event.name, "%s", name);
	(void)text_format(event.result, sizeof event.result, "ok");
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
	return code == LARDER_OK ? vault_commit(engine->vault, NULL, ret_error) : code;
}

enum larder_code
revoke_begin(struct engine *engine, const char *name, uint8_t what, bool logout, bool *ret_nothing_left,
    struct larder_error *ret_error)
{
	struct audit_event event = { .op = logout ? AUDIT_LOGOUT : AUDIT_REVOKE_BEGIN };
	struct credential credential = { 0 };
	enum larder_code code;
	bool tokens = true;

	*ret_nothing_left = false;
	code = vault_begin(engine->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = credential_load(engine->vault, name, &credential, ret_error);
	if (code == LARDER_NOT_FOUND && logout && revoke_waits(engine, name)) {
		*ret_nothing_left = true;
		code = end_only_pending(engine, name, ret_error);
		goto out;
	}
	if (code == LARDER_OK && (logout || (what & WHAT_REFRESH) != 0))
		code = pending_remove(engine->vault, name, ret_error);
	if (code == LARDER_OK && credential.state == STATE_REVOKED)
		code = has_tokens(engine, &credential, &tokens, ret_error);
	if (code != LARDER_OK)
		goto out;
	if (credential.state == STATE_REVOKED && !tokens && !logout) {
		*ret_nothing_left = true;
		code = vault_commit(engine->vault, NULL, ret_error);
		goto out;
	}
	/* what a provider asked for before its revocation was accepted says nothing about that */
	if (credential.state != STATE_REVOKING)
		credential.retry_at = 0;
	credential.state = STATE_REVOKING;
	credential.revoke_what = (uint8_t)(credential.revoke_what | what);
	credential.remove_when_revoked = credential.remove_when_revoked || logout;
	credential.next_refresh_at = TIME_UNKNOWN;
	event.at = engine->effects->now_s(engine->effects->ctx);
	event.generation = credential.generation;
	(void)text_format(event.name, sizeof event.name, "%s", name);
	(void)text_format(event.result, sizeof event.result, "ok");
	code = credential_store(engine->vault, &credential, ret_error);
	if (code == LARDER_OK)
		code = audit_append(engine->vault, &event, ret_error);
	if (code == LARDER_OK)
		code = vault_commit(engine->vault, NULL, ret_error);
out:
	vault_rollback(engine->vault);
	wipe(&credential.intent, sizeof credential.intent);
	return error_name(ret_error, code, name);
}

static bool
is_among(const char (*names)[NAME_SIZE], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

struct round { /* one turn of all that is queued */
	const char (*done)[NAME_SIZE];
	size_t done_count;
	char (*silent)[NAME_SIZE]; /* clients whose provider could not be told anything a moment ago */
	size_t silent_count, left;
};

/*
 * Our own backoff holds nobody back who comes again, but one failure of a provider is enough for a round: a hundred
 * tokens at one that is down would each wait for it. What is past its backoff has its turn in any case.
 */
static bool
has_turn(const struct round *round, const struct credential *credential, int64_t now)
{
	if (is_among(round->done, round->done_count, credential->name))
		return false;
	return credential->retry_at <= now || credential->retry_at > now + HOLD_MAX_S || /* the clock went back */
	    !is_among((const char(*)[NAME_SIZE])round->silent, round->silent_count, credential->client);
}

static enum larder_code
deliver_one(
    struct engine *engine, const char *name, int64_t deadline_ms, struct round *round, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	struct revocation revocation;
	enum larder_code code = credential_load(engine->vault, name, &credential, ret_error);

	wipe(&credential.intent, sizeof credential.intent);
	if (code != LARDER_OK || credential.state != STATE_REVOKING)
		return code == LARDER_NOT_FOUND ? LARDER_OK : code;
	round->left++;
	if (!has_turn(round, &credential, engine->effects->now_s(engine->effects->ctx)))
		return LARDER_OK;
	code = revoke_deliver(engine, name, false, deadline_ms, &revocation, ret_error);
	if (code == LARDER_NOT_FOUND) { /* another process has ended the logout meanwhile */
		round->left--;
		return LARDER_OK;
	}
	if (code != LARDER_OK)
		return code;
	if (revocation.result == REVOCATION_QUEUED)
		(void)text_format(round->silent[round->silent_count++], NAME_SIZE, "%s", credential.client);
	else if (revocation.result != REVOCATION_FAILED)
		round->left--;
	return LARDER_OK;
}

/* The names first: nothing may be written while a scan runs. */
enum larder_code
revoke_deliver_queued(struct engine *engine, const char (*done)[NAME_SIZE], size_t done_count, int64_t deadline_ms,
    size_t *ret_left, struct larder_error *ret_error)
{
	struct round round = { .done = done, .done_count = done_count };
	char(*names)[NAME_SIZE] = NULL;
	size_t count = 0;
	enum larder_code code = credential_names(engine->vault, &names, &count, ret_error);

	if (code == LARDER_OK) {
		round.silent = calloc(count + 1, sizeof *round.silent);
		if (round.silent == NULL)
			code = error_no_memory(ret_error);
	}
	for (size_t i = 0; code == LARDER_OK && i < count; i++)
		code = deliver_one(engine, names[i], deadline_ms, &round, ret_error);
	free(round.silent);
	free(names);
	if (code == LARDER_OK)
		*ret_left = round.left;
	return code;
}
