/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of a library call fails in turn, in one process: open, call, close; then nothing is left allocated,
 * the error says memory, the same call made again works or finds it done, and the vault verifies.
 *
 *   calls CALL once|always FROM UNTIL STEP NAME CLIENT FILE
 *
 * once: only the allocation FROM, FROM + STEP ... fails; always: all from there on. NAME and CLIENT are in the vault of
 * the environment, FILE is a provider's definition. Prints each point and what is wrong with it; ends with 1 if any is.
 */
#include <larder/larder.h>

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define TEXT_SIZE 4200

struct world {
	struct larder_options options;
	const char *name, *client, *definition;
	char key[TEXT_SIZE], vault[TEXT_SIZE]; /* of calls that make one */
};

struct call {
	const char *name;
	bool is_without_vault; /* works on no open vault */
	bool reads;            /* changes nothing, so the vault is verified at the end only */
	enum larder_code (*run)(struct world *world, struct larder *larder, struct larder_error *error);
	enum larder_code done; /* what it says when it was done before; LARDER_OK: the same */
	void (*undo)(struct world *world);
};

__attribute__((noreturn, format(printf, 1, 2))) static void
give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(stdout, format, args);
	va_end(args);
	(void)fputc('\n', stdout);
	exit(1);
}

/* --- the calls --- */

static enum larder_code
run_open(struct world *world, struct larder *larder, struct larder_error *error)
{
	(void)world, (void)larder, (void)error;
	return LARDER_OK;
}

static enum larder_code
get_token(struct world *world, struct larder *larder, int force, struct larder_error *error)
{
	struct larder_token_query query = { .name = world->name, .min_ttl_s = LARDER_MIN_TTL_DEFAULT, .force = force };
	struct larder_token token = { 0 };
	enum larder_code code = larder_token_get(larder, &query, &token, error);

	if (code == LARDER_OK && token.access_token_len != strlen(token.access_token))
		give_up("a token of another length than it says");
	larder_token_clear(&token);
	return code;
}

static enum larder_code
run_token(struct world *world, struct larder *larder, struct larder_error *error)
{
	return get_token(world, larder, 0, error);
}

static enum larder_code
run_exchange(struct world *world, struct larder *larder, struct larder_error *error)
{
	return get_token(world, larder, 1, error);
}

static enum larder_code
run_refresh(struct world *world, struct larder *larder, struct larder_error *error)
{
	const struct larder_refresh_query query = { .names = &world->name, .names_count = 1, .jobs = 1 };
	struct larder_refresh_result *results = NULL;
	size_t count = 0;
	enum larder_code code = larder_refresh(larder, &query, &results, &count, error);

	for (size_t i = 0; i < count; i++) {
		if (results[i].error.code != LARDER_OK) {
			*error = results[i].error;
			code = error->code;
		}
	}
	larder_refresh_results_free(results);
	return code;
}

static enum larder_code
add_credential(struct world *world, struct larder *larder, const char *text, int replace, struct larder_error *error)
{
	const struct larder_credential_new new = { .name = "other",
		.client = world->client,
		.scope = "a b",
		.account = "person@example.org",
		.refresh_token = text,
		.refresh_token_len = strlen(text),
		.replace = replace };

	return larder_credential_add(larder, &new, error);
}

static enum larder_code
run_add(struct world *world, struct larder *larder, struct larder_error *error)
{
	return add_credential(world, larder, "refresh-token-one", 0, error);
}

static enum larder_code
run_replace(struct world *world, struct larder *larder, struct larder_error *error)
{
	return add_credential(world, larder, "refresh-token-two", 1, error);
}

static enum larder_code
revoke_tokens(struct larder *larder, const struct larder_revoke_query *query, struct larder_error *error)
{
	struct larder_revocation *list = NULL;
	size_t count = 0;
	enum larder_code code = larder_revoke(larder, query, &list, &count, error);

	/* accepted, and to be told to the provider by the next command: that is no failure of ours */
	if (code == LARDER_INCOMPLETE && count == 1 && list[0].result == LARDER_REVOKE_QUEUED)
		code = LARDER_OK;
	larder_revocation_list_free(list);
	return code;
}

static enum larder_code
run_revoke(struct world *world, struct larder *larder, struct larder_error *error)
{
	static const char *const names[] = { "other" };
	const struct larder_revoke_query query = { .names = names, .names_count = 1 };

	(void)world;
	return revoke_tokens(larder, &query, error);
}

static enum larder_code
run_logout(struct world *world, struct larder *larder, struct larder_error *error)
{
	static const char *const names[] = { "other" };
	const struct larder_revoke_query query = { .names = names, .names_count = 1, .logout = 1, .local_only = 1 };

	(void)world;
	return revoke_tokens(larder, &query, error);
}

