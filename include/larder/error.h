/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong, and how it is told.
 *
 * Every function that can fail returns an enum larder_code and takes a struct larder_error to fill in. The struct has
 * a fixed size: it needs no memory, nobody frees it, and running out of memory can be reported with it.
 */
#ifndef LARDER_ERROR_H
#define LARDER_ERROR_H

#include <stdint.h>

#include <larder/export.h>

#ifdef __cplusplus
extern "C" {
#endif

enum larder_code {
	LARDER_OK = 0,
	LARDER_INTERNAL,     /* out of memory, or a defect of Larder */
	LARDER_USAGE,        /* bad argument, name, file or configuration */
	LARDER_NOT_FOUND,    /* no such credential, client, provider or slot */
	LARDER_EXISTS,       /* the name is taken, or the refresh token is stored already */
	LARDER_NEEDS_LOGIN,  /* a person must log in again */
	LARDER_LOCKED,       /* the vault cannot be opened without a person, or the key is wrong */
	LARDER_UNAVAILABLE,  /* temporary: network, TLS, 408, 429, 5xx, not an OAuth reply, lock held too long */
	LARDER_DENIED,       /* refused by policy, by the user or by the provider */
	LARDER_REJECTED,     /* the provider rejects the configuration of client, scope or grant */
	LARDER_DAMAGED,      /* the vault is damaged, tampered with, rolled back or of a newer format */
	LARDER_STORAGE,      /* the vault's storage fails: full, read-only, I/O error */
	LARDER_CHECK_FAILED, /* a check was asked for and found something */
	LARDER_INCOMPLETE,   /* some of several failed or are queued */
	LARDER_IN_DOUBT,     /* a refresh was sent, its outcome is unknown, asking again is forbidden */
	LARDER_INTERRUPTED   /* a signal ended the command */
};

#define LARDER_NAME_MAX 64 /* bytes of a credential, client or provider name, without the final NUL */

struct larder_error {
	enum larder_code code;
	char name[LARDER_NAME_MAX + 1]; /* credential, client or provider concerned; "" if none */
	char what[96];                  /* what failed: "refresh failed" */
	char why[320];                  /* the reason, safe for a terminal */
	char hint[192];                 /* what to do; "" if there is nothing to say */
	int64_t retry_after_s;          /* seconds until a retry makes sense; -1 when unknown */
};

/*
 * The contract's word for a code: "needs-login". Static text. LARDER_OK gives "ok".
 */
LARDER_API const char *larder_code_name(enum larder_code code);

/*
 * The process exit status for a code, see docs/exit-codes.md.
 */
LARDER_API int larder_code_exit(enum larder_code code);

/*
 * Whether the same call may succeed later without anybody changing anything: 1 or 0.
 */
LARDER_API int larder_code_retryable(enum larder_code code);

#ifdef __cplusplus
}
#endif
#endif
