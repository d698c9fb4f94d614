/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "base/text.h"
#include "engine/lifetime.h"

static enum larder_code
bad_credential(struct larder_error *ret_error, const char *why)
{
	return error_set(ret_error, LARDER_USAGE, "cannot add the credential", NULL, "%s", why);
}

/* As in a reply (RFC 6749 appendix A.17), but that a space at an end is one that slipped in. */
static bool
is_refresh_token(const char *text, size_t len)
{
	return len > 0 && len <= TOKEN_MAX && text_is_vschars(text, len) && text[0] != ' ' && text[len - 1] != ' ';
}

enum larder_code
larder_credential_add(struct larder *larder, const struct larder_credential_new *wanted, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct secret refresh_token = SECRET_INIT;
	struct enrolment enrolment = {
		.name = wanted->name,
		.client = wanted->client,
		.scope = wanted->scope,
		.account = wanted->account,
		.refresh_token = &refresh_token,
		.replace = wanted->replace != 0,
	};
	enum larder_code code;

	code = check_name(wanted->name, "credential", ret_error);
	if (code == LARDER_OK && (wanted->client != NULL || !wanted->replace))
		code = check_name(wanted->client, "client", ret_error);
	if (code != LARDER_OK)
		return code;
	if (!is_refresh_token(wanted->refresh_token, wanted->refresh_token_len))
		return bad_credential(ret_error,
		    "the refresh token is empty, longer than 64 KiB, begins or ends with a space, or has characters that no token has");
	if (wanted->scope != NULL && (strlen(wanted->scope) >= SCOPE_SIZE || !scope_is_valid(wanted->scope)))
		return bad_credential(ret_error, "the scope is too long or has characters that no scope has");
	if (wanted->account != NULL &&
	    (strlen(wanted->account) >= sizeof((struct credential *)0)->account ||
		!text_is_utf8(wanted->account, strlen(wanted->account))))
		return bad_credential(ret_error, "the account is longer than 255 bytes or not UTF-8");
	if (!secret_copy(wanted->refresh_token, wanted->refresh_token_len, &refresh_token))
		return error_no_memory(ret_error);
	enrolment.deadline_ms = handle_deadline(larder, 0);
	code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = enroll_credential(&session->engine, &enrolment, ret_error);
	secret_free(&refresh_token);
	session_give(larder, session);
	return code;
}

static const char *
advice(enum credential_state state)
{
	switch (state) {
	case STATE_NEEDS_LOGIN:
		return "log in again with 'larder login', or store a new refresh token with 'larder add --replace'";
	case STATE_IN_DOUBT:
		return "a refresh got no answer; the next 'larder token' or 'larder refresh' decides by the provider's rules";
	case STATE_SUSPECT:
		return "the vault was copied or restored; if this copy is the one to go on with, run 'larder refresh --accept'";
	case STATE_REVOKING:
		return "its revocation is queued; 'larder revoke' or 'larder refresh --due' delivers it";
	case STATE_REVOKED:
	case STATE_OK:
		break;
	}
	return "";
}

/* NULL where the provider is gone or its definition broken; only memory is a reason to fail. */
static enum larder_code
find_class(const struct catalogue *catalogue, const char *id, const char **ret, const char **ret_confidence,
    struct larder_error *ret_error)
{
	struct provider *provider = NULL;
	struct larder_error error;
	enum larder_code code = catalogue_load(catalogue, id, &provider, &error);

	*ret = code == LARDER_OK ? spend_class_name(provider_class(provider)) : NULL;
	*ret_confidence = code == LARDER_OK ? confidence_name(provider->rotation_confidence) : NULL;
	provider_free(provider);
	return code == LARDER_INTERNAL ? error_no_memory(ret_error) : LARDER_OK;
}