static enum larder_code
run_show(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_credential shown = { 0 };
	enum larder_code code = larder_credential_show(larder, world->name, &shown, error);

	larder_credential_clear(&shown);
	return code;
}

static enum larder_code
run_list(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_credential *list = NULL;
	size_t count = 0;
	enum larder_code code = larder_credential_list(larder, &list, &count, error);

	(void)world;
	if (code == LARDER_OK && count == 0)
		give_up("a list without its credential");
	larder_credential_list_free(list, count);
	return code;
}

static enum larder_code
run_client_add(struct world *world, struct larder *larder, struct larder_error *error)
{
	const struct larder_client_new new = {
		.name = "another", .provider = "here", .client_id = "id", .secret = "secret", .secret_len = 6
	};

	(void)world;
	return larder_client_add(larder, &new, error);
}

static enum larder_code
run_client_remove(struct world *world, struct larder *larder, struct larder_error *error)
{
	(void)world;
	return larder_client_remove(larder, "another", error);
}

static enum larder_code
run_client_secret(struct world *world, struct larder *larder, struct larder_error *error)
{
	(void)world;
	return larder_client_set_secret(larder, "another", "other secret", 12, error);
}

static enum larder_code
run_client_show(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_client shown;

	return larder_client_show(larder, world->client, &shown, error);
}

static enum larder_code
run_client_list(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_client *list = NULL;
	size_t count = 0;
	enum larder_code code = larder_client_list(larder, &list, &count, error);

	(void)world;
	larder_client_list_free(list);
	return code;
}

static enum larder_code
run_key_list(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_key keys[LARDER_KEYS_MAX];
	size_t count;

	(void)world;
	return larder_key_list(larder, keys, &count, error);
}

static enum larder_code
run_key_file(struct world *world, struct larder *larder, struct larder_error *error)
{
	const struct larder_key_new new = { .kind = LARDER_KEY_FILE, .file = world->key };
	uint32_t slot;

	return larder_key_add(larder, &new, &slot, NULL, error);
}

static enum larder_code
run_key_recovery(struct world *world, struct larder *larder, struct larder_error *error)
{
	const struct larder_key_new new = { .kind = LARDER_KEY_RECOVERY };
	char code[LARDER_RECOVERY_SIZE];
	uint32_t slot;

	(void)world;
	return larder_key_add(larder, &new, &slot, code, error);
}

/* The last slot but the first. */
static enum larder_code
run_key_remove(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_key keys[LARDER_KEYS_MAX];
	enum larder_code code;
	size_t count = 0;

	(void)world;
	code = larder_key_list(larder, keys, &count, error);
	if (code == LARDER_OK && count > 1)
		code = larder_key_remove(larder, keys[count - 1].slot, error);
	return code;
}

static enum larder_code
run_verify(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_verification found;

	(void)world;
	return larder_verify(larder, &found, error);
}

static enum larder_code
run_audit(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_audit_event *events = NULL;
	size_t count = 0;
	enum larder_code code = larder_audit_read(larder, 0, NULL, 20, &events, &count, error);

	(void)world;
	free(events);
	return code;
}

static enum larder_code
run_create(struct world *world, struct larder *larder, struct larder_error *error)
{
	const struct larder_options options = { .vault = world->vault };
	const struct larder_key_new new = { .kind = LARDER_KEY_FILE, .file = world->key };

	(void)larder;
	return larder_create(&options, &new, NULL, error);
}

static enum larder_code
run_doctor(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_finding findings[LARDER_FINDINGS_MAX];
	enum larder_code code;
	size_t count = 0;

	(void)larder;
	code = larder_doctor(&world->options, findings, &count, error);
	for (size_t i = 0; code == LARDER_CHECK_FAILED && i < count; i++) {
		/* it finds that there is no memory, and says it */
		if (findings[i].level == LARDER_FINDING_PROBLEM && strstr(findings[i].text, "memory") != NULL) {
			*error = (struct larder_error){ .code = LARDER_INTERNAL, .why = "memory" };
			return LARDER_INTERNAL;
		}
	}
	for (size_t i = 0; code == LARDER_CHECK_FAILED && i < count; i++)
		if (findings[i].level == LARDER_FINDING_PROBLEM)
			(void)snprintf(error->why, sizeof error->why, "%s: %s", findings[i].check, findings[i].text);
	return code;
}

static enum larder_code
run_provider_list(struct world *world, struct larder *larder, struct larder_error *error)
{
	struct larder_provider *list = NULL;
	size_t count = 0;
	enum larder_code code = larder_provider_list(&list, &count, error);

	(void)world, (void)larder;
	larder_provider_list_free(list);
	return code;
}

