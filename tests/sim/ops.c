/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that simulated processes run, as src/api runs them, and what is drawn for each. */
#include <string.h>

#include "base/text.h"
#include "sim/sim.h"

const char *
credential_name(unsigned credential)
{
	return credential == 0 ? "work" : "home";
}

static struct token_want
want_of(const struct process *process, const struct op *op)
{
	struct token_want want = {
		.name = credential_name(op->credential),
		.resource = "",
		.min_ttl_s = op->min_ttl_s,
		.min_ttl_explicit = op->explicit_ttl,
		.force = op->force,
		.offline = op->offline,
		.accept = op->accept,
		.deadline_ms = sim_clock_ms(process->sim) + op->timeout_ms,
	};

	if (op->other_scope)
		(void)text_format(want.scope, sizeof want.scope, "%s", SCOPE_OTHER);
	return want;
}

static enum larder_code
run_token(struct process *process, const struct op *op)
{
	struct token_want want = want_of(process, op);
	struct token_got got = { .refreshed = false };
	enum larder_code code;

	code = token_get(&process->engine, &want, &got, &process->error);
	if (code == LARDER_OK && !process->dead)
		oracle_got(process, &got);
	access_clear(&got.access);
	return code;
}

static enum larder_code
run_refresh(struct process *process, const struct op *op)
{
	struct token_want want = want_of(process, op);
	struct refresh_call call = { .want = &want };

	want.force = true;
	if (op->accept) /* whatever comes of it: the acceptance is kept with the intent */
		process->sim->accounts[op->credential].suspect = false;
	return refresh_run(&process->engine, &call, &process->error);
}

static enum larder_code
run_revoke(struct process *process, const struct op *op)
{
	struct account *account = &process->sim->accounts[op->credential];
	const char *name = credential_name(op->credential);
	int64_t deadline_ms = sim_clock_ms(process->sim) + op->timeout_ms;
	struct revocation revocation = { .result = REVOCATION_QUEUED };
	bool logout = op->kind == OP_LOGOUT, nothing_left;
	enum larder_code code;

	account->fence_maybe = true;
	account->removed_maybe = account->removed_maybe || logout;
	code = revoke_begin(&process->engine, name, WHAT_ALL, logout, &nothing_left, &process->error);
	if (code != LARDER_OK || process->dead)
		return code;
	if (!nothing_left && process->last_commit > account->fence)
		account->fence = process->last_commit;
	if (!nothing_left && account->replacing == 0 && !account->restored)
		process->sim->revoked[account->acked.family] = true;
	return revoke_deliver(&process->engine, name, false, deadline_ms, &revocation, &process->error);
}

static enum larder_code
run_deliver(struct process *process, const struct op *op)
{
	size_t left;

	return revoke_deliver_queued(
	    &process->engine, NULL, 0, sim_clock_ms(process->sim) + op->timeout_ms, &left, &process->error);
}

static enum larder_code
run_replace(struct process *process, const struct op *op)
{
	struct sim *sim = process->sim;
	struct account *account = &sim->accounts[op->credential];
	unsigned token = server_login(&sim->server);
	struct family family = { .token = token, .family = sim->server.tokens[token].family };
	struct secret secret = SECRET_INIT;
	struct enrolment enrolment = {
		.name = credential_name(op->credential),
		.refresh_token = &secret,
		.replace = true,
		.deadline_ms = sim_clock_ms(sim) + op->timeout_ms,
	};
	enum larder_code code;
	char text[TOKEN_TEXT];

	server_text(&sim->server, token, text);
	note(sim, EVENT_LOGIN, token, family.family);
	sim->credential_of_family[family.family] = op->credential;
	if (!secret_copy(text, strlen(text), &secret))
		return error_no_memory(&process->error);
	account->replaced_maybe = true;
	account->replacing++;
	code = enroll_credential(&process->engine, &enrolment, &process->error);
	if (code == LARDER_NOT_FOUND) {
		enrolment.replace = false;
		enrolment.client = CLIENT;
		code = enroll_credential(&process->engine, &enrolment, &process->error);
	}
	secret_free(&secret);
	family.since = process->last_commit;
	account->suspect = false;
	if (code != LARDER_OK || process->dead) {
		account->maybe[account->maybe_count++] = family.family;
		return code;
	}
	account->replacing--;
	if (family.since > account->acked.since)
		account->acked = family;
	return code;
}

static enum larder_code
run_verify(struct process *process)
{
	enum larder_code code = oracle_verify(&process->vault, &process->error);

	if (code == LARDER_DAMAGED && !process->dead)
		violate(process->sim, "I10", "verify says: %s", process->error.why);
	return code;
}

