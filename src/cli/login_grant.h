/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of 'larder login' for the flows without a person.
 */
#ifndef CLI_LOGIN_GRANT_H
#define CLI_LOGIN_GRANT_H

#include "cli/session.h"

#define LOGIN_GRANT_FLOWS "client-credentials|jwt-bearer|token-exchange"

/* clang-format off */
#define LOGIN_GRANT_OPTIONS \
	OPT_PATH("key-file", "FILE", "jwt-bearer: private key, or the JSON of a service account"), \
	OPT_CHOICE("alg", "RS256|PS256|ES256|EdDSA", "how the key signs"), \
	OPT_TEXT("kid", "ID", "of the key, for the provider"), \
	OPT_TEXT("iss", "TEXT", "who signs; the client id"), \
	OPT_TEXT("sub", "TEXT", "in whose name; the issuer's own"), \
	OPT_TEXT("claims", "JSON", "further claims, as an object"), \
	OPT_DURATION("life", "DUR", "of an assertion; 5m"), \
	OPT_PATH("assertion-file", "FILE", "jwt-bearer: assertions that another program keeps there"), \
	OPT_NAME("subject", "NAME", "token-exchange: for the access token of this credential"), \
	OPT_PATH("subject-token-file", "FILE", "token-exchange: for the token that another program keeps there"), \
	OPT_TEXT("subject-token-type", "TYPE", "jwt, access_token, id_token ... or a URI"), \
	OPT_NAME("actor", "NAME", "who acts: the access token of this credential"), \
	OPT_PATH("actor-token-file", "FILE", "who acts: the token in this file"), \
	OPT_TEXT("actor-token-type", "TYPE", "as for the subject"), \
	OPT_TEXT("requested-token-type", "TYPE", "what to ask for"), \
	OPT_TEXT("audience", "TEXT", "whom an assertion, or the token, is for")
/* clang-format on */

struct login_grant { /* what was read; zero it */
	struct larder_login_grant grant;
	struct secret key;
	char *token_file, *actor_file; /* absolute */
};

/*
 * Read them. *ret_flow is changed where the flow is one without a person; *ret_given: any of the options was given.
 * Ended by login_grant_clear on all paths. Errors: USAGE, those of session_read_secret.
 */
enum larder_code login_grant_read(const struct session *session, struct login_grant *ret,
    enum larder_login_flow *ret_flow, bool *ret_given, struct larder_error *ret_error);
void login_grant_clear(struct login_grant *grant);

#endif
