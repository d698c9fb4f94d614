/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "oauth/metadata.h"
#include "oauth/metadata_list.h"
#include "provider/definition.h"

#define AT(member_) offsetof(struct provider, endpoints.member_)

/* clang-format off */
const struct metadata_endpoint metadata_endpoints[] = {
	{ "authorization_endpoint",        "authorization",        AT(authorization),        METADATA_FOR_CODE },
	{ "token_endpoint",                "token",                AT(token),                METADATA_ALWAYS },
	{ "device_authorization_endpoint", "device_authorization", AT(device_authorization), METADATA_MAY },
	{ "revocation_endpoint",           "revocation",           AT(revocation),           METADATA_MAY },
	{ "introspection_endpoint",        "introspection",        AT(introspection),        METADATA_MAY },
	{ "userinfo_endpoint",             "userinfo",             AT(userinfo),             METADATA_MAY },
	{ "registration_endpoint",         "registration",         AT(registration),         METADATA_MAY },
	{ "pushed_authorization_request_endpoint", "pushed_authorization_request", AT(pushed_authorization_request),
	    METADATA_MAY },
	/* RFC 8705 section 5 */
	{ "mtls_endpoint_aliases.token_endpoint", "mtls_token", AT(mtls_token), METADATA_MAY },
	{ "mtls_endpoint_aliases.revocation_endpoint", "mtls_revocation", AT(mtls_revocation), METADATA_MAY },
	{ "mtls_endpoint_aliases.device_authorization_endpoint", "mtls_device_authorization",
	    AT(mtls_device_authorization), METADATA_MAY },
	{ "mtls_endpoint_aliases.userinfo_endpoint", "mtls_userinfo", AT(mtls_userinfo), METADATA_MAY },
	{ "mtls_endpoint_aliases.pushed_authorization_request_endpoint", "mtls_pushed_authorization_request",
	    AT(mtls_pushed_authorization_request), METADATA_MAY },
	{ NULL, NULL, 0, METADATA_MAY },
};
/* clang-format on */

struct comparison {
	void (*tell)(void *ctx, const struct metadata_change *change);
	void *ctx;
	bool asking; /* the pass of now */
};

static const char *
endpoint(const struct provider *provider, const struct metadata_endpoint *row)
{
	return *(char *const *)(const void *)((const char *)provider + row->offset);
}

static void
tell(const struct comparison *comparison, const char *name, const char *before, const char *after, bool asks)
{
	struct metadata_change change = { .what = name, .asks = asks };
	char safe_before[512], safe_after[512];

	if (asks != comparison->asking)
		return;
	change.before = text_escape(safe_before, sizeof(safe_before), before, strlen(before));
	change.after = text_escape(safe_after, sizeof(safe_after), after, strlen(after));
	comparison->tell(comparison->ctx, &change);
}

/* Whether one of the pinned endpoints, or the issuer, is at this origin already. */
static bool
knows_origin(const struct provider *provider, const struct url *url)
{
	const struct metadata_endpoint *row;
	char why[128];
	struct url known;

	if (provider->issuer != NULL && url_parse(provider->issuer, &known, why, sizeof(why)) &&
	    url_same_origin(&known, url))
		return true;
	for (row = metadata_endpoints; row->member != NULL; row++) {
		const char *text = endpoint(provider, row);

		if (text != NULL && url_parse(text, &known, why, sizeof(why)) && url_same_origin(&known, url))
			return true;
	}
	return false;
}

static bool
is_moved(const struct provider *pinned, const char *before, const char *after)
{
	char why[128];
	struct url from, to;

	if (after[0] == '\0')
		return false;
	if (!url_parse(after, &to, why, sizeof(why)))
		return true;
	if (before[0] != '\0' && url_parse(before, &from, why, sizeof(why)))
		return !url_same_origin(&from, &to);
	return !knows_origin(pinned, &to);
}

static void
compare_endpoints(const struct comparison *comparison, const struct provider *before, const struct provider *after)
{
	const struct metadata_endpoint *row;
	char name[64];

	for (row = metadata_endpoints; row->member != NULL; row++) {
		const char *from = endpoint(before, row), *to = endpoint(after, row);

		from = from == NULL ? "" : from;
		to = to == NULL ? "" : to;
		if (strcmp(from, to) == 0)
			continue;
		(void)text_format(name, sizeof(name), "endpoints.%s", row->field);
		tell(comparison, name, from, to, is_moved(before, from, to));
	}
}

