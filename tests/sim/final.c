/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a story: the world is calm, one more process comes, and then vault and ledger are compared. */
#include <stdio.h>
#include <string.h>

#include "sim/sim.h"

#define TRIES    3            /* a doubt is reported once before the next command decides about it */
#define PAUSE_MS (61 * 60000) /* no backoff holds anybody for longer, even after the clock was set back */

static enum larder_code
do_op(struct process *process, struct op op)
{
	op.timeout_ms = 90000;
	op.min_ttl_s = 60;
	process->op = &op;
	process->points = 0;
	op_run(process, &op);
	process->op = NULL;
	return process->code;
}

/* What a person would do: ask, and if it needs a word from him, give it. */
static enum larder_code
get_token(struct process *process, unsigned credential, bool force)
{
	const struct op token = { .kind = OP_TOKEN, .credential = credential, .force = force };
	enum larder_code code = LARDER_OK;

	for (int i = 0; i < TRIES; i++) {
		code = do_op(process, token);
		if (code == LARDER_IN_DOUBT) {
			(void)do_op(
			    process, (struct op){ .kind = OP_REFRESH, .credential = credential, .accept = true });
			code = do_op(process, token);
		}
		if (code != LARDER_UNAVAILABLE && code != LARDER_REJECTED && code != LARDER_IN_DOUBT)
			return code;
		process_sleep(process, PAUSE_MS);
	}
	return code;
}

/* Half of the stories end with an exchange in any case, the others with whatever a command would do then. */
void
final_run(struct process *process)
{
	struct sim *sim = process->sim;

	for (int i = 0; sim->knobs.revokes && i < TRIES; i++) {
		(void)do_op(process, (struct op){ .kind = OP_DELIVER });
		process_sleep(process, PAUSE_MS);
	}
	for (unsigned i = 0; i < CREDENTIALS; i++) {
		if (sim->accounts[i].used)
			sim->accounts[i].final = get_token(process, i, sim->seed % 2 == 0);
	}
	process_close(process);
}

/* --- what is there at the end --- */

struct kept { /* refresh tokens that the vault has of one credential */
	bool has[TOKENS_MAX];
	unsigned current; /* TOKENS_MAX: none */
};

static unsigned
keep(struct sim *sim, const struct secret *text, struct kept *ret)
{
	unsigned token = secret_is_empty(text) ? TOKENS_MAX : server_find(&sim->server, text->data, text->len);

	if (token != TOKENS_MAX) {
		ret->has[token] = true;
		note(sim, EVENT_HAS, token, server_takes(&sim->server, token, sim->ms));
	}
	return token;
}

/* What a whole reply holds. */
static void
keep_text(const struct sim *sim, const struct secret *reply, struct kept *ret)
{
	char text[TOKEN_TEXT + 2];
	size_t len;

	for (unsigned token = 0; token < sim->server.count; token++) {
		text[0] = '"';
		server_text(&sim->server, token, text + 1);
		len = strlen(text);
		text[len++] = '"';
		if (memmem(reply->data, reply->len, text, len) != NULL)
			ret->has[token] = true;
	}
}

static void
keep_parked(struct sim *sim, const struct credential *credential, struct kept *ret)
{
	struct parked *parked = NULL;
	struct larder_error error;
	size_t count = 0;

	if (parked_list(&sim->oracle.vault, credential, &parked, &count, &error) != LARDER_OK)
		return;
	for (size_t i = 0; i < count; i++)
		keep_text(sim, &parked[i].reply, ret);
	parked_list_free(parked, count);
}

/* The reply of the open intent, if the spool has it: the next one who needs it finds it. */
static void
keep_spooled(struct sim *sim, const struct credential *credential, struct kept *ret)
{
	const struct intent *intent = &credential->intent;
	const struct slot *slot = &sim->slots[intent->slot % SPOOL_SLOTS];
	struct attempt attempt = { .generation = intent->generation };
	struct secret key = SECRET_INIT, text = SECRET_INIT;

	if (!intent->open || slot->content != SPOOL_REPLY ||
	    memcmp(slot->attempt_id, intent->attempt_id, sizeof slot->attempt_id) != 0)
		return;
	memcpy(attempt.vault_id, vault_id(&sim->oracle.vault), sizeof attempt.vault_id);
	memcpy(attempt.record_id, credential->id, sizeof attempt.record_id);
	memcpy(attempt.id, intent->attempt_id, sizeof attempt.id);
	memcpy(attempt.key, intent->attempt_key, sizeof attempt.key);
	vault_box_keys(&sim->oracle.vault, attempt.vault_public, &key);
	if (box_open(&attempt, key.data, slot->payload, slot->len, &text))
		keep_text(sim, &text, ret);
	secret_free(&text);
	secret_free(&key);
}

