/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vault's store on a disk of memory: one writer at a time, readers see what is committed, a durable commit syncs
 * all before it, a relaxed one (audit rows only) may be lost with the power, and a failed one is unknown.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"
#include "vault/session.h"

#define CHANGES_MAX 48
#define LOG_MAX     8

struct disk_store {
	struct store store;
	struct sim *sim;
	struct process *process;
	bool writing, scanning, log_scan;
	enum store_sync sync;
	struct row *changes[CHANGES_MAX];
	size_t changes_count;
	struct row *log[LOG_MAX];
	size_t log_count;
	struct image snapshot;
	size_t next;
	uint8_t kind;
};

static struct disk_store *
from(struct store *store)
{
	return (struct disk_store *)store;
}

static enum larder_code
fail(enum larder_code code, const char *why, struct larder_error *ret_error)
{
	return error_set(ret_error, code, "the simulated disk", NULL, "%s", why);
}

static enum larder_code
dead(struct larder_error *ret_error)
{
	return fail(LARDER_STORAGE, "this process is dead", ret_error);
}

static void
drop_changes(struct disk_store *store)
{
	for (size_t i = 0; i < store->changes_count; i++)
		row_free(store->changes[i]);
	for (size_t i = 0; i < store->log_count; i++)
		row_free(store->log[i]);
	store->changes_count = store->log_count = 0;
}

/* The next one in line may begin. */
static void
end_writing(struct disk_store *store)
{
	struct sim *sim = store->sim;

	store->writing = false;
	if (sim->writer != store->process)
		return;
	sim->writer = NULL;
	for (size_t i = 0; i < PROCESSES; i++) {
		if (sim->processes[i].waits_for_store)
			sim->processes[i].wake = sim->ms;
	}
}

static enum larder_code
disk_begin(struct store *it, enum store_sync sync, struct larder_error *ret_error)
{
	struct disk_store *store = from(it);
	struct sim *sim = store->sim;
	int64_t until = sim->ms + SESSION_BUSY_MS;

	if (!process_point(store->process))
		return dead(ret_error);
	while (sim->writer != NULL && sim->ms < until) {
		store->process->waits_for_store = true;
		process_sleep(store->process, until - sim->ms);
		store->process->waits_for_store = false;
		if (store->process->dead)
			return dead(ret_error);
	}
	if (sim->writer != NULL) {
		note(sim, EVENT_BUSY, 0, 0);
		return fail(LARDER_UNAVAILABLE, "the vault is busy", ret_error);
	}
	sim->writer = store->process;
	store->process->writes_since_ms = sim->ms;
	store->process->writes_since_wall = sim_now_s(sim);
	store->writing = true;
	store->sync = sync;
	return LARDER_OK;
}

static void
apply(struct disk_store *store)
{
	struct sim *sim = store->sim;
	struct image *disk = &sim->disk;

	for (size_t i = 0; i < store->changes_count; i++)
		image_apply(disk, store->changes[i]);
	for (size_t i = 0; i < store->log_count; i++)
		image_log(disk, store->log[i]);
	store->changes_count = store->log_count = 0;
	if (store->sync == STORE_DURABLE)
		sim->log_durable = disk->log_len;
	sim->commits++;
}

static enum larder_code
disk_commit(struct store *it, bool *ret_unknown, struct larder_error *ret_error)
{
	struct disk_store *store = from(it);
	struct process *process = store->process;
	struct sim *sim = store->sim;
	bool there;

	*ret_unknown = false;
	if (!process_point(process)) {
		drop_changes(store);
		store->writing = false;
		return dead(ret_error);
	}
	if (chance(sim, sim->knobs.failed_commits)) {
		*ret_unknown = true;
		there = draw(sim, 2) == 0;
		if (there)
			apply(store);
		drop_changes(store);
		end_writing(store);
		count(sim, COUNT_FAILED_COMMITS);
		note(sim, EVENT_COMMIT_FAILED, (int64_t)sim->commits, there);
		return fail(LARDER_STORAGE, "the commit failed", ret_error);
	}
	apply(store);
	end_writing(store);
	process->last_commit = sim->commits;
	process->commits++;
	count(sim, COUNT_COMMITS);
	note(sim, EVENT_COMMIT, (int64_t)sim->commits, store->sync == STORE_DURABLE);
	return process_point(process) ? LARDER_OK : dead(ret_error);
}

static void
disk_rollback(struct store *it)
{
	struct disk_store *store = from(it);

	drop_changes(store);
	if (store->writing)
		end_writing(store);
}

static void
end_scan(struct store *it)
{
	struct disk_store *store = from(it);

	if (store->scanning)
		image_clear(&store->snapshot);
	store->scanning = false;
}

static void
disk_close(struct store *it)
{
	disk_rollback(it);
	end_scan(it);
	free(it);
}

/* The row as this session sees it, NULL if there is none. */
static const struct row *
find(const struct disk_store *store, uint8_t kind, const void *key, size_t key_len)
{
	/* while a scan runs, its snapshot is what is read */
	const struct image *disk = store->scanning && !store->writing ? &store->snapshot : &store->sim->disk;

	for (size_t i = store->changes_count; i-- > 0;) {
		if (row_is(store->changes[i], kind, key, key_len))
			return store->changes[i]->len == SIZE_MAX ? NULL : store->changes[i];
	}
	for (size_t i = 0; i < disk->count; i++) {
		if (row_is(disk->rows[i], kind, key, key_len))
			return disk->rows[i];
	}
	return NULL;
}

static enum larder_code
disk_get(struct store *it, uint8_t kind, const void *key, size_t key_len, struct buf *ret_body,
    struct larder_error *ret_error)
{
	struct disk_store *store = from(it);
	const struct row *row;

