/* SPDX-License-Identifier: Apache-2.0 */
#include "api/login_grant.h"

#include <string.h>

#include "base/text.h"
#include "engine/login_grant.h"

static enum larder_code
bad_value(struct larder_error *ret_error, const char *name, const char *why)
{
	return error_set(ret_error, LARDER_USAGE, "cannot log in", NULL, "the %s %s", name, why);
}

static enum larder_code
take_text(const char *text, const char *name, char *dst, size_t dst_size, struct larder_error *ret_error)
{
	if (text != NULL && (strlen(text) >= dst_size || !text_is_utf8(text, strlen(text))))
		return bad_value(ret_error, name, "is too long or not UTF-8");
	if (text != NULL)
		(void)text_format(dst, dst_size, "%s", text);
	return LARDER_OK;
}

static enum larder_code
take_type(const char *text, char *dst, size_t dst_size, struct larder_error *ret_error)
{
	if (text != NULL && !token_type_uri(text, dst, dst_size))
		return error_set(ret_error, LARDER_USAGE, "cannot log in",
		    "give a URI, or access_token, refresh_token, id_token, saml1, saml2 or jwt",
		    "the type of a token is not one that is known");
	return LARDER_OK;
}

struct source_wanted {
	const char *what, *credential, *file, *type;
};

static enum larder_code
take_source(const struct source_wanted *wanted, struct token_source *ret, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	if (wanted->credential != NULL && wanted->file != NULL)
		return bad_value(ret_error, wanted->what, "comes from a credential or from a file, not from both");
	if (wanted->credential != NULL && !text_is_name(wanted->credential))
		return bad_value(ret_error, wanted->what, "is of no credential: that is not a name");
	if (wanted->file != NULL && wanted->file[0] != '/')
		return bad_value(ret_error, wanted->what, "is in a file whose path is not absolute");
	code = take_text(wanted->credential, wanted->what, ret->credential, sizeof ret->credential, ret_error);
	if (code == LARDER_OK && wanted->file != NULL && !text_format(ret->file, sizeof ret->file, "%s", wanted->file))
		code = bad_value(ret_error, wanted->what, "is in a file whose path is too long");
	if (code == LARDER_OK)
		code = take_type(wanted->type, ret->type, sizeof ret->type, ret_error);
	return code;
}

static enum larder_code
take_terms(const struct larder_login_grant *grant, struct grant_terms *ret, struct larder_error *ret_error)
{
	const struct {
		const char *text, *name;
		char *dst;
		size_t dst_size;
	} texts[] = {
		{ grant->issuer, "issuer", ret->issuer, sizeof ret->issuer },
		{ grant->subject, "subject", ret->subject, sizeof ret->subject },
		{ grant->audience, "audience", ret->audience, sizeof ret->audience },
		{ grant->claims, "further claims", ret->claims, sizeof ret->claims },
		{ grant->key_alg, "signature algorithm", ret->key_alg, sizeof ret->key_alg },
		{ grant->key_id, "key id", ret->key_id, sizeof ret->key_id },
	};
	const struct source_wanted given = { "token", grant->token_credential, grant->token_file, grant->token_type };
	const struct source_wanted actor = { "actor's token", grant->actor_credential, grant->actor_file,
		grant->actor_type };
	enum larder_code code = LARDER_OK;

	for (size_t i = 0; code == LARDER_OK && i < sizeof texts / sizeof texts[0]; i++)
		code = take_text(texts[i].text, texts[i].name, texts[i].dst, texts[i].dst_size, ret_error);
	if (code == LARDER_OK)
		code = take_source(&given, &ret->given, ret_error);
	if (code == LARDER_OK)
		code = take_source(&actor, &ret->actor, ret_error);
	if (code == LARDER_OK)
		code = take_type(grant->requested_type, ret->requested_type, sizeof ret->requested_type, ret_error);
	if (code == LARDER_OK && !secret_copy(grant->key, grant->key_len, &ret->key))
		code = error_no_memory(ret_error);
	ret->life_s = grant->life_s;
	return code;
}

static enum larder_code
find_type(struct engine *engine, const struct login *attempt, const struct larder_login *wanted, enum grant_type *ret,
    struct larder_error *ret_error)
{
	*ret = GRANT_TYPE_REFRESH_TOKEN;
	switch (wanted->flow) {
	case LARDER_LOGIN_AUTO:
		return login_grant_type(engine, attempt, ret, ret_error);
	case LARDER_LOGIN_CLIENT_CREDENTIALS:
		*ret = GRANT_TYPE_CLIENT_CREDENTIALS;
		break;
	case LARDER_LOGIN_JWT_BEARER:
		*ret = GRANT_TYPE_JWT_BEARER;
		break;
	case LARDER_LOGIN_TOKEN_EXCHANGE:
		*ret = GRANT_TYPE_TOKEN_EXCHANGE;
		break;
	case LARDER_LOGIN_BROWSER:
	case LARDER_LOGIN_DEVICE:
	case LARDER_LOGIN_PASTE:
		break;
	}
	return LARDER_OK;
}

enum larder_code
login_without_person(struct engine *engine, struct login *attempt, const struct larder_login *wanted,
    int64_t deadline_ms, bool *ret_done, struct larder_error *ret_error)
{
	const struct larder_login_grant nothing = { .key = NULL };
	struct grant_terms terms = { .scope = "" };
	enum grant_type type = GRANT_TYPE_REFRESH_TOKEN;
	enum larder_code code = find_type(engine, attempt, wanted, &type, ret_error);

	*ret_done = type != GRANT_TYPE_REFRESH_TOKEN;
	if (code != LARDER_OK)
		return code;
	if (!*ret_done && wanted->grant != NULL)
		return error_set(ret_error, LARDER_USAGE, "cannot log in", "say which --flow",
		    "keys and tokens of others are for log-ins without a person");
	if (!*ret_done)
		return LARDER_OK;
	code = take_terms(wanted->grant == NULL ? &nothing : wanted->grant, &terms, ret_error);
	if (code == LARDER_OK)
		code = login_grant(engine, attempt, type, &terms, deadline_ms, ret_error);
	secret_free(&terms.key);
	return code;
}
