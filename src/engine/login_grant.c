/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/login_grant.h"

#include <string.h>

#include "base/text.h"
#include "crypto/sign.h"
#include "engine/grant.h"
#include "engine/judgement.h"
#include "oauth/jwt_bearer.h"

enum larder_code
login_grant_type(struct engine *engine, const struct login *login, enum grant_type *ret, struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	enum larder_code code = LARDER_OK;

	*ret = GRANT_TYPE_REFRESH_TOKEN;
	if (login->renews)
		code = credential_load(engine->vault, login->want.name, &credential, ret_error);
	if (code == LARDER_OK)
		*ret = credential.grant_type;
	credential_clear(&credential);
	return code;
}

/* The terms that are stored, if they are of this type. */
static enum larder_code
load_terms(struct engine *engine, const struct login *login, enum grant_type type, struct grant_terms *ret,
    struct larder_error *ret_error)
{
	struct credential credential = { 0 };
	struct grant grant = { 0 };
	enum larder_code code;

	if (!login->renews)
		return LARDER_OK;
	code = credential_load(engine->vault, login->want.name, &credential, ret_error);
	if (code == LARDER_OK && credential.grant_type == type) {
		code = grant_load(engine->vault, &credential, &grant, ret_error);
		*ret = grant.terms;
		grant.terms.key = (struct secret)SECRET_INIT;
	}
	grant_clear(&grant);
	credential_clear(&credential);
	return code == LARDER_NOT_FOUND || code == LARDER_DAMAGED ? LARDER_OK : code;
}

static void
take_text(char *dst, size_t dst_size, const char *text)
{
	if (text[0] != '\0')
		(void)text_format(dst, dst_size, "%s", text);
}
#define TAKE(terms, given, member) take_text((terms)->member, sizeof(terms)->member, (given)->member)

static void
take_source(struct token_source *source, const struct token_source *given, const char *type_of_file)
{
	if (given->credential[0] != '\0' || given->file[0] != '\0') {
		*source = *given;
		if (source->type[0] == '\0')
			(void)text_format(source->type, sizeof source->type, "%s%s", TOKEN_TYPE_URN,
			    source->file[0] != '\0' ? type_of_file : "access_token");
	} else {
		TAKE(source, given, type);
	}
}

/* What a service account's file says besides its key is taken where the caller says nothing. */
static enum larder_code
take_key(const struct grant_terms *given, struct grant_terms *terms, struct larder_error *ret_error)
{
	struct service_account account = { .key_id = "" };
	const struct secret *file = &given->key;
	enum sign_alg alg = sign_alg_parse(given->key_alg);
	struct secret key = SECRET_INIT;
	enum larder_code code;

	if (given->key_alg[0] != '\0' && alg == SIGN_NONE)
		return error_set(ret_error, LARDER_USAGE, "cannot use the key", "one of RS256, PS256, ES256, EdDSA",
		    "the signature algorithm is not one that is known");
	code = service_account_read(&given->key, &account, ret_error);
	if (code == LARDER_OK)
		file = &account.private_key;
	if (code == LARDER_OK || code == LARDER_NOT_FOUND)
		code = sign_key_read(file, alg, &key, &alg, ret_error);
	if (code == LARDER_OK) {
		secret_free(&terms->key);
		terms->key = key;
		terms->key_id[0] = '\0';
		(void)text_format(terms->key_alg, sizeof terms->key_alg, "%s", sign_alg_name(alg));
		TAKE(terms, &account, key_id);
		TAKE(terms, &account, issuer);
		TAKE(terms, &account, audience);
	}
	service_account_clear(&account);
	return code;
}

static enum larder_code
take_terms(const struct login *login, const struct grant_terms *given, struct grant_terms *terms,
    struct larder_error *ret_error)
{
	enum larder_code code = LARDER_OK;

	if (!secret_is_empty(&given->key)) {
		code = take_key(given, terms, ret_error);
		terms->given = (struct token_source){ .file = "" };
	}
	take_text(terms->scope, sizeof terms->scope, login->want.scope);
	take_text(terms->resource, sizeof terms->resource, login->want.resource);
	TAKE(terms, given, issuer);
	TAKE(terms, given, subject);
	TAKE(terms, given, claims);
	TAKE(terms, given, key_id);
	TAKE(terms, given, audience);
	TAKE(terms, given, requested_type);
	if (given->life_s != 0)
		terms->life_s = given->life_s;
	take_source(&terms->given, &given->given, "jwt");
	take_source(&terms->actor, &given->actor, "jwt");
	return code;
}

