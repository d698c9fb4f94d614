/* SPDX-License-Identifier: Apache-2.0 */
#include "api/login_client.h"

#include <string.h>

#include "base/text.h"

#define NAMES_MAX 100 /* tries for a name that is free */

/* The hint is a command that can be copied, whatever the names are. */
static enum larder_code
no_client(const char *provider, struct larder_error *ret_error)
{
	char hint[192];

	(void)text_format(hint, sizeof hint,
	    "register one there, then 'larder client add NAME --provider %s --client-id ID'", provider);
	return error_set(
	    ret_error, LARDER_NOT_FOUND, "cannot log in", hint, "there is no client of the provider %s", provider);
}

static enum larder_code
only_client(struct session *session, const char *provider, struct login_client *ret, struct larder_error *ret_error)
{
	struct client *clients = NULL;
	char names[160] = "";
	size_t count = 0, found = 0, len = 0;
	enum larder_code code = client_list(&session->vault, &clients, &count, ret_error);

	for (size_t i = 0; code == LARDER_OK && i < count; i++) {
		if (strcmp(clients[i].provider, provider) != 0)
			continue;
		(void)text_format(ret->name, sizeof ret->name, "%s", clients[i].name);
		(void)text_format(names + len, sizeof names - len, "%s%s", found == 0 ? "" : ", ", clients[i].name);
		len = strlen(names);
		found++;
	}
	client_list_free(clients, count);
	if (code != LARDER_OK || found == 1)
		return code;
	ret->name[0] = '\0';
	if (found == 0)
		return no_client(provider, ret_error);
	return error_set(ret_error, LARDER_NOT_FOUND, "cannot log in", "say which one with --client",
	    "the provider %s has %zu clients: %s", provider, found, names);
}

