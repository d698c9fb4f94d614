/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/want.h"
#include "base/text.h"
#include "base/url.h"
#include "engine/schedule.h"

/* An absolute URI without a fragment (RFC 8707 section 2); not only https, some are names. */
static bool
is_resource(const char *text)
{
	size_t len = strlen(text);
	const char *colon = strchr(text, ':');

	return len < RESOURCE_SIZE && colon != NULL && colon > text && colon[1] != '\0' && strchr(text, '#') == NULL &&
	    text_is_token(text, len);
}

enum larder_code
want_fill(const struct larder *larder, const struct larder_token_query *query, struct token_want *ret,
    struct larder_error *ret_error)
{
	*ret = (struct token_want){
		.name = query->name,
		.resource = query->resource == NULL ? "" : query->resource,
		.min_ttl_s = query->min_ttl_s < 0 ? MIN_TTL_DEFAULT_S : query->min_ttl_s,
		.min_ttl_explicit = query->min_ttl_s >= 0,
		.force = query->force != 0,
		.offline = query->offline != 0,
		.deadline_ms = handle_deadline(larder, query->timeout_ms),
	};
	if (query->force && query->offline)
		return error_set(ret_error, LARDER_USAGE, "cannot get a token", "leave one of them out",
		    "to force and to stay offline exclude each other");
	if (query->scope != NULL && !scope_canonical(query->scope, ret->scope, sizeof ret->scope))
		return error_set(ret_error, LARDER_USAGE, "cannot get a token", NULL,
		    "the scope is too long or has characters that no scope has");
	if (ret->resource[0] != '\0' && !is_resource(ret->resource))
		return error_set(ret_error, LARDER_USAGE, "cannot get a token", NULL,
		    "the resource is not an absolute URI without a fragment");
	return LARDER_OK;
}

/* With one credential in the vault its name can be left out. */
static enum larder_code
only_name(struct vault *vault, char ret[static NAME_SIZE], struct larder_error *ret_error)
{
	enum larder_code code;
	size_t count = 0;

	code = credential_count(vault, &count, ret, ret_error);
	if (code != LARDER_OK || count == 1)
		return code;
	if (count == 0)
		return error_set(ret_error, LARDER_NOT_FOUND, "no token", "store one with 'larder add'",
		    "there is no credential in the vault");
	return error_set(ret_error, LARDER_NOT_FOUND, "no token", "name one; see 'larder list'",
	    "there are %zu credentials in the vault", count);
}

/* One block of locked memory holds what the token points to; the scope is no secret but goes with it. */
static enum larder_code
hand_over(struct token_got *got, int64_t now, struct larder_token *ret, struct larder_error *ret_error)
{
	char *scope = text_copy(got->scope);

	if (scope == NULL)
		return error_no_memory(ret_error);
	*ret = (struct larder_token){
		.access_token = (const char *)got->access.token.data,
		.access_token_len = got->access.token.len,
		.expires_at = got->access.expires_at,
		.expires_in = got->access.expires_at == TIME_UNKNOWN ? TIME_UNKNOWN
		    : got->access.expires_at > now                   ? got->access.expires_at - now
								     : 0,
		.scope = scope,
		.refreshed = got->refreshed,
		.memory = got->access.token.data,
	};
	got->access.token = (struct secret)SECRET_INIT;
	(void)text_format(ret->token_type, sizeof ret->token_type, "%s",
	    got->access.token_type[0] == '\0' || text_equal_nocase(got->access.token_type, "bearer")
		? "Bearer"
		: got->access.token_type);
	(void)text_format(ret->name, sizeof ret->name, "%s", got->name);
	(void)text_format(ret->provider, sizeof ret->provider, "%s", got->provider);
	(void)text_format(ret->account, sizeof ret->account, "%s", got->account);
	(void)text_format(ret->extra, sizeof ret->extra, "%s", got->extra);
	return LARDER_OK;
}

enum larder_code
larder_token_get(struct larder *larder, const struct larder_token_query *query, struct larder_token *ret_token,
    struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct token_got got = { .refreshed = false };
	struct token_want want;
	char only[NAME_SIZE] = "";
	enum larder_code code = LARDER_OK;

	if (query->name != NULL)
		code = check_name(query->name, "credential", ret_error);
	if (code == LARDER_OK)
		code = want_fill(larder, query, &want, ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK && query->name == NULL) {
		code = only_name(&session->vault, only, ret_error);
		want.name = only;
	}
	if (code == LARDER_OK) {
		handle_find_courier(larder, session);
		code = token_get(&session->engine, &want, &got, ret_error);
	}
	if (code == LARDER_OK)
		code =
		    hand_over(&got, session->engine.effects->now_s(session->engine.effects->ctx), ret_token, ret_error);
	access_clear(&got.access);
	session_give(larder, session);
	return code;
}

void
larder_token_clear(struct larder_token *token)
{
	if (token == NULL)
		return;
	arena_free(token->memory);
	free(token->scope);
	*token = (struct larder_token){ .access_token = NULL };
}