static void
compare_flag(const struct comparison *comparison, const char *name, bool before, bool after, bool loss_asks)
{
	if (before != after)
		tell(comparison, name, before ? "yes" : "no", after ? "yes" : "no", loss_asks && before);
}

static void
compare_methods(const struct comparison *comparison, const struct provider *before, const struct provider *after)
{
	for (size_t i = 0; i < before->auth_methods_count; i++) {
		bool stays = false;

		for (size_t j = 0; j < after->auth_methods_count; j++)
			stays = stays || before->auth_methods[i] == after->auth_methods[j];
		if (!stays)
			tell(comparison, "token_auth_methods", auth_method_name(before->auth_methods[i]), "", false);
	}
}

void
metadata_compare(const struct provider *before, const struct provider *after,
    void (*told)(void *ctx, const struct metadata_change *change), void *ctx)
{
	struct comparison comparison = { .tell = told, .ctx = ctx, .asking = true };
	bool had_s256 = before->pkce == PKCE_SUPPORTED || before->pkce == PKCE_REQUIRED;
	bool has_s256 = after->pkce == PKCE_SUPPORTED || after->pkce == PKCE_REQUIRED;

	for (int pass = 0; pass < 2; pass++) {
		compare_endpoints(&comparison, before, after);
		compare_flag(&comparison, "pkce S256", had_s256, has_s256, true);
		compare_flag(&comparison, "iss_in_response", before->iss_in_response, after->iss_in_response, true);
		compare_flag(&comparison, "require_par", before->require_par, after->require_par, true);
		compare_flag(&comparison, "public_only", before->public_only, after->public_only, true);
		compare_methods(&comparison, before, after);
		comparison.asking = false;
	}
}

/* At the host of the issuer, or below it, by the same scheme. */
static bool
is_issuers_own(const struct url *issuer, const char *text)
{
	size_t issuer_len = strlen(issuer->host), len;
	char why[128];
	struct url url;

	if (!url_parse(text, &url, why, sizeof(why)) || strcmp(issuer->scheme, url.scheme) != 0)
		return false;
	if (url_is_loopback(issuer) && url_is_loopback(&url))
		return true;
	len = strlen(url.host);
	if (len < issuer_len || strcmp(url.host + len - issuer_len, issuer->host) != 0)
		return false;
	return len == issuer_len ? url.port == issuer->port : url.host[len - issuer_len - 1] == '.';
}

void
metadata_judge_first(
    const struct provider *made, void (*told)(void *ctx, const struct metadata_change *change), void *ctx)
{
	struct comparison comparison = { .tell = told, .ctx = ctx, .asking = true };
	const struct metadata_endpoint *row;
	char name[64], why[128];
	struct url issuer;

	if (!url_parse(made->issuer, &issuer, why, sizeof(why)))
		return;
	for (row = metadata_endpoints; row->member != NULL; row++) {
		const char *to = endpoint(made, row);

		if (to == NULL || is_issuers_own(&issuer, to))
			continue;
		(void)text_format(name, sizeof(name), "endpoints.%s", row->field);
		tell(&comparison, name, "", to, true);
	}
}

/* Members that a discovery writes, or leaves out because the document did. */
static bool
is_discovered(const char *name)
{
	static const char *const names[] = { "id", "name", "issuer", "discovery", "discovered_at", "insecure_loopback",
		"public_only", "endpoints", "token_auth_methods", "token_auth_default", "pkce", "scopes_supported",
		"offline_scopes", "authorize_params", "iss_in_response", "require_par", "dpop_algs", "mtls",
		"sources" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

bool
metadata_keep_own(const char *pinned, size_t pinned_len, struct buf *definition)
{
	char why[128];
	cJSON *old = json_parse(pinned, pinned_len, JSON_DEPTH_MAX, why, sizeof(why));
	cJSON *new = json_parse(buf_str(definition), definition->len, JSON_DEPTH_MAX, why, sizeof(why));
	bool ok = cJSON_IsObject(old) && cJSON_IsObject(new);
	const cJSON *item;

	cJSON_ArrayForEach(item, old)
	{
		if (!ok || is_discovered(item->string) || json_get(new, item->string) != NULL)
			continue;
		ok = cJSON_AddItemToObject(new, item->string, cJSON_Duplicate(item, true));
	}
	if (ok) {
		buf_reset(definition);
		ok = json_print(new, true, definition) && buf_append_byte(definition, '\n');
	}
	json_free(old);
	json_free(new);
	return ok;
}
