/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/value.h"

#include <regex.h>
#include <string.h>

#include "base/text.h"

bool
value_has_only(const char *text, const char *extra)
{
	for (; *text != '\0'; text++) {
		bool alnum =
		    (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9');

		if (!alnum && strchr(extra, *text) == NULL)
			return false;
	}
	return true;
}

bool
value_is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len > 0 && len <= 5 && text[len] == '\0';
}

bool
value_is_host(const char *value, bool ends_host)
{
	char host[VALUE_MAX + 1];
	const char *colon = strchr(value, ':');
	size_t len = colon != NULL ? (size_t)(colon - value) : strlen(value);

	if (len == 0 || len > VALUE_MAX || (colon != NULL && (!ends_host || !value_is_port(colon + 1))))
		return false;
	memcpy(host, value, len);
	host[len] = '\0';
	return value_has_only(host, ".-") && strstr(host, "..") == NULL && strchr(".-", host[0]) == NULL &&
	    strchr(".-", host[len - 1]) == NULL;
}

bool
value_matches(const struct provider_var *var, const char *value)
{
	char pattern[300];
	regex_t regex;
	bool ok;

	if (var == NULL || var->pattern == NULL)
		return true;
	if (!text_format(pattern, sizeof(pattern), "^(%s)$", var->pattern) ||
	    regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	ok = regexec(&regex, value, 0, NULL, 0) == 0;
	regfree(&regex);
	return ok;
}

bool
value_has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}
