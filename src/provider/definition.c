/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a definition, object by object. A new quirk is a member of struct provider, a row here, and its use in
 * the oauth layer.
 */
#include "provider/definition.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "provider/causes.h"
#include "provider/complete.h"
#include "provider/field.h"
#include "provider/readers.h"

#define AT(member) offsetof(struct provider, member)

/* clang-format off */
static const struct field endpoint_fields[] = {
	{ "authorization",        FIELD_TEXT, AT(endpoints.authorization), NULL, NULL, NULL },
	{ "token",                FIELD_TEXT, AT(endpoints.token), NULL, NULL, NULL },
	{ "refresh",              FIELD_TEXT, AT(endpoints.refresh), NULL, NULL, NULL },
	{ "device_authorization", FIELD_TEXT, AT(endpoints.device_authorization), NULL, NULL, NULL },
	{ "revocation",           FIELD_TEXT, AT(endpoints.revocation), NULL, NULL, NULL },
	{ "introspection",        FIELD_TEXT, AT(endpoints.introspection), NULL, NULL, NULL },
	{ "userinfo",             FIELD_TEXT, AT(endpoints.userinfo), NULL, NULL, NULL },
	{ "registration",         FIELD_TEXT, AT(endpoints.registration), NULL, NULL, NULL },
	{ "pushed_authorization_request", FIELD_TEXT, AT(endpoints.pushed_authorization_request), NULL, NULL, NULL },
	{ "device_token",         FIELD_TEXT, AT(endpoints.device_token), NULL, NULL, NULL },
	{ "mtls_token",           FIELD_TEXT, AT(endpoints.mtls_token), NULL, NULL, NULL },
	{ "mtls_revocation",      FIELD_TEXT, AT(endpoints.mtls_revocation), NULL, NULL, NULL },
	{ "mtls_device_authorization", FIELD_TEXT, AT(endpoints.mtls_device_authorization), NULL, NULL, NULL },
	{ "mtls_userinfo",        FIELD_TEXT, AT(endpoints.mtls_userinfo), NULL, NULL, NULL },
	{ "mtls_pushed_authorization_request", FIELD_TEXT, AT(endpoints.mtls_pushed_authorization_request), NULL, NULL,
	    NULL },
	{ .name = NULL },
};

