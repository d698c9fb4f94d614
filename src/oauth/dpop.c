/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/dpop.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define MEMBERS_MAX ((size_t)4 << 10)
#define CLAIMS_MAX  ((size_t)8 << 10)
#define PROOF_MAX   ((size_t)16 << 10)

/*
 * In the order of liking: what most servers take and is quick first, then by the size of a proof. Of the two names of
 * Ed25519 the one that says it all is liked more (RFC 9864 section 2.2); keys have the older one.
 */
static const struct alg {
	const char *name, *of_key;
} algs[] = {
	{ "ES256", "ES256" },
	{ "Ed25519", "EdDSA" },
	{ "EdDSA", "EdDSA" },
	{ "PS256", "PS256" },
	{ "RS256", "RS256" },
};
#define ALGS (sizeof(algs) / sizeof(algs[0]))

const char *
dpop_key_alg(const char *alg)
{
	for (size_t i = 0; i < ALGS; i++) {
		if (strcmp(alg, algs[i].name) == 0)
			return algs[i].of_key;
	}
	return "";
}

bool
dpop_is_alg(const char *alg)
{
	return dpop_key_alg(alg)[0] != '\0';
}

/* The URL without query and fragment, as a server sees it: the root has a path. */
static bool
append_target(struct buf *ret, const char *text)
{
	struct buf target = BUF_INIT(URL_MAX + 1);
	char origin[300], why[128];
	struct url url;
	size_t len;
	bool ok = url_parse(text, &url, why, sizeof(why));

	if (ok) {
		len = strcspn(url.path, "?#");
		(void)buf_append_str(&target, url_origin(origin, sizeof(origin), &url));
		(void)buf_append(&target, len == 0 ? "/" : url.path, len == 0 ? 1 : len);
		ok = !target.failed && json_append_string(ret, buf_str(&target), target.len);
	}
	buf_clear(&target);
	return ok;
}

static bool
write_claims(const struct dpop_proof *proof, const struct http_request *request, struct buf *ret)
{
	(void)buf_append_str(ret, "{\"jti\":\"");
	(void)buf_append_base64url(ret, proof->id, DPOP_ID_BYTES);
	(void)buf_append_str(ret, "\",\"htm\":");
	(void)json_append_string(ret, request->method, strlen(request->method));
	(void)buf_append_str(ret, ",\"htu\":");
	if (!append_target(ret, request->url))
		return false;
	(void)buf_append_format(ret, ",\"iat\":%" PRId64, proof->now);
	if (proof->of_token != NULL) {
		(void)buf_append_str(ret, ",\"ath\":\"");
		(void)buf_append_base64url(ret, proof->of_token, DPOP_HASH_BYTES);
		(void)buf_append_byte(ret, '"');
	}
	if (proof->nonce[0] != '\0') {
		(void)buf_append_str(ret, ",\"nonce\":");
		(void)json_append_string(ret, proof->nonce, strlen(proof->nonce));
	}
	return buf_append_byte(ret, '}');
}

static void
drop_header(struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers_count; i++) {
		if (!text_equal_nocase(request->headers[i].name, name))
			continue;
		secret_free(&request->headers[i].value);
		request->headers_count--;
		memmove(&request->headers[i], &request->headers[i + 1],
		    (request->headers_count - i) * sizeof(request->headers[0]));
		memset(&request->headers[request->headers_count], 0, sizeof(request->headers[0]));
		return;
	}
}

enum larder_code
dpop_add(const struct dpop_proof *proof, const struct jwt_signer *signer, struct http_request *request,
    struct larder_error *ret_error)
{
	struct jwt_signer nameless = *signer;
	struct buf members = BUF_INIT(MEMBERS_MAX), claims = BUF_INIT(CLAIMS_MAX), text = BUF_INIT_SECRET(PROOF_MAX);
	enum larder_code code;

	nameless.kid = "";
	if (!dpop_is_alg(signer->alg)) {
		code = error_set(ret_error, LARDER_USAGE, "cannot prove the key", DPOP_ALGS_ADVICE,
		    "the algorithm is none for proofs of possession");
	} else if (!buf_append_format(&members, "\"typ\":\"dpop+jwt\",\"jwk\":%s", proof->jwk)) {
		code = error_no_memory(ret_error);
	} else if (!write_claims(proof, request, &claims)) {
		code = claims.failed ? error_no_memory(ret_error)
				     : error_set(ret_error, LARDER_USAGE, "cannot prove the key", NULL,
					   "the URL of the request is none that a proof can be for");
	} else {
		code = jwt_make(&nameless, buf_str(&members), buf_str(&claims), &text, ret_error);
	}
	if (code == LARDER_OK) {
		drop_header(request, "DPoP");
		if (!http_request_add_header(request, "DPoP", (const char *)text.data, text.len))
			code = error_set(ret_error, LARDER_USAGE, "cannot prove the key", "leave some of them out",
			    "the request has too many headers");
	}
	buf_clear(&members);
	buf_clear(&claims);
	buf_clear(&text);
	return code;
}

