/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/peer.h"

#include <arpa/inet.h>
#include <string.h>

#include "courier/http.h"

#define LOCAL   "is at an address of this machine, which only a definition with insecure_loopback may be"
#define NOWHERE "is at an address that no provider has"

/* The IPv4 address that an IPv6 one stands for: mapped (RFC 4291), or through a translator (RFC 6052). */
static bool
carried_v4(const struct in6_addr *v6, uint32_t *ret)
{
	static const uint8_t translator[12] = { 0x00, 0x64, 0xff, 0x9b };

	if (!IN6_IS_ADDR_V4MAPPED(v6) && memcmp(v6->s6_addr, translator, sizeof(translator)) != 0)
		return false;
	memcpy(ret, v6->s6_addr + 12, sizeof(*ret));
	*ret = ntohl(*ret);
	return true;
}

static const char *
judge_v4(uint32_t address, bool may_be_local)
{
	uint32_t first = address >> 24;

	if (first == 127 || address == 0)
		return may_be_local ? NULL : LOCAL;
	if (first == 0 || address >> 16 == 0xa9fe || first >= 224)
		return NOWHERE;
	return NULL;
}

static const char *
judge_v6(const struct in6_addr *address, bool may_be_local)
{
	uint32_t v4;

	if (carried_v4(address, &v4))
		return judge_v4(v4, may_be_local);
	if (IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address))
		return may_be_local ? NULL : LOCAL;
	if (IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_MULTICAST(address))
		return NOWHERE;
	return NULL;
}

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
	struct in_addr v4;
	struct in6_addr v6;

	if (!secure)
		return http_is_loopback_address(address)
		    ? NULL
		    : "is not at a loopback address, and http is only allowed there";
	if (inet_pton(AF_INET, address, &v4) == 1)
		return judge_v4(ntohl(v4.s_addr), may_be_local);
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return judge_v6(&v6, may_be_local);
	return "is at an address that cannot be read";
}
