/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a reply as one object, whether it came as JSON or form-encoded, and the error that it names.
 */
#ifndef OAUTH_ANSWER_H
#define OAUTH_ANSWER_H

#include "base/http.h"
#include "provider/provider.h"

#define ANSWER_DEPTH_MAX 16  /* nesting of a reply */
#define ANSWER_PAIRS_MAX 256 /* members of a form-encoded reply */
#define ANSWER_WHY_MAX   128

struct cJSON;

/* What an error is called. */
struct answer_error {
	bool found;
	char code[64];         /* as sent, for comparing; cut, so never equal to anything, if longer */
	char subtype[64];      /* a finer code below the code: error_subtype, suberror, error_subcode; escaped */
	char description[256]; /* escaped */
};

/*
 * The body as an object: a JSON object (a byte order mark before it is passed over), or a form-encoded text where the
 * media type says so or it looks like one. NULL: it is neither, with the reason in why. A text that is broken off
 * (truncated) can be whole JSON, but not a whole form. In a failure of HTTP, texts that no JSON may have (a NUL, other
 * encodings, raw line breaks) are mended. The caller frees with json_free.
 */
struct cJSON *answer_parse(const struct http_reply *reply, char why[static ANSWER_WHY_MAX]);

/*
 * A refusal without a word: 400 or 403 and no body. Some refuse a client so, where RFC 6749 section 5.2 wants
 * invalid_client, and some a grant; others that say so are no token endpoint. It decides nothing, and is no reason to ask
 * a person: but who hears of it for the second time should know what it may be, which the advice says.
 */
#define ANSWER_MUTE_ADVICE \
	"try again later; if it stays so, check the client with 'larder client show', then log in again"
bool answer_is_mute(const struct http_reply *reply);

/* Whether the body looks form-encoded; *ret and *ret_len are its text without white space around it. */
bool answer_is_form(const struct http_reply *reply, const char **ret, size_t *ret_len);

/* A member of the object that holds the reply's own members: the envelope if there is one, else the whole. */
const struct cJSON *answer_inside(const struct provider *provider, const struct cJSON *whole);

/* A whole number of 0 or more, from a JSON number or digits in a string, both perhaps with ".0". */
bool answer_integer(const struct cJSON *item, int64_t *ret);

/*
 * The error by its usual places: "error" (a string or an object with error, code, type, errorType, status), "errors",
 * and if there is none, "errorCode", "error_code", "code", "status", which with a success of HTTP mean an error only
 * where the definition knows errors at HTTP 200. The text by its usual names. whole may be NULL.
 */
void
answer_find_error(const struct provider *provider, int status, const struct cJSON *whole, struct answer_error *ret);

#endif