bool
dpop_nonce_is_valid(const char *nonce)
{
	size_t len = strlen(nonce);

	if (len == 0 || len >= DPOP_NONCE_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (nonce[i] < 0x21 || nonce[i] > 0x7e || nonce[i] == '"' || nonce[i] == '\\')
			return false;
	}
	return true;
}

/*
 * Challenges are "SCHEME name=value, name=value, SCHEME ..." (RFC 9110 section 11.6.1). A word that is not followed by
 * "=" names the scheme of what comes next.
 */
static const char *
next_word(const char *at, const char **ret_word, size_t *ret_len)
{
	at += strspn(at, " \t,");
	*ret_word = at;
	*ret_len = strcspn(at, " \t,=");
	at += *ret_len;
	return at + strspn(at, " \t");
}

/* From behind the "=" to behind the value; *ret is where it begins, without its quotes. */
static const char *
next_value(const char *at, const char **ret, size_t *ret_len)
{
	at += strspn(at, "= \t");
	if (*at != '"') {
		*ret = at;
		*ret_len = strcspn(at, " \t,");
		return at + *ret_len;
	}
	*ret = ++at;
	while (*at != '\0' && *at != '"')
		at += *at == '\\' && at[1] != '\0' ? 2 : 1;
	*ret_len = (size_t)(at - *ret);
	return *at == '"' ? at + 1 : at;
}

static bool
is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

bool
dpop_challenge_wants_nonce(const char *challenge)
{
	const char *word, *value;
	size_t len, value_len;
	bool of_dpop = false;

	for (const char *at = challenge; *at != '\0';) {
		at = next_word(at, &word, &len);
		if (*at != '=') {
			of_dpop = is_word(word, len, "DPoP");
			continue;
		}
		at = next_value(at, &value, &value_len);
		if (of_dpop && is_word(word, len, "error") && is_word(value, value_len, "use_dpop_nonce"))
			return true;
	}
	return false;
}

static bool
is_supported(const struct strings *supported, const char *alg)
{
	for (size_t i = 0; i < supported->count; i++) {
		if (strcmp(supported->items[i], alg) == 0)
			return true;
	}
	return supported->count == 0;
}

const char *
dpop_choose_alg(const struct strings *supported, const char *wanted)
{
	const char *key = wanted[0] == '\0' ? "" : dpop_key_alg(wanted), *found = NULL;

	for (size_t i = 0; i < ALGS; i++) {
		bool is_wanted = strcmp(wanted, algs[i].name) == 0;

		if (!is_supported(supported, algs[i].name) || (wanted[0] != '\0' && strcmp(key, algs[i].of_key) != 0))
			continue;
		if (found == NULL || is_wanted)
			found = algs[i].name;
	}
	return found;
}

bool
dpop_is_type(const char *token_type)
{
	return text_equal_nocase(token_type, "DPoP");
}

void
dpop_judge(const struct provider *provider, struct token_reply *reply, bool *ret_is_bearer)
{
	static const char unknown[] = "token_type '";

	*ret_is_bearer = reply->outcome == GRANT_TOKENS && reply->usable;
	if (*ret_is_bearer && provider->dpop == DPOP_REQUIRED && !dpop_is_type(reply->token_type)) {
		*ret_is_bearer = reply->usable = false;
		(void)text_format(reply->complaint, sizeof(reply->complaint),
		    "the token is bound to no key, as this provider's have to be");
	}
	if (reply->outcome != GRANT_TOKENS || !dpop_is_type(reply->token_type))
		return;
	*ret_is_bearer = false;
	reply->usable = !secret_is_empty(&reply->access_token);
	if (strncmp(reply->complaint, unknown, sizeof(unknown) - 1) == 0)
		reply->complaint[0] = '\0';
}

bool
dpop_add_token(struct http_request *request, const struct secret *access_token)
{
	struct buf value = BUF_INIT_SECRET(TOKEN_MAX + 64);
	bool ok = buf_append_str(&value, "DPoP ") && buf_append(&value, access_token->data, access_token->len);

	drop_header(request, "Authorization");
	ok = ok && http_request_add_header(request, "Authorization", (const char *)value.data, value.len);
	buf_clear(&value);
	return ok;
}
