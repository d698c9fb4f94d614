/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/world.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/derive.h"

#define HOME "http://127.0.0.1:9000"

static const struct actor tester = { .uid = 1000, .pid = 42, .exe = "/usr/bin/test", .parent = "/bin/sh" };

/* --- effects --- */

static int64_t
now_s(void *ctx)
{
	const struct world *world = ctx;

	return world->start_s + world->ms / 1000;
}

static int64_t
clock_ms(void *ctx)
{
	return ((const struct world *)ctx)->ms;
}

static void
sleep_ms(void *ctx, int64_t ms)
{
	struct world *world = ctx;
	void (*meanwhile)(struct world *) = world->meanwhile;

	assert_false(world->vault.writing); /* nobody sleeps inside a transaction */
	assert_false(world->at_rest);
	world->meanwhile = NULL;
	world->ms += ms;
	couriers_work(world);
	if (meanwhile != NULL)
		meanwhile(world);
}

static void
random_bytes(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	random_fill(dst, len);
}

static void
boot_id(void *ctx, uint8_t ret[static 16])
{
	memset(ret, 0, 16);
	ret[0] = (uint8_t)((const struct world *)ctx)->boot;
}

static int
dirfd_of(void *ctx)
{
	return ((const struct world *)ctx)->vault.dir.fd;
}

static enum larder_code
take_lock(void *ctx, int64_t byte, struct lock *ret, struct larder_error *ret_error)
{
	return lock_try(dirfd_of(ctx), byte, ret, ret_error);
}

static void
drop_lock(void *ctx, struct lock *lock)
{
	(void)ctx;
	lock_close(lock);
}

static enum larder_code
claim_slot(void *ctx, size_t size, struct spool_slot *ret, struct larder_error *ret_error)
{
	return spool_claim(dirfd_of(ctx), size, ret, ret_error);
}

static enum larder_code
open_slot(void *ctx, uint32_t number, struct spool_slot *ret, struct larder_error *ret_error)
{
	return spool_open(dirfd_of(ctx), number, ret, ret_error);
}

static enum larder_code
count_slots(void *ctx, uint32_t *ret, struct larder_error *ret_error)
{
	return spool_count(dirfd_of(ctx), ret, ret_error);
}

static enum spool_content
read_slot(void *ctx, const struct spool_slot *slot, uint8_t ret_record_id[static 16], uint8_t ret_attempt_id[static 16],
    struct buf *ret_payload)
{
	(void)ctx;
	return spool_read(slot->fd, ret_record_id, ret_attempt_id, ret_payload);
}

static bool
blank_slot(void *ctx, const struct spool_slot *slot)
{
	(void)ctx;
	return spool_blank(slot->fd);
}

static void
close_slot(void *ctx, struct spool_slot *slot)
{
	(void)ctx;
	spool_close(slot);
}

/* --- a vault in a directory of its own --- */

static void
write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

void
world_run(const struct world *world, const char *command)
{
	char line[512];

	text_format(line, sizeof line, "cd %s && %s", world->root, command);
	assert_int_equal(system(line), 0);
}

static void
make_vault(struct world *world)
{
	struct slot_new slot = { .kind = SLOT_KEY_FILE };
	struct secret key;

	assert_true(secret_new(KEY_BYTES, &key));
	random_fill(key.data, key.len);
	write_file(world->key_path, key.data, key.len);
	slot.secret = &key;
	text_format(slot.path, sizeof slot.path, "%s", world->key_path);
	assert_ok(vault_create(world->vault_path, &slot, tester, &world->vault, NULL));
	secret_free(&key);
}

void
world_reopen(struct world *world)
{
	struct unlock unlock = { .key_file = world->key_path, .passphrase_fd = -1 };

	vault_close(&world->vault);
	assert_ok(vault_open(world->vault_path, &unlock, tester, &world->vault, NULL));
}

void
world_define(struct world *world, const char *origin, bool with_revocation, const char *members)
{
	char path[160], revocation[128] = "", text[1024];

	text_format(path, sizeof path, "%s/local.json", world->folder);
	if (with_revocation)
		text_format(revocation, sizeof revocation, ",\"revocation\":\"%s/revoke\"", origin);
	text_format(text, sizeof text,
	    "{\"id\":\"" PROVIDER "\",\"name\":\"Local\",\"insecure_loopback\":true,"
	    "\"endpoints\":{\"token\":\"%s/token\"%s}%s}",
	    origin, revocation, members);
	write_file(path, text, strlen(text));
}

