/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers by URL, for the commands that take one in place of an id.
 */
#ifndef CLI_DISCOVERY_H
#define CLI_DISCOVERY_H

#include "cli/session.h"

/* Whether text is a URL and no id or name. */
bool discovery_is_url(const char *text);

/*
 * Find the definition of a URL's provider, making one if there is none, and say so. accept: what needs a confirmation is
 * confirmed. Errors as larder_discover.
 */
enum larder_code discovery_find(const struct session *session, const char *url, const char *proxy,
    struct larder_discovery *ret, struct larder_error *ret_error);

extern const struct command provider_discover;

#endif
