/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/complete.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "provider/template.h"
#include "provider/wording.h"

void
complete_defaults(struct provider *provider)
{
	static char refresh_token[] = "refresh_token", client_credentials[] = "client_credentials";
	static char token_endpoint[] = "token_endpoint";
	static char device_code[] = "urn:ietf:params:oauth:grant-type:device_code";
	static char access_token[] = "access_token", scope[] = "scope";

	(void)text_format(provider->scope_separator, sizeof(provider->scope_separator), " ");
	(void)text_format(provider->refresh.method, sizeof(provider->refresh.method), "POST");
	provider->client_credentials.grant_type = client_credentials;
	provider->jwt_bearer.audience = token_endpoint;
	provider->jwt_bearer.client_auth = true;
	provider->client_assertion.audience = token_endpoint;
	provider->refresh.grant_type = refresh_token;
	provider->device.grant_type = device_code;
	provider->device.client_auth = AUTH_SAME;
	provider->response.access_token_field = access_token;
	provider->response.refresh_token_field = refresh_token;
	provider->response.scope_field = scope;
	provider->refresh.sends_scope = true;
	(void)text_format(provider->revoke.method, sizeof(provider->revoke.method), "POST");
	provider->revoke.client_auth = AUTH_SAME;
	provider->revoke.sends_hint = true;
	provider->loopback.http_loopback = true;
	provider->loopback.any_port = true;
	(void)text_format(provider->userinfo.method, sizeof(provider->userinfo.method), "GET");
	provider->access_token_ttl_s = TTL_UNKNOWN;
	provider->discovered_at = TTL_UNKNOWN;
	provider->rotation.grace_s = TTL_UNKNOWN;
	provider->refresh_token_idle_s = TTL_UNKNOWN;
	provider->refresh_token_absolute_s = TTL_UNKNOWN;
}

static void
default_text(struct reading *reading, char **at, const char *text)
{
	if (*at == NULL)
		field_keep(reading, text, strlen(text), at);
}

static void
default_string(struct reading *reading, struct strings *list, const char *text)
{
	if (list->count == 0 && !keep_string(reading->provider, list, text, strlen(text)))
		reading_no_memory(reading);
}

static void
remove_pair(struct name_values *list, size_t index)
{
	list->count--;
	memmove(&list->items[index], &list->items[index + 1], (list->count - index) * sizeof(list->items[0]));
}

static size_t
find_pair(const struct name_values *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (text_equal_nocase(list->items[i].name, name))
			return i;
	}
	return list->count;
}

/*
 * An extra parameter whose value is the token itself is the parameter that carries the token. One that is the scope
 * says no more than that scopes are sent; a fixed scope takes the place of the one that was asked for.
 */
static void
complete_refresh(struct reading *reading)
{
	struct provider *provider = reading->provider;
	struct name_values *extra = &provider->refresh.extra;
	const char *token = provider->refresh.spends_access_token ? "{access_token}" : "{refresh_token}";
	size_t i;

	for (i = 0; i < extra->count; i++) {
		if (strcmp(extra->items[i].value, token) == 0 && provider->refresh.token_param == NULL) {
			provider->refresh.token_param = extra->items[i].name;
			remove_pair(extra, i);
			break;
		}
	}
	default_text(reading, &provider->refresh.token_param,
	    provider->refresh.spends_access_token ? "access_token" : "refresh_token");
	i = find_pair(extra, "scope");
	if (i < extra->count && strcmp(extra->items[i].value, "{scope}") == 0)
		remove_pair(extra, i);
	else if (i < extra->count)
		provider->refresh.sends_scope = false;
	if (strcmp(provider->refresh.method, "GET") == 0 && provider->refresh.body == BODY_FORM)
		provider->refresh.body = BODY_QUERY;
}

static void
complete_response(struct reading *reading)
{
	struct provider *provider = reading->provider;

	if (provider->response.note != NULL && !wording_expiry(provider, provider->response.note))
		reading_no_memory(reading);
	default_string(reading, &provider->response.token_sets, ".");
	if (provider->response.scope_separator[0] == '\0')
		(void)text_format(provider->response.scope_separator, sizeof(provider->response.scope_separator), "%s",
		    provider->scope_separator);
	if (provider->pkce_note != NULL)
		provider->pkce = wording_pkce(provider->pkce_note);
}