enum larder_code
world_add(struct world *world, const char *name, const char *token, bool replace)
{
	struct secret secret = SECRET_INIT;
	struct enrolment enrolment = {
		.name = name,
		.client = replace ? NULL : "app",
		.refresh_token = &secret,
		.replace = replace,
		.deadline_ms = world->ms + TIMEOUT_MS,
	};
	enum larder_code code;

	assert_true(secret_copy(token, strlen(token), &secret));
	code = enroll_credential(&world->engine, &enrolment, &world->error);
	secret_free(&secret);
	return code;
}

static void
add_client(struct world *world)
{
	struct client client = { .name = "app", .provider = PROVIDER, .client_id = "id" };

	assert_ok(enroll_client(&world->engine, &client, NULL));
	client_clear(&client);
}

void
want_as_usual(struct world *world)
{
	memset(&world->want, 0, sizeof world->want);
	world->want.name = CREDENTIAL;
	world->want.resource = "";
	world->want.min_ttl_s = 60;
	world->timeout_ms = TIMEOUT_MS;
}

static int
world_new(void **state, enum spend_class class, int64_t grace_s, const char *members)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	assert_true(crypto_init());
	text_format(world->root, sizeof world->root, "/tmp/larder-engine-XXXXXX");
	assert_non_null(mkdtemp(world->root));
	text_format(world->vault_path, sizeof world->vault_path, "%s/vault", world->root);
	text_format(world->key_path, sizeof world->key_path, "%s/key", world->root);
	text_format(world->folder, sizeof world->folder, "%s/providers.d", world->root);
	world_run(world, "mkdir -m 700 providers.d");
	world->effects = (struct effects){
		.ctx = world,
		.now_s = now_s,
		.clock_ms = clock_ms,
		.sleep_ms = sleep_ms,
		.random = random_bytes,
		.boot_id = boot_id,
		.lock_try = take_lock,
		.lock_close = drop_lock,
		.slot_claim = claim_slot,
		.slot_open = open_slot,
		.slot_count = count_slots,
		.slot_read = read_slot,
		.slot_blank = blank_slot,
		.slot_close = close_slot,
	};
	courier_effects(&world->effects);
	world->catalogue.folders[0] = world->folder;
	world->engine =
	    (struct engine){ .vault = &world->vault, .effects = &world->effects, .catalogue = &world->catalogue };
	world->start_s = 1700000000;
	world->ms = 5000000;
	world->server = (struct server){ .class = class, .grace_s = grace_s, .expires_in = 3600 };
	want_as_usual(world);
	make_vault(world);
	world_define(world, HOME, true, members);
	add_client(world);
	assert_ok(world_add(world, CREDENTIAL, server_login(&world->server), false));
	*state = world;
	return 0;
}

int
strict_world(void **state)
{
	return world_new(state, CLASS_STRICT, 0, ",\"rotation\":{\"kind\":\"always\",\"grace_kind\":\"none\"}");
}

int
static_world(void **state)
{
	return world_new(state, CLASS_STATIC, 0, ",\"rotation\":{\"kind\":\"never\"}");
}

int
until_used_world(void **state)
{
	return world_new(
	    state, CLASS_UNTIL_USED, 0, ",\"rotation\":{\"kind\":\"always\",\"grace_kind\":\"until_new_used\"}");
}

int
overlap_world(void **state)
{
	return world_new(
	    state, CLASS_OVERLAP, 30, ",\"rotation\":{\"kind\":\"always\",\"grace_kind\":\"window\",\"grace_s\":30}");
}

int
hold_world(void **state)
{
	return world_new(state, CLASS_STRICT, 0,
	    ",\"rotation\":{\"kind\":\"always\",\"grace_kind\":\"none\",\"on_unknown\":\"hold\"}");
}

/* Nobody holds the lock of a credential. */
static void
assert_unlocked(struct world *world)
{
	struct credential credential;
	struct lock lock = LOCK_INIT;

	if (credential_load(&world->vault, CREDENTIAL, &credential, NULL) != LARDER_OK)
		return;
	assert_ok(lock_try(world->vault.dir.fd, lock_byte(credential.id), &lock, NULL));
	lock_close(&lock);
	credential_clear(&credential);
}

int
world_end(void **state)
{
	struct world *world = *state;

	assert_int_equal(world->server.replays, world->replays_allowed);
	assert_int_equal(couriers_alive(world), 0);
	assert_int_equal(world->fates_used, world->fates_count);
	assert_unlocked(world);
	assert_ok(vault_verify(&world->vault, &(struct verify_report){ 0 }, NULL));
	couriers_end(world);
	vault_close(&world->vault);
	world_run(world, "rm -rf \"$PWD\"");
	free(world);
	return 0;
}
