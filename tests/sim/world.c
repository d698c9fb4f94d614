/* SPDX-License-Identifier: Apache-2.0 */
/* The vault that every story begins with, made once per program, and one story from its seed to its end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sim/sim.h"
#include "vault/header.h"
#include "vault/session.h"

#define START_S 1700000000
#define CALM_MS (20 * 60000) /* longer than any backoff, breaker or quarantine */

static char root[64];
static int places[2] = { -1, -1 };
static struct vault_keys *keys;
static struct image images[2]; /* of a provider that does not rotate, of one that does */

struct vault_keys *
world_keys(void)
{
	return keys;
}

int
world_dirfd(unsigned place)
{
	return places[place];
}

/* Two directories with nothing but a lock file, so that a vault can be copied from one to the other. */
void
world_places(void)
{
	char path[80];

	(void)text_format(root, sizeof root, "/tmp/larder-sim-XXXXXX");
	if (mkdtemp(root) == NULL)
		abort();
	for (int i = 0; i < 2; i++) {
		(void)text_format(path, sizeof path, "%s/%d", root, i);
		if (mkdir(path, 0700) != 0)
			abort();
		places[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (places[i] < 0 || lock_create(places[i], NULL) != LARDER_OK)
			abort();
	}
}

void
world_remove(void)
{
	char path[80];

	for (int i = 0; i < 2; i++) {
		(void)unlinkat(places[i], LOCK_FILE, 0);
		(void)text_format(path, sizeof path, "%s/%d", root, i);
		(void)rmdir(path);
	}
	(void)rmdir(root);
}

static void
must(enum larder_code code, const char *what, const struct larder_error *error)
{
	if (code == LARDER_OK)
		return;
	fprintf(stderr, "sim: %s: %s: %s\n", what, larder_code_name(code), error->why);
	abort();
}

/* As vault/create.c, without a key slot. */
static enum larder_code
write_first(struct vault *vault, struct larder_error *ret_error)
{
	struct header header = { .created_at = START_S };
	struct audit_event event = { .at = START_S, .op = AUDIT_INIT, .result = "ok" };
	struct state none = { 0 };
	enum larder_code code;

	code = lock_identify(vault->dir.fd, &header.identity, ret_error);
	if (code == LARDER_OK)
		code = store_begin(vault->store, STORE_DURABLE, ret_error);
	if (code != LARDER_OK)
		return code;
	session_writing(vault, STORE_DURABLE, &none);
	code = header_store(vault, &header, ret_error);
	if (code == LARDER_OK)
		code = audit_append(vault, &event, ret_error);
	return code == LARDER_OK ? vault_commit(vault, NULL, ret_error) : code;
}

static void
enrol(struct sim *sim)
{
	struct client client = { .name = CLIENT, .provider = PROVIDER, .client_id = "id" };
	struct engine *engine = &sim->oracle.engine;
	struct larder_error error;
	char text[TOKEN_TEXT];

	must(enroll_client(engine, &client, &error), "cannot add the client", &error);
	client_clear(&client);
	for (unsigned i = 0; i < CREDENTIALS; i++) {
		struct secret secret = SECRET_INIT;
		struct enrolment enrolment = {
			.name = credential_name(i),
			.client = CLIENT,
			.refresh_token = &secret,
		};

		server_text(&sim->server, server_login(&sim->server), text);
		if (!secret_copy(text, strlen(text), &secret))
			abort();
		must(enroll_credential(engine, &enrolment, &error), "cannot add a credential", &error);
		secret_free(&secret);
	}
}

static void
sim_init(struct sim *sim)
{
	sim->start_s = START_S;
	sim->ms = 5000000;
	sim->frozen_at = -1;
	sim->until_switch = 1;
	sim->oracle.calm = true;
	sim->oracle.number = PROCESSES;
	sim->oracle.sim = sim;
	for (unsigned i = 0; i < COURIERS; i++)
		sim->couriers[i].number = i;
	for (unsigned i = 0; i < PROCESSES; i++) {
		sim->processes[i].sim = sim;
		sim->processes[i].number = i;
		sim->processes[i].wake = NEVER;
	}
	sim_now = sim;
}

static void
make_image(enum spend_class class, struct image *ret)
{
	struct sim *sim = calloc(1, sizeof *sim);
	struct larder_error error;

	if (sim == NULL)
		abort();
	sim_init(sim);
	sim->calm = true;
	sim->knobs.class = class;
	noise_seed(class);
	if (!process_open(&sim->oracle))
		abort();
	must(write_first(&sim->oracle.vault, &error), "cannot make the vault", &error);
	enrol(sim);
	process_close(&sim->oracle);
	image_share(&sim->disk, ret);
	image_clear(&sim->disk);
	free(sim);
}

void
world_init(void)
{
	static const uint8_t key[KEY_BYTES] = "a vault key for the simulation", id[VAULT_ID_BYTES] = "simulation";

	noise_install();
	if (!crypto_init())
		abort();
	keys = keys_new(key, id);
	if (keys == NULL) {
		perror("sim: no locked memory");
		abort();
	}
	make_image(CLASS_STATIC, &images[0]);
	make_image(CLASS_STRICT, &images[1]);
}

/* A story that failed half way leaves whatever it had. */
static void
sim_clear(struct sim *sim)
{
	process_close(&sim->oracle);
	for (unsigned i = 0; i < COURIERS; i++)
		courier_clear(&sim->couriers[i]);
	for (unsigned i = 0; i < SPOOL_SLOTS; i++)
		slot_forget(&sim->slots[i]);
	image_clear(&sim->disk);
	if (sim->has_copy)
		image_clear(&sim->copy);
}

static void
begin(struct sim *sim)
{
	image_share(&images[sim->knobs.class != CLASS_STATIC], &sim->disk);
	sim->log_durable = sim->disk.log_len;
	sim->slots[0].exists = true;
	sim->server.class = sim->knobs.class;
	sim->server.grace_ms = sim->knobs.grace_s * 1000;
	sim->server.expires_in = sim->knobs.expires_in;
	sim->server.repeats = sim->knobs.repeats;
	sim->server.narrow = sim->knobs.narrow;
	for (unsigned i = 0; i < CREDENTIALS; i++) {
		unsigned token = server_login(&sim->server);

		sim->accounts[i].acked = (struct family){ token, sim->server.tokens[token].family, 0 };
		sim->credential_of_family[sim->server.tokens[token].family] = i;
	}
}

/* No more harm from here on: what is broken is mended, who waits gets through, and a long time passes. */
static void
calm_down(struct sim *sim)
{
	sim->calm = true;
	sim->actor = PROCESSES + COURIERS;
	note(sim, EVENT_CALM, 0, 0);
	if (sim->frozen_at >= 0)
		sim->frozen_ms += sim->ms - sim->frozen_at;
	sim->frozen_at = -1;
	sim->outages = 0;
	sim->disk_trouble_until = 0;
	sim->knobs.latency_ms = 50;
	sim->ms += CALM_MS;
}

void
sim_play(struct sim *sim, uint64_t seed, bool tracing)
{
	struct fiber fibers[PROCESSES];

	for (unsigned i = 0; i < PROCESSES; i++)
		fibers[i] = sim->processes[i].fiber;
	memset(sim, 0, sizeof *sim);
	for (unsigned i = 0; i < PROCESSES; i++) {
		sim->processes[i].fiber = fibers[i];
		if (sim->processes[i].fiber.stack == NULL)
			fiber_init(&sim->processes[i].fiber);
	}
	sim_init(sim);
	sim->seed = seed;
	sim->rng = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
	sim->tracing = tracing;
	noise_seed(seed);
	knobs_draw(sim);
	begin(sim);
	for (unsigned i = 0; i < sim->knobs.processes; i++) {
		sim->processes[i].pid = ++sim->next_pid;
		op_script(sim, &sim->processes[i]);
		process_start(&sim->processes[i]);
	}
	deeds_plan(sim);
	schedule(sim, NULL);
	if (!sim->failed) {
		calm_down(sim);
		sim->processes[PROCESSES - 1].pid = ++sim->next_pid;
		process_start(&sim->processes[PROCESSES - 1]);
		schedule(sim, NULL);
	}
	if (!sim->failed)
		oracle_end(sim);
	sim->totals.counts[COUNT_EXCHANGES] += sim->server.exchanges;
	sim->totals.counts[COUNT_REQUESTS] += sim->server.requests;
	sim->totals.counts[COUNT_REPLAYS] += sim->server.replays;
	sim_clear(sim);
}