/* The definition may be gone, and its causes with it; only memory is a reason to fail. */
static enum larder_code
fill_cause(const struct catalogue *catalogue, struct larder_credential *view, struct larder_error *ret_error)
{
	struct provider *provider = NULL;
	struct larder_error error;
	struct cause cause;
	enum larder_code code;

	if (view->cause_id[0] == '\0')
		return LARDER_OK;
	code = catalogue_load(catalogue, view->provider, &provider, &error);
	if (cause_by_id(provider, view->cause_id, &cause)) {
		(void)text_format(view->cause, sizeof view->cause, "%s", cause.say);
		(void)text_format(view->cause_hint, sizeof view->cause_hint, "%s", cause.todo);
		if (strcmp(view->state, credential_state_name(STATE_NEEDS_LOGIN)) == 0)
			(void)text_format(view->advice, sizeof view->advice, "%s", cause.todo);
		view->cause_confidence = confidence_name(cause.confidence);
	}
	provider_free(provider);
	return code == LARDER_INTERNAL ? error_no_memory(ret_error) : LARDER_OK;
}

/* The end of a client's secret is the end of its credentials, too. */
static enum larder_code
fill_client(struct vault *vault, struct larder_credential *view, struct larder_error *ret_error)
{
	struct client client = { .name = "" };
	enum larder_code code = client_load(vault, view->client, &client, ret_error);

	view->client_secret_expires_at = TIME_UNKNOWN;
	if (code == LARDER_OK && client.secret_expires_at > 0)
		view->client_secret_expires_at = client.secret_expires_at;
	client_clear(&client);
	return code == LARDER_NOT_FOUND ? LARDER_OK : code;
}

/* Old vaults say 0 where the new ones say unknown. */
static int64_t
known_time(int64_t unix_s)
{
	return unix_s > 0 ? unix_s : TIME_UNKNOWN;
}

/* Others wait for a person: whatever they were scheduled for does not happen. */
static bool
is_refreshed(enum credential_state state)
{
	return state == STATE_OK || state == STATE_IN_DOUBT;
}

static bool
view(const struct credential *credential, struct larder_credential *ret)
{
	*ret = (struct larder_credential){
		.scope = text_copy(credential->scope),
		.state = credential_state_name(credential->state),
		.grant = grant_type_name(credential->grant_type),
		.access_expires_at = credential->access_expires_at,
		.refresh_expires_at = credential->refresh_expires_at,
		.generation = credential->generation,
		.created_at = credential->created_at,
		.last_refresh_at = credential->last_refresh_at,
		.next_refresh_at = is_refreshed(credential->state) ? credential->next_refresh_at : TIME_UNKNOWN,
		.last_error_at = credential->last_error_at,
		.granted_at = known_time(credential->granted_at),
		.refresh_idle_ends_at = known_time(credential->refresh_idle_end_at),
		.refresh_absolute_ends_at = known_time(credential->refresh_absolute_end_at),
	};
	(void)text_format(ret->name, sizeof ret->name, "%s", credential->name);
	(void)text_format(ret->provider, sizeof ret->provider, "%s", credential->provider);
	(void)text_format(ret->client, sizeof ret->client, "%s", credential->client);
	(void)text_format(ret->account, sizeof ret->account, "%s", credential->account);
	(void)text_format(ret->extra, sizeof ret->extra, "%s", credential->extra);
	(void)text_format(ret->resource, sizeof ret->resource, "%s", credential->resource);
	(void)text_format(ret->dpop_jkt, sizeof ret->dpop_jkt, "%s", credential->dpop_jkt);
	(void)text_format(ret->api_hosts, sizeof ret->api_hosts, "%s", credential->api_hosts);
	(void)text_format(ret->last_error, sizeof ret->last_error, "%s", credential->last_error);
	(void)text_format(ret->last_error_text, sizeof ret->last_error_text, "%s", credential->last_error_text);
	(void)text_format(ret->advice, sizeof ret->advice, "%s", advice(credential->state));
	(void)text_format(ret->cause_id, sizeof ret->cause_id, "%s",
	    credential->state == STATE_REVOKING || credential->state == STATE_REVOKED ? "revoked-here"
										      : credential->cause);
	return ret->scope != NULL;
}

