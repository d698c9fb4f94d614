/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of hosts as people write them into lists: "api.example.org", one port of it, or "*.example.org" for all below.
 * Pure.
 */
#ifndef BASE_HOST_NAME_H
#define BASE_HOST_NAME_H

#include "base/url.h"

/* Whether text is such a name: no URL, and a wildcard only above two labels at least. */
bool host_name_is_valid(const char *text);

/* Whether it names the host of url; without a port every port of it. */
bool host_name_matches(const char *text, size_t len, const struct url *url);

#endif
