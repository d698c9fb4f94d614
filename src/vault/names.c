/* SPDX-License-Identifier: Apache-2.0 */
/* The words for the enumerations of types.h. */
#include "vault/types.h"

const char *
credential_state_name(enum credential_state state)
{
	static const char *const names[] = {
		[STATE_OK] = "ok",
		[STATE_NEEDS_LOGIN] = "needs-login",
		[STATE_IN_DOUBT] = "in-doubt",
		[STATE_SUSPECT] = "suspect",
		[STATE_REVOKING] = "revoking",
		[STATE_REVOKED] = "revoked",
	};

	return state >= STATE_OK && state <= STATE_REVOKED ? names[state] : "unknown";
}

const char *
grant_type_name(enum grant_type type)
{
	static const char *const names[] = {
		[GRANT_TYPE_REFRESH_TOKEN] = "refresh-token",
		[GRANT_TYPE_CLIENT_CREDENTIALS] = "client-credentials",
		[GRANT_TYPE_JWT_BEARER] = "jwt-bearer",
		[GRANT_TYPE_TOKEN_EXCHANGE] = "token-exchange",
	};

	return type <= GRANT_TYPE_TOKEN_EXCHANGE ? names[type] : "unknown";
}

const char *
key_use_name(enum key_use use)
{
	return use == KEY_TLS ? "tls" : "sign";
}

const char *
audit_op_name(enum audit_op op)
{
	static const char *const names[] = {
		[AUDIT_INIT] = "init",
		[AUDIT_UNLOCK_FAILED] = "unlock-failed",
		[AUDIT_CLIENT_ADD] = "client-add",
		[AUDIT_CLIENT_REMOVE] = "client-remove",
		[AUDIT_CLIENT_SECRET] = "client-secret",
		[AUDIT_CLIENT_KEY] = "client-key",
		[AUDIT_ADD] = "add",
		[AUDIT_REPLACE] = "replace",
		[AUDIT_ALLOW] = "allow",
		[AUDIT_RELEASE] = "release",
		[AUDIT_REFRESH_BEGIN] = "refresh-begin",
		[AUDIT_REFRESH_END] = "refresh-end",
		[AUDIT_REFRESH_FAILED] = "refresh-failed",
		[AUDIT_PARKED] = "parked",
		[AUDIT_STATE] = "state",
		[AUDIT_REVOKE_BEGIN] = "revoke-begin",
		[AUDIT_REVOKE_END] = "revoke-end",
		[AUDIT_LOGOUT] = "logout",
		[AUDIT_KEY_ADD] = "key-add",
		[AUDIT_KEY_REMOVE] = "key-remove",
		[AUDIT_COPIED] = "copied",
	};

	return op >= AUDIT_INIT && (size_t)op < sizeof names / sizeof names[0] ? names[op] : "unknown";
}
