/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "provider/keep.h"

struct provider_block {
	struct provider_block *next;
	max_align_t data[];
};

const struct word auth_words[] = {
	{ "none", AUTH_NONE },
	{ "client_secret_basic", AUTH_BASIC },
	{ "client_secret_post", AUTH_POST },
	{ "client_secret_jwt", AUTH_SECRET_JWT },
	{ "private_key_jwt", AUTH_PRIVATE_KEY_JWT },
	{ "tls_client_auth", AUTH_TLS },
	{ "self_signed_tls_client_auth", AUTH_SELF_SIGNED_TLS },
	{ "client_secret_post_signed_jwt", AUTH_SIGNED_POST },
	{ "secret_key_basic", AUTH_KEY_BASIC },
	{ NULL, 0 },
};

const struct word revoke_auth_words[] = {
	{ "bearer_access_token", AUTH_BEARER_ACCESS_TOKEN },
	{ "secret_scheme", AUTH_SECRET_SCHEME },
	{ "same", AUTH_SAME },
	{ NULL, 0 },
};

const struct word rotation_words[] = {
	{ "unknown", ROTATION_UNKNOWN },
	{ "never", ROTATION_NEVER },
	{ "always", ROTATION_ALWAYS },
	{ "may_change", ROTATION_MAY_CHANGE },
	{ "by_client_type", ROTATION_BY_CLIENT_TYPE },
	{ "configurable", ROTATION_CONFIGURABLE },
	{ "no_refresh_token", ROTATION_NO_REFRESH_TOKEN },
	{ NULL, 0 },
};

const struct word grace_words[] = {
	{ "none", GRACE_NONE },
	{ "window", GRACE_WINDOW },
	{ "until_new_used", GRACE_UNTIL_NEW_USED },
	{ "old_stays_valid", GRACE_OLD_STAYS_VALID },
	{ "same_reply", GRACE_SAME_REPLY },
	{ NULL, 0 },
};

const struct word on_unknown_words[] = {
	{ "ask", UNKNOWN_ASK },
	{ "hold", UNKNOWN_HOLD },
	{ NULL, 0 },
};

const struct word revoke_style_words[] = {
	{ "unknown", REVOKE_UNKNOWN },
	{ "none", REVOKE_NONE },
	{ "rfc7009", REVOKE_RFC7009 },
	{ "rfc7009-like", REVOKE_RFC7009_LIKE },
	{ "slack", REVOKE_SLACK },
	{ "github", REVOKE_GITHUB },
	{ "bearer_and_token", REVOKE_BEARER_AND_TOKEN },
	{ "bearer_no_body", REVOKE_BEARER_NO_BODY },
	{ "custom_api", REVOKE_CUSTOM_API },
	{ "facebook", REVOKE_FACEBOOK },
	{ "servicenow", REVOKE_SERVICENOW },
	{ "shopify", REVOKE_SHOPIFY },
	{ "square", REVOKE_SQUARE },
	{ "strava", REVOKE_STRAVA },
	{ "stripe", REVOKE_STRIPE },
	{ "withings", REVOKE_WITHINGS },
	{ NULL, 0 },
};

const struct word dpop_words[] = {
	{ "supported", DPOP_SUPPORTED },
	{ "required", DPOP_REQUIRED },
	{ NULL, 0 },
};

const struct word challenge_words[] = {
	{ "base64url", CHALLENGE_BASE64URL },
	{ "hex", CHALLENGE_HEX },
	{ NULL, 0 },
};

const struct word basic_encoding_words[] = {
	{ "form", BASIC_FORM },
	{ "raw", BASIC_RAW },
	{ NULL, 0 },
};

const struct word body_words[] = {
	{ "form", BODY_FORM },
	{ "json", BODY_JSON },
	{ "query", BODY_QUERY },
	{ "none", BODY_NONE },
	{ "empty", BODY_NONE },
	{ NULL, 0 },
};

const char *
word_text(const struct word *words, int value)
{
	for (; words->text != NULL; words++) {
		if (words->value == value)
			return words->text;
	}
	return NULL;
}

bool
word_parse(const struct word *words, const char *text, size_t len, int *ret)
{
	for (; words->text != NULL; words++) {
		if (strlen(words->text) == len && memcmp(words->text, text, len) == 0) {
			*ret = words->value;
			return true;
		}
	}
	return false;
}