	if (!process_point(store->process))
		return dead(ret_error);
	if (!store->process->calm && chance(store->sim, store->sim->knobs.failed_reads))
		return fail(LARDER_STORAGE, "a page cannot be read", ret_error);
	row = find(store, kind, key, key_len);
	if (row == NULL)
		return fail(LARDER_NOT_FOUND, "there is no such row", ret_error);
	buf_reset(ret_body);
	return buf_append(ret_body, row->body, row->len) ? LARDER_OK : error_no_memory(ret_error);
}

static enum larder_code
change(struct disk_store *store, struct row *row)
{
	if (!store->writing || store->sync != STORE_DURABLE || store->changes_count == CHANGES_MAX)
		abort(); /* only audit rows may be written relaxed */
	store->changes[store->changes_count++] = row;
	return LARDER_OK;
}

static enum larder_code
disk_put(struct store *it, uint8_t kind, const void *key, size_t key_len, const void *body, size_t body_len,
    struct larder_error *ret_error)
{
	struct disk_store *store = from(it);

	if (!process_point(store->process))
		return dead(ret_error);
	return change(store, row_new(kind, key, key_len, body, body_len));
}

static enum larder_code
disk_remove(struct store *it, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error)
{
	struct disk_store *store = from(it);

	if (!process_point(store->process))
		return dead(ret_error);
	if (find(store, kind, key, key_len) == NULL)
		return fail(LARDER_NOT_FOUND, "there is no such row", ret_error);
	return change(store, row_new(kind, key, key_len, NULL, SIZE_MAX));
}

static enum larder_code
begin_scan(struct disk_store *store, struct larder_error *ret_error)
{
	if (!process_point(store->process))
		return dead(ret_error);
	end_scan(&store->store);
	image_share(&store->sim->disk, &store->snapshot);
	for (size_t i = 0; i < store->changes_count; i++) {
		store->changes[i]->refs++;
		image_apply(&store->snapshot, store->changes[i]);
	}
	store->scanning = true;
	store->next = 0;
	return LARDER_OK;
}

static enum larder_code
disk_scan(struct store *it, uint8_t kind, struct larder_error *ret_error)
{
	from(it)->kind = kind;
	return begin_scan(from(it), ret_error);
}

static enum larder_code
disk_next(struct store *it, struct store_row *ret, struct larder_error *ret_error)
{
	struct disk_store *store = from(it);
	const struct row *row;

	if (store->process->dead)
		return dead(ret_error);
	while (store->next < store->snapshot.count) {
		row = store->snapshot.rows[store->next++];
		if (store->kind != 0 && row->kind != store->kind)
			continue;
		*ret = (struct store_row){ row->kind, row->key, row->key_len, row->body, row->len };
		return LARDER_OK;
	}
	return fail(LARDER_NOT_FOUND, "no more rows", ret_error);
}

static enum larder_code
disk_log_next(struct store *it, int64_t *ret, struct larder_error *ret_error)
{
	struct disk_store *store = from(it);

	if (!process_point(store->process))
		return dead(ret_error);
	*ret = (int64_t)(store->sim->disk.log_len + store->log_count) + 1;
	return LARDER_OK;
}

static enum larder_code
disk_log_put(struct store *it, int64_t seq, const void *body, size_t body_len, struct larder_error *ret_error)
{
	struct disk_store *store = from(it);

	if (!process_point(store->process))
		return dead(ret_error);
	if (!store->writing || store->log_count == LOG_MAX ||
	    seq != (int64_t)(store->sim->disk.log_len + store->log_count) + 1)
		abort();
	store->log[store->log_count++] = row_new(0, NULL, 0, body, body_len);
	return LARDER_OK;
}

static enum larder_code
disk_log_scan(struct store *it, int64_t from_seq, struct larder_error *ret_error)
{
	enum larder_code code = begin_scan(from(it), ret_error);

	from(it)->next = from_seq > 0 ? (size_t)from_seq - 1 : 0;
	return code;
}

static enum larder_code
disk_log_read(struct store *it, int64_t *ret_seq, struct buf *ret_body, struct larder_error *ret_error)
{
	struct disk_store *store = from(it);
	const struct row *row;

	if (store->process->dead)
		return dead(ret_error);
	if (store->next >= store->snapshot.log_len)
		return fail(LARDER_NOT_FOUND, "no more rows", ret_error);
	row = store->snapshot.log[store->next++];
	*ret_seq = (int64_t)store->next;
	buf_reset(ret_body);
	return buf_append(ret_body, row->body, row->len) ? LARDER_OK : error_no_memory(ret_error);
}

static enum larder_code
disk_scrub(struct store *it, struct larder_error *ret_error)
{
	return process_point(from(it)->process) ? LARDER_OK : dead(ret_error);
}

struct store *
store_new(struct sim *sim, struct process *process)
{
	static const struct store_ops ops = {
		.close = disk_close,
		.begin = disk_begin,
		.commit = disk_commit,
		.rollback = disk_rollback,
		.get = disk_get,
		.put = disk_put,
		.remove = disk_remove,
		.scan = disk_scan,
		.next = disk_next,
		.scan_end = end_scan,
		.log_next = disk_log_next,
		.log_put = disk_log_put,
		.log_scan = disk_log_scan,
		.log_read = disk_log_read,
		.scrub = disk_scrub,
		.check = disk_scrub,
	};
	struct disk_store *store = calloc(1, sizeof *store);

	if (store == NULL)
		abort();
	*store = (struct disk_store){ .store = { &ops }, .sim = sim, .process = process };
	return &store->store;
}
