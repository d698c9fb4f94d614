/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block {
	uint32_t base;
	unsigned bits;
	enum address_kind kind;
};

/* The first that holds an address counts. */
static const struct block blocks[] = {
	{ 0x00000000, 32, ADDRESS_LOCAL },   /* 0.0.0.0 connects to this machine */
	{ 0x00000000, 8, ADDRESS_NOWHERE },  /* */
	{ 0x7f000000, 8, ADDRESS_LOCAL },    /* 127.0.0.0/8 */
	{ 0xa9fe0000, 16, ADDRESS_NOWHERE }, /* 169.254.0.0/16 */
	{ 0x0a000000, 8, ADDRESS_PRIVATE },  /* 10.0.0.0/8 */
	{ 0xac100000, 12, ADDRESS_PRIVATE }, /* 172.16.0.0/12 */
	{ 0xc0a80000, 16, ADDRESS_PRIVATE }, /* 192.168.0.0/16 */
	{ 0x64400000, 10, ADDRESS_PRIVATE }, /* 100.64.0.0/10, carriers */
	{ 0xc0000000, 24, ADDRESS_PRIVATE }, /* 192.0.0.0/24, protocols */
	{ 0xc6120000, 15, ADDRESS_PRIVATE }, /* 198.18.0.0/15, laboratories */
	{ 0xe0000000, 3, ADDRESS_NOWHERE },  /* 224.0.0.0 and up */
};

static enum address_kind
kind_v4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		if (address >> (32 - blocks[i].bits) == blocks[i].base >> (32 - blocks[i].bits))
			return blocks[i].kind;
	}
	return ADDRESS_PUBLIC;
}

/* Where in an IPv6 address the IPv4 one stands that it carries; 0: nowhere. */
static size_t
carried_at(const struct in6_addr *v6)
{
	static const uint8_t translator[12] = { 0x00, 0x64, 0xff, 0x9b };

	if (IN6_IS_ADDR_V4MAPPED(v6) || memcmp(v6->s6_addr, translator, sizeof(translator)) == 0)
		return 12;
	return v6->s6_addr[0] == 0x20 && v6->s6_addr[1] == 0x02 ? 2 : 0;
}

static enum address_kind
kind_v6(const struct in6_addr *v6)
{
	static const uint8_t local_translator[6] = { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 };
	size_t at = carried_at(v6);
	uint32_t v4;

	if (at != 0) {
		memcpy(&v4, v6->s6_addr + at, sizeof(v4));
		return kind_v4(ntohl(v4));
	}
	if (IN6_IS_ADDR_LOOPBACK(v6) || IN6_IS_ADDR_UNSPECIFIED(v6))
		return ADDRESS_LOCAL;
	if (IN6_IS_ADDR_LINKLOCAL(v6) || IN6_IS_ADDR_MULTICAST(v6))
		return ADDRESS_NOWHERE;
	if ((v6->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_SITELOCAL(v6) ||
	    memcmp(v6->s6_addr, local_translator, sizeof(local_translator)) == 0)
		return ADDRESS_PRIVATE;
	return ADDRESS_PUBLIC;
}

enum address_kind
address_kind(const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		return kind_v4(ntohl(v4.s_addr));
	return inet_pton(AF_INET6, text, &v6) == 1 ? kind_v6(&v6) : ADDRESS_NONE;
}
