/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold while the story goes on. The numbers are those of docs/architecture.md:
 *
 *   I1  no self-inflicted loss          I6  nothing is deleted on an error
 *   I2  one exchange at a time          I7  every wait ends
 *   I3  durable before use              I8  bounded load
 *   I4  generations only grow           I9  audited, then handed out
 *   I5  what came is kept               I10 no repair by hand
 */
#include <string.h>

#include "engine/schedule.h"
#include "sim/sim.h"
#include "vault/audit.h"
#include "vault/setroot.h"

#define SLACK_MS     65000 /* over a command's own time limit: a few times the ten seconds of a busy store */
#define SENDS_PER_OP 4     /* a repetition, and both once more if the answer was overtaken */

bool
oracle_open(struct sim *sim)
{
	return process_open(&sim->oracle);
}

static enum larder_code
check_row(struct vault *vault, const struct store_row *row, struct larder_error *ret_error)
{
	const struct record_type *type = record_type(row->kind);
	union {
		struct credential credential;
		struct client client;
		struct access access;
		struct parked parked;
	} record;
	enum larder_code code;

	if (type == NULL || type->size > sizeof record)
		return LARDER_OK;
	code = record_decode(vault, type, row->key, row->key_len, row->body, row->body_len, &record, ret_error);
	if (code == LARDER_OK)
		record_clear(type, &record);
	return code;
}

enum larder_code
oracle_verify(struct vault *vault, struct larder_error *ret_error)
{
	struct state state;
	uint64_t rows;
	enum larder_code code;

	code = setroot_check(vault, check_row, &state, ret_error);
	return code == LARDER_OK ? audit_verify(vault, &rows, ret_error) : code;
}

/* Whether the vault holds an access token of this credential that is good by its own clock. */
static bool
has_valid_access(struct sim *sim, unsigned credential)
{
	struct credential it = { 0 };
	struct access *accesses = NULL;
	struct larder_error error;
	size_t count = 0;
	bool valid = false;

	if (!oracle_open(sim) ||
	    credential_load(&sim->oracle.vault, credential_name(credential), &it, &error) != LARDER_OK)
		return false;
	if (access_list(&sim->oracle.vault, &it, &accesses, &count, &error) == LARDER_OK) {
		for (size_t i = 0; i < count; i++)
			valid = valid || token_usable(&accesses[i], sim_now_s(sim), 0);
	}
	access_list_free(accesses, count);
	credential_clear(&it);
	return valid;
}

/* Asking again with a token that may be spent: what rotation.h's table allows. */
static void
check_asking_again(struct sim *sim, const struct call *call)
{
	const struct server_token *token = &sim->server.tokens[call->token];
	const struct knobs *knobs = &sim->knobs;

	if (token->unheard == 0 || call->accepts || knobs->class == CLASS_STATIC || knobs->class == CLASS_UNTIL_USED)
		return;
	if (knobs->class == CLASS_OVERLAP && sim->ms - token->first_sent_ms < knobs->grace_s * 1000)
		return;
	if (knobs->on_unknown == UNKNOWN_HOLD)
		violate(sim, "I1", "token %u is sent again although the definition forbids it", call->token);
	else if (!knobs->wall && has_valid_access(sim, call->credential))
		violate(sim, "I1", "token %u is sent again although there is something to lose", call->token);
}

void
oracle_sends(struct sim *sim, struct call *call)
{
	struct account *account = &sim->accounts[call->credential];
	struct server_token *token = &sim->server.tokens[call->token];

	if (token->carrying > 0)
		violate(sim, "I2", "token %u is on its way already", call->token);
	check_asking_again(sim, call);
	if (token->unheard == 0)
		token->first_sent_ms = sim->ms;
	if (account->suspect && token->family == account->acked.family)
		violate(sim, "I1", "token %u of a restored vault is sent, and nobody has accepted that", call->token);
	if (account->fence != 0 && call->after > account->fence && !account->replaced_maybe && !account->restored)
		violate(sim, "revoked", "token %u is sent after the revocation began", call->token);
}

