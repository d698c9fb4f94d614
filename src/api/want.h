/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A public query checked and put into the engine's terms.
 */
#ifndef API_WANT_H
#define API_WANT_H

#include "api/handle.h"

/* Borrows name and resource from the query. Errors: USAGE. */
enum larder_code want_fill(const struct larder *larder, const struct larder_token_query *query, struct token_want *ret,
    struct larder_error *ret_error);

#endif
