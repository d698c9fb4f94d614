/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/peer.h"

#include <string.h>

#include "base/address.h"
#include "courier/http.h"

#define LOCAL   "is at an address of this machine, which only a definition with insecure_loopback may be"
#define NOWHERE "is at an address that no provider has"
#define PRIVATE "is at a private address, and nobody here typed that name: a document of the provider gave it"

static bool
says_it_is_local(const struct url *url)
{
	static const char suffix[] = ".localhost"; /* RFC 6761 section 6.3 */
	size_t len = strlen(url->host);

	return url_is_loopback(url) ||
	    (len >= sizeof(suffix) && strcmp(url->host + len - (sizeof(suffix) - 1), suffix) == 0);
}

const char *
peer_refusal(const struct url *url, const char *address, bool secure, bool allows_local)
{
	bool may_be_local = allows_local || says_it_is_local(url);

	if (!secure)
		return http_is_loopback_address(address)
		    ? NULL
		    : "is not at a loopback address, and http is only allowed there";
	switch (address_kind(address)) {
	case ADDRESS_PUBLIC:
	case ADDRESS_PRIVATE:
		return NULL;
	case ADDRESS_LOCAL:
		return may_be_local ? NULL : LOCAL;
	case ADDRESS_NOWHERE:
		return NOWHERE;
	case ADDRESS_NONE:
		break;
	}
	return "is at an address that cannot be read";
}

const char *
peer_private_refusal(const char *address)
{
	return address_kind(address) == ADDRESS_PUBLIC ? NULL : PRIVATE;
}