/* An endpoint without a style is the RFC's; what it takes, without a list, is what its style can do. */
static void
complete_revoke(struct reading *reading)
{
	struct provider *provider = reading->provider;
	bool has_url = provider->revoke.url != NULL || provider->endpoints.revocation != NULL;
	enum revoke_style style = provider->revoke.style;

	if (style == REVOKE_UNKNOWN)
		style = has_url ? REVOKE_RFC7009 : REVOKE_NONE;
	provider->revoke.style = style;
	if (!provider->revoke.accepts_given && style != REVOKE_NONE && !provider_revokes_account(provider)) {
		provider->revoke.accepts_access = true;
		provider->revoke.accepts_refresh = style == REVOKE_RFC7009 || style == REVOKE_RFC7009_LIKE;
	}
	if (provider->revoke.success_count == 0)
		provider->revoke.success[provider->revoke.success_count++] = 200;
	if (provider->revoke.success_field != NULL)
		default_text(reading, &provider->revoke.success_value, "true");
	default_text(reading, &provider->revoke.token_param, "token");
	if (provider->revoke.destructive_given)
		return;
	if (style == REVOKE_CUSTOM_API || style == REVOKE_SHOPIFY || provider->revoke.accepts_other.count > 0 ||
	    provider_revokes_account(provider))
		provider->revoke.destructive = true;
}

static void
check_template(struct reading *reading, const char *group, const char *name, const char *template, bool required)
{
	char why[128] = "";
	size_t mark = strlen(reading->place);

	if (template == NULL || reading->code != LARDER_OK)
		return;
	if (group[0] != '\0')
		(void)reading_enter(reading, group);
	(void)reading_enter(reading, name);
	if (!template_check(reading->provider, template, required, why, sizeof(why))) {
		if (why[0] == '\0')
			reading_no_memory(reading);
		else
			reading_fail(reading, "%s", why);
	}
	reading_leave(reading, mark);
}

static void
check_templates(struct reading *reading)
{
	const struct provider *provider = reading->provider;

	check_template(reading, "endpoints", "token", provider->endpoints.token, true);
	check_template(reading, "endpoints", "refresh", provider->endpoints.refresh, true);
	check_template(reading, "endpoints", "authorization", provider->endpoints.authorization, true);
	check_template(reading, "endpoints", "device_authorization", provider->endpoints.device_authorization, false);
	check_template(reading, "endpoints", "device_token", provider->endpoints.device_token, false);
	check_template(reading, "endpoints", "revocation", provider->endpoints.revocation, false);
	check_template(reading, "endpoints", "introspection", provider->endpoints.introspection, false);
	check_template(reading, "endpoints", "userinfo", provider->endpoints.userinfo, false);
	check_template(reading, "endpoints", "mtls_token", provider->endpoints.mtls_token, false);
	check_template(reading, "endpoints", "mtls_revocation", provider->endpoints.mtls_revocation, false);
	check_template(
	    reading, "endpoints", "mtls_device_authorization", provider->endpoints.mtls_device_authorization, false);
	check_template(reading, "endpoints", "mtls_userinfo", provider->endpoints.mtls_userinfo, false);
	check_template(reading, "endpoints", "mtls_pushed_authorization_request",
	    provider->endpoints.mtls_pushed_authorization_request, false);
	check_template(reading, "endpoints", "registration", provider->endpoints.registration, false);
	check_template(reading, "endpoints", "pushed_authorization_request",
	    provider->endpoints.pushed_authorization_request, false);
	check_template(reading, "", "issuer", provider->issuer, false);
	check_template(reading, "", "discovery", provider->discovery, false);
	check_template(reading, "revoke", "url", provider->revoke.url, false);
	check_template(reading, "revoke.nonce", "url", provider->revoke.nonce.url, false);
	check_template(reading, "revoke", "page", provider->revoke.page, false);
	if (provider->endpoints.token == NULL && provider->endpoints.refresh == NULL && provider->discovery == NULL &&
	    provider->issuer == NULL)
		reading_fail(reading, "endpoints.token: missing");
}

/* names ends with NULL. */
static void
refuse_pairs(struct reading *reading, const char *place, const struct name_values *list, const char *const *names,
    const char *problem)
{
	for (; *names != NULL; names++) {
		if (find_pair(list, *names) < list->count)
			reading_fail(reading, "%s.%s: %s", place, *names, problem);
	}
}

static void
check_repeats(struct reading *reading, const char *place, const struct name_values *list, const char *problem)
{
	for (size_t i = 0; i < list->count; i++) {
		char safe[80];

		if (find_pair(list, list->items[i].name) < i)
			reading_fail(reading, "%s.%s: %s", place,
			    text_escape(safe, sizeof(safe), list->items[i].name, strlen(list->items[i].name)), problem);
	}
}