static enum larder_code
run(struct process *process, const struct op *op)
{
	switch (op->kind) {
	case OP_TOKEN:
		return run_token(process, op);
	case OP_REFRESH:
		return run_refresh(process, op);
	case OP_REVOKE:
	case OP_LOGOUT:
		return run_revoke(process, op);
	case OP_DELIVER:
		return run_deliver(process, op);
	case OP_REPLACE:
		return run_replace(process, op);
	case OP_VERIFY:
		return run_verify(process);
	case OP_REOPEN:
	case OP_KINDS:
		break;
	}
	process_close(process);
	return process_open(process) ? LARDER_OK : process->code;
}

void
op_run(struct process *process, const struct op *op)
{
	struct sim *sim = process->sim;

	process->began_ms = sim->ms;
	process->jumps = sim->jumps;
	process->stopped_ms = 0;
	process->commits = process->sends = 0;
	process->error = (struct larder_error){ .code = LARDER_OK, .retry_after_s = -1 };
	note(sim, EVENT_OP, op->kind, op->credential);
	count(sim, COUNT_CALLS);
	sim->accounts[op->credential].used = true;
	if (process_open(process))
		process->code = run(process, op);
	note(sim, EVENT_OP_END, process->code, process->dead);
	if (!process->dead)
		oracle_op(process, op);
}

/* --- what is drawn --- */

static int64_t
draw_think(struct sim *sim)
{
	int64_t life_ms = sim->knobs.expires_in > 0 ? sim->knobs.expires_in * 1000 : 60000;

	switch (draw(sim, 8)) {
	case 0:
	case 1:
	case 2:
		return 0;
	case 3:
	case 4:
		return (int64_t)draw(sim, 300);
	case 5:
		return (int64_t)draw(sim, 5000);
	case 6:
		return (int64_t)draw(sim, 100000);
	default:
		return (int64_t)draw(sim, (uint64_t)(life_ms + life_ms / 4));
	}
}

static enum op_kind
draw_kind(struct sim *sim)
{
	unsigned roll = (unsigned)draw(sim, 100);

	if (roll < 60)
		return OP_TOKEN;
	if (roll < 80)
		return OP_REFRESH;
	if (roll < 84)
		return OP_VERIFY;
	if (roll < 88)
		return OP_REOPEN;
	if (!sim->knobs.revokes)
		return OP_TOKEN;
	if (roll < 92)
		return OP_REVOKE;
	if (roll < 93)
		return OP_LOGOUT;
	return roll < 96 ? OP_DELIVER : OP_REPLACE;
}

static void
draw_token(struct sim *sim, struct op *op)
{
	unsigned roll = (unsigned)draw(sim, 20);

	op->min_ttl_s = 60;
	if (roll < 4)
		op->force = true;
	else if (roll == 4)
		op->offline = true;
	else if (roll == 5)
		op->explicit_ttl = true;
	if (op->explicit_ttl)
		op->min_ttl_s = (int64_t)draw(sim, 600);
	op->other_scope = draw(sim, 12) == 0;
}

static void
draw_op(struct sim *sim, struct op *op)
{
	static const int64_t timeouts[] = { 0, 500, 3000, 30000 };
	const struct knobs *knobs = &sim->knobs;

	*op = (struct op){ .kind = draw_kind(sim), .timeout_ms = 90000 };
	op->credential = draw(sim, 6) == 0;
	op->think_ms = draw_think(sim);
	if (op->kind == OP_TOKEN)
		draw_token(sim, op);
	if (op->kind == OP_REFRESH) {
		op->min_ttl_s = 60;
		op->accept = draw(sim, 10) == 0;
	}
	if (chance(sim, knobs->impatience))
		op->timeout_ms = timeouts[draw(sim, sizeof timeouts / sizeof timeouts[0])];
	if (chance(sim, knobs->kills))
		op->kill_at = 1 + (unsigned)draw(sim, 160);
	if (chance(sim, knobs->stops)) {
		op->stop_at = 1 + (unsigned)draw(sim, 160);
		op->stop_ms = (int64_t)draw(sim, draw(sim, 3) == 0 ? 120000 : 4000);
	}
}

void
op_script(struct sim *sim, struct process *process)
{
	process->ops_count = 1 + draw(sim, sim->knobs.ops_max);
	for (size_t i = 0; i < process->ops_count; i++)
		draw_op(sim, &process->ops[i]);
}
