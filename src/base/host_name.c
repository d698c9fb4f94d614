/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define HOST_SIZE 264 /* a host, brackets and a port */

/* "host:port" apart; *ret_port 0 when there is none. An IPv6 literal stands in brackets. */
static bool
split(const char *text, size_t len, char host[static HOST_SIZE], unsigned *ret_port)
{
	const char *colon = len > 0 ? memrchr(text, ':', len) : NULL;
	const char *bracket = len > 0 ? memrchr(text, ']', len) : NULL;
	size_t host_len = len;

	*ret_port = 0;
	if (colon != NULL && (bracket == NULL || colon > bracket)) {
		host_len = (size_t)(colon - text);
		for (const char *at = colon + 1; at < text + len; at++) {
			if (*at < '0' || *at > '9' || *ret_port > 65535)
				return false;
			*ret_port = *ret_port * 10 + (unsigned)(*at - '0');
		}
		if (*ret_port == 0 || *ret_port > 65535)
			return false;
	}
	if (host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']') {
		text++;
		host_len -= 2;
	}
	return host_len > 0 && text_format(host, HOST_SIZE, "%.*s", (int)host_len, text);
}

bool
host_name_matches(const char *text, size_t len, const struct url *url)
{
	char host[HOST_SIZE];
	size_t suffix, host_len;
	unsigned port;

	if (!split(text, len, host, &port) || (port != 0 && port != url->port))
		return false;
	if (host[0] != '*')
		return strcasecmp(host, url->host) == 0;
	suffix = strlen(host) - 1;
	host_len = strlen(url->host);
	return host[1] == '.' && host_len > suffix && strcasecmp(url->host + host_len - suffix, host + 1) == 0;
}

bool
host_name_is_valid(const char *text)
{
	const char *host = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
	char url[HOST_SIZE + 16], why[128];
	struct url parsed;

	/* below a wildcard there must be a name of two labels at least: "*.com" would be everybody */
	if (host != text && strchr(host, '.') == NULL)
		return false;
	return strpbrk(host, "/?# ") == NULL && text_format(url, sizeof url, "https://%s/", host) &&
	    url_parse(url, &parsed, why, sizeof why);
}
