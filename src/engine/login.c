/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/login.h"

#include <string.h>

#include "base/text.h"
#include "crypto/encode.h"

/* A name that no credential has yet has no id; its lock is found by a hash of the name. */
static int64_t
name_lock(const char *name)
{
	static const char label[] = "larder login ";
	char text[sizeof label + NAME_SIZE];
	uint8_t hash[SHA256_BYTES];

	(void)text_format(text, sizeof text, "%s%s", label, name);
	sha256(text, strlen(text), hash);
	return lock_byte(hash);
}

/* What was granted stays granted: consent to more asks for both (RFC 6749 section 3.3 knows no addition). */
static enum larder_code
take_scopes(struct login *login, const char *granted, struct larder_error *ret_error)
{
	char both[2 * SCOPE_SIZE];

	(void)text_format(both, sizeof both, "%s%s%s", granted, granted[0] == '\0' ? "" : " ", login->want.scope);
	if (!scope_canonical(both, login->scope, sizeof login->scope))
		return error_set(ret_error, LARDER_USAGE, "cannot log in", "ask for fewer",
		    "the scopes that it has and these are too long together");
	return LARDER_OK;
}

/*
 * While a grant lives only its own client can take it back; one that is dead may be followed by another client's, as
 * after a registration that has expired.
 */
static enum larder_code
check_client(const struct login *login, const struct credential *credential, struct larder_error *ret_error)
{
	if (login->want.client == NULL || strcmp(login->want.client, credential->client) == 0 ||
	    credential->state == STATE_NEEDS_LOGIN || credential->state == STATE_REVOKED)
		return LARDER_OK;
	return error_set(ret_error, LARDER_EXISTS, "cannot log in",
	    "choose another name, or end that one first with 'larder logout'",
	    "a credential of the client %s has this name", credential->client);
}

static enum larder_code
take_existing(struct engine *engine, struct login *login, char *ret_provider, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	enum larder_code code = credential_load(engine->vault, login->want.name, &credential, ret_error);

	login->renews = code == LARDER_OK;
	if (code == LARDER_OK) {
		(void)text_format(ret_provider, sizeof credential.provider, "%s", credential.provider);
		if (login->want.client == NULL)
			(void)text_format(login->client, sizeof login->client, "%s", credential.client);
		(void)text_format(login->subject, sizeof login->subject, "%s", credential.subject);
		(void)text_format(login->account, sizeof login->account, "%s", credential.account);
		(void)text_format(login->redirect_before, sizeof login->redirect_before, "%s", credential.redirect_uri);
		if (login->resource[0] == '\0')
			(void)text_format(login->resource, sizeof login->resource, "%s", credential.resource);
		code = check_client(login, &credential, ret_error);
		if (code == LARDER_OK)
			code = take_scopes(login, credential.scope, ret_error);
	} else if (code == LARDER_NOT_FOUND && login->client[0] != '\0') {
		code = LARDER_OK;
	}
	credential_clear(&credential);
	return code;
}

/*
 * A device log-in that waits is gone on with if it is for what is wanted now: nobody who has typed in a code wants to do
 * so again. One for something else is replaced by the next.
 */
static void
take_waiting(struct engine *engine, struct login *login)
{
	struct pending pending = { .expires_at = 0 };
	struct larder_error ignored;
	const struct login_want *want = &login->want;

	if (pending_load(engine->vault, want->name, &pending, &ignored) != LARDER_OK)
		return;
	login->waits = pending.expires_at > engine->effects->now_s(engine->effects->ctx) &&
	    (want->client == NULL || strcmp(want->client, pending.client) == 0) &&
	    (want->scope[0] == '\0' || scope_is_subset(want->scope, pending.scope)) &&
	    (want->resource[0] == '\0' || strcmp(want->resource, pending.resource) == 0);
	if (login->waits && login->client[0] == '\0')
		(void)text_format(login->client, sizeof login->client, "%s", pending.client);
	pending_clear(&pending);
}

