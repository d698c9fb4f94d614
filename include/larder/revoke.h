/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Take rights back: stop using a credential at once, then make the provider forget its tokens (RFC 7009).
 */
#ifndef LARDER_REVOKE_H
#define LARDER_REVOKE_H

#include <larder/credential.h>

#ifdef __cplusplus
extern "C" {
#endif

enum larder_revoke_what { LARDER_REVOKE_ALL = 0, LARDER_REVOKE_REFRESH, LARDER_REVOKE_ACCESS };

enum larder_revoke_result {
	LARDER_REVOKED,            /* the provider confirmed, or the tokens were not valid any more */
	LARDER_REVOKE_QUEUED,      /* not reachable now; retried by later commands until it is confirmed */
	LARDER_REVOKE_UNSUPPORTED, /* the provider has no endpoint for it; see url */
	LARDER_REVOKE_FAILED       /* the provider refused; a person has to look */
};

struct larder_revoke_query { /* zero it; exactly one of names, client, provider, all */
	const char *const *names;
	size_t names_count;
	const char *client;
	const char *provider;
	int all;
	enum larder_revoke_what what;
	int logout;     /* remove the credential once its revocation is confirmed or impossible */
	int even_more;  /* also where the provider's revocation ends more than this credential */
	int local_only; /* with logout: remove it without telling the provider (recorded as such) */
	int64_t timeout_ms;
};

struct larder_revocation {
	char name[LARDER_NAME_MAX + 1];
	enum larder_revoke_result result;
	int refresh_token, access_token; /* 1: the provider confirmed this kind */
	int removed;                     /* 1: the credential is gone (logout) */
	int http_status;                 /* of the last answer; 0 if none */
	char message[256];               /* safe for a terminal */
	char url[512];                   /* a page for people where the provider has no endpoint; "" */
};

/*
 * Revoke. From the moment this is accepted (before the provider is asked) the credential gives no token any more,
 * whatever the provider answers. What was not sent to the provider (what = LARDER_REVOKE_ACCESS: the refresh
 * token) is kept, so that a later call can still revoke it.
 *
 * ret_list  one per credential, sorted by name; freed with larder_revocation_list_free. Set on OK and INCOMPLETE.
 * Errors: NOT_FOUND (a name; nothing is changed then), INCOMPLETE (something is queued, unsupported or failed),
 * STORAGE, DAMAGED. RFC 7009.
 */
LARDER_API enum larder_code larder_revoke(struct larder *larder, const struct larder_revoke_query *query,
    struct larder_revocation **ret_list, size_t *ret_count, struct larder_error *ret_error);
LARDER_API void larder_revocation_list_free(struct larder_revocation *list);

/* Which credentials a query means, without doing anything: for asking a person first. Freed with free(). */
LARDER_API enum larder_code larder_revoke_preview(struct larder *larder, const struct larder_revoke_query *query,
    char (**ret_names)[LARDER_NAME_MAX + 1], size_t *ret_count, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