/* Whether there is a client of this name, and if so whether it is the one that is to be made. */
static enum larder_code
compare(struct session *session, const struct larder_login *wanted, const char *name, bool *ret_free, bool *ret_same,
    bool *ret_same_secret, struct larder_error *ret_error)
{
	const struct secret given = { .data = (uint8_t *)(uintptr_t)wanted->secret, .len = wanted->secret_len };
	struct client client = { .name = "" };
	enum larder_code code = client_load(&session->vault, name, &client, ret_error);

	*ret_free = code == LARDER_NOT_FOUND;
	*ret_same = code == LARDER_OK && strcmp(client.provider, wanted->provider) == 0 &&
	    strcmp(client.client_id, wanted->client_id) == 0;
	*ret_same_secret = given.len == 0 || secret_equal(&given, &client.secret);
	client_clear(&client);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

/* A client that is there already, from a log-in before, is taken, and tried with the secret that was given now. */
static enum larder_code
make(struct larder *larder, struct session *session, const struct larder_login *wanted, struct login_client *ret,
    struct larder_error *ret_error)
{
	struct larder_client_new client = {
		.name = ret->name,
		.provider = wanted->provider,
		.client_id = wanted->client_id,
		.secret = wanted->secret,
		.secret_len = wanted->secret_len,
	};
	bool is_free = false, same = false, same_secret = false;
	enum larder_code code = LARDER_OK;

	(void)text_format(ret->name, sizeof ret->name, "%s", wanted->name);
	for (int i = 2; i < NAMES_MAX; i++) {
		code = compare(session, wanted, ret->name, &is_free, &same, &same_secret, ret_error);
		if (code != LARDER_OK || is_free || same)
			break;
		(void)text_format(ret->name, sizeof ret->name, "%.*s-%d", LARDER_NAME_MAX - 3, wanted->name, i);
	}
	ret->new_secret = same && !same_secret;
	if (code != LARDER_OK || same)
		return code;
	code = larder_client_add(larder, &client, ret_error);
	ret->made = code == LARDER_OK;
	return code;
}

static bool
exists(struct session *session, const char *name)
{
	struct credential credential = { 0 };
	struct pending pending = { .expires_at = 0 };
	struct larder_error ignored;
	/* what cannot be read is told by the log-in itself, which reads it again */
	bool there = credential_load(&session->vault, name, &credential, &ignored) != LARDER_NOT_FOUND ||
	    pending_load(&session->vault, name, &pending, &ignored) != LARDER_NOT_FOUND;

	credential_clear(&credential);
	pending_clear(&pending);
	return there;
}

/* A new credential that is called like a provider is of that provider, one that is called like a client of that one. */
static enum larder_code
by_name(struct session *session, const char *name, struct login_client *ret, struct larder_error *ret_error)
{
	struct provider *provider = NULL;
	struct client client = { .name = "" };
	struct larder_error error;
	enum larder_code code;

	if (exists(session, name))
		return LARDER_OK;
	code = catalogue_load(session->engine.catalogue, name, &provider, &error);
	provider_free(provider);
	if (code == LARDER_OK)
		return only_client(session, name, ret, ret_error);
	if (code != LARDER_NOT_FOUND) {
		if (ret_error != NULL)
			*ret_error = error;
		return code;
	}
	code = client_load(&session->vault, name, &client, ret_error);
	client_clear(&client);
	if (code == LARDER_OK)
		(void)text_format(ret->name, sizeof ret->name, "%s", name);
	else if (code == LARDER_NOT_FOUND)
		code = error_set(ret_error, code, "cannot log in", "say which client it is to be of, with --client",
		    "there is no credential, client or provider of that name");
	return code;
}

/* With an id a client can be made, of the provider that the credential is called like if none is named. */
static enum larder_code
by_id(struct larder *larder, struct session *session, const struct larder_login *wanted, struct login_client *ret,
    struct larder_error *ret_error)
{
	struct larder_login named = *wanted;
	struct provider *provider = NULL;
	enum larder_code code;

	if (wanted->provider != NULL)
		return make(larder, session, wanted, ret, ret_error);
	named.provider = wanted->name;
	code = catalogue_load(session->engine.catalogue, named.provider, &provider, ret_error);
	provider_free(provider);
	if (code == LARDER_NOT_FOUND)
		return error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "give --client, or --provider with --client-id", "a client id belongs to a provider");
	return code == LARDER_OK ? make(larder, session, &named, ret, ret_error) : code;
}

enum larder_code
login_client_find(struct larder *larder, struct session *session, const struct larder_login *wanted,
    struct login_client *ret, struct larder_error *ret_error)
{
	struct provider *provider = NULL;
	enum larder_code code;

	*ret = (struct login_client){ .name = "" };
	if (wanted->client != NULL) {
		(void)text_format(ret->name, sizeof ret->name, "%s", wanted->client);
		return LARDER_OK;
	}
	if (wanted->client_id != NULL)
		return by_id(larder, session, wanted, ret, ret_error);
	if (wanted->provider == NULL)
		return by_name(session, wanted->name, ret, ret_error);
	code = catalogue_load(session->engine.catalogue, wanted->provider, &provider, ret_error);
	provider_free(provider);
	return code == LARDER_OK ? only_client(session, wanted->provider, ret, ret_error) : code;
}

enum larder_code
login_client_settle(struct larder *larder, struct session *session, const struct larder_login *wanted,
    const struct login_client *client, enum larder_code result, struct larder_error *ret_error)
{
	struct pending pending = { .expires_at = 0 };
	struct larder_error ignored;

	if (result == LARDER_OK && client->new_secret)
		return larder_client_set_secret(larder, client->name, wanted->secret, wanted->secret_len, ret_error);
	if (result == LARDER_OK || !client->made)
		return result;
	/* best effort: it refuses where a credential uses the client by now */
	if (pending_load(&session->vault, wanted->name, &pending, &ignored) == LARDER_NOT_FOUND)
		(void)larder_client_remove(larder, client->name, &ignored);
	pending_clear(&pending);
	return result;
}
