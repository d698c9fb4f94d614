/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "base/text.h"

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The client and provider filters look at every credential; names are checked to be there before anything is done. */
static enum larder_code
select_names(struct session *session, const struct larder_revoke_query *query, char (**ret)[NAME_SIZE],
    size_t *ret_count, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	char(*names)[NAME_SIZE] = NULL;
	enum larder_code code = LARDER_OK;
	size_t count = 0, kept = 0, i;

	if (query->names_count > 0) {
		names = calloc(query->names_count, sizeof *names);
		if (names == NULL)
			return error_no_memory(ret_error);
		for (i = 0; code == LARDER_OK && i < query->names_count; i++) {
			code = check_name(query->names[i], "credential", ret_error);
			(void)text_format(names[i], sizeof names[i], "%s", query->names[i]);
		}
		count = query->names_count;
		qsort(names, count, sizeof *names, compare_names);
	} else {
		code = credential_names(&session->vault, &names, &count, ret_error);
	}
	for (i = 0; code == LARDER_OK && i < count; i++) {
		code = credential_load(&session->vault, names[i], &credential, ret_error);
		if (code == LARDER_NOT_FOUND && query->logout != 0 && revoke_waits(&session->engine, names[i]))
			code = LARDER_OK; /* a log-in that has not come to anything yet */
		if (code != LARDER_OK)
			(void)error_name(ret_error, code, names[i]);
		else if ((query->client == NULL || strcmp(query->client, credential.client) == 0) &&
		    (query->provider == NULL || strcmp(query->provider, credential.provider) == 0) &&
		    (kept == 0 || strcmp(names[kept - 1], names[i]) != 0))
			memmove(names[kept++], names[i], sizeof names[i]);
	}
	credential_clear(&credential);
	if (code == LARDER_OK && kept == 0 && (query->client != NULL || query->provider != NULL))
		code = error_set(ret_error, LARDER_NOT_FOUND, "nothing to revoke", "see 'larder list'",
		    "no credential belongs to this %s", query->client != NULL ? "client" : "provider");
	if (code != LARDER_OK) {
		free(names);
		return code;
	}
	*ret = names;
	*ret_count = kept;
	return LARDER_OK;
}

static enum larder_code
check_query(const struct larder_revoke_query *query, struct larder_error *ret_error)
{
	int given = (query->names_count > 0) + (query->client != NULL) + (query->provider != NULL) + (query->all != 0);

	if (given == 1)
		return LARDER_OK;
	return error_set(ret_error, LARDER_USAGE, "cannot revoke", "give names, or one of --client, --provider, --all",
	    "it must be said which credentials are meant");
}

static uint8_t
bits_of(const struct larder_revoke_query *query)
{
	uint8_t more = query->even_more != 0 ? WHAT_MORE : 0;

	if (query->what == LARDER_REVOKE_REFRESH)
		return WHAT_REFRESH | more;
	return (query->what == LARDER_REVOKE_ACCESS ? WHAT_ACCESS : WHAT_ALL) | more;
}

static void
view(const char *name, const struct revocation *revocation, struct larder_revocation *ret)
{
	static const enum larder_revoke_result results[] = {
		[REVOCATION_REVOKED] = LARDER_REVOKED,
		[REVOCATION_QUEUED] = LARDER_REVOKE_QUEUED,
		[REVOCATION_UNSUPPORTED] = LARDER_REVOKE_UNSUPPORTED,
		[REVOCATION_FAILED] = LARDER_REVOKE_FAILED,
	};

	*ret = (struct larder_revocation){
		.result = results[revocation->result],
		.refresh_token = revocation->refresh_token,
		.access_token = revocation->access_token,
		.removed = revocation->removed,
		.http_status = revocation->http_status,
	};
	(void)text_format(ret->name, sizeof ret->name, "%s", name);
	(void)text_format(ret->message, sizeof ret->message, "%s", revocation->message);
	(void)text_format(ret->url, sizeof ret->url, "%s", revocation->url);
}

/* All are fenced before the first provider is asked: the slowest of them must not keep the others alive. */
static enum larder_code
fence_all(struct engine *engine, const struct larder_revoke_query *query, char (*names)[NAME_SIZE], size_t count,
    bool *nothing_left, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;
	size_t i;

	for (i = 0; code == LARDER_OK && i < count; i++)
		code = revoke_begin(engine, names[i], bits_of(query), query->logout != 0, &nothing_left[i], ret_error);
	return code;
}

/* Of those that are meant: what else is queued is told by 'larder refresh' and 'larder list'. */
static enum larder_code
conclude(const struct larder_revocation *list, size_t count, bool logout, struct larder_error *ret_error)
{
	size_t open = 0, i;

	for (i = 0; i < count; i++)
		open += list[i].result != LARDER_REVOKED && !(logout && list[i].removed);
	if (open == 0)
		return LARDER_OK;
	return error_set(ret_error, LARDER_INCOMPLETE, "revocation incomplete",
	    "queued ones are tried again by 'larder revoke' and 'larder refresh'",
	    "%zu %s queued, unsupported or failed", open, open == 1 ? "is" : "are");
}

enum larder_code
larder_revoke(struct larder *larder, const struct larder_revoke_query *query, struct larder_revocation **ret_list,
    size_t *ret_count, struct larder_error *ret_error)
{
	int64_t deadline_ms = handle_deadline(larder, query->timeout_ms);
	struct larder_revocation *list = NULL;
	struct session *session = NULL;
	struct revocation revocation;
	char(*names)[NAME_SIZE] = NULL;
	bool *nothing_left = NULL;
	enum larder_code code;
	size_t count = 0, queued = 0, i;

	code = check_query(query, ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	handle_find_courier(larder, session);
	code = select_names(session, query, &names, &count, ret_error);
	if (code != LARDER_OK)
		goto out;
	list = calloc(count + 1, sizeof *list);
	nothing_left = calloc(count + 1, sizeof *nothing_left);
	if (list == NULL || nothing_left == NULL) {
		code = error_no_memory(ret_error);
		goto out;
	}
	code = fence_all(&session->engine, query, names, count, nothing_left, ret_error);
	for (i = 0; code == LARDER_OK && i < count; i++) {
		revocation = (struct revocation){ .result = REVOCATION_REVOKED,
			.removed = nothing_left[i] && query->logout != 0 };
		if (!nothing_left[i])
			code = revoke_deliver(
			    &session->engine, names[i], query->local_only != 0, deadline_ms, &revocation, ret_error);
		view(names[i], &revocation, &list[i]);
	}
	/* What earlier commands left behind; these names have just had their turn. */
	if (code == LARDER_OK)
		code = revoke_deliver_queued(
		    &session->engine, (const char(*)[NAME_SIZE])names, count, deadline_ms, &queued, ret_error);
	if (code == LARDER_OK)
		code = conclude(list, count, query->logout != 0, ret_error);
	if (code == LARDER_OK || code == LARDER_INCOMPLETE) {
		*ret_list = list;
		*ret_count = count;
		list = NULL;
	}
out:
	free(list);
	free(names);
	free(nothing_left);
	session_give(larder, session);
	return code;
}

void
larder_revocation_list_free(struct larder_revocation *list)
{
	free(list);
}

enum larder_code
larder_revoke_preview(struct larder *larder, const struct larder_revoke_query *query,
    char (**ret_names)[LARDER_NAME_MAX + 1], size_t *ret_count, struct larder_error *ret_error)
{
	struct session *session = NULL;
	enum larder_code code;

	code = check_query(query, ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = select_names(session, query, ret_names, ret_count, ret_error);
	session_give(larder, session);
	return code;
}
