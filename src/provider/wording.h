/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields that a definition may also fill with words written for people: "client_secret_basic, or client_id in the
 * form". What can be told for sure is taken from them; the words are kept as notes. A meaning that is only likely is
 * left alone, as the safe defaults are better than a guess.
 */
#ifndef PROVIDER_WORDING_H
#define PROVIDER_WORDING_H

#include "provider/provider.h"

/* The first word that names a method; AUTH_SAME when there is none. */
enum auth_method wording_client_auth(const char *text);

/* By its first word: supported, required, unsupported; anything else is unknown. */
enum pkce_use wording_pkce(const char *text);

/* response.expiry: style and member name (kept in the provider), and the life that "absent: assume N" promises. */
bool wording_expiry(struct provider *provider, const char *text);

/*
 * revoke.success in words: "HTTP 200 and ok:true" gives the status and the member. false: nothing understood, or no
 * memory.
 */
bool wording_success(struct provider *provider, const char *text);

/*
 * revoke.unknown_token: "404 or 422", "HTTP 400 invalid_token (...)", "ok:false invalid_auth / token_revoked". Longer
 * sentences are only notes. false: no memory.
 */
bool wording_unknown_token(struct provider *provider, const char *text);

#endif
