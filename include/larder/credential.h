/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: what a person once allowed one client to do, kept as a refresh token. Views hold no secret.
 */
#ifndef LARDER_CREDENTIAL_H
#define LARDER_CREDENTIAL_H

#include <larder/vault.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LARDER_TOKEN_MAX (65536) /* bytes of an access or refresh token */

struct larder_credential_new { /* zero it; borrowed pointers */
	const char *name;
	const char *client;
	const char *scope;   /* space-separated, as it was granted; NULL: unknown */
	const char *account; /* whose account, for people; NULL */
	const void *refresh_token;
	size_t refresh_token_len;
	int replace; /* 1: a new refresh token under an existing name, generation + 1, state ok */
};

#define LARDER_EXTRA_VALUE_SIZE 257 /* of one value of extra, with its NUL */

struct larder_credential {
	char name[LARDER_NAME_MAX + 1];
	char provider[65];
	char client[LARDER_NAME_MAX + 1];
	char account[256];
	char *scope;               /* owned by the view */
	char api_hosts[1024];      /* added with larder_allow, with spaces between */
	const char *state;         /* ok, needs-login, in-doubt, suspect, revoking, revoked: static text */
	int64_t access_expires_at; /* Unix seconds; -1 unknown: as all times here */
	int64_t refresh_expires_at;
	uint64_t generation;
	int64_t created_at;
	int64_t last_refresh_at;
	int64_t next_refresh_at;
	char last_error[64];       /* code word; "" if the last exchange was good */
	char last_error_text[256]; /* safe for a terminal */
	int64_t last_error_at;
	const char *grant;          /* refresh-token, client-credentials, jwt-bearer, token-exchange: static text */
	const char *rotation_class; /* static, overlap, until-used, strict: static text; NULL if the provider is gone */
	const char *rotation_confidence;  /* in what is known of it: low, medium, high: static text; NULL */
	uint64_t parked;                  /* replies kept aside */
	char advice[256];                 /* what to do when the state is not ok; "" */
	char extra[1024];                 /* what else the provider says: lines "name=value" */
	int64_t granted_at;               /* when somebody logged in, or the refresh token was handed in */
	int64_t refresh_idle_ends_at;     /* when it ends if it is not used; refresh_expires_at is the earlier */
	int64_t refresh_absolute_ends_at; /* when it ends, used or not */
	int64_t client_secret_expires_at; /* of its client's secret */
	char cause_id[33];                /* why it was refused, as a word for programs: "idle-expiry"; "" */
	char cause[176];                  /* the same as part of a sentence; it is inferred, not told */
	char cause_hint[176];             /* what to do about it */
	const char *cause_confidence;     /* low, medium, high: static text; NULL */
	char resource[2049];              /* what it was logged in for (RFC 8707), with spaces between; "" */
	char dpop_jkt[44];                /* thumbprint of the key that its tokens are bound to (RFC 9449); "" */
};

/*
 * Store a refresh token. Errors: USAGE, NOT_FOUND (client; or with replace the credential), EXISTS (name; or the same
 * refresh token for the same client id and token endpoint, named), STORAGE, DAMAGED.
 */
LARDER_API enum larder_code larder_credential_add(
    struct larder *larder, const struct larder_credential_new *credential, struct larder_error *ret_error);

/* One view; NOT_FOUND. The caller clears it. */
LARDER_API enum larder_code larder_credential_show(
    struct larder *larder, const char *name, struct larder_credential *ret, struct larder_error *ret_error);
LARDER_API void larder_credential_clear(struct larder_credential *credential);

/* All, sorted by name. The caller frees the list with larder_credential_list_free. */
LARDER_API enum larder_code larder_credential_list(
    struct larder *larder, struct larder_credential **ret, size_t *ret_count, struct larder_error *ret_error);
LARDER_API void larder_credential_list_free(struct larder_credential *credentials, size_t count);

#ifdef __cplusplus
}
#endif
#endif
