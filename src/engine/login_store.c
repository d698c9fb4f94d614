/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "engine/ask.h"
#include "engine/login.h"
#include "oauth/answer.h"
#include "oauth/userinfo.h"

bool
login_tries_other_secret(struct login *login, struct http_reply *reply)
{
	struct token_reply judged = { .outcome = GRANT_UNKNOWN };
	bool refused;

	reply_judge(login->party.provider, reply, 0, &judged);
	refused = judged.outcome == GRANT_REJECTED && strcmp(judged.error, "invalid_client") == 0;
	token_reply_clear(&judged);
	if (!refused || !party_show_other_secret(&login->party))
		return false;
	http_reply_clear(reply);
	return true;
}

enum larder_code
login_prove(struct engine *engine, struct login *login, struct http_request *request, struct larder_error *ret_error)
{
	(void)text_format(login->asked_url, sizeof login->asked_url, "%s", request->url);
	return prove_with(engine, &login->dpop, NONCE_OF_AUTHORIZATION, NULL, request, ret_error);
}

static bool
wants_nonce(const struct login *login, const struct http_reply *reply)
{
	struct token_reply judged = { .outcome = GRANT_UNKNOWN };
	bool wants;

	reply_judge(login->party.provider, reply, 0, &judged);
	wants = judged.wants_nonce;
	token_reply_clear(&judged);
	return wants;
}

bool
login_tries_again(struct engine *engine, struct login *login, struct http_reply *reply)
{
	bool answers = !login->nonce_answered;

	if (!secret_is_empty(&login->dpop.key)) {
		prove_heard(engine, login->asked_url, NONCE_OF_AUTHORIZATION, reply);
		login->nonce_answered = wants_nonce(login, reply);
		if (login->nonce_answered && answers) {
			http_reply_clear(reply);
			return true;
		}
	}
	return login_tries_other_secret(login, reply);
}

void
login_judge(struct login *login, const struct http_reply *http, int64_t sent_at, struct token_reply *ret)
{
	reply_judge(login->party.provider, http, sent_at, ret);
	if (!secret_is_empty(&login->dpop.key))
		dpop_judge(login->party.provider, ret, &login->is_bearer);
}

enum larder_code
login_ask(struct engine *engine, struct login *login, struct http_request *request, int64_t deadline_ms,
    struct http_reply *ret, struct larder_error *ret_error)
{
	enum larder_code code;
	struct job job;

	code = party_job(engine, &login->party, &job, ret_error);
	if (code != LARDER_OK) {
		http_request_clear(request);
		return code;
	}
	return ask_plain(engine, login->party.client.name, &job, request, deadline_ms, "cannot log in", ret, ret_error);
}

enum larder_code
login_refuse(const struct token_reply *reply, struct larder_error *ret_error)
{
	enum larder_code code = LARDER_REJECTED;
	const char *hint = "check client id, secret and redirect URI at the provider";

	if (reply->outcome == GRANT_DENIED || reply->outcome == GRANT_ENDED) {
		code = LARDER_DENIED;
		hint = "start again with 'larder login'";
	} else if (reply->outcome == GRANT_TEMPORARY || reply->outcome == GRANT_UNKNOWN) {
		code = LARDER_UNAVAILABLE;
		hint = reply->mute ? ANSWER_MUTE_ADVICE : "try again later";
	} else if (reply->outcome == GRANT_TOKENS) {
		hint = NULL;
	}
	(void)error_set(ret_error, code, "the log-in was refused", hint, "%s%s%s, HTTP %d",
	    reply->error[0] != '\0'           ? reply->error
		: reply->complaint[0] != '\0' ? reply->complaint
					      : "the provider's answer cannot be used",
	    reply->description[0] == '\0' ? "" : ": ", reply->description, reply->http_status);
	if (code == LARDER_UNAVAILABLE && ret_error != NULL)
		ret_error->retry_after_s = reply->retry_after_s;
	return code;
}

/* A token that is bound to a key is shown with a proof, never as a Bearer token (RFC 9449 section 7.1). */
static bool
show_token(struct engine *engine, struct login *login, const struct token_reply *reply, struct http_request *request)
{
	struct larder_error ignored;

	if (!dpop_is_type(reply->token_type))
		return true;
	return dpop_add_token(request, &reply->access_token) &&
	    prove_with(engine, &login->dpop, NONCE_OF_RESOURCE, &reply->access_token, request, &ignored) == LARDER_OK;
}

static enum larder_code
ask_identity(struct engine *engine, struct login *login, const struct token_reply *reply, int64_t deadline_ms,
    struct http_reply *ret)
{
	struct http_request request = { .headers_count = 0 };
	struct larder_error ignored;
	enum larder_code code;

	code = userinfo_build(login->party.provider, &login->party.oauth, &reply->access_token, &request, &ignored);
	if (code == LARDER_OK && !show_token(engine, login, reply, &request))
		code = LARDER_UNAVAILABLE;
	if (code == LARDER_OK) {
		(void)text_format(login->asked_url, sizeof login->asked_url, "%s", request.url);
		code = login_ask(engine, login, &request, deadline_ms, ret, &ignored);
	}
	http_request_clear(&request);
	return code;
}