static enum larder_code
refuse_terms(struct larder_error *ret_error, const char *hint, const char *why)
{
	return error_set(ret_error, LARDER_USAGE, "cannot log in", hint, "%s", why);
}

static enum larder_code
check_terms(enum grant_type type, const struct grant_terms *terms, struct larder_error *ret_error)
{
	bool has_given = terms->given.credential[0] != '\0' || terms->given.file[0] != '\0';

	if (terms->life_s < 0 || terms->life_s > ASSERTION_LIFE_MAX_S)
		return refuse_terms(ret_error, NULL, "an assertion lives for an hour at most");
	if (type == GRANT_TYPE_TOKEN_EXCHANGE && !has_given)
		return refuse_terms(
		    ret_error, "give --subject NAME, or --subject-token-file", "there is no token to be exchanged");
	return assertion_check_claims(terms->claims, ret_error);
}

/* The first exchange; its reply has tokens that can be used when this returns OK. */
static enum larder_code
ask(struct engine *engine, struct login *login, enum grant_type type, const struct grant *grant, int64_t deadline_ms,
    struct token_reply *ret, bool *ret_dropped, struct larder_error *ret_error)
{
	const struct effects *fx = engine->effects;
	const struct token_want want = { .name = login->want.name, .resource = "", .deadline_ms = deadline_ms };
	const struct credential credential = { .grant_type = type };
	struct grant_material material = { .is_complete = false };
	struct http_request request = { .headers_count = 0 };
	struct http_reply http = { .status = 0 };
	struct judgement judgement;
	int64_t now = fx->now_s(fx->ctx);
	enum larder_code code;

	code = grant_material_load(engine, &grant->terms, &want, &material, ret_error);
	login->party.material = &material;
	do {
		if (code == LARDER_OK)
			code = grant_request(engine, &login->party, type, grant, &want, &request, ret_error);
		if (code == LARDER_OK)
			code = login_prove(engine, login, &request, ret_error);
		if (code == LARDER_OK)
			code = login_ask(engine, login, &request, deadline_ms, &http, ret_error);
	} while (code == LARDER_OK && login_tries_again(engine, login, &http));
	if (code == LARDER_OK) {
		login_judge(login, &http, now, ret);
		grants_judge(ret, ret_dropped);
		judgement_form(
		    &(struct exchanged){
			.provider = login->party.provider, .credential = &credential, .http = &http, .reply = ret },
		    now, &judgement);
		code = judgement.error.code;
		if (code != LARDER_OK && ret_error != NULL) {
			*ret_error = judgement.error;
			(void)text_format(ret_error->what, sizeof ret_error->what, "the log-in failed");
		}
	}
	login->party.material = NULL;
	grant_material_clear(&material);
	http_reply_clear(&http);
	http_request_clear(&request);
	return code;
}

/* For people: in whose name it asks, as far as that was said. */
static const char *
account_of(const struct login *login, const struct grant_terms *terms)
{
	if (login->want.account != NULL)
		return login->want.account;
	if (terms->subject[0] != '\0')
		return terms->subject;
	return terms->issuer[0] != '\0' ? terms->issuer : login->account;
}

enum larder_code
login_grant(struct engine *engine, struct login *login, enum grant_type type, const struct grant_terms *given,
    int64_t deadline_ms, struct larder_error *ret_error)
{
	struct token_reply reply = { .outcome = GRANT_UNKNOWN };
	struct grant grant = { 0 };
	struct enrolment enrolment = {
		.name = login->want.name,
		.client = login->client,
		.scope = grant.terms.scope,
		.refresh_token = &reply.refresh_token,
		.tokens = &reply,
		.grant_type = type,
		.terms = &grant.terms,
		.dpop = &login->dpop,
		.replace = login->renews,
		.deadline_ms = deadline_ms,
	};
	bool dropped = false;
	enum larder_code code;

	code = load_terms(engine, login, type, &grant.terms, ret_error);
	if (code == LARDER_OK)
		code = take_terms(login, given, &grant.terms, ret_error);
	if (code == LARDER_OK)
		code = check_terms(type, &grant.terms, ret_error);
	if (code == LARDER_OK)
		code = ask(engine, login, type, &grant, deadline_ms, &reply, &dropped, ret_error);
	if (code == LARDER_OK) {
		enrolment.account = account_of(login, &grant.terms);
		enrolment.note = dropped ? GRANTS_DROPPED_NOTE : NULL;
		code = enroll_credential(engine, &enrolment, ret_error);
	}
	grant_clear(&grant);
	token_reply_clear(&reply);
	return error_name(ret_error, code, login->want.name);
}