/* A secret that is tried before it is stored: the stored ones, which may be good, are not asked for help. */
static enum larder_code
take_secret(struct login *login, struct larder_error *ret_error)
{
	const struct secret *given = login->want.secret;
	struct client *client = &login->party.client;

	if (given == NULL || given->len == 0)
		return LARDER_OK;
	secret_free(&client->secret);
	secret_free(&client->other_secret);
	login->party.oauth.secret_expired = false;
	return secret_copy(given->data, given->len, &client->secret) ? LARDER_OK : error_no_memory(ret_error);
}

enum larder_code
login_begin(struct engine *engine, const struct login_want *want, struct login *ret, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	struct credential of_client = { 0 };
	char provider[sizeof of_client.provider] = "";
	enum larder_code code;

	*ret = (struct login){ .want = *want, .lock = LOCK_INIT, .url_expires_at = TIME_UNKNOWN };
	(void)text_format(ret->client, sizeof ret->client, "%s", want->client == NULL ? "" : want->client);
	if (!text_format(ret->scope, sizeof ret->scope, "%s", want->scope) ||
	    !text_format(ret->resource, sizeof ret->resource, "%s", want->resource))
		return error_set(
		    ret_error, LARDER_USAGE, "cannot log in", "ask for fewer", "the scope or the resource is too long");
	/* before anything is read: what another attempt is about to store counts */
	code = fx->lock_try(fx->ctx, name_lock(want->name), &ret->lock, ret_error);
	if (code == LARDER_UNAVAILABLE)
		code = error_set(ret_error, code, "cannot log in", "finish that one, or wait until it ends",
		    "a log-in to this credential is under way already");
	if (code == LARDER_OK) {
		take_waiting(engine, ret);
		code = take_existing(engine, ret, provider, ret_error);
	}
	(void)text_format(of_client.client, sizeof of_client.client, "%s", ret->client);
	if (code == LARDER_OK)
		code = party_load(engine, &of_client, &ret->party, ret_error);
	if (code == LARDER_OK)
		code = take_secret(ret, ret_error);
	if (code == LARDER_OK)
		code = party_check(&ret->party, true, ret_error);
	if (code == LARDER_OK)
		code = prove_begin(engine, &ret->party, &ret->dpop, ret_error);
	if (code == LARDER_OK)
		code = prove_thumbprint(&ret->dpop, ret->dpop_jkt, ret_error);
	if (code == LARDER_OK && ret->renews && strcmp(provider, ret->party.client.provider) != 0)
		code = error_set(ret_error, LARDER_EXISTS, "cannot log in", "choose another name",
		    "a credential of the provider %s has this name", provider);
	return error_name(ret_error, code, want->name);
}

void
login_end(struct engine *engine, struct login *login)
{
	engine->effects->call_close(engine->effects->ctx, login->listener);
	login->listener = NULL;
	engine->effects->lock_close(engine->effects->ctx, &login->lock);
	party_clear(&login->party);
	dpop_key_clear(&login->dpop);
	secret_free(&login->verifier);
	device_grant_clear(&login->device);
	wipe(login->state, sizeof login->state);
}

static bool
has_endpoint(const struct login *login, const char *template)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct larder_error ignored;
	bool has = template != NULL &&
	    provider_expand(login->party.provider, template, &login->party.var_list, &url, &ignored) !=
		LARDER_NOT_FOUND;

	buf_clear(&url);
	return has;
}

bool
login_can_device(const struct login *login)
{
	return has_endpoint(login, login->party.provider->endpoints.device_authorization);
}

bool
login_can_browse(const struct login *login)
{
	return has_endpoint(login, login->party.provider->endpoints.authorization);
}

int64_t
login_exchange_deadline(const struct engine *engine, const struct login *login)
{
	int64_t span_ms = login->want.exchange_ms > 0 && login->want.exchange_ms < CALL_LISTEN_MS
	    ? login->want.exchange_ms
	    : CALL_LISTEN_MS;

	return engine->effects->clock_ms(engine->effects->ctx) + span_ms;
}
