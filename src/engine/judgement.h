/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a judged reply, or an exchange without one, means for the credential and for whoever asked. Pure.
 */
#ifndef ENGINE_JUDGEMENT_H
#define ENGINE_JUDGEMENT_H

#include <stdbool.h>

#include "oauth/cause.h"
#include "vault/types.h"

struct judgement {
	struct larder_error error; /* code OK: there is a token to hand out */
	bool doubt; /* the token may have been spent and no successor is known: keep the reply, keep the intent */
	bool endpoint_failed;  /* counts for the endpoint's breaker */
	int64_t retry_after_s; /* -1 unknown */
	const char *note;      /* for the audit log, besides a failure's reason; NULL or "" */
	bool refused;          /* the provider has refused for good */
	struct cause cause;    /* then: the likely cause; its id "" if there is none */
	bool other_secret;     /* the client has another secret, which was not refused yet: ask with that one */
	bool other_nonce;      /* nothing was processed: a proof with another nonce is wanted */
	bool of_wish;          /* only the scope or resource of this call is refused: it concerns nobody else */
};

struct exchanged { /* an exchange whose reply is to be judged */
	const struct provider *provider;
	const struct credential *credential;
	const struct http_reply *http;
	const struct token_reply *reply; /* of http */
	bool was_doubted;                /* it repeated one whose outcome was unknown */
	bool is_bearer;                  /* a proof was sent, and what came is bound to no key */
	bool dropped;                    /* a refresh token came that is not for this grant */
	int64_t secret_end_at;           /* of the client's secret; 0 or less: unknown */
};

void judgement_form(const struct exchanged *exchanged, int64_t now, struct judgement *ret);

/* An exchange that failed before anything was sent. */
void judgement_of_failure(
    const struct credential *credential, const struct larder_error *failure, int64_t now, struct judgement *ret);

/* Keep it in the credential's own fields: last error, failures in a row, backoff; cleared by a good one. */
void judgement_remember(struct credential *credential, const struct judgement *judgement, int64_t now);

#endif