/*
 * Where no ID token came, the provider's userinfo endpoint is asked, once, or again with the nonce that it asks for;
 * that it does not tell is no failure here.
 */
static void
find_identity(struct engine *engine, struct login *login, struct token_reply *reply, int64_t deadline_ms)
{
	struct http_reply http = { .status = 0 };
	bool of_bound = dpop_is_type(reply->token_type);
	enum larder_code code;

	if (reply->identity.subject[0] != '\0')
		return;
	code = ask_identity(engine, login, reply, deadline_ms, &http);
	if (code == LARDER_OK && of_bound) {
		prove_heard(engine, login->asked_url, NONCE_OF_RESOURCE, &http);
		if (http.status == 401 && dpop_challenge_wants_nonce(http.challenge)) {
			http_reply_clear(&http);
			code = ask_identity(engine, login, reply, deadline_ms, &http);
		}
	}
	if (code == LARDER_OK)
		(void)userinfo_read(login->party.provider, &http, &reply->identity);
	http_reply_clear(&http);
}

/* By what two people can be told apart. */
static const char *
name_of(const struct login *login, const struct identity *identity, bool old)
{
	bool by_account = strcmp(login->account, identity->account) != 0;
	const char *account = old ? login->account : identity->account;
	const char *subject = old ? login->subject : identity->subject;

	return account[0] != '\0' && (by_account || subject[0] == '\0') ? account : subject;
}

/*
 * Whether the credential stands for somebody else. Where the provider never told its subject, the account that a person
 * gave it is compared with either name that the provider tells; --account then says that they are one.
 */
static bool
is_somebody_else(const struct login *login, const struct identity *identity)
{
	if (!login->renews)
		return false;
	if (login->subject[0] != '\0')
		return strcmp(login->subject, identity->subject) != 0;
	return login->want.account == NULL && login->account[0] != '\0' && identity->account[0] != '\0' &&
	    !text_equal_nocase(login->account, identity->account) && strcmp(login->account, identity->subject) != 0;
}

/* The account behind the new tokens must be the one that the credential stands for. */
static enum larder_code
check_account(struct login *login, const struct identity *identity, struct larder_error *ret_error)
{
	const char *hint = "log in as the same account, or under another name";
	bool differs = is_somebody_else(login, identity);

	if (differs && login->subject[0] == '\0')
		hint = "log in as the same account, say with --account that it is, or use another name";
	if (differs && identity->subject[0] == '\0')
		return error_set(ret_error, LARDER_DENIED, "the log-in was refused",
		    "try again later, or log in under another name",
		    "the provider does not tell whose account it is, and the credential is %s",
		    name_of(login, identity, true));
	if (login->want.account != NULL && identity->account[0] != '\0' &&
	    !text_equal_nocase(login->want.account, identity->account)) {
		differs = true;
		(void)text_format(login->account, sizeof login->account, "%s", login->want.account);
	}
	if (differs)
		return error_set(ret_error, LARDER_DENIED, "the log-in was refused", hint,
		    "it was as %s, the credential is %s", name_of(login, identity, false),
		    name_of(login, identity, true));
	if (identity->subject[0] != '\0')
		(void)text_format(login->subject, sizeof login->subject, "%s", identity->subject);
	if (identity->account[0] != '\0')
		(void)text_format(login->account, sizeof login->account, "%s", identity->account);
	else if (login->want.account != NULL)
		(void)text_format(login->account, sizeof login->account, "%s", login->want.account);
	return LARDER_OK;
}

enum larder_code
login_store(struct engine *engine, struct login *login, struct token_reply *reply, int64_t deadline_ms,
    struct larder_error *ret_error)
{
	struct enrolment enrolment = {
		.name = login->want.name,
		.client = login->client,
		.scope = login->scope,
		.account = login->account,
		.subject = login->subject,
		.subject_of_id_token = reply->identity.is_id_token && reply->identity.subject[0] != '\0',
		.redirect_uri = login->redirect_uri,
		.resource = login->resource,
		.refresh_token = &reply->refresh_token,
		.same_account = login->renews && login->subject[0] != '\0',
		.tokens = reply,
		.dpop = &login->dpop,
		.note = login->is_bearer          ? "the provider gave a Bearer token, which is not bound to the key"
		    : reply->complaint[0] != '\0' ? reply->complaint
						  : NULL,
		.replace = login->renews,
		.deadline_ms = deadline_ms,
	};
	enum larder_code code;

	if (reply->outcome != GRANT_TOKENS || !reply->usable)
		return login_refuse(reply, ret_error);
	if (!party_believes(&login->party, NULL, login->nonce[0] == '\0' ? NULL : login->nonce,
		engine->effects->now_s(engine->effects->ctx), reply))
		return login_refuse(reply, ret_error);
	find_identity(engine, login, reply, deadline_ms);
	code = check_account(login, &reply->identity, ret_error);
	return code == LARDER_OK ? enroll_credential(engine, &enrolment, ret_error) : code;
}
