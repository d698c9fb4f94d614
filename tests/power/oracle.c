/* SPDX-License-Identifier: Apache-2.0 */
#include "power/oracle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "power/world.h"

#define BOOT_MS  20000 /* from the loss of power to the next token */
#define LATER_MS ((int64_t)2 * 3600 * 1000)

struct judge {
	struct life *life;
	const struct truth *truth;
	struct verdict verdict;
};

static bool fail(struct judge *judge, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool
fail(struct judge *judge, const char *format, ...)
{
	va_list args;

	if (judge->verdict.failed)
		return false;
	judge->verdict.failed = true;
	va_start(args, format);
	(void)vsnprintf(judge->verdict.why, sizeof judge->verdict.why, format, args);
	va_end(args);
	return false;
}

static bool
fail_as_told(struct judge *judge, const char *what, enum larder_code code)
{
	const struct larder_error *error = &judge->life->error;

	return fail(
	    judge, "%s gave %s: %s: %s; %s", what, larder_code_name(code), error->what, error->why, error->hint);
}

/* --- the vault --- */

/* What a torn file leaves must never be taken for a key. */
static bool
is_key(const char *path)
{
	static const uint8_t zeros[KEY_BYTES];
	uint8_t key[KEY_BYTES] = { 0 };
	FILE *file = fopen(path, "r");
	bool read = file != NULL && fread(key, 1, sizeof key, file) == sizeof key;

	if (file != NULL)
		(void)fclose(file);
	return read && memcmp(key, zeros, sizeof key) != 0;
}

/* It was not there yet when the power went: whoever creates it again must get one. */
static bool
judge_absent(struct judge *judge)
{
	struct life *life = judge->life;
	enum larder_code code = life_create(life);

	judge->verdict.finding = FOUND_NO_VAULT;
	if (code != LARDER_OK)
		return fail_as_told(judge, "creating it once more", code);
	if (!is_key(life->keys[0]))
		return fail(judge, "its key is of zeros");
	code = life_open(life, 0);
	return code == LARDER_OK ? true : fail_as_told(judge, "opening the one created anew", code);
}

static bool
judge_open(struct judge *judge)
{
	const enum surely *key = judge->truth->key;
	struct life *life = judge->life;
	enum larder_code code;

	if (key[1] == YES && key[0] != YES) {
		code = life_open(life, 0);
		if (key[0] == NO && code == LARDER_OK)
			return fail(judge, "the key that was removed opens the vault");
		life_close(life);
		code = life_open(life, 1);
	} else {
		code = life_open(life, 0);
	}
	if (judge->truth->vault != YES && code != LARDER_OK)
		return judge->truth->vault == NO || code == LARDER_NOT_FOUND || code == LARDER_DAMAGED
		    ? judge_absent(judge)
		    : fail_as_told(judge, "opening the half created vault", code);
	if (code != LARDER_OK)
		return fail_as_told(judge, "opening the vault", code);
	if (life->vault.copied)
		return fail(judge, "the vault takes itself for a copy");
	return true;
}

/* A key file is there before its slot is. */
static bool
judge_second_key(struct judge *judge)
{
	struct life *life = judge->life;
	struct slot_view slots[16];
	enum larder_code code;
	size_t count = 0;

	if (judge->truth->key[1] == NO || judge->truth->key[0] != YES)
		return true;
	code = slot_list(&life->vault, slots, 16, &count, &life->error);
	if (code != LARDER_OK)
		return fail_as_told(judge, "listing keys", code);
	if (count < 2)
		return judge->truth->key[1] == YES ? fail(judge, "the second key is missing") : true;
	life_close(life);
	code = life_open(life, 1);
	return code == LARDER_OK ? true : fail_as_told(judge, "opening by the second key", code);
}

static bool
judge_whole(struct judge *judge)
{
	struct verify_report report;
	enum larder_code code = vault_verify(&judge->life->vault, &report, &judge->life->error);

	return code == LARDER_OK ? true : fail_as_told(judge, "verify", code);
}

/* --- a credential --- */

static unsigned
family_of(const struct server *server, const char *token)
{
	for (unsigned i = 0; i < server->count; i++)
		if (strcmp(server->tokens[i].text, token) == 0)
			return server->tokens[i].family;
	return 0;
}

/* A token was given: it is good, of the right login, and the server has seen nothing wrong. */
static bool
judge_given(struct judge *judge, const struct truth_credential *truth, unsigned replays)
{
	struct server *server = &judge->life->truth.server;
	const char *token = judge->life->token;
	unsigned family = family_of(server, token);

	if (!server_is_live(server, token))
		return fail(judge, "it gave the token %s, which the server does not take", token);
	if (family != truth->families[0] && family != truth->families[1])
		return fail(judge, "it gave a token of a login that was replaced");
	if (server->replays != replays)
		return fail(judge, "a spent refresh token was sent");
	return true;
}

static bool
may_be_lost(const struct judge *judge, const struct truth_credential *truth, bool late)
{
	enum spend_class class = judge->truth->server.class;

	if (!truth->unheard || judge->life->hold)
		return false;
	return class == CLASS_STRICT || (class == CLASS_OVERLAP && late);
}

static bool
may_be_in_doubt(const struct judge *judge, const struct truth_credential *truth)
{
	return judge->life->hold && truth->intent != NO && !truth->sealed;
}

/* Ask for a token; *ret_done: there is nothing more to learn. */
static bool
judge_token(struct judge *judge, unsigned which, bool late, bool *ret_done)
{
	const struct truth_credential *truth = &judge->truth->credentials[which];
	struct life *life = judge->life;
	unsigned replays = life->truth.server.replays, requests = life->truth.server.requests;
	enum larder_code code = life_token(life, which, false);

	if (truth->fenced != NO && code == LARDER_NEEDS_LOGIN && life->truth.server.requests == requests) {
		*ret_done = true;
		return true;
	}
	if (truth->fenced == YES)
		return fail_as_told(judge, "a token of a revoked credential", code);
	if (code == LARDER_OK)
		return judge_given(judge, truth, replays);
	*ret_done = true;
	if (code == LARDER_NEEDS_LOGIN && life->truth.server.replays == replays + 1 &&
	    may_be_lost(judge, truth, late)) {
		judge->verdict.finding = judge->truth->server.class == CLASS_STRICT ? FOUND_LOST : FOUND_LOST_LATE;
		return true;
	}
	if (code == LARDER_IN_DOUBT && life->truth.server.replays == replays && may_be_in_doubt(judge, truth)) {
		judge->verdict.finding = FOUND_IN_DOUBT;
		return true;
	}
	return fail_as_told(judge, late ? "a token two hours later" : "a token after the restart", code);
}

/* What the records say before anything is done. */
static bool
judge_record(struct judge *judge, unsigned which, bool *ret_there)
{
	const struct truth_credential *truth = &judge->truth->credentials[which];
	struct life *life = judge->life;
	struct credential credential = { 0 };
	enum larder_code code = credential_load(&life->vault, life_name(which), &credential, &life->error);
	struct intent intent = credential.intent;

	*ret_there = code == LARDER_OK;
	credential_clear(&credential);
	if (code == LARDER_NOT_FOUND && (truth->there != YES || truth->removed != NO))
		return true;
	if (code != LARDER_OK)
		return fail_as_told(judge, "reading the credential", code);
	if (truth->removed == YES)
		return fail(judge, "the credential was removed and is back");
	if (credential.state == STATE_SUSPECT)
		return fail(judge, "the credential is suspect");
	if (truth->intent == YES && truth->fenced == NO &&
	    (!intent.open || intent.generation != truth->intent_generation))
		return fail(judge, "the request was sent, and its intent is not on the disk");
	return true;
}

static bool
judge_credential(struct judge *judge, unsigned which, bool late, bool *ret_done)
{
	bool there = false;

	if (judge->truth->credentials[which].there == NO || *ret_done)
		return true;
	if (!late && !judge_record(judge, which, &there))
		return false;
	if (!late && !there) {
		*ret_done = true;
		return true;
	}
	return judge_token(judge, which, late, ret_done);
}

static bool
judge_all(struct judge *judge, bool once)
{
	bool done[LIFE_CREDENTIALS] = { false };

	if (!judge_open(judge) || !judge_whole(judge) || !judge_second_key(judge))
		return false;
	if (judge->verdict.finding == FOUND_NO_VAULT)
		return true;
	for (unsigned i = 0; i < LIFE_CREDENTIALS; i++)
		if (!judge_credential(judge, i, false, &done[i]))
			return false;
	if (once)
		return true;
	world_pass(judge->life, LATER_MS);
	for (unsigned i = 0; i < LIFE_CREDENTIALS; i++)
		if (!judge_credential(judge, i, true, &done[i]))
			return false;
	if (judge->life->slept_ms != 0)
		return fail(
		    judge, "it waited %lld ms for a courier of an earlier boot", (long long)judge->life->slept_ms);
	return judge_whole(judge);
}

struct verdict
oracle_judge(struct life *life, const struct truth *truth, bool once)
{
	struct judge judge = { .life = life, .truth = truth, .verdict.finding = FOUND_WHOLE };

	for (unsigned i = 0; i < LIFE_CREDENTIALS; i++)
		judge.verdict.window = judge.verdict.window || truth->credentials[i].unheard;
	life->truth = *truth;
	life->boot = truth->boot + 1;
	life->ms = truth->ms;
	world_pass(life, BOOT_MS);
	life_note(life);
	(void)judge_all(&judge, once);
	life_close(life);
	return judge.verdict;
}