static enum larder_code
run_provider_show(struct world *world, struct larder *larder, struct larder_error *error)
{
	const char *class;
	char *json = NULL;
	enum larder_code code = larder_provider_show("here", &json, &class, error);

	(void)world, (void)larder;
	free(json);
	return code;
}

static enum larder_code
run_provider_check(struct world *world, struct larder *larder, struct larder_error *error)
{
	(void)larder;
	return larder_provider_check(world->definition, NULL, error);
}

static enum larder_code
run_provider_add(struct world *world, struct larder *larder, struct larder_error *error)
{
	(void)larder;
	return larder_provider_add(world->definition, 1, NULL, error);
}

/* --- undoing them, while nothing fails --- */

static void
with_vault(struct world *world, enum larder_code (*run)(struct world *, struct larder *, struct larder_error *),
    enum larder_code also)
{
	struct larder_error error = { .code = LARDER_OK };
	struct larder *larder = NULL;
	enum larder_code code = larder_open(&world->options, &larder, &error);

	if (code == LARDER_OK)
		code = run(world, larder, &error);
	larder_close(larder);
	if (code != LARDER_OK && code != also)
		give_up("the vault between two points: %s: %s", error.what, error.why);
}

static void
undo_add(struct world *world)
{
	with_vault(world, run_logout, LARDER_NOT_FOUND);
}

/* A revoked or forgotten credential is there again. */
static void
undo_logout(struct world *world)
{
	undo_add(world);
	with_vault(world, run_add, LARDER_EXISTS);
}

static void
undo_client_add(struct world *world)
{
	with_vault(world, run_client_remove, LARDER_NOT_FOUND);
}

static void
undo_client_remove(struct world *world)
{
	with_vault(world, run_client_add, LARDER_EXISTS);
}

static void
undo_key_add(struct world *world)
{
	for (int i = 0; i < 3; i++)
		with_vault(world, run_key_remove, LARDER_OK);
	(void)unlink(world->key);
}

static void
undo_key_remove(struct world *world)
{
	undo_key_add(world);
	with_vault(world, run_key_recovery, LARDER_OK); /* which cannot open the vault by itself */
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type, (void)at;
	return remove(path);
}

