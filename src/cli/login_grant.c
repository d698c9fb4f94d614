/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/login_grant.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define KEY_MAX ((size_t)64 << 10)

static const struct option options[] = { LOGIN_GRANT_OPTIONS, OPT_END };

/*
 * The path is kept, and later commands may be called from anywhere. Links stay links: what they point at may change with
 * every token.
 */
static enum larder_code
absolute(const struct args *args, const char *option, char **ret, struct larder_error *ret_error)
{
	const char *path = args_text(args, option);
	char *here = NULL;

	if (path == NULL)
		return LARDER_OK;
	if (path[0] != '/' && (here = getcwd(NULL, 0)) == NULL)
		return error_set_errno(ret_error, LARDER_USAGE, errno, "cannot log in", NULL, "the working directory");
	if (asprintf(ret, "%s%s%s", here == NULL ? "" : here, here == NULL ? "" : "/", path) < 0)
		*ret = NULL;
	free(here);
	return *ret == NULL ? error_no_memory(ret_error) : LARDER_OK;
}

static enum larder_login_flow
flow_of(const struct args *args, enum larder_login_flow otherwise)
{
	static const struct {
		const char *word;
		enum larder_login_flow flow;
	} flows[] = {
		{ "client-credentials", LARDER_LOGIN_CLIENT_CREDENTIALS },
		{ "jwt-bearer", LARDER_LOGIN_JWT_BEARER },
		{ "token-exchange", LARDER_LOGIN_TOKEN_EXCHANGE },
	};
	const char *word = args_text(args, "flow");

	for (size_t i = 0; word != NULL && i < sizeof flows / sizeof flows[0]; i++) {
		if (strcmp(word, flows[i].word) == 0)
			return flows[i].flow;
	}
	return otherwise;
}

enum larder_code
login_grant_read(const struct session *session, struct login_grant *ret, enum larder_login_flow *ret_flow,
    bool *ret_given, struct larder_error *ret_error)
{
	const struct args *args = session->args;
	const char *key_file = args_text(args, "key-file");
	bool is_assertion = args_has(args, "assertion-file");
	enum larder_code code = LARDER_OK;

	*ret_flow = flow_of(args, *ret_flow);
	*ret_given = false;
	for (const struct option *option = options; option->name != NULL; option++)
		*ret_given = *ret_given || args_has(args, option->name);
	if (key_file != NULL && is_assertion)
		return args_usage(args, ret_error, "cannot log in",
		    "--key-file makes assertions, --assertion-file has them: one of the two");
	if (key_file != NULL)
		code = session_read_secret(session, key_file, KEY_MAX, "private key", &ret->key, ret_error);
	if (code == LARDER_OK)
		code =
		    absolute(args, is_assertion ? "assertion-file" : "subject-token-file", &ret->token_file, ret_error);
	if (code == LARDER_OK)
		code = absolute(args, "actor-token-file", &ret->actor_file, ret_error);
	ret->grant = (struct larder_login_grant){
		.key = ret->key.data,
		.key_len = ret->key.len,
		.key_alg = args_text(args, "alg"),
		.key_id = args_text(args, "kid"),
		.issuer = args_text(args, "iss"),
		.subject = args_text(args, "sub"),
		.claims = args_text(args, "claims"),
		.life_s = args_duration(args, "life", 0),
		.audience = args_text(args, "audience"),
		.token_credential = args_text(args, "subject"),
		.token_file = ret->token_file,
		.token_type = args_text(args, "subject-token-type"),
		.actor_credential = args_text(args, "actor"),
		.actor_file = ret->actor_file,
		.actor_type = args_text(args, "actor-token-type"),
		.requested_type = args_text(args, "requested-token-type"),
	};
	return code;
}

void
login_grant_clear(struct login_grant *grant)
{
	secret_free(&grant->key);
	free(grant->token_file);
	free(grant->actor_file);
	*grant = (struct login_grant){ .token_file = NULL };
}
