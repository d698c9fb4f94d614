/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a WWW-Authenticate header says that the vault side acts upon. A server may name other schemes before, and tell
 * long stories: they take no room, so that what counts cannot be pushed out by them.
 */
#ifndef COURIER_CHALLENGE_H
#define COURIER_CHALLENGE_H

#include <stddef.h>

/*
 * Append to dst, a text, the challenges of a header's value (RFC 9110 section 11.6.1) for the schemes Bearer and DPoP,
 * with their parameters error, resource_metadata and scope (RFC 6750 section 3, RFC 9449 section 9, RFC 9728 section
 * 5.1), each as it was sent, or left out where there is no room for the whole of it. Some of the room is for schemes and
 * errors alone. Values of several headers are appended one after the other.
 */
void challenge_keep(char *dst, size_t dst_size, const char *value, size_t len);

#endif