static const char *const token_names[] = { "client_id", "client_secret", "client_assertion", "client_assertion_type",
	"grant_type", "refresh_token", "token", NULL };
static const char sent_twice[] = "a parameter of the protocol, which would be sent twice";

static void
check_parameters(struct reading *reading)
{
	static const char *const code_names[] = { "code", "code_verifier", "redirect_uri", NULL };
	static const char *const authorize_names[] = { "client_id", "client_secret", "redirect_uri", "response_type",
		"scope", "state", "code_challenge", "code_challenge_method", "request", "request_uri", NULL };
	struct provider *provider = reading->provider;
	const char *token_param[] = { provider->refresh.token_param, NULL };

	refuse_pairs(reading, "refresh.extra", &provider->refresh.extra, token_names, sent_twice);
	refuse_pairs(reading, "refresh.extra", &provider->refresh.extra, token_param, sent_twice);
	refuse_pairs(reading, "code_exchange.extra", &provider->code_exchange.extra, token_names, sent_twice);
	refuse_pairs(reading, "code_exchange.extra", &provider->code_exchange.extra, code_names, sent_twice);
	refuse_pairs(reading, "authorize_params", &provider->authorize_params, authorize_names, sent_twice);
	check_repeats(reading, "refresh.extra", &provider->refresh.extra, "twice");
	check_repeats(reading, "code_exchange.extra", &provider->code_exchange.extra, "twice");
	check_repeats(reading, "authorize_params", &provider->authorize_params, "twice");
	refuse_pairs(reading, "revoke.extra", &provider->revoke.extra, token_names, sent_twice);
	refuse_pairs(reading, "device.extra", &provider->device.extra, token_names, sent_twice);
	check_repeats(reading, "revoke.extra", &provider->revoke.extra, "twice");
	check_repeats(reading, "device.extra", &provider->device.extra, "twice");
}

static bool
is_header_name(const char *name)
{
	static const char allowed[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return name[0] != '\0' && strlen(name) < 64 && name[strspn(name, allowed)] == '\0';
}

/* Headers that decide where a message ends, who is asked or who asks are the courier's alone. */
static void
check_headers(struct reading *reading, const char *place, const struct name_values *headers)
{
	static const char *const names[] = { "Authorization", "Connection", "Content-Encoding", "Content-Length",
		"Content-Type", "Cookie", "Expect", "Host", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding",
		"Upgrade", NULL };

	refuse_pairs(reading, place, headers, names, "a header that Larder sets itself");
	check_repeats(reading, place, headers, "twice");
	for (size_t i = 0; i < headers->count; i++) {
		char safe[80];

		if (!is_header_name(headers->items[i].name))
			reading_fail(reading, "%s.%s: not a header's name", place,
			    text_escape(safe, sizeof(safe), headers->items[i].name, strlen(headers->items[i].name)));
	}
}

/* What the requests without a person say themselves. */
static void
check_grants(struct reading *reading)
{
	static const char *const names[] = { "assertion", "subject_token", "subject_token_type", "actor_token",
		"actor_token_type", "requested_token_type", NULL };
	struct provider *provider = reading->provider;
	const struct {
		const char *place, *headers_place;
		const struct name_values *extra, *headers;
	} grants[] = {
		{ "client_credentials.extra", "client_credentials.headers", &provider->client_credentials.extra,
		    &provider->client_credentials.headers },
		{ "jwt_bearer.extra", "jwt_bearer.headers", &provider->jwt_bearer.extra,
		    &provider->jwt_bearer.headers },
		{ "token_exchange.extra", "token_exchange.headers", &provider->token_exchange.extra,
		    &provider->token_exchange.headers },
	};

	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		refuse_pairs(reading, grants[i].place, grants[i].extra, token_names, sent_twice);
		refuse_pairs(reading, grants[i].place, grants[i].extra, names, sent_twice);
		check_repeats(reading, grants[i].place, grants[i].extra, "twice");
		check_headers(reading, grants[i].headers_place, grants[i].headers);
	}
}

static void
check_auth(struct reading *reading)
{
	const struct provider *provider = reading->provider;

	if (provider->auth_default == AUTH_UNSET || provider->auth_methods_count == 0)
		return;
	for (size_t i = 0; i < provider->auth_methods_count; i++) {
		if (provider->auth_methods[i] == provider->auth_default)
			return;
	}
	reading_fail(reading, "token_auth_default: not one of token_auth_methods");
}

