/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a judged reply does to the records. All of it inside the transaction that its caller (settle.c) began, whose
 * errors they return: STORAGE, DAMAGED.
 */
#ifndef ENGINE_APPLY_H
#define ENGINE_APPLY_H

#include "engine/engine.h"
#include "engine/judgement.h"

/*
 * The whole of it: tokens are kept and the grant rotates, or its state changes; what left a doubt is parked; the
 * endpoint's health and the audit row go with it. *credential is changed and stored.
 */
enum larder_code apply_reply(struct engine *engine, const struct party *party, struct credential *credential,
    const struct http_reply *http, const struct token_reply *reply, const struct judgement *judgement, int64_t now,
    struct larder_error *ret_error);

/* Keep the reply of credential's open intent aside: it may hold tokens, and nobody knows yet what to do with it. */
enum larder_code apply_park(struct engine *engine, const struct credential *credential, const struct http_reply *reply,
    int64_t now, const char *why, struct larder_error *ret_error);

/* What came after a revocation was over may hold a live token: it is queued again, for that one. */
void apply_revoke_again(struct credential *credential);

/* The exchange of the open intent is over. */
void apply_close_intent(struct credential *credential);

/* Count a failure, or the end of failures, for the breaker of the credential's token endpoint. */
enum larder_code apply_to_endpoint(struct engine *engine, const struct credential *credential,
    const struct judgement *judgement, int64_t now, struct larder_error *ret_error);

enum larder_code apply_audit(struct engine *engine, const struct credential *credential,
    const struct judgement *judgement, int64_t now, struct larder_error *ret_error);

#endif