void
oracle_replay(struct sim *sim, unsigned token)
{
	static const enum count causes[FATES] = {
		[FATE_LOST_REPLY] = COUNT_LOST_REPLY,
		[FATE_NOBODY_LEFT] = COUNT_LOST_COURIER,
		[FATE_MANGLED] = COUNT_LOST_MANGLED,
		[FATE_NO_POWER] = COUNT_LOST_POWER,
		[FATE_NO_DISK] = COUNT_LOST_DISK,
	};
	struct server *server = &sim->server;
	enum fate fate = FATE_TRAVELS;

	for (unsigned i = 0; i < server->count; i++) {
		if (server->tokens[i].refresh && server->tokens[i].parent == token + 1)
			fate = server->tokens[i].fate == FATE_SEALED || fate == FATE_SEALED ? FATE_SEALED
											    : server->tokens[i].fate;
	}
	note(sim, EVENT_REPLAY, token, fate);
	if (sim->accounts[sim->credential_of_family[server->tokens[token].family]].stale) {
		count(sim, COUNT_LOST_RESTORE);
		return;
	}
	if (fate == FATE_SEALED)
		violate(sim, "I1", "token %u is spent a second time although its successor had come", token);
	else if (fate == FATE_TRAVELS)
		violate(sim, "I2", "token %u is spent a second time while its successor is on its way", token);
	else if (sim->knobs.class == CLASS_UNTIL_USED)
		violate(sim, "I1", "token %u is spent a second time although its successor was used", token);
	else
		count(sim, causes[fate]);
}

/* The refresh token that came with what is handed out is in the vault, or was and has been followed by another. */
static void
check_kept(struct sim *sim, unsigned credential, const struct server_token *access)
{
	struct credential it = { 0 };
	struct grant grant = { 0 };
	struct larder_error error;
	unsigned current;

	if (access->sibling == 0 || !oracle_open(sim))
		return;
	if (credential_load(&sim->oracle.vault, credential_name(credential), &it, &error) == LARDER_OK &&
	    grant_load(&sim->oracle.vault, &it, &grant, &error) == LARDER_OK) {
		current = server_find(&sim->server, grant.refresh_token.data, grant.refresh_token.len);
		if (current != TOKENS_MAX && sim->server.tokens[current].family == access->family &&
		    !server_descends(&sim->server, current, access->sibling - 1) && !sim->accounts[credential].restored)
			violate(sim, "I3", "a token is handed out whose refresh token %u is not stored",
			    access->sibling - 1);
	}
	grant_clear(&grant);
	credential_clear(&it);
}

void
oracle_got(struct process *process, const struct token_got *got)
{
	struct sim *sim = process->sim;
	unsigned credential = process->op->credential;
	struct account *account = &sim->accounts[credential];
	unsigned at = server_find(&sim->server, got->access.token.data, got->access.token.len);
	const struct server_token *token = &sim->server.tokens[at];

	count(sim, COUNT_TOKENS);
	note(sim, EVENT_GOT, at, got->refreshed);
	if (at == TOKENS_MAX) {
		violate(sim, "I3", "something is handed out that no server issued");
		return;
	}
	if (process->commits == 0)
		violate(sim, "I9", "a token is handed out without an audit row");
	if (!got->refreshed && got->access.expires_at != TIME_UNKNOWN &&
	    got->access.expires_at <= process->writes_since_wall)
		violate(sim, "expired", "token %u had ended by the wall clock when it was released", at);
	if (!got->refreshed && !sim->knobs.wall && token->expires_ms <= process->writes_since_ms)
		violate(sim, "expired", "token %u had ended when it was released", at);
	if (account->fence != 0 && process->last_commit > account->fence && !account->replaced_maybe &&
	    !account->restored)
		violate(sim, "revoked", "token %u is handed out after the revocation began", at);
	/* by the order of the releases: whoever was stopped after his may tell of it late */
	if (got->generation < account->generation && process->last_commit > account->seen_at &&
	    !account->replaced_maybe)
		violate(sim, "I4", "generation %llu after %llu", (unsigned long long)got->generation,
		    (unsigned long long)account->generation);
	if (got->generation > account->generation) {
		account->generation = got->generation;
		account->seen_at = process->last_commit;
	}
	check_kept(sim, credential, token);
}

void
oracle_op(struct process *process, const struct op *op)
{
	struct sim *sim = process->sim;
	int64_t took = sim->ms - process->began_ms - process->stopped_ms;

	if (took > op->timeout_ms + SLACK_MS && process->jumps == sim->jumps)
		violate(sim, "I7", "a command with %lld ms took %lld ms", (long long)op->timeout_ms, (long long)took);
	if (process->sends > SENDS_PER_OP)
		violate(sim, "I8", "one command sent %u requests", process->sends);
	switch (process->code) {
	case LARDER_INTERNAL:
	case LARDER_DAMAGED:
	case LARDER_LOCKED:
	case LARDER_USAGE:
	case LARDER_DENIED:
		violate(sim, "I10", "a command ends with %s: %s", larder_code_name(process->code), process->error.why);
		break;
	case LARDER_NOT_FOUND:
		if (!sim->accounts[op->credential].removed_maybe)
			violate(sim, "I6", "a credential is gone");
		break;
	default:
		break;
	}
}
