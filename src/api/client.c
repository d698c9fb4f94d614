/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "base/text.h"
#include "base/url.h"
#include "engine/prove.h"

#define SECRET_MAX ((size_t)16 << 10)

static enum larder_code
bad_client(struct larder_error *ret_error, const char *why, const char *hint)
{
	return error_set(ret_error, LARDER_USAGE, "cannot add the client", hint, "%s", why);
}

/* No control bytes: it goes into request bodies and headers (RFC 6749 appendix A.1). */
static bool
is_client_id(const char *text)
{
	const char *c;

	if (text == NULL || text[0] == '\0' || strlen(text) >= CLIENT_ID_SIZE)
		return false;
	for (c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	}
	return text_is_utf8(text, strlen(text));
}

/* A proxy's password is nobody's business: "http://user:password@host" is shown as "http://host". */
static void
view_proxy(const char *proxy, char *dst, size_t dst_size)
{
	const char *host = strstr(proxy, "://"), *at = strrchr(proxy, '@');

	if (host == NULL || at == NULL || at < host)
		(void)text_format(dst, dst_size, "%s", proxy);
	else
		(void)text_format(dst, dst_size, "%.*s%s", (int)(host + 3 - proxy), proxy, at + 1);
}

static bool
is_proxy(const char *text)
{
	char without_user[URL_MAX + 1], why[128];
	struct url url;

	if (strlen(text) > URL_MAX || !text_is_token(text, strlen(text)) || strstr(text, "://") == NULL)
		return false;
	view_proxy(text, without_user, sizeof without_user);
	return url_parse(without_user, &url, why, sizeof why);
}

static enum larder_code
copy_vars(const struct larder_client_new *wanted, struct client *ret, struct larder_error *ret_error)
{
	size_t i;

	if (wanted->vars_count > VARS_MAX)
		return bad_client(ret_error, "there are too many variables", NULL);
	for (i = 0; i < wanted->vars_count; i++) {
		if (wanted->vars[i].name[0] == '\0' ||
		    !text_format(ret->vars[i].name, sizeof ret->vars[i].name, "%s", wanted->vars[i].name) ||
		    !text_format(ret->vars[i].value, sizeof ret->vars[i].value, "%s", wanted->vars[i].value))
			return bad_client(ret_error, "a variable's name or value is empty or too long", NULL);
	}
	ret->vars_count = wanted->vars_count;
	return LARDER_OK;
}

static enum larder_code
copy_client(const struct larder_client_new *wanted, struct client *ret, struct larder_error *ret_error)
{
	enum auth_method auth;

	if (!is_client_id(wanted->client_id))
		return bad_client(ret_error, "the client id is empty, too long or has control characters", NULL);
	if (wanted->secret_len > SECRET_MAX)
		return bad_client(ret_error, "the secret is longer than 16 KiB", NULL);
	if (wanted->auth != NULL && !auth_method_parse(wanted->auth, &auth))
		return bad_client(ret_error, "the authentication method is unknown",
		    "use none, basic, post or a name from RFC 7591 such as client_secret_post");
	if (wanted->proxy != NULL && !is_proxy(wanted->proxy))
		return bad_client(ret_error, "the proxy is not a URL", "write http://host:port or https://host:port");
	if (wanted->dpop != NULL && strcmp(wanted->dpop, "auto") != 0 && !dpop_is_alg(wanted->dpop))
		return bad_client(ret_error, "keys of this kind cannot bind a token", DPOP_ALGS_ADVICE ", or auto");
	if (wanted->dpop != NULL)
		(void)text_format(ret->dpop, sizeof ret->dpop, "%s", wanted->dpop);
	(void)text_format(ret->name, sizeof ret->name, "%s", wanted->name);
	(void)text_format(ret->client_id, sizeof ret->client_id, "%s", wanted->client_id);
	if (wanted->auth != NULL)
		(void)text_format(ret->auth, sizeof ret->auth, "%s", auth_method_name(auth));
	if (wanted->proxy != NULL)
		(void)text_format(ret->proxy, sizeof ret->proxy, "%s", wanted->proxy);
	if (wanted->provider == NULL || !text_format(ret->provider, sizeof ret->provider, "%s", wanted->provider))
		return error_set(ret_error, LARDER_NOT_FOUND, "no such provider", "see 'larder provider list'",
		    "the id is empty or too long");
	if (wanted->secret_len > 0 && !secret_copy(wanted->secret, wanted->secret_len, &ret->secret))
		return error_no_memory(ret_error);
	return copy_vars(wanted, ret, ret_error);
}