static void
undo_create(struct world *world)
{
	(void)nftw(world->vault, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	(void)unlink(world->key);
}

static const struct call calls[] = {
	{ "open", false, true, run_open, LARDER_OK, NULL },
	{ "token", false, true, run_token, LARDER_OK, NULL },
	{ "exchange", false, false, run_exchange, LARDER_OK, NULL },
	{ "refresh", false, false, run_refresh, LARDER_OK, NULL },
	{ "add", false, false, run_add, LARDER_EXISTS, undo_add },
	{ "replace", false, false, run_replace, LARDER_OK, undo_logout },
	{ "revoke", false, false, run_revoke, LARDER_OK, undo_logout },
	{ "logout", false, false, run_logout, LARDER_NOT_FOUND, undo_logout },
	{ "show", false, true, run_show, LARDER_OK, NULL },
	{ "list", false, true, run_list, LARDER_OK, NULL },
	{ "client-add", false, false, run_client_add, LARDER_EXISTS, undo_client_add },
	{ "client-remove", false, false, run_client_remove, LARDER_NOT_FOUND, undo_client_remove },
	{ "client-set-secret", false, false, run_client_secret, LARDER_OK, undo_client_remove },
	{ "client-show", false, true, run_client_show, LARDER_OK, NULL },
	{ "client-list", false, true, run_client_list, LARDER_OK, NULL },
	{ "key-list", false, true, run_key_list, LARDER_OK, NULL },
	{ "key-add-file", false, false, run_key_file, LARDER_OK, undo_key_add },
	{ "key-add-recovery", false, false, run_key_recovery, LARDER_OK, undo_key_add },
	{ "key-remove", false, false, run_key_remove, LARDER_OK, undo_key_remove },
	{ "verify", false, true, run_verify, LARDER_OK, NULL },
	{ "audit", false, true, run_audit, LARDER_OK, NULL },
	{ "create", true, false, run_create, LARDER_EXISTS, undo_create },
	{ "doctor", true, true, run_doctor, LARDER_OK, NULL },
	{ "provider-list", true, true, run_provider_list, LARDER_OK, NULL },
	{ "provider-show", true, true, run_provider_show, LARDER_OK, NULL },
	{ "provider-check", true, true, run_provider_check, LARDER_OK, NULL },
	{ "provider-add", true, true, run_provider_add, LARDER_OK, NULL },
};

/* --- a point --- */

static enum larder_code
play(const struct call *call, struct world *world, struct larder_error *error)
{
	struct larder *larder = NULL;
	enum larder_code code = LARDER_OK;

	if (!call->is_without_vault)
		code = larder_open(&world->options, &larder, error);
	if (code == LARDER_OK)
		code = call->run(world, larder, error);
	larder_close(larder);
	return code;
}

struct tally {
	unsigned long point; /* the one that is played */
	unsigned long points, refused, managed, late, failures;
};

__attribute__((format(printf, 2, 3))) static void
complain(struct tally *tally, const char *format, ...)
{
	va_list args;

	tally->failures++;
	(void)printf("FAILED %lu ", tally->point);
	va_start(args, format);
	(void)vfprintf(stdout, format, args);
	va_end(args);
	(void)fputc('\n', stdout);
}

static void
check_again(const struct call *call, struct world *world, enum larder_code first, struct tally *tally)
{
	struct larder_error error = { .code = LARDER_OK };
	enum larder_code code = play(call, world, &error);

	if (code == call->done && code != LARDER_OK && first != LARDER_OK)
		tally->late++; /* what it did was durable before it failed */
	else if (code != LARDER_OK && !(code == call->done && first == LARDER_OK))
		complain(tally, "the same call again: %s: %s", error.what, error.why);
	if (call->done != LARDER_OK && first == LARDER_OK && code != call->done)
		complain(tally, "it said that it was done, and it was not");
	if (!call->is_without_vault)
		with_vault(world, run_verify, LARDER_OK);
}

/* false: there is no such allocation any more */
static bool
check(const struct call *call, struct world *world, unsigned long from, unsigned long until, struct tally *tally)
{
	struct larder_error error = { .code = LARDER_OK };
	struct memory_log before, after;
	enum larder_code code;

	tally->point = from;
	if (call->undo != NULL)
		call->undo(world);
	before = memory_counted();
	memory_plan(from, until);
	code = play(call, world, &error);
	after = memory_counted();
	memory_plan(0, 0);
	if (after.blocks != before.blocks)
		complain(tally, "%ld blocks of memory are left over (%s: %s)", (long)(after.blocks - before.blocks),
		    error.what, error.why);
	if (after.failed == 0 && code == LARDER_OK)
		return false;
	if (code != LARDER_OK && (code != LARDER_INTERNAL || error.code != code))
		complain(tally, "it fails as '%s': %s: %s", larder_code_name(code), error.what, error.why);
	else if (code != LARDER_OK && strstr(error.what, "memory") == NULL && strstr(error.why, "memory") == NULL)
		complain(tally, "the error does not say that it was memory: %s: %s", error.what, error.why);
	tally->points++;
	tally->refused += code != LARDER_OK;
	tally->managed += code == LARDER_OK;
	if (!call->reads)
		check_again(call, world, code, tally);
	return true;
}

static void
make_paths(struct world *world)
{
	const char *home = getenv("HOME");

	(void)snprintf(world->key, sizeof world->key, "%s/another-key", home);
	(void)snprintf(world->vault, sizeof world->vault, "%s/another-vault", home);
}

int
main(int argc, char **argv)
{
	struct world world = { .name = NULL };
	struct tally tally = { 0 };
	struct larder_error error = { .code = LARDER_OK };
	const struct call *call = NULL;
	unsigned long from, until, step;

	for (size_t i = 0; argc == 9 && i < sizeof calls / sizeof calls[0]; i++) {
		if (strcmp(argv[1], calls[i].name) == 0)
			call = &calls[i];
	}
	if (call == NULL)
		give_up("usage: calls CALL once|always FROM UNTIL STEP NAME CLIENT FILE");
	from = strtoul(argv[3], NULL, 10);
	until = strtoul(argv[4], NULL, 10);
	step = strtoul(argv[5], NULL, 10);
	world.name = argv[6];
	world.client = argv[7];
	world.definition = argv[8];
	make_paths(&world);
	(void)setvbuf(stdout, NULL, _IOLBF, 1024);
	for (int i = 0; i < 2; i++) { /* what is allocated once and for all, is by then */
		if (call->undo != NULL)
			call->undo(&world);
		memory_plan(0, 0);
		if (play(call, &world, &error) != LARDER_OK)
			give_up("without a fault: %s: %s", error.what, error.why);
	}
	(void)printf("%lu allocations\n", (unsigned long)memory_counted().count);
	for (; from <= until; from += step) {
		(void)printf("at %lu\n", from);
		if (!check(call, &world, from, strcmp(argv[2], "once") == 0 ? from : ~0UL, &tally))
			break;
	}
	if (!call->is_without_vault)
		with_vault(&world, run_verify, LARDER_OK);
	(void)printf(
	    "%lu points, %lu refused, %lu managed, %lu late\n", tally.points, tally.refused, tally.managed, tally.late);
	return tally.failures > 0;
}
