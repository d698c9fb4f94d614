/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/wellknown.h"

#include <string.h>

#include "base/text.h"

#define OAUTH_NAME    "/.well-known/oauth-authorization-server"
#define OPENID_NAME   "/.well-known/openid-configuration"
#define RESOURCE_NAME "/.well-known/oauth-protected-resource"

enum larder_code
wellknown_check(const char *text, bool is_resource, struct url *ret, struct larder_error *ret_error)
{
	static const char *const what = "cannot discover the provider";
	char why[128], safe[160];
	struct url url;

	(void)text_escape(safe, sizeof(safe), text, strlen(text));
	if (!url_parse(text, &url, why, sizeof(why)))
		return error_set(ret_error, LARDER_USAGE, what, "give the issuer's https URL", "%s %s", safe, why);
	if (strcmp(url.scheme, "https") != 0 && !url_is_loopback(&url))
		return error_set(ret_error, LARDER_USAGE, what, "give its https URL", "%s is not https", safe);
	if (!is_resource && strchr(text, '?') != NULL)
		return error_set(
		    ret_error, LARDER_USAGE, what, "leave the query out", "%s has a query, which no issuer has", safe);
	*ret = url;
	return LARDER_OK;
}

/* The place where the path begins, which is the end where there is none. */
static size_t
host_end(const char *text)
{
	const char *host = strstr(text, "://");

	host = host == NULL ? text : host + 3;
	return (size_t)(host - text) + strcspn(host, "/?");
}

static void
add(struct wellknown_urls *urls, const char *text, size_t before, const char *name, const char *after)
{
	if (text_format(urls->urls[urls->count], sizeof(urls->urls[0]), "%.*s%s%s", (int)before, text, name, after))
		urls->count++;
}

void
wellknown_issuer(const char *issuer, struct wellknown_urls *ret)
{
	char text[URL_MAX + 1];
	size_t host, len;

	*ret = (struct wellknown_urls){ .count = 0 };
	if (!text_format(text, sizeof(text), "%s", issuer))
		return;
	host = host_end(text);
	len = strlen(text);
	if (len > host && text[len - 1] == '/') /* it goes before anything is put in or on: RFC 8414 section 3.1 */
		text[len - 1] = '\0';
	add(ret, text, host, OAUTH_NAME, text + host);
	if (text[host] != '\0')
		add(ret, text, host, OPENID_NAME, text + host);
	add(ret, text, strlen(text), OPENID_NAME, "");
}

void
wellknown_resource(const char *resource, struct wellknown_urls *ret)
{
	size_t host = host_end(resource);
	const char *path = resource + host;

	*ret = (struct wellknown_urls){ .count = 0 };
	if (strcmp(path, "/") == 0)
		path = "";
	if (path[0] != '\0')
		add(ret, resource, host, RESOURCE_NAME, path);
	add(ret, resource, host, RESOURCE_NAME, "");
}

bool
wellknown_about(const char *text, char *dst, size_t dst_size)
{
	static const char *const names[] = { OAUTH_NAME, OPENID_NAME, RESOURCE_NAME };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(text, names[i]), *after;

		after = at == NULL ? NULL : at + strlen(names[i]);
		if (after != NULL && (*after == '\0' || *after == '/'))
			return text_format(dst, dst_size, "%.*s%s", (int)(at - text), text, after);
	}
	return text_format(dst, dst_size, "%s", text);
}

bool
wellknown_origin(const char *text, char *dst, size_t dst_size)
{
	return text_format(dst, dst_size, "%.*s", (int)host_end(text), text);
}
