/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens: the reason the library exists.
 */
#ifndef LARDER_TOKEN_H
#define LARDER_TOKEN_H

#include <larder/credential.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LARDER_MIN_TTL_DEFAULT (-1)

struct larder_token_query {   /* zero it, then LARDER_MIN_TTL_DEFAULT; borrowed pointers */
	const char *name;     /* NULL: the only credential there is */
	const char *scope;    /* space-separated; NULL: what was granted */
	const char *resource; /* absolute URI, RFC 8707; NULL */
	int64_t min_ttl_s;    /* LARDER_MIN_TTL_DEFAULT: 60 s; over 80 % of the issued life counts as 80 % */
	int force;            /* ask the provider now; satisfied by any exchange that ends after this call begins */
	int offline;          /* never ask the provider */
	int64_t timeout_ms;   /* 0: the handle's */
};

struct larder_token {
	const char *access_token; /* NUL-terminated, in locked memory, wiped by larder_token_clear */
	size_t access_token_len;
	char token_type[32]; /* "Bearer" */
	int64_t expires_at;  /* Unix seconds; -1 unknown */
	int64_t expires_in;  /* seconds from now; -1 unknown */
	char *scope;         /* granted; "" unknown */
	char name[LARDER_NAME_MAX + 1];
	char provider[65];
	char account[256];
	char extra[1024]; /* what else the provider says, such as an API's address: lines "name=value" */
	int refreshed;    /* 1: an exchange took place for this call */
	void *memory;     /* internal */
};

/*
 * Get an access token, refreshing it first if it ends too soon.
 *
 * ret_token  set on LARDER_OK, else untouched; the caller clears it with larder_token_clear
 * ret_error  may be NULL; set unless LARDER_OK
 *
 * Blocks up to the timeout. May be called from any thread and any process at once: one of them asks the provider, the
 * others get its answer. The release is in the audit log before the token is in the caller's hands.
 *
 * Errors: NOT_FOUND, NEEDS_LOGIN, LOCKED, UNAVAILABLE (retry later), DENIED, REJECTED, DAMAGED, STORAGE, IN_DOUBT.
 * RFC 6749 section 6; RFC 6750 section 4; RFC 8707.
 */
LARDER_API enum larder_code larder_token_get(struct larder *larder, const struct larder_token_query *query,
    struct larder_token *ret_token, struct larder_error *ret_error);

/* Wipe and release. Accepts a zeroed or cleared struct. */
LARDER_API void larder_token_clear(struct larder_token *token);

enum larder_refresh_which { LARDER_REFRESH_NAMED, LARDER_REFRESH_DUE, LARDER_REFRESH_ALL };

struct larder_refresh_result {
	char name[LARDER_NAME_MAX + 1];
	struct larder_error error; /* code LARDER_OK: refreshed */
	uint64_t generation;
	int64_t expires_at;
};

struct larder_refresh_query { /* zero it */
	enum larder_refresh_which which;
	const char *const *names; /* LARDER_REFRESH_NAMED */
	size_t names_count;
	unsigned jobs;      /* at once; 0: 4 */
	int accept;         /* named ones: a person accepts that a suspect or in-doubt credential is spent */
	int64_t timeout_ms; /* per credential; 0: the handle's */
	/* called when one is done, never from two threads at once; may be NULL */
	void (*progress)(void *ctx, size_t done, size_t total, const struct larder_refresh_result *result);
	void *ctx;
};

/*
 * Ask the provider for fresh tokens now, for one, the due or all credentials; delivers queued revocations first.
 *
 * ret_results  one per credential, sorted by name; freed with larder_refresh_results_free. Set on OK and INCOMPLETE,
 *              and when a single named one failed (then its own code is returned).
 * Errors: INCOMPLETE (some failed), NOT_FOUND (a name; nothing is asked then), else as larder_token_get.
 */
LARDER_API enum larder_code larder_refresh(struct larder *larder, const struct larder_refresh_query *query,
    struct larder_refresh_result **ret_results, size_t *ret_count, struct larder_error *ret_error);
LARDER_API void larder_refresh_results_free(struct larder_refresh_result *results);

#ifdef __cplusplus
}
#endif
#endif
