/* SPDX-License-Identifier: Apache-2.0 */
#include "power/scenario.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "power/chance.h"
#include "power/image.h"
#include "power/world.h"

#define HOURS ((int64_t)3600 * 1000)

/* --- randomness --- */

static struct chance source;

static void
fill(void *dst, size_t len)
{
	uint8_t *bytes = dst;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)chance_next(&source);
}

static const char *
name_of_source(void)
{
	return "power";
}

static uint32_t
one_number(void)
{
	return (uint32_t)chance_next(&source);
}

static struct randombytes_implementation randomness = {
	.implementation_name = name_of_source,
	.random = one_number,
	.buf = fill,
};

static int
sqlite_randomness(sqlite3_vfs *vfs, int len, char *dst)
{
	(void)vfs;
	fill(dst, (size_t)len);
	return len;
}

void
scenario_seed(uint64_t seed)
{
	source.state = seed;
	(void)randombytes_set_implementation(&randomness);
	sqlite3_vfs_find(NULL)->xRandomness = sqlite_randomness;
	sqlite3_randomness(0, NULL); /* what it has kept goes */
}

/* --- lives --- */

#define MUST(call) \
	do { \
		if ((call) != LARDER_OK) \
			return false; \
	} while (0)

static bool
begin(struct life *life)
{
	MUST(life_create(life));
	MUST(life_open(life, 0));
	MUST(life_client(life));
	MUST(life_add(life, 0, false));
	return true;
}

static bool
later_token(struct life *life, unsigned which)
{
	world_pass(life, 2 * HOURS);
	MUST(life_token(life, which, false));
	return true;
}

static bool
hits(struct life *life, unsigned which, unsigned count)
{
	for (; count > 0; count--)
		MUST(life_token(life, which, false));
	return true;
}

static bool
creating(struct life *life)
{
	MUST(life_create(life));
	MUST(life_open(life, 0));
	MUST(life_client(life));
	return true;
}

static bool
rotating(struct life *life)
{
	if (!begin(life))
		return false;
	MUST(life_token(life, 0, false));
	if (!later_token(life, 0) || !hits(life, 0, 3) || !later_token(life, 0))
		return false;
	world_pass(life, 60000);
	MUST(life_token(life, 0, true)); /* the cached one is still good */
	return later_token(life, 0);
}

static bool
losing_couriers(struct life *life)
{
	if (!begin(life))
		return false;
	life->course = SEALS_AND_DIES;
	MUST(life_token(life, 0, false));
	life->course = NOT_TOLD;
	if (later_token(life, 0))
		return false; /* nothing was sent: the next one asks */
	if (life->hold)
		return later_token(life, 0) && later_token(life, 0);
	life->course = LOSES_REQUEST;
	if (!later_token(life, 0))
		return false;
	if (life->truth.server.class == CLASS_STATIC || life->truth.server.class == CLASS_UNTIL_USED)
		life->course = LOSES_REPLY;
	if (!later_token(life, 0))
		return false;
	life->course = SEALS_AND_DIES;
	return later_token(life, 0) && later_token(life, 0);
}

static bool
carrying_over(struct life *life)
{
	if (!begin(life) || !later_token(life, 0) || !hits(life, 0, 30) || !later_token(life, 0))
		return false;
	return hits(life, 0, 50) && later_token(life, 0) && hits(life, 0, 2) && later_token(life, 0);
}

static bool
growing(struct life *life)
{
	if (!begin(life) || !later_token(life, 0))
		return false;
	life->padding = 9000;
	if (!later_token(life, 0) || !later_token(life, 0))
		return false;
	life->padding = 15000;
	return later_token(life, 0) && later_token(life, 0);
}

static bool
replacing(struct life *life)
{
	if (!begin(life))
		return false;
	MUST(life_token(life, 0, false));
	MUST(life_add(life, 0, true));
	MUST(life_token(life, 0, false));
	if (!later_token(life, 0))
		return false;
	world_pass(life, 2 * HOURS);
	MUST(life_add(life, 0, true));
	MUST(life_add(life, 0, true));
	return hits(life, 0, 2);
}

static bool
revoking(struct life *life)
{
	if (!begin(life))
		return false;
	MUST(life_token(life, 0, false));
	if (!later_token(life, 0))
		return false;
	MUST(life_revoke(life, 0, false));
	MUST(life_add(life, 0, true));
	MUST(life_token(life, 0, false));
	if (!later_token(life, 0))
		return false;
	MUST(life_revoke(life, 0, true));
	return true;
}

