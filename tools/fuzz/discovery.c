/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server says of itself: a metadata document (RFC 8414), and the same bytes as a protected resource's document
 * (RFC 9728) and as its challenge. Whatever is taken is a definition that loads, and leads nowhere but over https.
 */
#include <string.h>

#include "base/url.h"
#include "fuzz.h"
#include "oauth/metadata.h"
#include "oauth/protected.h"
#include "provider/definition.h"

#define ISSUER   "https://as.example"
#define RESOURCE "https://mcp.example/mcp"

static void
check_address(const char *address)
{
	struct url url;
	char why[128];

	if (address == NULL)
		return;
	claim(url_parse(address, &url, why, sizeof(why)));
	claim(strcmp(url.scheme, "https") == 0 && !url_is_loopback(&url));
}

static void
read_metadata(const uint8_t *data, size_t size)
{
	const struct metadata_source source = {
		.issuer = ISSUER,
		.document = ISSUER "/.well-known/oauth-authorization-server",
		.id = "as.example",
		.discovered_at = 1700000000,
		.public_only = true,
		.needs_s256 = true,
	};
	struct buf text = BUF_INIT(DEFINITION_MAX);
	struct provider *provider = NULL;
	struct larder_error error = { .why = "" };

	if (metadata_read(&source, data, size, &text, &error) == LARDER_OK) {
		claim(definition_parse(buf_str(&text), text.len, "found", &provider, &error) == LARDER_OK);
		claim(strcmp(provider->issuer, ISSUER) == 0 && !provider->insecure_loopback);
		claim(provider->pkce != PKCE_UNSUPPORTED);
		check_address(provider->endpoints.authorization);
		check_address(provider->endpoints.token);
		check_address(provider->endpoints.revocation);
		check_address(provider->endpoints.device_authorization);
		check_address(provider->endpoints.userinfo);
	} else {
		claim(text.len == 0 && is_plain(error.why) && is_plain(error.hint));
	}
	provider_free(provider);
	buf_clear(&text);
}

static void
read_protected(const uint8_t *data, size_t size)
{
	static struct protected_resource found; /* too large for a stack that is cleared each time */
	struct larder_error error = { .why = "" };

	if (protected_read(RESOURCE, false, data, size, &found, &error) != LARDER_OK) {
		claim(is_plain(error.why) && is_plain(error.hint));
		return;
	}
	claim(protected_is_of(found.resource, RESOURCE));
	claim(found.servers_count <= PROTECTED_SERVERS_MAX);
	for (size_t i = 0; i < found.servers_count; i++)
		check_address(found.servers[i]);
}

static void
read_challenge(const uint8_t *data, size_t size)
{
	char challenge[1024];
	struct buf value = BUF_INIT(sizeof(challenge));

	if (size >= sizeof(challenge))
		return;
	memcpy(challenge, data, size);
	challenge[size] = '\0';
	if (protected_challenge_param(challenge, "resource_metadata", &value))
		claim(value.len > 0 && value.len < strlen(challenge));
	else
		claim(value.len == 0);
	buf_clear(&value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_metadata(data, size);
	read_protected(data, size);
	read_challenge(data, size);
	return 0;
}
