/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reply without tokens means for the grant. This table is the specification; the first row that fits counts.
 *
 *   status            error code                                  verdict    why
 *   429, 503          any or none                                 TEMPORARY  told to come later: not processed
 *   3xx               any or none                                 TEMPORARY  no token endpoint redirects: not processed
 *   any               invalid_grant, the definition's dead_errors ENDED      the closed list
 *   any               access_denied, account_selection_required,  DENIED     a person has to act; the grant may live on
 *                     consent_required, interaction_required,
 *                     login_required
 *   any               temporarily_unavailable, slow_down          TEMPORARY  not processed
 *   any               server_error                                UNKNOWN    it broke somewhere in the middle
 *   any               invalid_client, unauthorized_client,        REJECTED   configuration
 *                     invalid_scope, unsupported_grant_type,
 *                     invalid_target, invalid_request,
 *                     use_dpop_nonce, invalid_dpop_proof
 *   2xx, 4xx but 408  another one                                 REJECTED   refused, but not by the closed list
 *   401               none                                        REJECTED   client authentication
 *   4xx but 408       none                                        TEMPORARY  not OAuth: a firewall, a wrong URL, or a
 *                                                                            refusal without a word (answer_is_mute)
 *   2xx               none                                        UNKNOWN    HTML, empty, broken: tokens may be lost
 *   408, 5xx, others  another one or none                         UNKNOWN    it may have been spent before this
 *
 * use_dpop_nonce with a nonce besides means that nothing was processed: token_reply.wants_nonce (RFC 9449 section 8).
 *
 * Nothing but ENDED ends a grant. TEMPORARY says that the refresh token was surely not spent, UNKNOWN that it may have
 * been. RFC 6749 section 5.2, RFC 6585 section 4, RFC 8707 section 2, RFC 9110 section 15, OpenID Connect Core
 * section 3.1.2.6.
 */
#ifndef OAUTH_VERDICT_H
#define OAUTH_VERDICT_H

#include "oauth/oauth.h"

/* The table. error: the code as sent; "" if none. Pure. */
enum grant_outcome verdict(const struct provider *provider, int status, const char *error);

/* Whether a text is one of a definition's list. */
bool verdict_is_listed(const struct strings *list, const char *text);

#endif
