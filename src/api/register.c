/* SPDX-License-Identifier: Apache-2.0 */
#include <larder/discover.h>
#include <string.h>

#include "api/handle.h"
#include "base/text.h"
#include "engine/discover.h"

#define TIMEOUT_MS 60000
#define PORT_FIRST 10000 /* below those that the system gives to outgoing connections */
#define PORT_COUNT 22768

/* One port for good: not every server takes another one than was registered, as RFC 8252 section 7.3 wants it. */
static void
make_redirect_uri(const struct engine *engine, const struct provider *provider, unsigned port, char *dst, size_t size)
{
	uint16_t number = 0;

	engine->effects->random(engine->effects->ctx, &number, sizeof number);
	if (port == 0)
		port = PORT_FIRST + number % PORT_COUNT;
	(void)text_format(dst, size, "http://127.0.0.1:%u%s", port,
	    provider->loopback.path == NULL ? LOOPBACK_PATH : provider->loopback.path);
}

/* What came of it, as a record; the secrets move. */
static enum larder_code
fill_client(const struct larder_registration_query *query, const char *name, struct registration *made,
    const char *redirect_uri, struct client *ret, struct larder_error *ret_error)
{
	bool fits = text_format(ret->name, sizeof ret->name, "%s", name) &&
	    text_format(ret->provider, sizeof ret->provider, "%s", query->provider) &&
	    text_format(ret->client_id, sizeof ret->client_id, "%s", made->client_id) &&
	    text_format(
		ret->auth, sizeof ret->auth, "%s", made->auth == AUTH_UNSET ? "" : auth_method_name(made->auth)) &&
	    text_format(ret->proxy, sizeof ret->proxy, "%s", query->proxy == NULL ? "" : query->proxy) &&
	    text_format(ret->registration_uri, sizeof ret->registration_uri, "%s", made->management_uri) &&
	    text_format(ret->redirect_uri, sizeof ret->redirect_uri, "%s", redirect_uri);

	if (!fits)
		return error_set(ret_error, LARDER_UNAVAILABLE, "the client was not registered", NULL,
		    "what the provider answered is too long");
	ret->secret = made->client_secret;
	ret->registration_token = made->management_token;
	ret->secret_expires_at = made->secret_expires_at;
	made->client_secret = made->management_token = (struct secret)SECRET_INIT;
	return LARDER_OK;
}

static void
view(const struct client *client, bool registered, struct larder_registration *ret)
{
	*ret = (struct larder_registration){ .registered = registered, .secret_expires_at = client->secret_expires_at };
	(void)text_format(ret->client, sizeof ret->client, "%s", client->name);
	(void)text_format(ret->client_id, sizeof ret->client_id, "%s", client->client_id);
	(void)text_format(ret->redirect_uri, sizeof ret->redirect_uri, "%s", client->redirect_uri);
}

/* A client that is there: taken if it is of this provider. NOT_FOUND: there is none. */
static enum larder_code
find_existing(struct session *session, const struct larder_registration_query *query, const char *name,
    struct larder_registration *ret, struct larder_error *ret_error)
{
	struct client client = { .name = "" };
	enum larder_code code = client_load(&session->vault, name, &client, ret_error);

	if (code == LARDER_OK && strcmp(client.provider, query->provider) != 0)
		code = error_set(ret_error, LARDER_EXISTS, "cannot register a client", "choose another name for it",
		    "the client of this name is one of %s", client.provider);
	else if (code == LARDER_OK)
		view(&client, false, ret);
	client_clear(&client);
	return code;
}

/* What cannot be kept is taken back, so that nothing is left at the provider that nobody knows. */
static enum larder_code
keep(struct session *session, struct client *client, int64_t deadline_ms, struct larder_error *ret_error)
{
	struct client spare = { .name = "" };
	struct party party = { 0 };
	struct larder_error ignored;
	enum larder_code code;
	bool copied;

	memcpy(spare.provider, client->provider, sizeof spare.provider);
	memcpy(spare.proxy, client->proxy, sizeof spare.proxy);
	memcpy(spare.registration_uri, client->registration_uri, sizeof spare.registration_uri);
	copied =
	    secret_copy(client->registration_token.data, client->registration_token.len, &spare.registration_token);
	code = enroll_client(&session->engine, client, ret_error);
	if (code != LARDER_OK && copied && party_of_client(&session->engine, &spare, &party, &ignored) == LARDER_OK) {
		(void)register_withdraw(&session->engine, &party, deadline_ms, &ignored);
		party_clear(&party);
	}
	client_clear(&spare);
	return code;
}

