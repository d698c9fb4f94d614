/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The refresh token in a reply that cannot be read as a whole: broken off, damaged, or with repeated members. Better
 * none than a wrong one.
 */
#ifndef OAUTH_SALVAGE_H
#define OAUTH_SALVAGE_H

#include "base/http.h"
#include "base/secret.h"

/*
 * Look for the one "refresh_token" whose value is there from quote to quote (in JSON), or up to the next '&' (in a
 * form), and is a token. Nothing when there are several that differ, nor in a text that is neither: a page may quote a
 * reply of anybody. *ret is set on true; the caller frees it.
 */
bool salvage_refresh_token(const struct http_reply *reply, struct secret *ret);

#endif
