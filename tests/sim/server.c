/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void
server_reply(struct http_reply *ret, int status, const char *type, const char *body)
{
	*ret = (struct http_reply){ .status = status };
	(void)text_format(ret->content_type, sizeof ret->content_type, "%s", type);
	if (!secret_copy(body, strlen(body), &ret->body))
		abort();
}

static unsigned
issue(struct server *server, bool refresh, unsigned family, unsigned parent)
{
	if (server->count == TOKENS_MAX)
		abort();
	server->tokens[server->count] = (struct server_token){
		.refresh = refresh,
		.live = true,
		.family = family,
		.parent = parent,
		.expires_ms = INT64_MAX,
	};
	return server->count++;
}

unsigned
server_login(struct server *server)
{
	unsigned token;

	if (++server->families_count == FAMILIES_MAX)
		abort();
	server->families[server->families_count] = LIVES;
	token = issue(server, true, server->families_count, 0);
	server->tokens[token].fate = FATE_SEALED; /* a person has it */
	return token;
}

void
server_text(const struct server *server, unsigned token, char ret[static TOKEN_TEXT])
{
	(void)text_format(ret, TOKEN_TEXT, "%s-%u", server->tokens[token].refresh ? "rt" : "at", token);
}

unsigned
server_find(const struct server *server, const void *text, size_t len)
{
	const char *digits = (const char *)text + 3;
	unsigned token = 0;

	if (len < 4 || len >= TOKEN_TEXT)
		return TOKENS_MAX;
	for (size_t i = 0; i < len - 3; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return TOKENS_MAX;
		token = token * 10 + (unsigned)(digits[i] - '0');
	}
	if (token >= server->count || (memcmp(text, "rt-", 3) == 0) != server->tokens[token].refresh)
		return TOKENS_MAX;
	return token;
}

static bool
is_replay(const struct server *server, const struct server_token *token, int64_t now_ms)
{
	if (token->spent)
		return true;
	return server->class == CLASS_OVERLAP && token->spent_ms != 0 && now_ms >= token->spent_ms + server->grace_ms;
}

bool
server_takes(const struct server *server, unsigned token, int64_t now_ms)
{
	const struct server_token *it = &server->tokens[token];

	return it->refresh && it->live && !is_replay(server, it, now_ms);
}

bool
server_descends(const struct server *server, unsigned token, unsigned ancestor)
{
	while (token != ancestor) {
		if (server->tokens[token].parent == 0)
			return false;
		token = server->tokens[token].parent - 1;
	}
	return true;
}

static void
end_family(struct server *server, unsigned family, enum family_end how)
{
	if (server->families[family] == LIVES)
		server->families[family] = how;
	for (unsigned i = 0; i < server->count; i++) {
		if (server->tokens[i].family == family)
			server->tokens[i].live = false;
	}
}

/* The value of a form's parameter; the tokens of this server need no decoding. */
static unsigned
parameter(const struct server *server, const char *body, const char *name)
{
	const char *at = body, *end;
	size_t name_len = strlen(name);

	while (at != NULL) {
		end = strchr(at, '&');
		if (strncmp(at, name, name_len) == 0 && at[name_len] == '=')
			return server_find(server, at + name_len + 1,
			    end == NULL ? strlen(at + name_len + 1) : (size_t)(end - at) - name_len - 1);
		at = end == NULL ? NULL : end + 1;
	}
	return TOKENS_MAX;
}

unsigned
server_carried(const struct server *server, const char *body)
{
	return parameter(server, body, "refresh_token");
}

/* What the use of a token means for those from which it came. */
static void
retire_ancestors(struct server *server, const struct server_token *token)
{
	while (token->parent != 0) {
		struct server_token *parent = &server->tokens[token->parent - 1];

		parent->spent = true;
		token = parent;
	}
}

static void
reply_tokens(const struct server *server, unsigned access, unsigned refresh, struct http_reply *ret)
{
	char text[TOKEN_TEXT], next[TOKEN_TEXT], life[48] = "", more[64] = "", body[256];

	server_text(server, access, text);
	if (server->expires_in >= 0)
		(void)text_format(life, sizeof life, ",\"expires_in\":%lld", (long long)server->expires_in);
	if (refresh != 0) {
		server_text(server, refresh - 1, next);
		(void)text_format(more, sizeof more, ",\"refresh_token\":\"%s\"", next);
	}
	(void)text_format(
	    body, sizeof body, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\"%s%s}", text, life, more);
	server_reply(ret, 200, "application/json", body);
}

static void
exchange(struct server *server, const char *body, int64_t now_ms, struct http_reply *ret, unsigned *ret_issued,
    unsigned *ret_replay)
{
	unsigned used = server_carried(server, body), access, next = 0;
	struct server_token *token = &server->tokens[used];

	server->requests++;
	if (used == TOKENS_MAX || !server_takes(server, used, now_ms)) {
		if (used != TOKENS_MAX && token->live && is_replay(server, token, now_ms)) {
			server->replays++;
			*ret_replay = used + 1;
			end_family(server, token->family, ENDED_BY_REPLAY);
		}
		server_reply(ret, 400, "application/json", "{\"error\":\"invalid_grant\"}");
		return;
	}
	server->exchanges++;
	if (token->spent_ms == 0)
		token->spent_ms = now_ms;
	retire_ancestors(server, token);
	if (server->class != CLASS_STATIC)
		next = issue(server, true, token->family, used + 1) + 1;
	else if (server->repeats)
		next = used + 1;
	if (server->class == CLASS_STRICT)
		token->spent = true;
	access = issue(server, false, token->family, 0);
	server->tokens[access].sibling = server->class == CLASS_STATIC ? 0 : next;
	if (server->expires_in >= 0)
		server->tokens[access].expires_ms = now_ms + server->expires_in * 1000;
	*ret_issued = next == 0 ? used + 1 : next;
	reply_tokens(server, access, next, ret);
}

static void
revoke(struct server *server, const char *body, struct http_reply *ret)
{
	unsigned token = parameter(server, body, "token");

	server->revocations++;
	if (token != TOKENS_MAX && server->tokens[token].refresh && !server->narrow)
		end_family(server, server->tokens[token].family, ENDED_BY_REVOCATION);
	else if (token != TOKENS_MAX)
		server->tokens[token].live = false;
	server_reply(ret, 200, "application/json", "");
}

void
server_answer(struct server *server, bool revocation, const char *body, int64_t now_ms, struct http_reply *ret,
    unsigned *ret_issued, unsigned *ret_replay)
{
	*ret_issued = *ret_replay = 0;
	if (revocation)
		revoke(server, body, ret);
	else
		exchange(server, body, now_ms, ret, ret_issued, ret_replay);
}