enum larder_code
larder_client_add(struct larder *larder, const struct larder_client_new *wanted, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct client client = { .secret_set_at = TIME_UNKNOWN };
	enum larder_code code;

	code = check_name(wanted->name, "client", ret_error);
	if (code == LARDER_OK)
		code = copy_client(wanted, &client, ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = enroll_client(&session->engine, &client, ret_error);
	session_give(larder, session);
	client_clear(&client);
	return code;
}

/* Empty where the provider is gone or its definition broken; only memory is a reason to fail. */
static enum larder_code
view_auth(const struct session *session, const struct client *client, char *dst, size_t dst_size,
    struct larder_error *ret_error)
{
	struct provider *provider = NULL;
	struct oauth_client oauth = { .client_id = client->client_id, .client_secret = &client->secret };
	struct larder_error error;
	enum larder_code code;
	const char *name;

	(void)text_format(dst, dst_size, "%s", client->auth);
	if (client->auth[0] != '\0')
		return LARDER_OK;
	code = catalogue_load(session->engine.catalogue, client->provider, &provider, &error);
	if (code != LARDER_OK)
		return code == LARDER_INTERNAL ? error_no_memory(ret_error) : LARDER_OK;
	name = auth_method_name(client_auth_method(provider, &oauth));
	(void)text_format(dst, dst_size, "%s", name == NULL ? "" : name);
	provider_free(provider);
	return LARDER_OK;
}

static enum larder_code
view_key(struct session *session, const char *name, enum key_use use, struct larder_client_key_view *ret,
    struct larder_error *ret_error)
{
	struct client_key key = { .client = "" };
	enum larder_code code = client_key_load(&session->vault, name, use, &key, ret_error);

	if (code == LARDER_OK) {
		(void)text_format(ret->alg, sizeof ret->alg, "%s", key.alg);
		(void)text_format(ret->kid, sizeof ret->kid, "%s", key.kid);
		ret->created_at = key.created_at;
	}
	client_key_clear(&key);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

static enum larder_code
view(struct session *session, const struct client *client, struct larder_client *ret, struct larder_error *ret_error)
{
	enum larder_code code;
	size_t i;

	*ret = (struct larder_client){
		.has_secret = !secret_is_empty(&client->secret),
		.created_at = client->created_at,
		.secret_set_at = client->secret_set_at,
		.vars_count = client->vars_count,
		.is_registered = client->registration_uri[0] != '\0',
		.secret_expires_at = client->secret_expires_at,
		.has_other_secret = !secret_is_empty(&client->other_secret),
		.uses_old_secret = client->secret_is_old,
	};
	(void)text_format(ret->name, sizeof ret->name, "%s", client->name);
	(void)text_format(ret->provider, sizeof ret->provider, "%s", client->provider);
	(void)text_format(ret->client_id, sizeof ret->client_id, "%s", client->client_id);
	view_proxy(client->proxy, ret->proxy, sizeof ret->proxy);
	(void)text_format(ret->dpop, sizeof ret->dpop, "%s", client->dpop);
	for (i = 0; i < client->vars_count; i++) {
		(void)text_format(ret->vars[i].name, sizeof ret->vars[i].name, "%s", client->vars[i].name);
		(void)text_format(ret->vars[i].value, sizeof ret->vars[i].value, "%s", client->vars[i].value);
	}
	code = view_key(session, client->name, KEY_SIGN, &ret->sign_key, ret_error);
	if (code == LARDER_OK)
		code = view_key(session, client->name, KEY_TLS, &ret->tls_key, ret_error);
	return code == LARDER_OK ? view_auth(session, client, ret->auth, sizeof ret->auth, ret_error) : code;
}

/* How many credentials use each client of the list; user (may be NULL) names one that uses the first. */
static enum larder_code
count_users(struct vault *vault, struct larder_client *clients, size_t count, char user[NAME_SIZE],
    struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	enum larder_code code;
	size_t i;

	code = credential_scan(vault, ret_error);
	while (code == LARDER_OK) {
		code = credential_next(vault, &credential, ret_error);
		for (i = 0; code == LARDER_OK && i < count; i++) {
			if (strcmp(credential.client, clients[i].name) != 0)
				continue;
			clients[i].credentials++;
			if (i == 0 && user != NULL)
				(void)text_format(user, NAME_SIZE, "%s", credential.name);
		}
	}
	credential_scan_end(vault);
	credential_clear(&credential);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

enum larder_code
larder_client_show(struct larder *larder, const char *name, struct larder_client *ret, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct client client = { .name = "" };
	struct larder_client shown;
	enum larder_code code;

	code = check_name(name, "client", ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = client_load(&session->vault, name, &client, ret_error);
	if (code == LARDER_OK) {
		code = view(session, &client, &shown, ret_error);
	}
	if (code == LARDER_OK) {
		code = count_users(&session->vault, &shown, 1, NULL, ret_error);
	}
	if (code == LARDER_OK)
		*ret = shown;
	client_clear(&client);
	session_give(larder, session);
	return error_name(ret_error, code, name);
}

enum larder_code
larder_client_list(struct larder *larder, struct larder_client **ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct client *clients = NULL;
	struct larder_client *list = NULL;
	enum larder_code code;
	size_t count = 0, i;

	code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	code = client_list(&session->vault, &clients, &count, ret_error);
	if (code == LARDER_OK) {
		list = calloc(count + 1, sizeof *list);
		if (list == NULL)
			code = error_no_memory(ret_error);
	}
	for (i = 0; code == LARDER_OK && i < count; i++)
		code = view(session, &clients[i], &list[i], ret_error);
	if (code == LARDER_OK)
		code = count_users(&session->vault, list, count, NULL, ret_error);
	client_list_free(clients, count);
	session_give(larder, session);
	if (code != LARDER_OK) {
		free(list);
		return code;
	}
	*ret = list;
	*ret_count = count;
	return LARDER_OK;
}

void
larder_client_list_free(struct larder_client *clients)
{
	free(clients);
}

static enum larder_code
audit_and_commit(struct session *session, enum audit_op op, const char *name, struct larder_error *ret_error)
{
	struct audit_event event = { .op = op };
	enum larder_code code;

	event.at = session->engine.effects->now_s(session->engine.effects->ctx);
	(void)text_format(event.name, sizeof event.name, "%s", name);
	(void)text_format(event.result, sizeof event.result, "ok");
	code = audit_append(&session->vault, &event, ret_error);
	return code == LARDER_OK ? vault_commit(&session->vault, NULL, ret_error) : code;
}

enum larder_code
larder_client_remove(struct larder *larder, const char *name, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct larder_client users = { .credentials = 0 };
	char user[NAME_SIZE] = "";
	enum larder_code code;

	code = check_name(name, "client", ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	(void)text_format(users.name, sizeof users.name, "%s", name);
	code = vault_begin(&session->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = count_users(&session->vault, &users, 1, user, ret_error);
	if (code == LARDER_OK && users.credentials > 0)
		code = error_set(ret_error, LARDER_EXISTS, "cannot remove the client",
		    "remove them first with 'larder logout'", "%zu credential%s use%s it, such as %s",
		    users.credentials, users.credentials == 1 ? "" : "s", users.credentials == 1 ? "s" : "", user);
	if (code == LARDER_OK)
		code = client_remove(&session->vault, name, ret_error);
	for (enum key_use use = KEY_SIGN; code == LARDER_OK && use <= KEY_TLS; use++)
		code = client_key_remove(&session->vault, name, use, ret_error);
	if (code == LARDER_OK)
		code = audit_and_commit(session, AUDIT_CLIENT_REMOVE, name, ret_error);
	vault_rollback(&session->vault);
	session_give(larder, session);
	return error_name(ret_error, code, name);
}

/* The old one is kept beside the new one, or goes; an end belongs to the secret that it came with. */
static enum larder_code
change_secret(
    struct client *client, const struct larder_client_secret *wanted, int64_t now, struct larder_error *ret_error)
{
	secret_free(&client->other_secret);
	if (wanted->keep_old) {
		client->other_secret = client->secret;
		client->secret = (struct secret)SECRET_INIT;
	}
	secret_free(&client->secret);
	client->secret_is_old = false;
	client->secret_refused = false;
	client->secret_expires_at = wanted->expires_at;
	client->secret_set_at = now;
	return secret_copy(wanted->secret, wanted->secret_len, &client->secret) ? LARDER_OK
										: error_no_memory(ret_error);
}

enum larder_code
larder_client_renew_secret(
    struct larder *larder, const char *name, const struct larder_client_secret *wanted, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct client client = { .name = "" };
	enum larder_code code;

	code = check_name(name, "client", ret_error);
	if (code == LARDER_OK && wanted->secret_len > SECRET_MAX)
		code = error_set(ret_error, LARDER_USAGE, "cannot set the secret", NULL, "it is longer than 16 KiB");
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	code = vault_begin(&session->vault, STORE_DURABLE, ret_error);
	if (code == LARDER_OK)
		code = client_load(&session->vault, name, &client, ret_error);
	if (code == LARDER_OK)
		code = change_secret(
		    &client, wanted, session->engine.effects->now_s(session->engine.effects->ctx), ret_error);
	if (code == LARDER_OK)
		code = client_store(&session->vault, &client, ret_error);
	if (code == LARDER_OK)
		code = audit_and_commit(session, AUDIT_CLIENT_SECRET, name, ret_error);
	vault_rollback(&session->vault);
	client_clear(&client);
	session_give(larder, session);
	return error_name(ret_error, code, name);
}

enum larder_code
larder_client_set_secret(
    struct larder *larder, const char *name, const void *secret, size_t secret_len, struct larder_error *ret_error)
{
	const struct larder_client_secret wanted = { .secret = secret, .secret_len = secret_len };

	return larder_client_renew_secret(larder, name, &wanted, ret_error);
}