static const struct field code_exchange_fields[] = {
	{ "body",    FIELD_WORD,  AT(code_exchange.body), body_words, NULL, NULL },
	{ "extra",   FIELD_PAIRS, AT(code_exchange.extra), NULL, NULL, NULL },
	{ "headers", FIELD_PAIRS, AT(code_exchange.headers), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field client_credentials_fields[] = {
	{ "grant_type", FIELD_TEXT,  AT(client_credentials.grant_type), NULL, NULL, NULL },
	{ "body",       FIELD_WORD,  AT(client_credentials.body), body_words, NULL, NULL },
	{ "extra",      FIELD_PAIRS, AT(client_credentials.extra), NULL, NULL, NULL },
	{ "headers",    FIELD_PAIRS, AT(client_credentials.headers), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field client_assertion_fields[] = {
	{ "audience", FIELD_TEXT, AT(client_assertion.audience), NULL, NULL, NULL },
	{ "issuer",   FIELD_TEXT, AT(client_assertion.issuer), NULL, NULL, NULL },
	{ "key_id",   FIELD_TEXT, AT(client_assertion.key_id), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field jwt_bearer_fields[] = {
	{ "audience",         FIELD_TEXT,  AT(jwt_bearer.audience), NULL, NULL, NULL },
	{ "subject_optional", FIELD_BOOL,  AT(jwt_bearer.subject_optional), NULL, NULL, NULL },
	{ "scope_claim",      FIELD_BOOL,  AT(jwt_bearer.scope_claim), NULL, NULL, NULL },
	{ "client_auth",      FIELD_BOOL,  AT(jwt_bearer.client_auth), NULL, NULL, NULL },
	{ "extra",            FIELD_PAIRS, AT(jwt_bearer.extra), NULL, NULL, NULL },
	{ "headers",          FIELD_PAIRS, AT(jwt_bearer.headers), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field device_fields[] = {
	{ "client_auth",     FIELD_WORD,  AT(device.client_auth), auth_words, NULL, NULL },
	{ "body",            FIELD_WORD,  AT(device.body), body_words, NULL, NULL },
	{ "grant_type",      FIELD_OWN,   AT(device.grant_type), NULL, NULL, read_text_or_null },
	{ "sends_user_code", FIELD_BOOL,  AT(device.sends_user_code), NULL, NULL, NULL },
	{ "extra",           FIELD_PAIRS, AT(device.extra), NULL, NULL, NULL },
	{ "statuses",        FIELD_PAIRS, AT(device.statuses), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field param_names_fields[] = {
	{ "authorize",     FIELD_PAIRS, AT(param_names.authorize), NULL, NULL, NULL },
	{ "code_exchange", FIELD_PAIRS, AT(param_names.code_exchange), NULL, NULL, NULL },
	{ "refresh",       FIELD_PAIRS, AT(param_names.refresh), NULL, NULL, NULL },
	{ "device",        FIELD_PAIRS, AT(param_names.device), NULL, NULL, NULL },
	{ "device_token",  FIELD_PAIRS, AT(param_names.device_token), NULL, NULL, NULL },
	{ "revoke",        FIELD_PAIRS, AT(param_names.revoke), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field token_exchange_fields[] = {
	{ "extra",   FIELD_PAIRS, AT(token_exchange.extra), NULL, NULL, NULL },
	{ "headers", FIELD_PAIRS, AT(token_exchange.headers), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field refresh_fields[] = {
	{ "method",      FIELD_OWN,     AT(refresh.method), NULL, NULL, read_method },
	{ "body",        FIELD_WORD,    AT(refresh.body), body_words, NULL, NULL },
	{ "grant_type",  FIELD_OWN,     AT(refresh.grant_type), NULL, NULL, read_text_or_null },
	{ "credential",  FIELD_OWN,     AT(refresh.spends_access_token), NULL, NULL, read_credential },
	{ "token_param", FIELD_TEXT,    AT(refresh.token_param), NULL, NULL, NULL },
	{ "extra",       FIELD_PAIRS,   AT(refresh.extra), NULL, NULL, NULL },
	{ "headers",     FIELD_PAIRS,   AT(refresh.headers), NULL, NULL, NULL },
	{ "needs",       FIELD_STRINGS, AT(refresh.needs), NULL, NULL, NULL },
	{ "sends_scope", FIELD_BOOL,    AT(refresh.sends_scope), NULL, NULL, NULL },
	{ "widens_scope", FIELD_BOOL,   AT(refresh.widens_scope), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field response_fields[] = {
	{ "envelope",             FIELD_TEXT,    AT(response.envelope), NULL, NULL, NULL },
	{ "error_at_http_200",    FIELD_BOOL,    AT(response.error_at_http_200), NULL, NULL, NULL },
	{ "ok_field",             FIELD_TEXT,    AT(response.ok_field), NULL, NULL, NULL },
	{ "expiry",               FIELD_TEXT,    AT(response.note), NULL, NULL, NULL },
	{ "expiry_field",         FIELD_TEXT,    AT(response.expiry_field), NULL, NULL, NULL },
	{ "token_sets",           FIELD_STRINGS, AT(response.token_sets), NULL, NULL, NULL },
	{ "extra_fields_to_keep", FIELD_STRINGS, AT(response.extra_fields_to_keep), NULL, NULL, NULL },
	{ "dead_texts",           FIELD_STRINGS, AT(response.dead_texts), NULL, NULL, NULL },
	{ "dead_errors",          FIELD_STRINGS, AT(response.dead_errors), NULL, NULL, NULL },
	{ "refresh_idle_fields",  FIELD_STRINGS, AT(response.refresh_idle_fields), NULL, NULL, NULL },
	{ "refresh_absolute_fields", FIELD_STRINGS, AT(response.refresh_absolute_fields), NULL, NULL, NULL },
	{ "access_token_field",   FIELD_TEXT,    AT(response.access_token_field), NULL, NULL, NULL },
	{ "refresh_token_field",  FIELD_TEXT,    AT(response.refresh_token_field), NULL, NULL, NULL },
	{ "scope_field",          FIELD_TEXT,    AT(response.scope_field), NULL, NULL, NULL },
	{ "token_types",          FIELD_STRINGS, AT(response.token_types), NULL, NULL, NULL },
	{ "token_type_optional",  FIELD_BOOL,    AT(response.token_type_optional), NULL, NULL, NULL },
	{ "scope_separator",      FIELD_OWN,     AT(response.scope_separator), NULL, NULL, read_separator },
	{ .name = NULL },
};

static const struct field rotation_fields[] = {
	{ "kind",                    FIELD_WORD,    AT(rotation.kind), rotation_words, NULL, NULL },
	{ "mode",                    FIELD_TEXT,    AT(rotation.mode), NULL, NULL, NULL },
	{ "grace_kind",              FIELD_WORD,    AT(rotation.grace_kind), grace_words, NULL, NULL },
	{ "grace_s",                 FIELD_SECONDS, AT(rotation.grace_s), NULL, NULL, NULL },
	{ "on_unknown",              FIELD_WORD,    AT(rotation.on_unknown), on_unknown_words, NULL, NULL },
	{ "reuse_effect",            FIELD_TEXT,    AT(rotation.reuse_effect), NULL, NULL, NULL },
	{ "old_access_token_killed", FIELD_BOOL,    AT(rotation.old_access_token_killed), NULL, NULL, NULL },
	{ "note",                    FIELD_TEXT,    AT(rotation.note), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field revoke_nonce_fields[] = {
	{ "url",   FIELD_TEXT,    AT(revoke.nonce.url), NULL, NULL, NULL },
	{ "extra", FIELD_PAIRS,   AT(revoke.nonce.extra), NULL, NULL, NULL },
	{ "signs", FIELD_STRINGS, AT(revoke.nonce.signs), NULL, NULL, NULL },
	{ "field", FIELD_TEXT,    AT(revoke.nonce.field), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field revoke_fields[] = {
	{ "style",            FIELD_WORD,    AT(revoke.style), revoke_style_words, NULL, NULL },
	{ "method",           FIELD_OWN,     AT(revoke.method), NULL, NULL, read_method },
	{ "url",              FIELD_OWN,     AT(revoke.url), NULL, NULL, read_url_or_words },
	{ "client_auth",      FIELD_OWN,     AT(revoke.client_auth), NULL, NULL, read_client_auth },
	{ "body",             FIELD_WORD,    AT(revoke.body), body_words, NULL, NULL },
	{ "token_param",      FIELD_TEXT,    AT(revoke.token_param), NULL, NULL, NULL },
	{ "auth_scheme",      FIELD_TEXT,    AT(revoke.auth_scheme), NULL, NULL, NULL },
	{ "extra",            FIELD_PAIRS,   AT(revoke.extra), NULL, NULL, NULL },
	{ "headers",          FIELD_PAIRS,   AT(revoke.headers), NULL, NULL, NULL },
	{ "fields",           FIELD_PAIRS,   AT(revoke.fields), NULL, NULL, NULL },
	{ "claims",           FIELD_PAIRS,   AT(revoke.claims), NULL, NULL, NULL },
	{ "signs",            FIELD_STRINGS, AT(revoke.signs), NULL, NULL, NULL },
	{ "nonce",            FIELD_OBJECT,  0, NULL, revoke_nonce_fields, NULL },
	{ "sends_client_id",  FIELD_BOOL,    AT(revoke.sends_client_id), NULL, NULL, NULL },
	{ "sends_hint",       FIELD_BOOL,    AT(revoke.sends_hint), NULL, NULL, NULL },
	{ "accepts",          FIELD_OWN,     AT(revoke), NULL, NULL, read_accepts },
	{ "success",          FIELD_OWN,     AT(revoke), NULL, NULL, read_success },
	{ "success_field",    FIELD_TEXT,    AT(revoke.success_field), NULL, NULL, NULL },
	{ "success_value",    FIELD_TEXT,    AT(revoke.success_value), NULL, NULL, NULL },
	{ "unknown_token",    FIELD_OWN,     AT(revoke), NULL, NULL, read_unknown_token },
	{ "unknown_errors",   FIELD_STRINGS, AT(revoke.unknown_errors), NULL, NULL, NULL },
	{ "unknown_statuses", FIELD_OWN,     AT(revoke), NULL, NULL, read_unknown_statuses },
	{ "cascade",          FIELD_TEXT,    AT(revoke.cascade), NULL, NULL, NULL },
	{ "cascades",         FIELD_BOOL,    AT(revoke.cascades), NULL, NULL, NULL },
	{ "side_effects",     FIELD_TEXT,    AT(revoke.side_effects), NULL, NULL, NULL },
	{ "destructive",      FIELD_OWN,     AT(revoke.destructive), NULL, NULL, read_destructive },
	{ "page",             FIELD_TEXT,    AT(revoke.page), NULL, NULL, NULL },
	{ "note",             FIELD_TEXT,    AT(revoke.note), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field loopback_fields[] = {
	{ "http_loopback", FIELD_BOOL,    AT(loopback.http_loopback), NULL, NULL, NULL },
	{ "any_port",      FIELD_OWN,     AT(loopback.any_port), NULL, NULL, read_any_port },
	{ "hosts",         FIELD_STRINGS, AT(loopback.hosts), NULL, NULL, NULL },
	{ "port",          FIELD_OWN,     AT(loopback.port), NULL, NULL, read_port },
	{ "path",          FIELD_OWN,     AT(loopback.path), NULL, NULL, read_path },
	{ "note",          FIELD_TEXT,    AT(loopback.note), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field userinfo_fields[] = {
	{ "method",        FIELD_OWN,   AT(userinfo.method), NULL, NULL, read_method },
	{ "headers",       FIELD_PAIRS, AT(userinfo.headers), NULL, NULL, NULL },
	{ "subject_field", FIELD_TEXT,  AT(userinfo.subject_field), NULL, NULL, NULL },
	{ "account_field", FIELD_TEXT,  AT(userinfo.account_field), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field definition_fields[] = {
	{ "id",                       FIELD_OWN,     AT(id), NULL, NULL, read_id },
	{ "name",                     FIELD_TEXT,    AT(name), NULL, NULL, NULL },
	{ "vars",                     FIELD_OWN,     AT(vars), NULL, NULL, read_vars },
	{ "issuer",                   FIELD_OWN,     AT(issuer), NULL, NULL, read_url_or_words },
	{ "discovery",                FIELD_OWN,     AT(discovery), NULL, NULL, read_url_or_words },
	{ "discovered_at",            FIELD_SECONDS, AT(discovered_at), NULL, NULL, NULL },
	{ "public_only",              FIELD_BOOL,    AT(public_only), NULL, NULL, NULL },
	{ "insecure_loopback",        FIELD_BOOL,    AT(insecure_loopback), NULL, NULL, NULL },
	{ "endpoints",                FIELD_OBJECT,  0, NULL, endpoint_fields, NULL },
	{ "token_auth_methods",       FIELD_OWN,     AT(auth_methods), NULL, NULL, read_auth_methods },
	{ "token_auth_default",       FIELD_WORD,    AT(auth_default), auth_words, NULL, NULL },
	{ "basic_encoding",           FIELD_WORD,    AT(basic_encoding), basic_encoding_words, NULL, NULL },
	{ "client_assertion",         FIELD_OBJECT,  0, NULL, client_assertion_fields, NULL },
	{ "pkce",                     FIELD_TEXT,    AT(pkce_note), NULL, NULL, NULL },
	{ "pkce_challenge",           FIELD_WORD,    AT(pkce_challenge), challenge_words, NULL, NULL },
	{ "scope_separator",          FIELD_OWN,     AT(scope_separator), NULL, NULL, read_separator },
	{ "authorize_params",         FIELD_PAIRS,   AT(authorize_params), NULL, NULL, NULL },
	{ "offline_scopes",           FIELD_STRINGS, AT(offline_scopes), NULL, NULL, NULL },
	{ "scopes_supported",         FIELD_STRINGS, AT(scopes_supported), NULL, NULL, NULL },
	{ "dpop",                     FIELD_WORD,    AT(dpop), dpop_words, NULL, NULL },
	{ "dpop_algs",                FIELD_STRINGS, AT(dpop_algs), NULL, NULL, NULL },
	{ "api_hosts",                FIELD_STRINGS, AT(api_hosts), NULL, NULL, NULL },
	{ "code_exchange",            FIELD_OBJECT,  0, NULL, code_exchange_fields, NULL },
	{ "client_credentials",       FIELD_OBJECT,  0, NULL, client_credentials_fields, NULL },
	{ "jwt_bearer",               FIELD_OBJECT,  0, NULL, jwt_bearer_fields, NULL },
	{ "token_exchange",           FIELD_OBJECT,  0, NULL, token_exchange_fields, NULL },
	{ "device",                   FIELD_OBJECT,  0, NULL, device_fields, NULL },
	{ "param_names",              FIELD_OBJECT,  0, NULL, param_names_fields, NULL },
	{ "refresh",                  FIELD_OBJECT,  0, NULL, refresh_fields, NULL },
	{ "response",                 FIELD_OBJECT,  0, NULL, response_fields, NULL },
	{ "access_token_ttl_s",       FIELD_SECONDS, AT(access_token_ttl_s), NULL, NULL, NULL },
	{ "rotation",                 FIELD_OBJECT,  0, NULL, rotation_fields, NULL },
	{ "refresh_token_idle_s",     FIELD_SECONDS, AT(refresh_token_idle_s), NULL, NULL, NULL },
	{ "refresh_token_absolute_s", FIELD_SECONDS, AT(refresh_token_absolute_s), NULL, NULL, NULL },
	{ "min_refresh_interval_s",   FIELD_SECONDS, AT(min_refresh_interval_s), NULL, NULL, NULL },
	{ "revoke",                   FIELD_OBJECT,  0, NULL, revoke_fields, NULL },
	{ "loopback",                 FIELD_OBJECT,  0, NULL, loopback_fields, NULL },
	{ "require_par",              FIELD_BOOL,    AT(require_par), NULL, NULL, NULL },
	{ "iss_in_response",          FIELD_BOOL,    AT(iss_in_response), NULL, NULL, NULL },
	{ "userinfo",                 FIELD_OBJECT,  0, NULL, userinfo_fields, NULL },
	{ "causes",                   FIELD_OWN,     0, NULL, NULL, read_causes },
	{ "quirks",                   FIELD_STRINGS, AT(quirks), NULL, NULL, NULL },
	{ "sources",                  FIELD_JSON,    AT(sources), NULL, NULL, NULL },
	{ "confidence",               FIELD_OWN,     AT(confidence), NULL, NULL, read_confidence },
	{ "endpoint_seen_in",         FIELD_JSON,    AT(endpoint_seen_in), NULL, NULL, NULL },
	{ .name = NULL },
};
/* clang-format on */

/* Before other fields, so that every message can name the provider. */
static void
read_id_first(struct reading *reading, const cJSON *json)
{
	const cJSON *id = json_get(json, "id");
	size_t mark = reading_enter(reading, "id");

	if (id == NULL)
		reading_fail(reading, "missing");
	else
		read_id(reading, id, reading->provider->id);
	reading_leave(reading, mark);
}

static void
read_all(struct reading *reading, const cJSON *json)
{
	if (!cJSON_IsObject(json)) {
		reading_fail(reading, "not a JSON object");
		return;
	}
	read_id_first(reading, json);
	if (reading->code == LARDER_OK)
		complete_defaults(reading->provider);
	if (reading->code == LARDER_OK)
		field_object(reading, json, definition_fields, reading->provider);
	if (reading->code == LARDER_OK)
		complete_definition(reading);
}

enum larder_code
definition_parse(
    const char *text, size_t len, const char *source, struct provider **ret, struct larder_error *ret_error)
{
	struct reading reading = { .source = source, .ret_error = ret_error, .code = LARDER_OK };
	struct cJSON *json = NULL;
	char why[160] = "";

	reading.provider = calloc(1, sizeof(*reading.provider));
	if (reading.provider == NULL)
		return error_no_memory(ret_error);
	if (len > DEFINITION_MAX) {
		reading_fail(&reading, "larger than %zu KiB", DEFINITION_MAX >> 10);
		goto out;
	}
	json = json_parse(text, len, JSON_DEPTH_MAX, why, sizeof(why));
	if (json == NULL && errno == ENOMEM)
		reading_no_memory(&reading);
	else if (json == NULL)
		reading_fail(&reading, "%s", why);
	else
		read_all(&reading, json);
out:
	json_free(json);
	if (reading.code != LARDER_OK) {
		provider_free(reading.provider);
		return reading.code;
	}
	*ret = reading.provider;
	return LARDER_OK;
}
