/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/server.h"

#include <string.h>

#include "base/text.h"
#include "engine/tests.h"

void
server_reply(struct http_reply *ret, int status, const char *type, const char *body)
{
	*ret = (struct http_reply){ .status = status };
	text_format(ret->content_type, sizeof ret->content_type, "%s", type);
	assert_true(secret_copy(body, strlen(body), &ret->body));
}

static struct server_token *
issue(struct server *server, bool refresh, unsigned family, unsigned parent)
{
	struct server_token *token = &server->tokens[server->count];

	assert_true(server->count < SERVER_TOKENS);
	*token = (struct server_token){ .refresh = refresh, .family = family, .parent = parent, .live = true };
	text_format(token->text, sizeof token->text, "%s-%u", refresh ? "rt" : "at", server->count++);
	return token;
}

const char *
server_login(struct server *server)
{
	return issue(server, true, ++server->families, 0)->text;
}

static struct server_token *
find(struct server *server, const char *text)
{
	for (unsigned i = 0; i < server->count; i++) {
		if (strcmp(server->tokens[i].text, text) == 0)
			return &server->tokens[i];
	}
	return NULL;
}

bool
server_is_live(struct server *server, const char *text)
{
	const struct server_token *token = find(server, text);

	return token != NULL && token->live;
}

unsigned
server_live(const struct server *server)
{
	unsigned live = 0;

	for (unsigned i = 0; i < server->count; i++)
		live += server->tokens[i].live;
	return live;
}

static void
end_family(struct server *server, unsigned family)
{
	for (unsigned i = 0; i < server->count; i++) {
		if (server->tokens[i].family == family)
			server->tokens[i].live = false;
	}
}

/* The value of a form's parameter; the tokens of this server need no decoding. */
static void
parameter(const char *body, const char *name, char ret[static SERVER_TEXT])
{
	size_t name_len = strlen(name), len;

	ret[0] = '\0';
	while (body != NULL) {
		len = strcspn(body, "&");
		if (strncmp(body, name, name_len) == 0 && body[name_len] == '=') {
			assert_true(len - name_len - 1 < SERVER_TEXT);
			memcpy(ret, body + name_len + 1, len - name_len - 1);
			ret[len - name_len - 1] = '\0';
		}
		body = body[len] == '\0' ? NULL : body + len + 1;
	}
}

/* What the use of a token means for those from which it came. */
static void
retire_ancestors(struct server *server, const struct server_token *token)
{
	while (token->parent != 0) {
		struct server_token *parent = &server->tokens[token->parent - 1];

		parent->spent = true;
		parent->live = false;
		token = parent;
	}
}

static bool
is_replay(const struct server *server, const struct server_token *token, int64_t now)
{
	if (token->spent)
		return true;
	return server->class == CLASS_OVERLAP && token->spent_at != 0 && now >= token->spent_at + server->grace_s;
}

static void
refuse(struct http_reply *ret, const char *error)
{
	char body[128];

	text_format(body, sizeof body, "{\"error\":\"%s\"}", error);
	server_reply(ret, 400, "application/json", body);
}

static void
exchange(struct server *server, const char *body, int64_t now, struct http_reply *ret)
{
	char text[SERVER_TEXT], reply[512], life[48] = "", next[SERVER_TEXT + 32] = "";
	const char *successor = NULL, *access;
	struct server_token *token;

	server->requests++;
	parameter(body, "refresh_token", text);
	parameter(body, "scope", server->last_scope);
	token = find(server, text);
	if (token == NULL || !token->refresh || !token->live || is_replay(server, token, now)) {
		if (token != NULL && token->refresh && is_replay(server, token, now)) {
			server->replays++;
			end_family(server, token->family);
		}
		refuse(ret, "invalid_grant");
		return;
	}
	server->exchanges++;
	if (token->spent_at == 0)
		token->spent_at = now;
	retire_ancestors(server, token);
	if (server->class != CLASS_STATIC)
		successor = issue(server, true, token->family, (unsigned)(token - server->tokens) + 1)->text;
	else if (server->repeats)
		successor = token->text;
	/* A spent token stays known as long as its family lives: who sends it again shows that there are two of him. */
	if (server->class == CLASS_STRICT)
		token->spent = true;
	access = issue(server, false, token->family, 0)->text;
	if (server->expires_in >= 0)
		text_format(life, sizeof life, ",\"expires_in\":%lld", (long long)server->expires_in);
	if (successor != NULL)
		text_format(next, sizeof next, ",\"refresh_token\":\"%s\"", successor);
	text_format(reply, sizeof reply, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\"%s%s}", access, life, next);
	server_reply(ret, 200, "application/json", reply);
}

static void
revoke(struct server *server, const char *body, struct http_reply *ret)
{
	char text[SERVER_TEXT];
	struct server_token *token;

	server->revocations++;
	if (server->revoke_status != 0) {
		refuse(ret, server->revoke_error);
		ret->status = server->revoke_status;
		return;
	}
	parameter(body, "token", text);
	token = find(server, text);
	if (token != NULL && token->refresh)
		end_family(server, token->family);
	else if (token != NULL)
		token->live = false;
	server_reply(ret, 200, "application/json", "");
}

void
server_answer(struct server *server, const char *url, const char *body, int64_t now, struct http_reply *ret)
{
	if (strstr(url, "/revoke") != NULL)
		revoke(server, body, ret);
	else
		exchange(server, body, now, ret);
}
