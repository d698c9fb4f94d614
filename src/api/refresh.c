/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/want.h"
#include "base/text.h"

#define JOBS_DEFAULT 4
#define JOBS_MAX     64

/* Names that are to be refreshed, and the workers that share them. */
struct work {
	struct larder *larder;
	const struct larder_refresh_query *query;
	struct larder_refresh_result *results;
	size_t count, next, done;
	pthread_mutex_t lock;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Sorted, each once. */
static enum larder_code
take_named(struct session *session, const struct larder_refresh_query *query, char (**ret)[NAME_SIZE],
    size_t *ret_count, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	char(*names)[NAME_SIZE];
	enum larder_code code = LARDER_OK;
	size_t i, kept = 0;

	names = calloc(query->names_count + 1, sizeof *names);
	if (names == NULL)
		return error_no_memory(ret_error);
	for (i = 0; code == LARDER_OK && i < query->names_count; i++) {
		code = check_name(query->names[i], "credential", ret_error);
		if (code == LARDER_OK)
			code = credential_load(&session->vault, query->names[i], &credential, ret_error);
		if (code == LARDER_OK)
			(void)text_format(names[i], sizeof names[i], "%s", query->names[i]);
		else
			(void)error_name(ret_error, code, query->names[i]);
	}
	credential_clear(&credential);
	if (code != LARDER_OK) {
		free(names);
		return code;
	}
	qsort(names, query->names_count, sizeof *names, compare_names);
	for (i = 0; i < query->names_count; i++) {
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			memmove(names[kept++], names[i], sizeof names[i]);
	}
	*ret = names;
	*ret_count = kept;
	return LARDER_OK;
}

/* One that is in doubt waits until its token has ended: then there is nothing left to lose by asking. */
static bool
is_due(const struct credential *credential, int64_t now)
{
	if (credential->next_refresh_at == TIME_UNKNOWN || credential->next_refresh_at > now)
		return false;
	return credential->state == STATE_OK ||
	    (credential->state == STATE_IN_DOUBT &&
		(credential->access_expires_at == TIME_UNKNOWN || credential->access_expires_at <= now));
}

/* All that can be asked: with --due those whose time has come; none that is revoked or waits for a person. */
static enum larder_code
take_all(struct session *session, bool due, char (**ret)[NAME_SIZE], size_t *ret_count, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	char(*names)[NAME_SIZE] = NULL;
	enum larder_code code;
	size_t count = 0, kept = 0, i;
	int64_t now = session->engine.effects->now_s(session->engine.effects->ctx);

	code = credential_names(&session->vault, &names, &count, ret_error);
	for (i = 0; code == LARDER_OK && i < count; i++) {
		code = credential_load(&session->vault, names[i], &credential, ret_error);
		if (code == LARDER_NOT_FOUND) {
			code = LARDER_OK;
			continue;
		}
		if (code != LARDER_OK || credential.state == STATE_REVOKING || credential.state == STATE_REVOKED)
			continue;
		if (due && !is_due(&credential, now))
			continue;
		memmove(names[kept++], names[i], sizeof names[i]);
	}
	credential_clear(&credential);
	if (code != LARDER_OK) {
		free(names);
		return code;
	}
	*ret = names;
	*ret_count = kept;
	return LARDER_OK;
}

static void
refresh_one(struct work *work, struct session *session, struct larder_refresh_result *result)
{
	const struct larder_token_query query = {
		.name = result->name,
		.min_ttl_s = LARDER_MIN_TTL_DEFAULT,
		.force = 1,
		.timeout_ms = work->query->timeout_ms,
	};
	struct credential credential = { 0 };
	struct token_want want;
	struct refresh_call call = { .want = &want };
	enum larder_code code;

	code = want_fill(work->larder, &query, &want, &result->error);
	want.accept = work->query->accept != 0 && work->query->which == LARDER_REFRESH_NAMED;
	handle_find_courier(work->larder, session);
	if (code == LARDER_OK)
		code = refresh_run(&session->engine, &call, &result->error);
	if (code == LARDER_OK)
		code = credential_load(&session->vault, result->name, &credential, &result->error);
	if (code == LARDER_OK) {
		result->generation = credential.generation;
		result->expires_at = credential.access_expires_at;
		result->error = (struct larder_error){ .code = LARDER_OK, .retry_after_s = -1 };
	} else {
		(void)error_name(&result->error, code, result->name);
	}
	credential_clear(&credential);
}

static void *
work_on(void *arg)
{
	struct work *work = arg;
	struct session *session = NULL;
	struct larder_error error = { .code = LARDER_OK };
	struct larder_refresh_result *result;
	enum larder_code code;

	code = session_take(work->larder, &session, &error);
	for (;;) {
		(void)pthread_mutex_lock(&work->lock);
		result = work->next < work->count ? &work->results[work->next++] : NULL;
		(void)pthread_mutex_unlock(&work->lock);
		if (result == NULL)
			break;
		if (code == LARDER_OK)
			refresh_one(work, session, result);
		else
			result->error = error;
		(void)pthread_mutex_lock(&work->lock);
		work->done++;
		if (work->query->progress != NULL)
			work->query->progress(work->query->ctx, work->done, work->count, result);
		(void)pthread_mutex_unlock(&work->lock);
	}
	session_give(work->larder, session);
	return NULL;
}

/* The calling thread works too, so that one job needs no thread and a missing thread no error. */
static void
run_workers(struct work *work)
{
	pthread_t threads[JOBS_MAX];
	unsigned jobs = work->query->jobs == 0 ? JOBS_DEFAULT : work->query->jobs, started = 0, i;

	if (jobs > JOBS_MAX)
		jobs = JOBS_MAX;
	while (started + 1 < jobs && started + 1 < work->count &&
	    pthread_create(&threads[started], NULL, work_on, work) == 0)
		started++;
	(void)work_on(work);
	for (i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
}

static enum larder_code
conclude(const struct work *work, size_t queued, struct larder_error *ret_error)
{
	size_t failed = 0, i;

	for (i = 0; i < work->count; i++)
		failed += work->results[i].error.code != LARDER_OK;
	if (failed == 1 && work->count == 1 && work->query->which == LARDER_REFRESH_NAMED) {
		if (ret_error != NULL)
			*ret_error = work->results[0].error;
		return work->results[0].error.code;
	}
	if (failed > 0)
		return error_set(ret_error, LARDER_INCOMPLETE, "refresh incomplete", "see 'larder status'",
		    "%zu of %zu failed", failed, work->count);
	if (queued > 0)
		return error_set(ret_error, LARDER_INCOMPLETE, "revocation incomplete", "see 'larder status'",
		    "%zu revocation%s still queued", queued, queued == 1 ? " is" : "s are");
	return LARDER_OK;
}

enum larder_code
larder_refresh(struct larder *larder, const struct larder_refresh_query *query,
    struct larder_refresh_result **ret_results, size_t *ret_count, struct larder_error *ret_error)
{
	struct work work = { .larder = larder, .query = query, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct session *session = NULL;
	char(*names)[NAME_SIZE] = NULL;
	enum larder_code code;
	size_t queued = 0, i;

	code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	handle_find_courier(larder, session);
	code = query->which == LARDER_REFRESH_NAMED
	    ? take_named(session, query, &names, &work.count, ret_error)
	    : take_all(session, query->which == LARDER_REFRESH_DUE, &names, &work.count, ret_error);
	if (code == LARDER_OK)
		code = revoke_deliver_queued(
		    &session->engine, NULL, 0, handle_deadline(larder, query->timeout_ms), &queued, ret_error);
	session_give(larder, session);
	if (code == LARDER_OK) {
		work.results = calloc(work.count + 1, sizeof *work.results);
		if (work.results == NULL)
			code = error_no_memory(ret_error);
	}
	if (code != LARDER_OK) {
		free(names);
		return code;
	}
	for (i = 0; i < work.count; i++) {
		(void)text_format(work.results[i].name, sizeof work.results[i].name, "%s", names[i]);
		work.results[i].expires_at = TIME_UNKNOWN;
	}
	free(names);
	if (work.count > 0)
		run_workers(&work);
	*ret_results = work.results;
	*ret_count = work.count;
	return conclude(&work, queued, ret_error);
}

void
larder_refresh_results_free(struct larder_refresh_result *results)
{
	free(results);
}