static void
check_apart(struct reading *reading, const char *place, const struct name_values *list, const struct name_values *other)
{
	for (size_t i = 0; i < list->count; i++) {
		if (find_pair(other, list->items[i].name) < other->count)
			reading_fail(reading, "%s: a parameter that is sent already", place);
	}
}

/* What names the account is kept from replies, is sent, and takes the place of a token. */
static void
check_account(struct reading *reading)
{
	const struct provider *provider = reading->provider;
	const struct name_values *fields = &provider->revoke.fields, *claims = &provider->revoke.claims;
	const struct strings *kept = &provider->response.extra_fields_to_keep;
	size_t at;

	if (provider->revoke.signs.count > 0 && provider->revoke.body == BODY_NONE)
		reading_fail(reading, "revoke.body: none, and there is a signature to send");
	if ((provider->revoke.nonce.url == NULL) != (provider->revoke.nonce.field == NULL))
		reading_fail(reading, "revoke.nonce: url and field go together");
	if (provider->revoke.nonce.url != NULL && !provider_revokes_account(provider))
		reading_fail(reading, "revoke.nonce: without revoke.fields or revoke.claims");
	refuse_pairs(reading, "revoke.nonce.extra", &provider->revoke.nonce.extra, token_names, sent_twice);
	check_repeats(reading, "revoke.nonce.extra", &provider->revoke.nonce.extra, "twice");
	if (!provider_revokes_account(provider))
		return;
	if (provider->revoke.accepts_access || provider->revoke.accepts_refresh)
		reading_fail(reading, "revoke.accepts: has tokens, and fields or claims are sent instead of them");
	if (provider->revoke.body == BODY_NONE)
		reading_fail(reading, "revoke.body: none, and there are fields or claims to send");
	for (size_t i = 0; i < fields->count; i++) {
		for (at = 0; at < kept->count && strcmp(kept->items[at], fields->items[i].value) != 0;)
			at++;
		if (at == kept->count)
			reading_fail(reading, "revoke.fields: not one of response.extra_fields_to_keep");
	}
	for (size_t i = 0; i < claims->count; i++) {
		if (claims->items[i].value[0] == '\0')
			reading_fail(reading, "revoke.claims: a claim without a name");
	}
	refuse_pairs(reading, "revoke.fields", fields, token_names, sent_twice);
	refuse_pairs(reading, "revoke.claims", claims, token_names, sent_twice);
	check_repeats(reading, "revoke.fields", fields, "twice");
	check_repeats(reading, "revoke.claims", claims, "twice");
	check_apart(reading, "revoke.fields", fields, &provider->revoke.extra);
	check_apart(reading, "revoke.claims", claims, &provider->revoke.extra);
	check_apart(reading, "revoke.claims", claims, fields);
}

/* What a log-in needs and could not keep would only show when somebody waits for it. */
static void
check_login(struct reading *reading)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]", "localhost" };
	const struct provider *provider = reading->provider;

	if (provider->require_par && provider->endpoints.pushed_authorization_request == NULL)
		reading_fail(reading, "require_par: without endpoints.pushed_authorization_request");
	if (provider->iss_in_response && provider->issuer == NULL)
		reading_fail(reading, "iss_in_response: without issuer");
	for (size_t i = 0; i < provider->loopback.hosts.count; i++) {
		const char *host = provider->loopback.hosts.items[i];

		if (strcmp(host, hosts[0]) != 0 && strcmp(host, hosts[1]) != 0 && strcmp(host, hosts[2]) != 0)
			reading_fail(reading, "loopback.hosts: not 127.0.0.1, [::1] or localhost");
	}
}

void
complete_definition(struct reading *reading)
{
	struct provider *provider = reading->provider;

	default_text(reading, &provider->name, provider->id);
	complete_refresh(reading);
	complete_response(reading);
	complete_revoke(reading);
	if (reading->code != LARDER_OK)
		return;
	check_templates(reading);
	check_parameters(reading);
	check_headers(reading, "refresh.headers", &provider->refresh.headers);
	check_headers(reading, "code_exchange.headers", &provider->code_exchange.headers);
	check_headers(reading, "revoke.headers", &provider->revoke.headers);
	check_headers(reading, "userinfo.headers", &provider->userinfo.headers);
	check_grants(reading);
	check_login(reading);
	check_auth(reading);
	check_account(reading);
}