void *
keep_zeroed(struct provider *provider, size_t count, size_t size)
{
	struct provider_block *block;

	if (size != 0 && count > (SIZE_MAX - sizeof(*block)) / size)
		return NULL;
	block = calloc(1, sizeof(*block) + count * size);
	if (block == NULL)
		return NULL;
	block->next = provider->blocks;
	provider->blocks = block;
	return block->data;
}

char *
keep_text(struct provider *provider, const char *text, size_t len)
{
	char *copy = keep_zeroed(provider, len + 1, 1);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

bool
keep_string(struct provider *provider, struct strings *list, const char *text, size_t len)
{
	char **items = keep_zeroed(provider, list->count + 1, sizeof(*items));
	char *copy = keep_text(provider, text, len);

	if (items == NULL || copy == NULL)
		return false;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count] = copy;
	list->items = items;
	list->count++;
	return true;
}

size_t
pairs_find(const struct name_values *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (text_equal_nocase(list->items[i].name, name))
			return i;
	}
	return list->count;
}

bool
keep_pair(struct provider *provider, struct name_values *list, const char *name, const char *value)
{
	struct name_value *items = keep_zeroed(provider, list->count + 1, sizeof(*items));
	char *name_copy = keep_text(provider, name, strlen(name));
	char *value_copy = keep_text(provider, value, strlen(value));

	if (items == NULL || name_copy == NULL || value_copy == NULL)
		return false;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count].name = name_copy;
	items[list->count].value = value_copy;
	list->items = items;
	list->count++;
	return true;
}

void
provider_free(struct provider *provider)
{
	struct provider_block *block, *next;

	if (provider == NULL)
		return;
	for (block = provider->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(provider);
}

/*
 * A window without its length, or of no length, promises nothing that could be relied on.
 */
enum spend_class
provider_class(const struct provider *provider)
{
	if (provider->rotation.kind == ROTATION_NEVER)
		return CLASS_STATIC;
	switch (provider->rotation.grace_kind) {
	case GRACE_OLD_STAYS_VALID:
		return CLASS_STATIC;
	case GRACE_WINDOW:
	case GRACE_SAME_REPLY:
		return provider->rotation.grace_s > 0 ? CLASS_OVERLAP : CLASS_STRICT;
	case GRACE_UNTIL_NEW_USED:
		return CLASS_UNTIL_USED;
	case GRACE_UNSET:
	case GRACE_NONE:
		break;
	}
	return CLASS_STRICT;
}

const char *
auth_method_name(enum auth_method method)
{
	const char *text = word_text(auth_words, (int)method);

	return text != NULL ? text : word_text(revoke_auth_words, (int)method);
}

bool
auth_method_parse(const char *text, enum auth_method *ret)
{
	int value;

	if (text == NULL)
		return false;
	if (strcmp(text, "basic") == 0)
		value = AUTH_BASIC;
	else if (strcmp(text, "post") == 0)
		value = AUTH_POST;
	else if (!word_parse(auth_words, text, strlen(text), &value))
		return false;
	*ret = (enum auth_method)value;
	return true;
}

const char *spend_class_name(enum spend_class class)
{
	static const struct word words[] = {
		{ "strict", CLASS_STRICT },
		{ "static", CLASS_STATIC },
		{ "overlap", CLASS_OVERLAP },
		{ "until-used", CLASS_UNTIL_USED },
		{ NULL, 0 },
	};

	return word_text(words, (int)class);
}

const char *
rotation_kind_name(enum rotation_kind kind)
{
	return word_text(rotation_words, (int)kind);
}

bool
provider_revokes_account(const struct provider *provider)
{
	return provider->revoke.fields.count > 0 || provider->revoke.claims.count > 0;
}

const char *
revoke_style_name(enum revoke_style style)
{
	return word_text(revoke_style_words, (int)style);
}

void
provider_use_mtls(struct provider *provider)
{
	char **const pairs[][2] = {
		{ &provider->endpoints.token, &provider->endpoints.mtls_token },
		{ &provider->endpoints.revocation, &provider->endpoints.mtls_revocation },
		{ &provider->endpoints.device_authorization, &provider->endpoints.mtls_device_authorization },
		{ &provider->endpoints.userinfo, &provider->endpoints.mtls_userinfo },
		{ &provider->endpoints.pushed_authorization_request,
		    &provider->endpoints.mtls_pushed_authorization_request },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (*pairs[i][1] != NULL)
			*pairs[i][0] = *pairs[i][1];
	}
}
