/* SPDX-License-Identifier: Apache-2.0 */
/* What tests do in the world, and what they see of it. */
#include <string.h>

#include "base/text.h"
#include "engine/world.h"

static void
add_fate(struct world *world, struct fate fate)
{
	assert_true(world->fates_count < WORLD_COURIERS);
	world->fates[world->fates_count++] = fate;
}

void
world_next(struct world *world, enum course course)
{
	add_fate(world, (struct fate){ .course = course });
}

void
world_next_takes(struct world *world, enum course course, int64_t takes_ms)
{
	add_fate(world, (struct fate){ .course = course, .takes_ms = takes_ms });
}

void
world_next_says(struct world *world, const struct canned *canned)
{
	add_fate(world, (struct fate){ .course = GOES_WELL, .canned = canned });
}

void
world_pass(struct world *world, int64_t seconds)
{
	world->ms += seconds * 1000;
	couriers_work(world);
}

void
world_fail_commit(struct world *world, unsigned nth, bool all_from_there, bool lasting)
{
	world->vault.store = flaky_new(world->vault.store, nth, all_from_there, lasting);
}

/* What is handed out is what the vault keeps. */
static void
assert_kept(struct world *world, const struct token_got *got)
{
	struct credential credential;
	struct access access;

	assert_ok(credential_load(&world->vault, got->name, &credential, NULL));
	assert_ok(access_load(&world->vault, &credential, world->want.scope, world->want.resource, &access, NULL));
	assert_true(secret_equal(&access.token, &got->access.token));
	access_clear(&access);
	credential_clear(&credential);
}

enum larder_code
world_get_by(struct world *world, struct engine *engine)
{
	struct token_want want = world->want;
	struct token_got got = { 0 };
	struct larder_error error = { .code = LARDER_OK };
	enum larder_code code;

	want.deadline_ms = world->ms + world->timeout_ms;
	code = token_get(engine, &want, &got, &error);
	world->error = error;
	world->token[0] = '\0';
	if (code == LARDER_OK) {
		text_format(world->token, sizeof world->token, "%.*s", (int)got.access.token.len,
		    (const char *)got.access.token.data);
		world->refreshed = got.refreshed;
		world->generation = got.generation;
		world->want = want;
		assert_kept(world, &got);
	} else {
		assert_null(got.access.token.data);
		assert_int_equal(error.code, code);
		assert_string_equal(error.name, want.name);
	}
	access_clear(&got.access);
	want_as_usual(world);
	return code;
}

enum larder_code
world_get(struct world *world)
{
	return world_get_by(world, &world->engine);
}

void
assert_token(struct world *world, const char *token, bool refreshed)
{
	if (world_get(world) != LARDER_OK)
		fail_msg("%s: %s; %s", world->error.what, world->error.why, world->error.hint);
	assert_string_equal(world->token, token);
	assert_int_equal(world->refreshed, refreshed);
}

void
assert_no_token(struct world *world, enum larder_code code, const char *says)
{
	enum larder_code got = world_get(world);
	const struct larder_error *error = &world->error;

	if (got != code)
		fail_msg(
		    "%s and not %s: %s; %s", larder_code_name(got), larder_code_name(code), error->why, error->hint);
	if (strstr(error->why, says) == NULL && strstr(error->hint, says) == NULL)
		fail_msg("\"%s; %s\" does not say \"%s\"", error->why, error->hint, says);
}

struct credential
world_credential(struct world *world)
{
	struct credential credential;

	assert_ok(credential_load(&world->vault, CREDENTIAL, &credential, NULL));
	return credential;
}

enum credential_state
world_state(struct world *world)
{
	return world_credential(world).state;
}

void
world_overtake(struct world *world, const char *token)
{
	struct credential credential = world_credential(world);
	struct grant grant = { 0 };

	assert_true(secret_copy(token, strlen(token), &grant.refresh_token));
	credential.generation++;
	assert_ok(vault_begin(&world->vault, STORE_DURABLE, NULL));
	assert_ok(credential_store(&world->vault, &credential, NULL));
	assert_ok(grant_store(&world->vault, &credential, &grant, NULL));
	assert_ok(vault_commit(&world->vault, NULL, NULL));
	grant_clear(&grant);
	credential_clear(&credential);
}

void
world_refresh_token(struct world *world, bool previous, char ret[static SERVER_TEXT])
{
	struct credential credential = world_credential(world);
	struct grant grant = { 0 };
	enum larder_code code = grant_load(&world->vault, &credential, &grant, NULL);
	const struct secret *token = previous ? &grant.previous : &grant.refresh_token;

	assert_true(code == LARDER_OK || code == LARDER_NOT_FOUND);
	text_format(ret, SERVER_TEXT, "%.*s", (int)token->len, token->len == 0 ? "" : (const char *)token->data);
	grant_clear(&grant);
	credential_clear(&credential);
}

void
assert_refresh_token(struct world *world, const char *token, const char *previous)
{
	char text[SERVER_TEXT];

	world_refresh_token(world, false, text);
	assert_string_equal(text, token);
	world_refresh_token(world, true, text);
	assert_string_equal(text, previous);
}

size_t
world_parked(struct world *world)
{
	struct credential credential = world_credential(world);
	struct parked *parked = NULL;
	size_t count = 0;

	assert_ok(parked_list(&world->vault, &credential, &parked, &count, NULL));
	parked_list_free(parked, count);
	return count;
}

unsigned
world_audited(struct world *world, enum audit_op op)
{
	struct audit_event event;
	unsigned count = 0;

	assert_ok(audit_begin(&world->vault, 0, NULL));
	while (audit_next(&world->vault, &event, NULL) == LARDER_OK)
		count += event.op == op;
	audit_end(&world->vault);
	return count;
}

unsigned
world_spooled(struct world *world)
{
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	struct spool_slot slot = SPOOL_SLOT_INIT;
	uint8_t record_id[16], attempt_id[16];
	uint32_t slots = 0;
	unsigned count = 0;

	assert_ok(spool_count(world->vault.dir.fd, &slots, NULL));
	for (uint32_t i = 0; i < slots; i++) {
		if (spool_open(world->vault.dir.fd, i, &slot, NULL) != LARDER_OK)
			continue;
		buf_reset(&payload);
		count += spool_read(slot.fd, record_id, attempt_id, &payload) == SPOOL_REPLY;
		spool_close(&slot);
	}
	buf_clear(&payload);
	return count;
}
