/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device grant, for a person at another device (RFC 8628). Pure.
 */
#ifndef OAUTH_DEVICE_H
#define OAUTH_DEVICE_H

#include "oauth/oauth.h"

#define DEVICE_INTERVAL_S 5 /* between two questions, when none is given (RFC 8628 section 3.2) */

struct device_grant {
	struct secret device_code;
	char user_code[128];              /* escaped */
	char verification_uri[1024];      /* https, or http to loopback; as sent */
	char verification_complete[1024]; /* with the user code in it; "" */
	int64_t expires_at;               /* Unix seconds */
	int64_t interval_s;
};

/* Ask for codes (RFC 8628 section 3.1). Errors: NOT_FOUND (no such endpoint), else as refresh_build. */
enum larder_code device_begin_build(const struct provider *provider, const struct oauth_client *client,
    const char *scope, const char *resource, struct http_request *ret, struct larder_error *ret_error);

/*
 * Read the answer (section 3.2; verification_url is a known deviation). ret is cleared with device_grant_clear. Errors:
 * REJECTED (the provider refuses the client), UNAVAILABLE (anything else that is no such answer).
 */
enum larder_code device_begin_read(const struct provider *provider, const struct http_reply *reply, int64_t now,
    struct device_grant *ret, struct larder_error *ret_error);
void device_grant_clear(struct device_grant *grant);

/* Ask whether the person has decided (section 3.4), as the definition's device object wants it. */
enum larder_code device_poll_build(const struct provider *provider, const struct oauth_client *client,
    const struct device_grant *grant, struct http_request *ret, struct larder_error *ret_error);

enum device_poll {
	DEVICE_TOKENS,  /* they are in the reply */
	DEVICE_PENDING, /* ask again after the interval */
	DEVICE_SLOWER,  /* the same, and 5 s more each time from here on (section 3.5) */
	DEVICE_DENIED,
	DEVICE_EXPIRED,
	DEVICE_FAILED, /* see the reply's error */
	DEVICE_RETRY   /* no telling: ask again later, as after a time-out */
};

/* Judge a reply that reply_judge has judged. */
enum device_poll device_poll_judge(const struct provider *provider, const struct token_reply *reply);

#endif
