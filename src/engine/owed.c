/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/owed.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM_STEP 16

void
owed_clear(struct owed *owed)
{
	size_t i;

	for (i = 0; i < owed->count; i++)
		secret_free(&owed->items[i].token);
	free(owed->items);
	*owed = (struct owed){ .count = 0 };
}

static bool
has_token(const struct owed *owed, const struct secret *token)
{
	size_t i;

	for (i = 0; i < owed->count; i++) {
		if (secret_equal(&owed->items[i].token, token))
			return true;
	}
	return false;
}

bool
owed_covers(const struct owed *whole, const struct owed *part)
{
	size_t i;

	for (i = 0; i < part->count; i++) {
		if (!has_token(whole, &part->items[i].token))
			return false;
	}
	return true;
}

static bool
add_token(struct owed *owed, enum token_kind kind, const struct secret *token)
{
	struct owed_token *items;

	if (secret_is_empty(token) || has_token(owed, token))
		return true;
	if (owed->count == owed->room) {
		items = realloc(owed->items, (owed->room + ROOM_STEP) * sizeof *items);
		if (items == NULL)
			return false;
		owed->items = items;
		owed->room += ROOM_STEP;
	}
	owed->items[owed->count] = (struct owed_token){ .kind = kind, .token = SECRET_INIT };
	if (!secret_copy(token->data, token->len, &owed->items[owed->count].token))
		return false;
	owed->count++;
	return true;
}

/* Replies that were kept aside may hold live tokens of the same grant. */
static enum larder_code
collect_parked(struct engine *engine, const struct party *party, const struct credential *credential, uint8_t what,
    struct owed *owed, struct larder_error *ret_error)
{
	struct parked *parked = NULL;
	struct token_reply reply;
	struct http_reply http;
	enum larder_code code;
	size_t count = 0, i;
	bool ok = true;

	code = parked_list(engine->vault, credential, &parked, &count, ret_error);
	for (i = 0; code == LARDER_OK && ok && i < count; i++) {
		http = (struct http_reply){ .status = 0 };
		errno = 0;
		if (!reply_decode(parked[i].reply.data, parked[i].reply.len, &http)) {
			ok = !error_is_memory();
			continue;
		}
		reply = (struct token_reply){ .outcome = GRANT_UNKNOWN };
		reply_judge(party->provider, &http, parked[i].sent_at, &reply);
		ok = !reply.starved;
		if (ok && (what & WHAT_REFRESH) != 0)
			ok = add_token(owed, TOKEN_REFRESH, &reply.refresh_token);
		if (ok && (what & WHAT_ACCESS) != 0)
			ok = add_token(owed, TOKEN_ACCESS, &reply.access_token);
		token_reply_clear(&reply);
		http_reply_clear(&http);
	}
	parked_list_free(parked, count);
	return code == LARDER_OK && !ok ? error_no_memory(ret_error) : code;
}

enum larder_code
owed_collect(struct engine *engine, const struct party *party, const struct credential *credential, uint8_t what,
    struct owed *owed, struct larder_error *ret_error)
{
	struct access *accesses = NULL;
	struct grant grant = { 0 };
	enum larder_code code;
	size_t count = 0, i;
	bool ok = true;

	if ((what & WHAT_REFRESH) != 0) {
		code = grant_load(engine->vault, credential, &grant, ret_error);
		ok = add_token(owed, TOKEN_REFRESH, &grant.refresh_token) &&
		    add_token(owed, TOKEN_REFRESH, &grant.previous);
		grant_clear(&grant);
		if (code != LARDER_OK && code != LARDER_NOT_FOUND)
			return code;
	}
	code = collect_parked(engine, party, credential, what, owed, ret_error);
	if (code != LARDER_OK)
		return code;
	if ((what & WHAT_ACCESS) != 0) {
		code = access_list(engine->vault, credential, &accesses, &count, ret_error);
		for (i = 0; code == LARDER_OK && ok && i < count; i++)
			ok = add_token(owed, TOKEN_ACCESS, &accesses[i].token);
		access_list_free(accesses, count);
	}
	return code == LARDER_OK && !ok ? error_no_memory(ret_error) : code;
}
