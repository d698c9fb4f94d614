/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of a credential that a provider has to be told of when it is revoked.
 */
#ifndef ENGINE_OWED_H
#define ENGINE_OWED_H

#include "engine/engine.h"

struct owed_token {
	enum token_kind kind;
	struct secret token;
};

struct owed {
	struct owed_token *items;
	size_t count, room;
};

/*
 * Collect what (bits: WHAT_REFRESH, WHAT_ACCESS) the vault has of the credential, each token once: the refresh token and
 * its predecessor, then what kept replies hold, then all cached access tokens. Refresh tokens first, because servers end
 * access tokens with them (RFC 7009 section 2.1). Under the credential's lock, so that no exchange adds to it.
 *
 * owed  zeroed by the caller, who clears it also after an error
 * Errors: STORAGE, DAMAGED, FAILED (no memory).
 */
enum larder_code owed_collect(struct engine *engine, const struct party *party, const struct credential *credential,
    uint8_t what, struct owed *owed, struct larder_error *ret_error);

/* Whether every token of part is in whole. */
bool owed_covers(const struct owed *whole, const struct owed *part);

/* Wipe and release. */
void owed_clear(struct owed *owed);

#endif
