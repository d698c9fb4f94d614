/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Larder keeps OAuth tokens fresh and never loses one.
 *
 *	struct larder *larder;
 *	struct larder_token_query query = { .name = "google", .min_ttl_s = LARDER_MIN_TTL_DEFAULT };
 *	struct larder_token token;
 *	struct larder_error error;
 *
 *	if (larder_open(NULL, &larder, &error) == LARDER_OK) {
 *		if (larder_token_get(larder, &query, &token, &error) == LARDER_OK) {
 *			use(token.access_token);
 *			larder_token_clear(&token);
 *		}
 *		larder_close(larder);
 *	}
 *
 * Link with pkg-config: larder.
 */
#ifndef LARDER_LARDER_H
#define LARDER_LARDER_H

#include <larder/audit.h>
#include <larder/client.h>
#include <larder/credential.h>
#include <larder/discover.h>
#include <larder/doctor.h>
#include <larder/error.h>
#include <larder/login.h>
#include <larder/provider.h>
#include <larder/request.h>
#include <larder/revoke.h>
#include <larder/token.h>
#include <larder/vault.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, "0.1.0". Static text. */
LARDER_API const char *larder_version(void);

#ifdef __cplusplus
}
#endif
#endif
