/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a connection really ended, whatever the name promised when it was resolved (DNS rebinding): a service of this
 * machine or of its network segment, the cloud's metadata among them, is not what a provider's name stands for.
 */
#ifndef COURIER_PEER_H
#define COURIER_PEER_H

#include "base/url.h"

/*
 * Why nothing may be sent to this numeric address, as a phrase that follows the host's name; NULL if it may.
 *
 * secure        https. Plain http goes to loopback addresses alone
 * allows_local  the user has a server on this machine under that name: the definition says insecure_loopback, or the
 *               hosts file names it
 *
 * Names that say themselves that they are this machine (localhost, *.localhost, a loopback address) may be it.
 * Addresses of private networks are a company's own servers, and allowed. Pure.
 */
const char *peer_refusal(const struct url *url, const char *address, bool secure, bool allows_local);

/*
 * The same for a job that is for the public network alone (job.public_only): who was told a host's name by somebody else
 * is not sent into a private network with it (request forgery).
 */
const char *peer_private_refusal(const char *address);

#endif
