/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a numeric address stands for, whichever way it is written: the world, a private network, this machine. Pure.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

enum address_kind {
	ADDRESS_NONE = 0, /* not a numeric address */
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE, /* of a company's or a home's own network: RFC 1918, 4193, 6598, 8215, 2544 */
	ADDRESS_LOCAL,   /* this machine */
	ADDRESS_NOWHERE  /* link-local (the metadata service of clouds), multicast, reserved */
};

/*
 * The kind of an IPv4 (four decimal numbers) or IPv6 address without brackets. An IPv6 address that carries an IPv4 one
 * (mapped RFC 4291, translated RFC 6052, 6to4 RFC 3056) is what that one is.
 */
enum address_kind address_kind(const char *text);

#endif
