/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"

/* The definition's structs want writable text; the client record owns it and outlives them. */
static void
borrow_vars(struct party *party)
{
	size_t i;

	for (i = 0; i < party->client.vars_count; i++) {
		party->vars[i].name = party->client.vars[i].name;
		party->vars[i].value = party->client.vars[i].value;
	}
	party->var_list = (struct name_values){ party->vars, party->client.vars_count };
}

/* Without one the requests say what is missing, so that a client can be stored before its certificate. */
static enum larder_code
show_certificate(struct engine *engine, struct party *party, struct larder_error *ret_error)
{
	enum larder_code code =
	    client_key_load(engine->vault, party->client.name, KEY_TLS, &party->certificate, ret_error);

	provider_use_mtls(party->provider);
	party->oauth.has_certificate = code == LARDER_OK;
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

static enum larder_code
complete(struct engine *engine, struct party *party, struct larder_error *ret_error)
{
	enum auth_method auth = AUTH_UNSET;
	enum larder_code code;

	code = catalogue_load(engine->catalogue, party->client.provider, &party->provider, ret_error);
	if (code != LARDER_OK)
		return code;
	borrow_vars(party);
	if (party->client.auth[0] != '\0' && !auth_method_parse(party->client.auth, &auth))
		return error_set(ret_error, LARDER_DAMAGED, "cannot read the client", "remove and add it again",
		    "it names an unknown authentication method");
	party->oauth = (struct oauth_client){
		.client_id = party->client.client_id,
		.client_secret = &party->client.secret,
		.secret_expired = party->client.secret_expires_at > 0 &&
		    party->client.secret_expires_at <= engine->effects->now_s(engine->effects->ctx),
		.auth = auth,
		.vars = &party->var_list,
		.prove = client_key_prove,
		.prove_ctx = party,
	};
	party->engine = engine;
	if (auth_method_is_tls(client_auth_method(party->provider, &party->oauth)))
		return show_certificate(engine, party, ret_error);
	return LARDER_OK;
}

/* A client may say it itself; what the log-in used is the better guess. */
static void
add_redirect_uri(struct party *party, const struct credential *credential)
{
	static char name[] = "redirect_uri";

	for (size_t i = 0; i < party->var_list.count; i++) {
		if (strcmp(party->var_list.items[i].name, name) == 0)
			return;
	}
	(void)text_format(party->redirect_uri, sizeof party->redirect_uri, "%s", credential->redirect_uri);
	if (party->redirect_uri[0] != '\0')
		party->vars[party->var_list.count++] = (struct name_value){ name, party->redirect_uri };
}

enum larder_code
party_of_client(struct engine *engine, struct client *client, struct party *ret, struct larder_error *ret_error)
{
	enum larder_code code;

	*ret = (struct party){ .client = *client };
	memset(client, 0, sizeof *client);
	code = complete(engine, ret, ret_error);
	if (code != LARDER_OK)
		party_clear(ret);
	return code;
}

enum larder_code
party_load(
    struct engine *engine, const struct credential *credential, struct party *ret, struct larder_error *ret_error)
{
	enum larder_code code;

	*ret = (struct party){ 0 };
	code = client_load(engine->vault, credential->client, &ret->client, ret_error);
	if (code == LARDER_OK)
		code = complete(engine, ret, ret_error);
	if (code == LARDER_OK)
		add_redirect_uri(ret, credential);
	else
		party_clear(ret);
	return code;
}

static void
swap_secrets(struct party *party)
{
	struct secret shown = party->client.secret;

	party->client.secret = party->client.other_secret;
	party->client.other_secret = shown;
	party->shows_other = !party->shows_other;
}

enum larder_code
party_check(const struct party *party, bool with_proof, struct larder_error *ret_error)
{
	static const char probe[] = "x";
	struct oauth_client client = party->oauth;
	enum auth_method method = client_auth_method(party->provider, &client);
	struct http_request request = { .method = "" };
	struct secret token = SECRET_INIT;
	enum larder_code code;

	code = provider_check_vars(party->provider, &party->var_list, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!secret_copy(probe, sizeof probe - 1, &token))
		return error_no_memory(ret_error);
	if (!with_proof && (auth_method_signs(method) || auth_method_is_tls(method)))
		client.auth = AUTH_NONE;
	code = refresh_build(party->provider, &client, &token, "", "", &request, ret_error);
	http_request_clear(&request);
	secret_free(&token);
	return code;
}

bool
party_show_other_secret(struct party *party)
{
	if (party->shows_other || secret_is_empty(&party->client.other_secret))
		return false;
	swap_secrets(party);
	party->oauth.secret_expired = false; /* that is known of the newer one */
	return true;
}

void
party_show_first_secret(struct party *party)
{
	if (party->shows_other)
		swap_secrets(party);
}

void
party_clear(struct party *party)
{
	provider_free(party->provider);
	client_clear(&party->client);
	client_key_clear(&party->key);
	client_key_clear(&party->certificate);
	*party = (struct party){ 0 };
}

enum larder_code
party_job(const struct engine *engine, const struct party *party, struct job *ret, struct larder_error *ret_error)
{
	const struct client_key *shown = &party->certificate;

	*ret = (struct job){
		.insecure_loopback = party->provider->insecure_loopback,
		.public_only = party->provider->public_only,
		.connect_ms = CALL_CONNECT_MS,
		.go_ms = CALL_GO_MS,
		.listen_ms = CALL_LISTEN_MS,
	};
	(void)text_format(ret->proxy, sizeof ret->proxy, "%s", party->client.proxy);
	(void)text_format(ret->ca_file, sizeof ret->ca_file, "%s", engine->ca_file == NULL ? "" : engine->ca_file);
	(void)text_format(ret->ca_dir, sizeof ret->ca_dir, "%s", engine->ca_dir == NULL ? "" : engine->ca_dir);
	if (secret_copy(shown->certificate.data, shown->certificate.len, &ret->certificate) &&
	    secret_copy(shown->key.data, shown->key.len, &ret->certificate_key))
		return LARDER_OK;
	job_clear(ret);
	return error_no_memory(ret_error);
}

enum larder_code
party_refused(const char *client, const char *why, const char *what, struct larder_error *ret_error)
{
	char hint[192] = "manage the client in the provider's pages";

	if (client != NULL)
		(void)text_format(hint, sizeof hint,
		    "register the certificate of client '%s' at the provider, or give another with 'larder client key --use "
		    "tls --replace'",
		    client);
	return error_set(ret_error, LARDER_REJECTED, what, hint, "%s", why);
}
