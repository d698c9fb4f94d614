/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

#define HOST_MAX  253 /* bytes, RFC 1035 */
#define LABEL_MAX 63

static bool
refuse(char *why, size_t why_size, const char *reason)
{
	(void)text_format(why, why_size, "%s", reason);
	return false;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool
is_letter_or_digit(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool
check_bytes(const char *text, char *why, size_t why_size)
{
	size_t len = strnlen(text, URL_MAX + 1);
	size_t i;

	if (len > URL_MAX)
		return refuse(why, why_size, "is longer than 2048 bytes");
	for (i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] == 0x7f)
			return refuse(why, why_size,
			    (unsigned char)text[i] >= 0x80 ? "has a byte that is not ASCII"
							   : "has a control character");
		if (text[i] == ' ' || strchr("\\\"<>^`{|}", text[i]) != NULL)
			return refuse(why, why_size, "has a space, backslash, quote, bracket or brace");
		if (text[i] == '#')
			return refuse(why, why_size, "has a fragment (#)");
	}
	return true;
}

static const char *
parse_scheme(const char *text, struct url *ret)
{
	static const struct {
		const char *name;
		uint16_t port;
	} schemes[] = { { "https", 443 }, { "http", 80 } };
	size_t i, j;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const char *name = schemes[i].name;

		for (j = 0; name[j] != '\0' && lower(text[j]) == name[j]; j++)
			;
		if (name[j] == '\0' && strncmp(text + j, "://", 3) == 0) {
			(void)text_format(ret->scheme, sizeof(ret->scheme), "%s", name);
			ret->port = schemes[i].port;
			return text + j + 3;
		}
	}
	return NULL;
}

/* The text between the brackets, brought to the one form that is compared. */
static bool
parse_ipv6(const char *text, size_t len, struct url *ret)
{
	struct in6_addr address;
	char host[INET6_ADDRSTRLEN];

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	ret->ipv6 = true;
	return inet_pton(AF_INET6, host, &address) == 1 &&
	    inet_ntop(AF_INET6, &address, ret->host, sizeof(ret->host)) != NULL;
}

static bool
is_host_name(const char *text, size_t len)
{
	size_t label = 0, i;

	if (len == 0 || len > HOST_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (label == 0 || text[i - 1] == '-')
				return false;
			label = 0;
		} else if (++label > LABEL_MAX || !(is_letter_or_digit(text[i]) || (text[i] == '-' && label > 1))) {
			return false;
		}
	}
	return label != 0 && text[len - 1] != '-';
}

/* Resolvers take 0177.1, 0x7f.1 and 2130706433 for addresses too; so whatever ends in a number must be four of them. */
static bool
ends_in_number(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last != NULL ? last + 1 : host;
	if (last[strspn(last, "0123456789")] == '\0')
		return true;
	return last[0] == '0' && last[1] == 'x' && last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
}

static bool
parse_host(const char *text, size_t len, struct url *ret)
{
	struct in_addr address;
	size_t i;

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']')
		return parse_ipv6(text + 1, len - 2, ret);
	if (!is_host_name(text, len))
		return false;
	for (i = 0; i < len; i++)
		ret->host[i] = lower(text[i]);
	ret->host[len] = '\0';
	return !ends_in_number(ret->host) || inet_pton(AF_INET, ret->host, &address) == 1;
}

static bool
parse_port(const char *text, size_t len, uint16_t *ret)
{
	uint32_t port = 0;
	size_t i;

	if (len == 0 || len > 5)
		return false;
	for (i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	if (port == 0 || port > 65535)
		return false;
	*ret = (uint16_t)port;
	return true;
}

bool
url_parse(const char *text, struct url *ret, char *why, size_t why_size)
{
	struct url url = { 0 };
	const char *host, *colon, *end;

	if (!check_bytes(text, why, why_size))
		return false;
	host = parse_scheme(text, &url);
	if (host == NULL)
		return refuse(why, why_size, "does not begin with https:// or http://");
	url.path = host + strcspn(host, "/?");
	if (memchr(host, '@', (size_t)(url.path - host)) != NULL)
		return refuse(why, why_size, "has user information (@)");
	end = url.path;
	colon = memrchr(host, ':', (size_t)(end - host));
	if (colon != NULL && memchr(colon, ']', (size_t)(end - colon)) == NULL) {
		if (!parse_port(colon + 1, (size_t)(end - colon - 1), &url.port))
			return refuse(why, why_size, "has a port that is not 1 to 65535");
		end = colon;
	}
	if (!parse_host(host, (size_t)(end - host), &url))
		return refuse(why, why_size, "has a host that is neither a plain name nor a plain address");
	*ret = url;
	return true;
}

bool
url_is_loopback(const struct url *url)
{
	struct in_addr address;

	if (url->ipv6)
		return strcmp(url->host, "::1") == 0;
	if (strcmp(url->host, "localhost") == 0)
		return true;
	return inet_pton(AF_INET, url->host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool
url_same_origin(const struct url *a, const struct url *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && a->ipv6 == b->ipv6 && strcmp(a->host, b->host) == 0 &&
	    a->port == b->port;
}

const char *
url_origin(char *dst, size_t dst_size, const struct url *url)
{
	bool is_default = url->port == (strcmp(url->scheme, "https") == 0 ? 443 : 80);
	char port[8] = "";

	if (!is_default)
		(void)text_format(port, sizeof(port), ":%u", (unsigned)url->port);
	(void)text_format(
	    dst, dst_size, "%s://%s%s%s%s", url->scheme, url->ipv6 ? "[" : "", url->host, url->ipv6 ? "]" : "", port);
	return dst;
}