enum larder_code
larder_credential_show(
    struct larder *larder, const char *name, struct larder_credential *ret, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct credential credential = { 0 };
	struct parked *parked = NULL;
	struct larder_credential shown = { .scope = NULL };
	enum larder_code code;
	size_t count = 0;

	code = check_name(name, "credential", ret_error);
	if (code == LARDER_OK)
		code = session_take(larder, &session, ret_error);
	if (code == LARDER_OK)
		code = credential_load(&session->vault, name, &credential, ret_error);
	if (code == LARDER_OK)
		code = parked_list(&session->vault, &credential, &parked, &count, ret_error);
	if (code == LARDER_OK) {
		parked_list_free(parked, count);
		if (!view(&credential, &shown))
			code = error_no_memory(ret_error);
		shown.parked = count;
	}
	if (code == LARDER_OK) {
		code = find_class(session->engine.catalogue, credential.provider, &shown.rotation_class,
		    &shown.rotation_confidence, ret_error);
	}
	if (code == LARDER_OK)
		code = fill_cause(session->engine.catalogue, &shown, ret_error);
	if (code == LARDER_OK)
		code = fill_client(&session->vault, &shown, ret_error);
	if (code == LARDER_OK)
		*ret = shown;
	else
		larder_credential_clear(&shown);
	credential_clear(&credential);
	session_give(larder, session);
	return error_name(ret_error, code, name);
}

void
larder_credential_clear(struct larder_credential *credential)
{
	if (credential == NULL)
		return;
	free(credential->scope);
	credential->scope = NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct larder_credential *)a)->name, ((const struct larder_credential *)b)->name);
}

/* Clients are read once, not once per credential. */
static enum larder_code
fill_clients(struct vault *vault, struct larder_credential *list, size_t count, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;
	size_t j;

	for (size_t i = 0; code == LARDER_OK && i < count; i++) {
		for (j = i > 64 ? i - 64 : 0; j < i && strcmp(list[j].client, list[i].client) != 0; j++)
			;
		if (j < i)
			list[i].client_secret_expires_at = list[j].client_secret_expires_at;
		else
			code = fill_client(vault, &list[i], ret_error);
	}
	return code;
}

static void
find_again(const struct larder_credential *from, struct larder_credential *ret)
{
	ret->rotation_class = from->rotation_class;
	ret->rotation_confidence = from->rotation_confidence;
}

/* Definitions are parsed once per provider, not once per credential, but for those few that have died. */
static enum larder_code
fill_by_definition(
    const struct catalogue *catalogue, struct larder_credential *list, size_t count, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;
	size_t i, j;

	for (i = 0; code == LARDER_OK && i < count; i++) {
		for (j = i > 64 ? i - 64 : 0; j < i && strcmp(list[j].provider, list[i].provider) != 0; j++)
			;
		if (j < i)
			find_again(&list[j], &list[i]);
		else
			code = find_class(catalogue, list[i].provider, &list[i].rotation_class,
			    &list[i].rotation_confidence, ret_error);
		if (code == LARDER_OK)
			code = fill_cause(catalogue, &list[i], ret_error);
	}
	return code;
}

enum larder_code
larder_credential_list(
    struct larder *larder, struct larder_credential **ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct session *session = NULL;
	struct credential credential = { 0 };
	struct larder_credential *list = NULL, *more;
	enum larder_code code;
	size_t count = 0, room = 0;

	code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	code = credential_scan(&session->vault, ret_error);
	while (code == LARDER_OK) {
		code = credential_next(&session->vault, &credential, ret_error);
		if (code != LARDER_OK)
			break;
		if (count == room) {
			room = room == 0 ? 16 : room * 2;
			more = reallocarray(list, room, sizeof *list);
			if (more == NULL) {
				code = error_no_memory(ret_error);
				break;
			}
			list = more;
		}
		if (!view(&credential, &list[count++]))
			code = error_no_memory(ret_error);
	}
	credential_scan_end(&session->vault);
	credential_clear(&credential);
	if (code == LARDER_NOT_FOUND) {
		if (count > 0)
			qsort(list, count, sizeof *list, by_name);
		code = fill_by_definition(session->engine.catalogue, list, count, ret_error);
		if (code == LARDER_OK)
			code = fill_clients(&session->vault, list, count, ret_error);
	}
	if (code == LARDER_OK) {
		*ret = list;
		*ret_count = count;
	} else {
		larder_credential_list_free(list, count);
	}
	session_give(larder, session);
	return code;
}

void
larder_credential_list_free(struct larder_credential *credentials, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		larder_credential_clear(&credentials[i]);
	free(credentials);
}
