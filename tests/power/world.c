/* SPDX-License-Identifier: Apache-2.0 */
#include "power/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/derive.h"
#include "power/courier.h"

#define ORIGIN        "http://127.0.0.1:9000"
#define WORLD_START_S 1700000000

/* --- effects --- */

static int64_t
now_s(void *ctx)
{
	return WORLD_START_S + ((const struct life *)ctx)->ms / 1000;
}

static int64_t
clock_ms(void *ctx)
{
	return ((const struct life *)ctx)->ms;
}

void
world_pass(struct life *life, int64_t ms)
{
	life->ms += ms;
	disk_clock(now_s(life), life->ms);
}

static void
sleep_ms(void *ctx, int64_t ms)
{
	((struct life *)ctx)->slept_ms += ms;
	world_pass(ctx, ms);
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
	ret[0] = (uint8_t)((const struct life *)ctx)->boot;
}

static int
dirfd_of(void *ctx)
{
	return ((const struct life *)ctx)->vault.dir.fd;
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

void
world_effects(struct life *life)
{
	life->effects = (struct effects){
		.ctx = life,
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
	courier_effects(&life->effects);
}

/* --- providers --- */

static const struct {
	const char *name, *rotation;
	enum spend_class class;
	int64_t grace_s;
	bool hold;
} providers[] = {
	{ "static", "\"kind\":\"never\"", CLASS_STATIC, 0, false },
	{ "until-used", "\"kind\":\"always\",\"grace_kind\":\"until_new_used\"", CLASS_UNTIL_USED, 0, false },
	{ "overlap", "\"kind\":\"always\",\"grace_kind\":\"window\",\"grace_s\":30", CLASS_OVERLAP, 30, false },
	{ "strict", "\"kind\":\"always\",\"grace_kind\":\"none\"", CLASS_STRICT, 0, false },
	{ "hold", "\"kind\":\"always\",\"grace_kind\":\"none\",\"on_unknown\":\"hold\"", CLASS_STRICT, 0, true },
};

void
world_define(const char *folder)
{
	char path[LIFE_PATH + 32];
	FILE *file;

	for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s.json", folder, providers[i].name);
		file = fopen(path, "w");
		if (file == NULL ||
		    fprintf(file,
			"{\"id\":\"%s\",\"name\":\"Local\",\"insecure_loopback\":true,\"endpoints\":{\"token\":\"" ORIGIN
			"/token\",\"revocation\":\"" ORIGIN "/revoke\"},\"rotation\":{%s}}",
			providers[i].name, providers[i].rotation) < 0 ||
		    fclose(file) != 0)
			abort();
	}
}

void
world_serve(const char *provider, struct server *ret, bool *ret_hold)
{
	*ret = (struct server){ .expires_in = 3600 };
	for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
		if (strcmp(provider, providers[i].name) != 0)
			continue;
		ret->class = providers[i].class;
		ret->grace_s = providers[i].grace_s;
		*ret_hold = providers[i].hold;
	}
}
