/* SPDX-License-Identifier: Apache-2.0 */
#include "api/login_url.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"

bool
login_is_url(const char *name)
{
	return name != NULL && strstr(name, "://") != NULL;
}

/* "mcp.example"; of an IPv6 address only what a name may have. */
static enum larder_code
name_after_host(const char *text, char ret[static NAME_SIZE], struct larder_error *ret_error)
{
	char why[128];
	struct url url;

	if (!url_parse(text, &url, why, sizeof why))
		return error_set(ret_error, LARDER_USAGE, "cannot log in", NULL, "%s", why);
	if (!text_format(ret, NAME_SIZE, "%s", url.host) || !text_is_name(ret))
		return error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "discover it with 'larder provider discover', and log in under a name of your own",
		    "the host is no name that a credential can have");
	return LARDER_OK;
}

/* How many clients the provider has; the last of them in ret. */
static enum larder_code
find_client(struct larder *larder, const char *provider, char ret[static NAME_SIZE], size_t *ret_count,
    struct larder_error *ret_error)
{
	struct larder_client *clients = NULL;
	size_t count = 0;
	enum larder_code code = larder_client_list(larder, &clients, &count, ret_error);

	*ret_count = 0;
	for (size_t i = 0; code == LARDER_OK && i < count; i++) {
		if (strcmp(clients[i].provider, provider) != 0)
			continue;
		(void)text_format(ret, NAME_SIZE, "%s", clients[i].name);
		(*ret_count)++;
	}
	larder_client_list_free(clients);
	return code;
}

/* A name that was logged in to before has its client. NOT_FOUND: there is none. */
static enum larder_code
find_credential(struct larder *larder, struct login_place *place, struct larder_error *ret_error)
{
	static const char hint[] =
	    "end that one with 'larder logout', or log in under a name of your own, with --client and --resource";
	struct larder_credential credential = { .state = NULL };
	enum larder_code code = larder_credential_show(larder, place->name, &credential, ret_error);

	if (code == LARDER_OK && strcmp(credential.provider, place->found.provider) != 0)
		code = error_set(ret_error, LARDER_EXISTS, "cannot log in", hint,
		    "a credential of the provider %s has this name", credential.provider);
	else if (code == LARDER_OK && strcmp(credential.resource, place->found.resource) != 0)
		code = error_set(ret_error, LARDER_EXISTS, "cannot log in", hint, "a credential for %s has this name",
		    credential.resource[0] == '\0' ? "the server itself" : credential.resource);
	if (code == LARDER_OK)
		(void)text_format(place->client, sizeof place->client, "%s", credential.client);
	larder_credential_clear(&credential);
	return code;
}

static enum larder_code
refuse_claim(struct login_place *place, struct larder_error *ret_error)
{
	char hint[160];

	(void)text_format(hint, sizeof hint, "if it may have them, say so with --client %s", place->client);
	return error_set(ret_error, LARDER_DENIED, "cannot log in", hint,
	    "tokens of the provider %s would be sent to %s, which only that host says is right", place->found.provider,
	    place->name);
}

static enum larder_code
find_or_register(
    struct larder *larder, const struct larder_login *wanted, struct login_place *place, struct larder_error *ret_error)
{
	struct larder_registration_query query = {
		.provider = place->found.provider, /* for no scope in particular: later log-ins may want others */
		.port = wanted->port,
		.timeout_ms = wanted->timeout_ms,
	};
	bool is_claim = place->found.resource[0] != '\0' && !place->found.is_vouched;
	struct larder_registration *registration;
	size_t count = 0;
	enum larder_code code = find_credential(larder, place, ret_error);

	if (code != LARDER_NOT_FOUND)
		return code;
	code = find_client(larder, place->found.provider, place->client, &count, ret_error);
	if (code != LARDER_OK)
		return code;
	/* Consent to a client that is there may come without a question: a stranger's word is no reason to use it. */
	if (is_claim && count > 0 && !place->found.registers)
		return refuse_claim(place, ret_error);
	if (is_claim && count > 0)
		query.name = place->name;
	/* the login itself says which ones there are, or that there is none */
	else if (count == 1 || (count == 0 && !place->found.registers))
		return LARDER_OK;
	else if (count > 1) {
		place->client[0] = '\0';
		return LARDER_OK;
	}
	registration = calloc(1, sizeof *registration);
	if (registration == NULL)
		return error_no_memory(ret_error);
	code = larder_client_register(larder, &query, registration, ret_error);
	if (code == LARDER_OK)
		(void)text_format(place->client, sizeof place->client, "%s", registration->client);
	free(registration);
	return code;
}

enum larder_code
login_at_url(
    struct larder *larder, struct larder_login *wanted, struct login_place *ret, struct larder_error *ret_error)
{
	struct larder_discovery_query query = { .url = wanted->name, .timeout_ms = wanted->timeout_ms };
	enum larder_code code;

	*ret = (struct login_place){ .name = "" };
	if (wanted->provider != NULL)
		return error_set(ret_error, LARDER_USAGE, "cannot log in", "leave out --provider",
		    "a URL says itself which provider is meant");
	code = name_after_host(wanted->name, ret->name, ret_error);
	if (code == LARDER_OK)
		code = larder_discover(&query, &ret->found, ret_error);
	if (code != LARDER_OK)
		return code;
	wanted->name = ret->name;
	if (wanted->resource == NULL && ret->found.resource[0] != '\0')
		wanted->resource = ret->found.resource;
	if (wanted->scope == NULL && ret->found.scope[0] != '\0')
		wanted->scope = ret->found.scope;
	if (wanted->client == NULL && wanted->client_id == NULL)
		code = find_or_register(larder, wanted, ret, ret_error);
	if (ret->client[0] != '\0')
		wanted->client = ret->client;
	else if (wanted->client == NULL)
		wanted->provider = ret->found.provider;
	return error_name(ret_error, code, ret->name);
}

enum larder_code
login_allow_place(
    struct larder *larder, const struct login_place *place, const char *url, struct larder_error *ret_error)
{
	char host[264], why[128];
	struct url parsed;

	if (place->found.resource[0] == '\0' || !url_parse(url, &parsed, why, sizeof why))
		return LARDER_OK;
	(void)text_format(host, sizeof host, parsed.ipv6 ? "[%s]:%u" : "%s:%u", parsed.host, (unsigned)parsed.port);
	return larder_allow(larder, place->name, host, 1, ret_error);
}