static enum larder_code
register_new(struct session *session, const struct larder_registration_query *query, const char *name,
    struct larder_registration *ret, struct larder_error *ret_error)
{
	const struct effects *fx = session->engine.effects;
	int64_t deadline_ms = fx->clock_ms(fx->ctx) + (query->timeout_ms > 0 ? query->timeout_ms : TIMEOUT_MS);
	struct registration made = { .auth = AUTH_UNSET };
	struct provider *provider = NULL;
	struct client client = { .name = "" };
	char redirect_uri[256];
	struct registration_want want = {
		.client_name = query->client_name == NULL ? "Larder" : query->client_name,
		.redirect_uri = redirect_uri,
		.scope = query->scope == NULL ? "" : query->scope,
	};
	enum larder_code code = catalogue_load(session->engine.catalogue, query->provider, &provider, ret_error);

	if (code == LARDER_OK) {
		make_redirect_uri(&session->engine, provider, query->port, redirect_uri, sizeof redirect_uri);
		code = register_client(&session->engine, provider, query->proxy == NULL ? "" : query->proxy, &want,
		    deadline_ms, &made, ret_error);
	}
	if (code == LARDER_OK)
		code = fill_client(query, name, &made, redirect_uri, &client, ret_error);
	if (code == LARDER_OK) {
		struct larder_registration found;

		view(&client, true, &found);
		code = keep(session, &client, deadline_ms, ret_error);
		if (code == LARDER_OK)
			*ret = found;
	}
	registration_clear(&made);
	client_clear(&client);
	provider_free(provider);
	return code;
}

enum larder_code
larder_client_register(struct larder *larder, const struct larder_registration_query *query,
    struct larder_registration *ret, struct larder_error *ret_error)
{
	const char *name = query->name == NULL ? query->provider : query->name;
	struct session *session = NULL;
	enum larder_code code = check_name(name, "client", ret_error);

	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	code = find_existing(session, query, name, ret, ret_error);
	if (code == LARDER_NOT_FOUND) {
		handle_find_courier(larder, session);
		code = register_new(session, query, name, ret, ret_error);
		if (code == LARDER_EXISTS) /* somebody was faster, and what was registered here was taken back */
			code = find_existing(session, query, name, ret, ret_error);
	}
	session_give(larder, session);
	return error_name(ret_error, code, name);
}

static enum larder_code
refuse_used(struct session *session, const char *name, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	enum larder_code code = credential_scan(&session->vault, ret_error);
	bool used = false;

	while (code == LARDER_OK && !used) {
		code = credential_next(&session->vault, &credential, ret_error);
		used = code == LARDER_OK && strcmp(credential.client, name) == 0;
	}
	credential_scan_end(&session->vault);
	if (used)
		code = error_set(ret_error, LARDER_EXISTS, "cannot remove the client",
		    "remove them first with 'larder logout'", "credentials use it, such as %s", credential.name);
	credential_clear(&credential);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

enum larder_code
larder_client_unregister(struct larder *larder, const char *name, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct client client = { .name = "" };
	struct party party = { 0 };
	enum larder_code code = check_name(name, "client", ret_error);

	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	code = client_load(&session->vault, name, &client, ret_error);
	if (code == LARDER_OK && client.registration_uri[0] == '\0')
		code = error_set(ret_error, LARDER_NOT_FOUND, "the registration was not taken back", NULL,
		    "this client did not register itself");
	if (code == LARDER_OK)
		code = refuse_used(session, name, ret_error);
	if (code == LARDER_OK)
		code = party_of_client(&session->engine, &client, &party, ret_error);
	if (code == LARDER_OK) {
		const struct effects *fx = session->engine.effects;

		handle_find_courier(larder, session);
		code = register_withdraw(&session->engine, &party, fx->clock_ms(fx->ctx) + TIMEOUT_MS, ret_error);
	}
	party_clear(&party);
	client_clear(&client);
	session_give(larder, session);
	return error_name(ret_error, code, name);
}
