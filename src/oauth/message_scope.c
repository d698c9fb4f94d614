/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "oauth/message.h"

void
message_scope(struct message *message, const char *scope)
{
	const char *separator = message->provider->scope_separator;
	struct buf value = BUF_INIT(SCOPE_MAX * sizeof(message->provider->scope_separator));

	if (scope == NULL || *scope == '\0')
		return;
	if (!scope_is_valid(scope) || strlen(scope) > SCOPE_MAX)
		message_fail(message, LARDER_USAGE, "give scopes as 'larder provider show' lists them",
		    "the scope has characters that no scope may have, or is too long");
	while (*(scope += strspn(scope, " ")) != '\0') {
		size_t len = strcspn(scope, " ");

		if (value.len != 0)
			(void)buf_append_str(&value, *separator != '\0' ? separator : " ");
		(void)buf_append(&value, scope, len);
		scope += len;
	}
	message_param(message, "scope", value.data, value.len);
	buf_clear(&value);
}

/* An absolute URI without a fragment: RFC 8707 section 2. */
static bool
is_resource(const char *text, size_t len)
{
	size_t scheme = 0;

	while (scheme < len &&
	    ((text[scheme] >= 'a' && text[scheme] <= 'z') || (text[scheme] >= 'A' && text[scheme] <= 'Z') ||
		(scheme > 0 && strchr("0123456789+-.", text[scheme]) != NULL)))
		scheme++;
	return scheme > 0 && scheme + 1 < len && text[scheme] == ':' && text_is_token(text, len) &&
	    memchr(text, '#', len) == NULL;
}

void
message_resources(struct message *message, const char *resource)
{
	while (resource != NULL && *(resource += strspn(resource, " ")) != '\0') {
		size_t len = strcspn(resource, " ");

		if (!is_resource(resource, len))
			message_fail(message, LARDER_USAGE, "give an absolute URI, as https://api.example",
			    "the resource is not an absolute URI without a fragment");
		message_param_repeated(message, "resource", resource, len);
		resource += len;
	}
}