static bool
changing_keys(struct life *life)
{
	if (!begin(life))
		return false;
	MUST(life_token(life, 0, false));
	life_close(life);
	MUST(life_key_add(life));
	MUST(life_open(life, 0));
	if (!later_token(life, 0))
		return false;
	life_close(life);
	MUST(life_key_remove(life));
	MUST(life_open(life, 1));
	return later_token(life, 0) && later_token(life, 0);
}

static bool
two_at_once(struct life *life)
{
	if (!begin(life))
		return false;
	MUST(life_add(life, 1, false));
	life->course = SEALS_AND_DIES;
	MUST(life_token(life, 0, false));
	life->course = SEALS_AND_DIES;
	MUST(life_token(life, 1, false));
	if (!later_token(life, 1) || !later_token(life, 0))
		return false;
	MUST(life_revoke(life, 1, false));
	return later_token(life, 0);
}

/* As commands do it, one after the other: the last to close leaves a write-ahead log to the next one. */
static bool
reopening(struct life *life)
{
	if (!begin(life))
		return false;
	for (unsigned i = 0; i < 6; i++) {
		life_close(life);
		MUST(life_open(life, 0));
		if (i % 2 == 1 ? !later_token(life, 0) : !hits(life, 0, 3))
			return false;
	}
	life_close(life);
	MUST(life_open(life, 0));
	MUST(life_add(life, 0, true));
	life_close(life);
	MUST(life_open(life, 0));
	return later_token(life, 0);
}

/* Two sessions in turn, each with its view of the same log: one hands out, one refreshes. */
static bool
sharing(struct life *life)
{
	if (!begin(life))
		return false;
	for (unsigned i = 0; i < 8; i++) {
		MUST(life_swap(life));
		if (i % 3 == 0 ? !later_token(life, 0) : !hits(life, 0, 7))
			return false;
	}
	return true;
}

const struct scenario scenarios[] = {
	{ "create", "strict", creating, true, true },
	{ "rotate-static", "static", rotating, false, false },
	{ "rotate-until-used", "until-used", rotating, false, false },
	{ "rotate-overlap", "overlap", rotating, false, false },
	{ "rotate-strict", "strict", rotating, false, true },
	{ "rotate-hold", "hold", rotating, false, true },
	{ "couriers-static", "static", losing_couriers, false, false },
	{ "couriers-until-used", "until-used", losing_couriers, false, true },
	{ "couriers-overlap", "overlap", losing_couriers, false, false },
	{ "couriers-strict", "strict", losing_couriers, false, true },
	{ "couriers-hold", "hold", losing_couriers, false, false },
	{ "carry-over-strict", "strict", carrying_over, false, false },
	{ "carry-over-hold", "hold", carrying_over, false, false },
	{ "grow-until-used", "until-used", growing, false, false },
	{ "grow-hold", "hold", growing, false, true },
	{ "replace-strict", "strict", replacing, false, true },
	{ "replace-hold", "hold", replacing, false, false },
	{ "revoke-strict", "strict", revoking, false, false },
	{ "revoke-until-used", "until-used", revoking, false, true },
	{ "keys-strict", "strict", changing_keys, false, false },
	{ "reopen-strict", "strict", reopening, false, true },
	{ "reopen-hold", "hold", reopening, false, false },
	{ "share-until-used", "until-used", sharing, false, false },
	{ "share-hold", "hold", sharing, false, true },
	{ "two-strict", "strict", two_at_once, false, true },
	{ "two-overlap", "overlap", two_at_once, false, false },
};
const unsigned scenarios_count = sizeof scenarios / sizeof scenarios[0];

void
scenario_live(const struct scenario *scenario, const char *root, const struct image *base, const char *definitions,
    struct life *life)
{
	scenario_seed(0x6c6966);
	image_write(base, root);
	life_init(life, root, base, definitions, scenario->provider);
	disk_record(&life->log);
	life_note(life);
	if (!scenario->run(life)) {
		(void)fprintf(stderr, "power: %s cannot be lived: %s: %s; %s\n", scenario->name, life->error.what,
		    life->error.why, life->error.hint);
		exit(2);
	}
	life_close(life);
	disk_record(NULL);
}
