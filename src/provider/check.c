/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/check.h"

#include <string.h>

#include "base/host_name.h"
#include "base/text.h"
#include "provider/template.h"

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
		if (pairs_find(list, *names) < list->count)
			reading_fail(reading, "%s.%s: %s", place, *names, problem);
	}
}

static void
check_repeats(struct reading *reading, const char *place, const struct name_values *list, const char *problem)
{
	for (size_t i = 0; i < list->count; i++) {
		char safe[80];

		if (pairs_find(list, list->items[i].name) < i)
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
		if (pairs_find(other, list->items[i].name) < other->count)
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

/* One that cannot be read would be ignored, and its requests refused without a reason to see. */
static void
check_hosts(struct reading *reading)
{
	const struct strings *hosts = &reading->provider->api_hosts;
	char safe[80];

	for (size_t i = 0; i < hosts->count; i++) {
		if (!host_name_is_valid(hosts->items[i]))
			reading_fail(reading,
			    "api_hosts: '%s' is no name of a host such as api.example.org, "
			    "*.example.org or localhost:8080",
			    text_escape(safe, sizeof safe, hosts->items[i], strlen(hosts->items[i])));
	}
}

void
check_definition(struct reading *reading)
{
	const struct provider *provider = reading->provider;

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
	check_hosts(reading);
}