static void
look(struct sim *sim, const struct credential *credential, struct kept *ret)
{
	struct grant grant = { 0 };
	struct larder_error error;

	*ret = (struct kept){ .current = TOKENS_MAX };
	if (grant_load(&sim->oracle.vault, credential, &grant, &error) == LARDER_OK) {
		ret->current = keep(sim, &grant.refresh_token, ret);
		(void)keep(sim, &grant.previous, ret);
	}
	grant_clear(&grant);
	keep_parked(sim, credential, ret);
	keep_spooled(sim, credential, ret);
}

/* What was revoked is dead, all of it that ever reached us, and so is what came of requests that were under way. */
static void
check_revoked(struct sim *sim, unsigned credential, const struct credential *it)
{
	const struct account *account = &sim->accounts[credential];

	if (it->state == STATE_REVOKING)
		violate(sim, "revoked", "%s is still to be revoked", it->name);
	if (!account->fence_maybe)
		violate(sim, "revoked", "%s is revoked, and nobody wanted that", it->name);
	if (account->replaced_maybe || account->restored)
		return;
	for (unsigned i = 0; i < sim->server.count; i++) {
		const struct server_token *token = &sim->server.tokens[i];

		if (token->family == account->acked.family && token->fate == FATE_SEALED &&
		    server_takes(&sim->server, i, sim->ms))
			violate(sim, "revoked", "token %u of %s lives on", i, it->name);
	}
}

static bool
is_family_of(const struct account *account, unsigned family)
{
	if (family == account->acked.family)
		return true;
	for (size_t i = 0; i < account->maybe_count; i++) {
		if (account->maybe[i] == family)
			return true;
	}
	return false;
}

/* A credential that nobody revoked: it gives a token, or its family was ended as the ledger allows; nothing is lost. */
static void
check_alive(struct sim *sim, unsigned credential, const struct credential *it, const struct kept *kept)
{
	const struct account *account = &sim->accounts[credential];
	const struct server *server = &sim->server;
	unsigned family;

	if (kept->current == TOKENS_MAX) {
		violate(sim, "I6", "the refresh token of %s is gone", it->name);
		return;
	}
	family = server->tokens[kept->current].family;
	if (!account->restored && !is_family_of(account, family))
		violate(sim, "I4", "%s has a token of login %u, not of %u", it->name, family, account->acked.family);
	if (server->families[family] != LIVES || account->fence_maybe)
		return;
	if (account->final != LARDER_OK)
		violate(sim, "I1", "%s gives no token (%s) although its login lives", it->name,
		    larder_code_name(account->final));
	for (unsigned i = 0; i < server->count && !account->restored; i++) {
		const struct server_token *token = &server->tokens[i];

		if (token->family == family && token->fate == FATE_SEALED && server_takes(server, i, sim->ms) &&
		    !kept->has[i])
			violate(sim, "I5", "token %u of %s had come and is nowhere", i, it->name);
	}
}

static void
check_credential(struct sim *sim, unsigned number)
{
	const struct account *account = &sim->accounts[number];
	struct credential it = { 0 };
	struct larder_error error;
	struct kept kept;
	enum larder_code code;

	code = credential_load(&sim->oracle.vault, credential_name(number), &it, &error);
	if (code == LARDER_NOT_FOUND && account->removed_maybe)
		return;
	if (code != LARDER_OK) {
		violate(sim, "I10", "%s cannot be read: %s", credential_name(number), error.why);
		return;
	}
	note(sim, EVENT_FOUND, number, it.state);
	look(sim, &it, &kept);
	if (it.state == STATE_REVOKED || it.state == STATE_REVOKING)
		check_revoked(sim, number, &it);
	else
		check_alive(sim, number, &it, &kept);
	credential_clear(&it);
}

/* Even if another login has taken the place of the revoked one since. */
static void
check_revoked_families(struct sim *sim)
{
	const struct server *server = &sim->server;

	for (unsigned i = 0; i < server->count; i++) {
		unsigned family = server->tokens[i].family;

		if (sim->revoked[family] && server->tokens[i].fate == FATE_SEALED && server_takes(server, i, sim->ms) &&
		    !sim->accounts[sim->credential_of_family[family]].restored)
			violate(sim, "revoked", "token %u lives on although its login was to be revoked", i);
	}
}

void
oracle_end(struct sim *sim)
{
	struct larder_error error;

	sim->actor = PROCESSES + COURIERS;
	if (!oracle_open(sim) || oracle_verify(&sim->oracle.vault, &error) != LARDER_OK) {
		violate(sim, "I10", "the vault is not whole: %s", error.why);
		return;
	}
	for (unsigned i = 0; i < CREDENTIALS; i++)
		check_credential(sim, i);
	check_revoked_families(sim);
	for (int fd = 0; fd < HOLDS; fd++) {
		if (sim->holds[fd].used)
			violate(sim, "I7", "%s %lld is still held", sim->holds[fd].is_slot ? "slot" : "lock",
			    (long long)sim->holds[fd].what);
	}
	for (uint32_t i = 0; i < SPOOL_SLOTS; i++) {
		if (sim->slots[i].content == SPOOL_REPLY)
			count(sim, COUNT_SLOTS_LEFT);
	}
}
