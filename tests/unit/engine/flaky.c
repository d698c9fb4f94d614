/* SPDX-License-Identifier: Apache-2.0 */
/* A store that is the real one but for its commits, some of which fail. */
#include <stdlib.h>

#include "engine/world.h"

struct flaky {
	struct store store;
	struct store *real;
	unsigned commits, nth;
	bool all_from_there, lasting;
};

static struct store *
real(struct store *store)
{
	return ((struct flaky *)store)->real;
}

static void
flaky_close(struct store *store)
{
	store_close(real(store));
	free(store);
}

static enum larder_code
flaky_begin(struct store *store, enum store_sync sync, struct larder_error *ret_error)
{
	return store_begin(real(store), sync, ret_error);
}

static enum larder_code
flaky_commit(struct store *store, bool *ret_unknown, struct larder_error *ret_error)
{
	struct flaky *flaky = (struct flaky *)store;

	flaky->commits++;
	if (flaky->commits != flaky->nth && !(flaky->all_from_there && flaky->commits > flaky->nth))
		return store_commit(flaky->real, ret_unknown, ret_error);
	if (flaky->lasting)
		assert_ok(store_commit(flaky->real, ret_unknown, ret_error));
	else
		store_rollback(flaky->real);
	*ret_unknown = true;
	return error_set(ret_error, LARDER_STORAGE, "cannot write to the vault", "check the disk", "I/O error");
}

static void
flaky_rollback(struct store *store)
{
	store_rollback(real(store));
}

static enum larder_code
flaky_get(struct store *store, uint8_t kind, const void *key, size_t key_len, struct buf *ret_body,
    struct larder_error *ret_error)
{
	return store_get(real(store), kind, key, key_len, ret_body, ret_error);
}

static enum larder_code
flaky_put(struct store *store, uint8_t kind, const void *key, size_t key_len, const void *body, size_t body_len,
    struct larder_error *ret_error)
{
	return store_put(real(store), kind, key, key_len, body, body_len, ret_error);
}

static enum larder_code
flaky_remove(struct store *store, uint8_t kind, const void *key, size_t key_len, struct larder_error *ret_error)
{
	return store_remove(real(store), kind, key, key_len, ret_error);
}

static enum larder_code
flaky_scan(struct store *store, uint8_t kind, struct larder_error *ret_error)
{
	return store_scan(real(store), kind, ret_error);
}

static enum larder_code
flaky_next(struct store *store, struct store_row *ret_row, struct larder_error *ret_error)
{
	return store_next(real(store), ret_row, ret_error);
}

static void
flaky_scan_end(struct store *store)
{
	store_scan_end(real(store));
}

static enum larder_code
flaky_log_next(struct store *store, int64_t *ret_seq, struct larder_error *ret_error)
{
	return store_log_next(real(store), ret_seq, ret_error);
}

static enum larder_code
flaky_log_put(struct store *store, int64_t seq, const void *body, size_t body_len, struct larder_error *ret_error)
{
	return store_log_put(real(store), seq, body, body_len, ret_error);
}

static enum larder_code
flaky_log_scan(struct store *store, int64_t from_seq, struct larder_error *ret_error)
{
	return store_log_scan(real(store), from_seq, ret_error);
}

static enum larder_code
flaky_log_read(struct store *store, int64_t *ret_seq, struct buf *ret_body, struct larder_error *ret_error)
{
	return store_log_read(real(store), ret_seq, ret_body, ret_error);
}

static enum larder_code
flaky_scrub(struct store *store, struct larder_error *ret_error)
{
	return store_scrub(real(store), ret_error);
}

static enum larder_code
flaky_check(struct store *store, struct larder_error *ret_error)
{
	return store_check(real(store), ret_error);
}

struct store *
flaky_new(struct store *store, unsigned nth, bool all_from_there, bool lasting)
{
	static const struct store_ops ops = {
		.close = flaky_close,
		.begin = flaky_begin,
		.commit = flaky_commit,
		.rollback = flaky_rollback,
		.get = flaky_get,
		.put = flaky_put,
		.remove = flaky_remove,
		.scan = flaky_scan,
		.next = flaky_next,
		.scan_end = flaky_scan_end,
		.log_next = flaky_log_next,
		.log_put = flaky_log_put,
		.log_scan = flaky_log_scan,
		.log_read = flaky_log_read,
		.scrub = flaky_scrub,
		.check = flaky_check,
	};
	struct flaky *flaky = calloc(1, sizeof *flaky);

	assert_non_null(flaky);
	*flaky = (struct flaky){
		.store = { &ops }, .real = store, .nth = nth, .all_from_there = all_from_there, .lasting = lasting
	};
	return &flaky->store;
}
